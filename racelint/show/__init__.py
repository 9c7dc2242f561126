"""What the stages know of a program, for people: each view is a list of entries, by the name of its stage."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from racelint.program import Program
from racelint.show.contexts import show_threads
from racelint.show.entry import Entry, Line
from racelint.show.funnel import show_races
from racelint.show.locks import show_lockorder, show_locksets
from racelint.show.places import show_sharing
from racelint.show.shared import GuardedBy, Row, Shared, shared_places
from racelint.show.why_not import why_not

__all__ = ["VIEWS", "Entry", "GuardedBy", "Line", "Row", "Shared", "shared_places", "why_not"]

VIEWS: MappingProxyType[str, Callable[[Program, frozenset[str]], list[Entry]]] = MappingProxyType(
    {
        "threads": show_threads,
        "locksets": show_locksets,
        "sharing": show_sharing,
        "lockorder": show_lockorder,
        "races": show_races,
    }
)
"""What can be shown of the files with these paths, in the order of the stages."""
