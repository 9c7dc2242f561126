"""What one text says, found out in this process; LibCST is loaded for the first one."""

from __future__ import annotations

from racelint.facts import ModuleFacts, Unreadable
from racelint.findings import RunError, breakdown

Said = ModuleFacts | Unreadable | RunError
"""What comes of reading a text; the last one if racelint itself fails."""


def read_single(where: str, text: bytes) -> Said:
    """What a text says; `where` is the file that an error is told about."""
    from racelint.extract import SourceError, UnsupportedError, extract

    try:
        return extract(text)
    except UnsupportedError as error:
        return Unreadable(error.message, error.line, error.column)
    except SourceError as error:
        return Unreadable(f"it is no valid Python, {error.message}", error.line, error.column)
    except Exception as error:
        return breakdown(where, error)
