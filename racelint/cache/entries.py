"""What a text says, in bytes: the facts, or why it cannot be read."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from racelint.facts import ModuleFacts, Unreadable

READ: Final = b"\1"
UNREAD: Final = b"\0"


def encoded(said: ModuleFacts | Unreadable) -> bytes | None:
    """What a text says, in bytes; None if there is something in it that has no such form."""
    try:
        return (READ if isinstance(said, ModuleFacts) else UNREAD) + msgspec.msgpack.encode(said)
    except (UnicodeEncodeError, RecursionError):
        return None


def decoded(content: bytes) -> ModuleFacts | Unreadable | None:
    """What `encoded` was given; None if these bytes are nothing of the kind."""
    decoder = _decoders().get(content[:1])
    try:
        return decoder and decoder.decode(memoryview(content)[1:])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@cache
def _decoders() -> dict[bytes, msgspec.msgpack.Decoder[ModuleFacts | Unreadable]]:
    return {READ: msgspec.msgpack.Decoder(ModuleFacts), UNREAD: msgspec.msgpack.Decoder(Unreadable)}
