"""What waits for another context to end, and what hands an item over to one."""

from __future__ import annotations

from .running import Transfer, Wait

WAITS: dict[str, Wait] = {}
TRANSFERS: dict[str, Transfer] = {}
JOINS_ON_EXIT: frozenset[str] = frozenset()
