"""What becomes of an exception: what catches whatever is raised, what goes on after it, what ends all at once."""

from __future__ import annotations

from typing import Final

CATCH_ALL: Final = frozenset({"Exception", "BaseException"})
"""What an `except` catches that lets hardly anything pass."""

SUPPRESSES: Final = frozenset({"contextlib.suppress"})
"""The context managers that go on after what they are given was raised."""

ENDS_PROCESS: Final = frozenset({"os._exit", "os.abort"})
"""What ends the whole process at once, with all who wait in it."""
