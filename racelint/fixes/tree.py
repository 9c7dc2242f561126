"""The syntax of one file by its places: what is written at a span, in which statements, and what that spells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from racelint.facts import Span
from racelint.fixes.outline import Outline
from racelint.remedies import Edit

Block = cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite
"""What has statements in it; the last of them on the line of its header."""

Node = TypeVar("Node", bound=cst.CSTNode)

LATER: Final = (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.GeneratorExp)
"""What is in them does not run where it is written, or not then."""


class DeclinedError(Exception):
    """A remedy that cannot be written into the file, and why not."""


@dataclass(frozen=True, slots=True)
class Run:
    """Statements of one block that follow each other."""

    block: Block
    first: int
    last: int

    @property
    def statements(self) -> Sequence[cst.CSTNode]:
        """The statements."""
        return self.block.body[self.first : self.last + 1]


class _Positions(PositionProvider):
    """Where the nodes of a tree stand, without the walk over all of them that a `MetadataWrapper` adds."""

    def of(self, module: cst.Module) -> Mapping[cst.CSTNode, CodeRange]:
        self._computed: dict[cst.CSTNode, Any] = {}
        self._gen_impl(module)
        return self._computed


class Tree:
    """A file that was parsed: all of it, or the functions and methods that have some spans in them."""

    def __init__(self, outline: Outline, spans: Iterable[Span] | None = None) -> None:
        self.text, self._outline = outline.text, outline
        self._excerpt = outline.whole if spans is None else outline.around(spans)
        try:
            self.module = cst.parse_module(self._excerpt.content)
        except cst.ParserSyntaxError:
            self._excerpt = outline.whole
            self.module = cst.parse_module(self._excerpt.content)
        self._positions = _Positions().of(self.module)

    # --- the whole file ---

    @cached_property
    def default_indent(self) -> str:
        """What one level of indentation is in the file."""
        return cst.parse_module(self.text.content).default_indent

    @cached_property
    def names(self) -> frozenset[str]:
        """All names that are written anywhere."""
        known = self._outline.names
        return names_in(self.module) if known is None else known

    @cached_property
    def variables(self) -> frozenset[str]:
        """The names that stand for variables, and not for attributes or parameters of a call."""
        known = self._outline.variables
        return variables_in(self.module) if known is None else known

    # --- places ---

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node is written."""
        start, end = self._positions[node].start, self._positions[node].end
        first, last = (self._excerpt.numbers[each.line - 1] for each in (start, end))
        return Span(first, start.column + 1, last, end.column + 1)

    def range(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node begins and ends in the text."""
        span = self.span(node)
        return self.text.start(span), self.text.end(span)

    def source(self, node: cst.CSTNode) -> str:
        """A node as it is written, with the brackets around it."""
        return self.module.code_for_node(node)

    def path(self, span: Span) -> list[cst.CSTNode]:
        """The nodes around a span, from the module to the smallest."""
        start, end = self.text.start(span), self.text.end(span)
        found: list[cst.CSTNode] = [self.module]
        while True:
            around = (each for each in found[-1].children if self._covers(each, start, end))
            inner = next(around, None)
            if inner is None:
                return found
            found.append(inner)

    def _covers(self, node: cst.CSTNode, start: int, end: int) -> bool:
        if node not in self._positions or isinstance(node, cst.BaseParenthesizableWhitespace | cst.TrailingWhitespace):
            return False
        first, last = self.range(node)
        return first <= start and end <= last and first < last

    def at(self, span: Span, kind: type[Node]) -> Node:
        """The largest node of a kind at exactly that span."""
        for node in self.path(span):
            if isinstance(node, kind) and self.span(node) == span:
                return node
        raise DeclinedError("what is written there was not expected")

    @cached_property
    def _parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        # LibCST's own provider takes six to nine times as long to tell the same
        return {part: node for node in _all_in(self.module) for part in parts(node)}

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """The node directly around another."""
        return self._parents[node]

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around another, from the inside."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function in whose body a node stands; None outside of functions."""
        inner = node
        for each in self.around(node):
            if isinstance(each, cst.FunctionDef) and inner is each.body:
                return each
            if isinstance(each, cst.Lambda):
                raise DeclinedError("it is in a lambda")
            inner = each
        return None

    # --- statements ---

    def run(self, spans: Sequence[Span]) -> Run:
        """The fewest statements that follow each other in one block and have all of the spans in them."""
        paths = [self.path(span) for span in spans]
        shared = [nodes[0] for nodes in zip(*paths, strict=False) if all(node is nodes[0] for node in nodes)]
        block = next(node for node in reversed(shared) if isinstance(node, Block))
        inner = [path[path.index(block) + 1 :] for path in paths]
        if not all(nodes and nodes[0] in block.body for nodes in inner):
            raise DeclinedError("what is written there was not expected")
        if any(isinstance(node, LATER) for nodes in inner for node in nodes):
            raise DeclinedError("a part of it runs later")
        if isinstance(block, cst.SimpleStatementSuite):
            return Run(block, 0, len(block.body) - 1)
        numbers = [_index(block.body, nodes[0]) for nodes in inner]
        return Run(block, min(numbers), max(numbers))

    def statement(self, span: Span) -> Run:
        """The statement of a block in which a span is."""
        return self.run([span])

    def is_if(self, node: cst.If) -> bool:
        """Whether it is an `if` of its own, and no `elif`."""
        return self.text.content.startswith("if", self.range(node)[0])

    # --- edits ---

    def replace(self, node: cst.CSTNode, text: str) -> Edit:
        """The edit that writes something else in the place of a node."""
        return Edit(self.span(node), text)


def _index(body: Sequence[cst.CSTNode], node: cst.CSTNode) -> int:
    return next(number for number, each in enumerate(body) if each is node)


def parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes directly in another as its `children`, but in no certain order, which takes far less time."""
    for name in node.__dataclass_fields__:
        value = getattr(node, name)
        for each in value if type(value) in (list, tuple) else (value,):
            # to ask whether it is an instance of an abstract class takes longer than all the rest
            if cst.CSTNode in type(each).__mro__:
                yield each


def _all_in(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(parts(each))


def inside(nodes: Sequence[cst.CSTNode], *, later: bool = True) -> Iterator[cst.CSTNode]:
    """All nodes of some statements, those included; nothing that is in what runs `later` if that is not asked for."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        yield node
        if later or not isinstance(node, LATER):
            pending.extend(reversed(node.children))


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two expressions are spelled alike."""
    return one.deep_equals(other)


def names_in(node: cst.CSTNode) -> frozenset[str]:
    """All names that are written anywhere in a node."""
    return frozenset(each.value for each in _all_in(node) if isinstance(each, cst.Name))


def variables_in(node: cst.CSTNode) -> frozenset[str]:
    """The names that stand for variables, and not for attributes or parameters of a call."""
    found: set[str] = set()
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            found.add(each.value)
        skipped = each.attr if isinstance(each, cst.Attribute) else each.keyword if isinstance(each, cst.Arg) else None
        pending.extend(child for child in parts(each) if child is not skipped)
    return frozenset(found)


def is_simple(node: cst.CSTNode) -> bool:
    """Whether an expression is a name, or attributes of one: to read it again gives the same unless that is set."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)
