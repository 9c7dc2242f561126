"""A process that reads texts for another one: they come on its standard input, answers leave on its standard output.

A question is a list of texts, and has one answer for each, in their order. Both are bytes after their length.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Final

import msgspec

from racelint.cache import encoded
from racelint.findings import RunError
from racelint.readers.single import read_single

READY: Final = b"ready"
SAID, FAILED, UNWRITABLE = b"s", b"f", b"u"
"""How an answer begins: what the text says, how racelint failed, or that this has no form in bytes."""


def main() -> None:
    """Answer until there are no more questions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    import racelint.extract  # noqa: F401, who asks waits for it once

    gc.freeze()
    write(answers, READY)
    while (question := read(sys.stdin.buffer.read)) is not None:
        for text in msgspec.msgpack.decode(question, type=list[bytes]):
            write(answers, answer(text))


def answer(text: bytes) -> bytes:
    """What a text says, in bytes."""
    said = read_single("", text)
    if isinstance(said, RunError):
        return FAILED + said.message.encode(errors="backslashreplace")
    content = encoded(said)
    return UNWRITABLE if content is None else SAID + content


def write(stream: BinaryIO, content: bytes) -> None:
    """Send bytes after their length."""
    stream.write(len(content).to_bytes(8, "little"))
    stream.write(content)
    stream.flush()


def read(receive: Callable[[int], bytes]) -> bytes | None:
    """The next bytes that were sent like this; None if the other end has closed before they are complete."""
    length = receive(8)
    if len(length) < 8:
        return None
    content = receive(int.from_bytes(length, "little"))
    return content if len(content) == int.from_bytes(length, "little") else None
