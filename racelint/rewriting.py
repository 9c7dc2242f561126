"""Giving a source file another content: its text decoded without loss, and the file replaced in one step."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from contextlib import suppress
from pathlib import Path


class NotWrittenError(Exception):
    """Why a file was left as it was."""


def decoded(source: bytes) -> tuple[str, str]:
    """The encoding and the text of a file, if one can be made from the other in both directions."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        if text.encode(encoding) == source:
            return encoding, text
    except (SyntaxError, ValueError, LookupError):
        pass
    raise NotWrittenError("its text cannot be decoded and encoded again without loss")


def replace_file(file: Path, content: bytes) -> None:
    """Give a file another content in one step; its mode and its owner stay."""
    with file.open("r+b"):
        # Whoever may write to the folder could replace a file that is protected against writing.
        status = file.stat()
    descriptor, name = tempfile.mkstemp(prefix=".racelint-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            own = os.fstat(stream.fileno())
        if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
            with suppress(PermissionError):
                os.chown(name, status.st_uid, status.st_gid)
        shutil.copymode(file, name)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise


def reason(error: Exception) -> str:
    """Why a file could not be changed, in few words."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
