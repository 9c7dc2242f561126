"""What annotations of `typing` say of what is in them."""

from __future__ import annotations

from typing import Final

WRAPPERS: Final = {
    **dict.fromkeys(("Optional", "Union", "|", "Final", "ClassVar", "Awaitable"), slice(None)),
    "Annotated": slice(1),
    "Coroutine": slice(-1, None),
}
"""What says no more than its arguments, and which of these."""

FIRST_IS_HELD: Final = frozenset({"collections.abc.Generator", "collections.abc.AsyncGenerator"})
"""Of their arguments the first one tells what comes out."""

ANY_FUNCTION: Final = "collections.abc.Callable"
"""What is annotated so may be called, and that is all that is known."""

LAST_IS_HELD: Final = frozenset({ANY_FUNCTION})
"""Of their arguments the last one does."""
