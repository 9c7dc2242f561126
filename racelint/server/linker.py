"""Linking beside the server, in a process that can be ended as soon as its answer is of no use any more."""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from racelint.server.survey import Survey

START: Final = "import sys; sys.path[:] = {path!r}; from racelint.server.worker import main; main()"
"""What Python is started with."""


class LinkingError(Exception):
    """The process has ended before it has answered."""


class Linker:
    """Has a process that waits for the next question: starting one takes longer than to link a small project."""

    def __init__(self) -> None:
        self._next: asyncio.Task[Process] | None = None

    def prepare(self) -> asyncio.Task[Process]:
        """Start the process that will be asked next."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(_started())
        return self._next

    async def survey(self, documents: Mapping[Path, bytes]) -> AsyncGenerator[tuple[list[Path], Survey], None]:
        """What `survey` tells of the documents. The process is ended when nobody listens any longer."""
        process = await asyncio.shield(self.prepare())
        self._next = None
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            question = pickle.dumps(dict(documents))
            process.stdin.write(len(question).to_bytes(8, "little") + question)
            with suppress(asyncio.IncompleteReadError):
                while True:
                    length = int.from_bytes(await process.stdout.readexactly(8), "little")
                    yield pickle.loads(await process.stdout.readexactly(length))
            if await process.wait() != 0:
                raise LinkingError(f"linking has ended with exit code {process.returncode}")
        finally:
            with suppress(ProcessLookupError):
                process.kill()


async def _started() -> Process:
    command = [sys.executable, "-c", START.format(path=sys.path)]
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
