"""A tree under translation: the text it comes from, and where the nodes made so far stand."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final, TypeVar

from racelint.extract.positions.twins import Pairs

Translator = TypeVar("Translator", bound=Callable[["Translation", Any], Any])
TRANSLATORS: Final[dict[type, Callable[[Translation, Any], Any]]] = {}


class Untranslatable(Exception):
    """What only LibCST can tell exactly."""


def translates(*kinds: type) -> Callable[[Translator], Translator]:
    """Register a function that translates `ast` nodes of these types."""

    def register(translate: Translator) -> Translator:
        TRANSLATORS.update(dict.fromkeys(kinds, translate))
        return translate

    return register


class Translation:
    """One file: `twins` has, by the `id` of each LibCST node that facts may point to, what stands in its place."""

    __slots__ = ("pairs", "twins")

    def __init__(self, text: str) -> None:
        self.twins: dict[int, Any] = {}
        self.pairs = Pairs(text)

    def node(self, twin: ast.AST) -> Any:
        """The LibCST node of an `ast` node, which stands where that stands."""
        try:
            translate = TRANSLATORS[twin.__class__]
        except KeyError:
            raise Untranslatable from None
        node = translate(self, twin)
        self.twins[id(node)] = twin
        return node

    def optional(self, twin: ast.AST | None) -> Any:
        """The same where there may be none."""
        return None if twin is None else self.node(twin)

    def nodes(self, twins: list[Any]) -> tuple[Any, ...]:
        """The nodes of several."""
        return tuple([self.node(twin) for twin in twins])

    def segment(self, twin: Any) -> str:
        """The text of a node."""
        offset = self.pairs.offset
        return self.pairs.text[offset(twin.lineno, twin.col_offset) : offset(twin.end_lineno, twin.end_col_offset)]
