"""Reading many texts in processes: who is idle takes the next ones, the largest first.

The processes are started afresh rather than forked, since a fork inherits locks that other threads hold, and they load
nothing of whoever runs racelint. One that dies takes nothing with it: what it had is tried once more by another.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import IO, BinaryIO, Final, cast

import msgspec

from racelint.cache import decoded
from racelint.findings import RunError
from racelint.readers import worker
from racelint.readers.single import Said, read_single

START: Final = "import sys; sys.path[:] = {path!r}; from racelint.readers.worker import main; main()"
BYTES_FOR_PROCESSES: Final = 300_000
"""Fewer are read here in the time in which processes start."""
BYTES_AT_ONCE: Final = 65_536

Text = tuple[str, bytes]
Answer = tuple[int, bytes | None]
"""The number of a text, and what a process answers about it; None if there is no process to ask."""


def read_all(texts: Sequence[Text], jobs: int) -> Iterator[tuple[int, Said, bytes | None]]:
    """What each text (a file to tell errors about, and bytes) says, by its number, as soon as it is known.

    With it comes the form in bytes where there is one at hand already.
    """
    size = sum(len(content) for _, content in texts)
    jobs = min(jobs, len(texts), size // (BYTES_FOR_PROCESSES // 2))
    if jobs < 2 or not _can_start_processes():
        yield from ((number, read_single(*text), None) for number, text in enumerate(texts))
        return
    pool = _Pool(texts, deque(_portions(texts)))
    try:
        for number, answer in pool.answers(jobs):
            yield number, *_understood(texts[number], answer)
    finally:
        pool.close()


def _understood(text: Text, answer: bytes | None) -> tuple[Said, bytes | None]:
    kind, content = (answer or b"")[:1], (answer or b"")[1:]
    if kind == worker.FAILED:
        return RunError(text[0], content.decode()), None
    said = decoded(content) if kind == worker.SAID else None
    return (read_single(*text), None) if said is None else (said, content)


def _can_start_processes() -> bool:
    """Whether Python can be started from here; the workers of others are left to do what they were started for."""
    processes = sys.modules.get("multiprocessing.process")
    is_worker = processes is not None and processes.parent_process() is not None
    return bool(sys.executable) and not getattr(sys, "frozen", False) and not is_worker


def _portions(texts: Sequence[Text]) -> Iterator[list[int]]:
    """The numbers of texts that are given to a process at once: the largest texts first, small ones together."""
    portion: list[int] = []
    size = 0
    for number in sorted(range(len(texts)), key=lambda number: (-len(texts[number][1]), number)):
        portion.append(number)
        size += len(texts[number][1])
        if size >= BYTES_AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


@dataclass(slots=True)
class _Pool:
    """Texts, of which some are `waiting`, and a thread for each process that is asked about them."""

    texts: Sequence[Text]
    waiting: deque[list[int]]
    lock: threading.Lock = field(default_factory=threading.Lock)
    processes: list[_Process] = field(default_factory=list)
    suspects: set[int] = field(default_factory=set)
    is_closed: bool = False

    def answers(self, jobs: int) -> Iterator[Answer]:
        """The answers about all texts, as they come."""
        answers: SimpleQueue[Answer | None] = SimpleQueue()
        for _ in range(jobs):
            threading.Thread(target=self._ask, args=(answers,), name="racelint-reader", daemon=True).start()
        for _ in range(jobs):
            while (answer := answers.get()) is not None:
                yield answer
        yield from ((number, None) for portion in self.waiting for number in portion)

    def close(self) -> None:
        """End all processes."""
        with self.lock:
            self.is_closed = True
            for process in self.processes:
                process.end()

    def _ask(self, answers: SimpleQueue[Answer | None]) -> None:
        """Ask one process after another, until nothing is left to ask or none can be started."""
        try:
            while (process := self._started()) is not None:
                while (portion := self._next()) is not None and self._is_answered(process, portion, answers):
                    pass
                if portion is None:
                    break
        finally:
            answers.put(None)

    def _started(self) -> _Process | None:
        with self.lock:
            if not self.waiting or self.is_closed:
                return None
            process = _Process.start()
            if process is not None:
                self.processes.append(process)
        return process if process is not None and process.receive() == worker.READY else None

    def _next(self) -> list[int] | None:
        with self.lock:
            return self.waiting.popleft() if self.waiting and not self.is_closed else None

    def _is_answered(self, process: _Process, portion: list[int], answers: SimpleQueue[Answer | None]) -> bool:
        """Whether the process has answered about all of these; what it has not goes back to the others."""
        open_ones = deque(portion)
        process.send(msgspec.msgpack.encode([self.texts[number][1] for number in portion]))
        while open_ones and (answer := process.receive()) is not None:
            answers.put((open_ones.popleft(), answer))
        if not open_ones:
            return True
        culprit = open_ones.popleft()
        with self.lock:
            if open_ones:
                self.waiting.append([*open_ones])
            if culprit not in self.suspects:
                self.suspects.add(culprit)
                self.waiting.append([culprit])
                return False
        message = f"the process that read it has died twice ({process.end()})"
        answers.put((culprit, worker.FAILED + message.encode()))
        return False


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that reads texts; what is sent to a dead one is lost, and what it would answer is None."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls) -> _Process | None:
        """A new process, if the system has room for one."""
        command = [sys.executable, "-c", START.format(path=sys.path)]
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        try:
            return cls(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing))
        except OSError:
            return None

    def send(self, content: bytes) -> None:
        with suppress(OSError, ValueError):
            worker.write(_open(self.process.stdin), content)

    def receive(self) -> bytes | None:
        with suppress(OSError, ValueError):
            return worker.read(_open(self.process.stdout).read)
        return None

    def end(self) -> str:
        """End the process at once; tells how it has ended."""
        self.process.kill()
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                _open(stream).close()
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"


def _open(stream: IO[bytes] | None) -> BinaryIO:
    """A stream that is a pipe."""
    return cast(BinaryIO, stream)
