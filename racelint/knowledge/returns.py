"""The classes of what well-known functions return and of what library attributes hold."""

from __future__ import annotations

from .model import Attribute

RETURNS: dict[str, str] = {}
ATTRIBUTES: dict[str, Attribute] = {}
