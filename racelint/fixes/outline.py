"""What is told of a text without LibCST: which lines its statements have, and what names are written in it."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from racelint.facts import Span
from racelint.fixes.texts import Text

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

OF_OTHER_THINGS: Final = ((ast.Attribute, "attr"), (ast.keyword, "arg"))
"""The fields in which a name stands for something else than a variable."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a text; `numbers` are those that they have there, and one more for the end."""

    content: str
    numbers: Sequence[int]


class Outline:
    """A text by its functions and classes: LibCST, which takes longer, reads only those that are concerned."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._tree = _parsed(text.content)

    @property
    def whole(self) -> Excerpt:
        """All of the text."""
        return Excerpt(self.text.content, range(1, len(self.text.starts) + 2))

    def around(self, spans: Iterable[Span]) -> Excerpt:
        """The functions at the top level that have these spans in them, and of classes the header and the methods.

        All of the text, if a span is in none: what a statement begins at the top level, another one may end.
        """
        numbers: set[int] = set()
        for span in spans:
            found = self._lines(span)
            if found is None:
                return self.whole
            numbers.update(found)
        ordered = sorted(numbers)
        return Excerpt("".join(map(self.text.line, ordered)), (*ordered, (ordered or [0])[-1] + 1))

    def _lines(self, span: Span) -> Iterable[int] | None:
        body = self._tree.body if self._tree is not None else ()
        found = _definition(span, body, len(self.text.starts) + 1)
        if found is None:
            return None
        around, lines = found
        method = _definition(span, around.body, lines.stop) if isinstance(around, ast.ClassDef) else None
        return lines if method is None else (*range(lines.start, _begin(around.body[0])), *method[1])

    @cached_property
    def names(self) -> frozenset[str] | None:
        """All names that are written anywhere; None if that is not known."""
        return None if self._tree is None else frozenset(part for parts in _names(self._tree) for part in parts)

    @cached_property
    def variables(self) -> frozenset[str] | None:
        """The names that stand for variables, and not for attributes or parameters of a call."""
        return None if self._tree is None else frozenset(parts[0] for parts in _names(self._tree, OF_OTHER_THINGS))


def _parsed(content: str) -> ast.Module | None:
    """The text as the running interpreter reads it, if it does: LibCST knows versions that it may not know."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _definition(span: Span, body: Sequence[ast.stmt], end: int) -> tuple[_Definition, range] | None:
    """The function or class of a body in which a span is, and its lines up to the next statement, or to the `end`."""
    begins = [_begin(each) for each in body]
    number = bisect_right(begins, span.line) - 1
    found = body[number] if number >= 0 else None
    lines = range(begins[number], (*begins, end)[number + 1]) if number >= 0 else range(0)
    return (found, lines) if isinstance(found, _Definition) and span.end_line in lines else None


def _begin(statement: ast.stmt) -> int:
    """The line on which a statement begins, with its decorators."""
    decorators = statement.decorator_list if isinstance(statement, _Definition) else ()
    lines = [statement.lineno, *(each.lineno for each in decorators)]
    return min(lines)


def _names(tree: ast.AST, skipped: Sequence[tuple[type[ast.AST], str]] = ()) -> Iterator[list[str]]:
    """The names in a tree, each by its parts; without those in some fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            continue
        for name, value in ast.iter_fields(node):
            if (type(node), name) not in skipped:
                written = value if isinstance(value, list) else [value]
                yield from (each.split(".") for each in written if isinstance(each, str) and each)
