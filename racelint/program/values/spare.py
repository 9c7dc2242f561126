"""Part of the names stage: what is only run where an import fails that never does gives a name no other meaning."""

from __future__ import annotations

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.standard import ALWAYS_THERE
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code


def spare_stores(code: Code) -> set[int]:
    """The stores to names where all that a `try` does is to import what is always there, and something else is meant if
    that fails: `try: from weakref import WeakSet`, and one of its own in `except ImportError`."""
    found: set[int] = set()
    for node in code.controls:
        if type(node) is facts.Try and node.handlers and all(map(_never_fails, node.body)):
            handled = (each for handler in node.handlers for each in walk(handler.body))
            found.update(each.id for each in handled if type(each) is facts.StoreName)
    return found


def _never_fails(node: Node) -> bool:
    """Whether an operation imports what is always there, or gives it a name."""
    if type(node) is facts.Import:
        imported = f"{node.module}.{node.name}" if node.name else node.module
        return not node.level and imported in ALWAYS_THERE
    return type(node) is facts.StoreName
