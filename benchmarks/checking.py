"""One run of racelint in a process of its own: what it found, what it took, and whether it came to an end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import msgspec

LIMIT = 900
"""How many seconds a run may take."""


class Related(msgspec.Struct, frozen=True):
    """Another place of a finding: one of a side, or one that only explains."""

    path: str
    line: int
    side: int | None


class Finding(msgspec.Struct, frozen=True):
    """What racelint reports, as far as benchmarks look at it."""

    code: str
    path: str
    line: int
    symbol: str
    function: str
    message: str
    related: list[Related] = []


class Error(msgspec.Struct, frozen=True):
    """Something that racelint could not do."""

    where: str
    message: str


class Report(msgspec.Struct, frozen=True):
    """What racelint writes in its format json."""

    findings: list[Finding]
    errors: list[Error]


class Checked(msgspec.Struct, frozen=True):
    """What came of a run: CPU and wall time in seconds, peak memory in MB, and why it failed, if it did."""

    findings: list[Finding]
    errors: list[Error]
    wall: float
    cpu: float
    memory: int
    failure: str = ""


def check(folder: Path, target: str, *options: str, limit: float = LIMIT) -> Checked:
    """Check the file or folder `target` in `folder`, with further options; paths are those from `folder`."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "racelint",
        "check",
        "--isolated",
        "--no-cache",
        "--quiet",
        "--output-format",
        "json",
    ]
    started = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [*command, *options, target], cwd=folder, stdout=output, stderr=complaints, start_new_session=True
        )
        used = _awaited(process, limit)
        wall = time.monotonic() - started
        output.seek(0)
        complaints.seek(0)
        text, said = output.read(), complaints.read().decode(errors="replace").strip()
    took = round(wall, 1), round(used.ru_utime + used.ru_stime, 1), used.ru_maxrss // 1024
    try:
        report = msgspec.json.decode(text, type=Report)
    except msgspec.DecodeError:
        why = f"not done after {limit:.0f} s" if wall >= limit else said.rpartition("\n")[2] or "no report"
        return Checked([], [], *took, why)
    return Checked(report.findings, report.errors, *took)


def _awaited(process: subprocess.Popen[bytes], limit: float) -> resource.struct_rusage:
    """Wait for the end, or make it once the time is up; what the process and its children used."""
    timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    _, status, used = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return used
