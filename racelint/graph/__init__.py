"""Pictures of a program: which lock is taken inside which, and who comes to which state under which lock."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from racelint.graph.dot import as_dot
from racelint.graph.lockorder import lock_order
from racelint.graph.mermaid import as_mermaid
from racelint.graph.picture import Picture
from racelint.graph.sharing import shared_state
from racelint.graph.svg import NoLayoutError, as_svg
from racelint.program import Program

__all__ = ["PICTURES", "WRITERS", "NoLayoutError", "Picture"]

PICTURES: MappingProxyType[str, Callable[[Program, frozenset[str]], Picture]] = MappingProxyType(
    {"lockorder": lock_order, "sharing": shared_state}
)
"""What can be drawn of the files with these paths."""

WRITERS: MappingProxyType[str, Callable[[Picture], str]] = MappingProxyType(
    {"dot": as_dot, "mermaid": as_mermaid, "svg": as_svg}
)
"""How a picture is written, by the name of the format."""
