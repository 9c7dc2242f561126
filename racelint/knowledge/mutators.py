"""What functions do to their arguments, and the names of methods that change any container."""

from __future__ import annotations

from .model import Effect

BUILTIN_EFFECTS: dict[str, Effect] = {}
CONTAINER_EFFECTS: dict[tuple[str, str], Effect] = {}
MUTATOR_NAMES: frozenset[str] = frozenset()
