"""Library classes and their direct bases."""

from __future__ import annotations

BASES: dict[str, tuple[str, ...]] = {}
