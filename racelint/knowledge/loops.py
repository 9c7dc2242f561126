"""What starts tasks, greenlets and calls between event loops and threads."""

from __future__ import annotations

from .running import Spawn

SPAWNS: dict[str, tuple[Spawn, ...]] = {}
