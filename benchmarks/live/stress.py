"""Runs one program of this benchmark in the interpreter that runs this: `stress.py PROGRAM SECONDS ENOUGH`.

It prints how many rounds broke, and of how many. It ends before its time where enough rounds broke. Everything here
and in `programs` runs on all versions from 3.6 on.
"""

import importlib.util
import json
import sys
import time


def stress(program, seconds, enough):
    """Run rounds of a program for some seconds, or until enough of them broke."""
    spec = importlib.util.spec_from_file_location("program", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.setswitchinterval(1e-6)
    rounds = broken = 0
    end = time.perf_counter() + seconds
    while broken < enough and (time.perf_counter() < end or not rounds):
        rounds += 1
        broken += bool(module.breaks())
    return {"rounds": rounds, "broken": broken}


if __name__ == "__main__":
    print(json.dumps(stress(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))
