"""What of the standard library starts threads, processes and callbacks."""

from __future__ import annotations

from .running import Spawn

SPAWNS: dict[str, tuple[Spawn, ...]] = {}
