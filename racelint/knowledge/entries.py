"""Methods and decorated functions that the standard library calls."""

from __future__ import annotations

from .running import EntryDecorator, EntryMethod

ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {}
ENTRY_DECORATORS: dict[str, EntryDecorator] = {}
