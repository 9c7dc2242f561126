"""What the methods and operators of containers do, and whether each is atomic."""

from __future__ import annotations

from .model import Effect

EFFECTS: dict[str, Effect] = {}
