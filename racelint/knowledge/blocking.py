"""Calls that may stop their thread, and calls that practically never raise."""

from __future__ import annotations

from .running import Blocking

BLOCKING: dict[str, Blocking] = {}
CANNOT_RAISE: frozenset[str] = frozenset()
