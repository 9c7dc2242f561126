"""What web frameworks, schedulers and other libraries call, and where."""

from __future__ import annotations

from .running import EntryDecorator, EntryMethod, Spawn

SPAWNS: dict[str, tuple[Spawn, ...]] = {}
ENTRY_METHODS: dict[str, tuple[EntryMethod, ...]] = {}
ENTRY_DECORATORS: dict[str, EntryDecorator] = {}
