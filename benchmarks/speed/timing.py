"""What a command takes: CPU seconds of all its processes, seconds, and the memory of the largest of them."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable

import msgspec


class Taken(msgspec.Struct, frozen=True):
    """CPU seconds, seconds on the clock, and MB at the peak; `limited` if it was ended before it came to an end."""

    cpu: float
    wall: float
    memory: int
    limited: bool = False


def timed(command: list[str], limit: float) -> Taken:
    """Run a command, whatever it says, at most for so many seconds."""
    start = time.perf_counter()
    with open(os.devnull, "r+b") as nothing:
        process = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, cwd=os.sep
        )
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    return Taken(used.ru_utime + used.ru_stime, wall, used.ru_maxrss // 1024, process.returncode == -signal.SIGKILL)


def median(taken: Iterable[Taken]) -> Taken:
    """The median of each figure of several runs."""
    runs = list(taken)
    return Taken(
        statistics.median(each.cpu for each in runs),
        statistics.median(each.wall for each in runs),
        round(statistics.median(each.memory for each in runs)),
        any(each.limited for each in runs),
    )
