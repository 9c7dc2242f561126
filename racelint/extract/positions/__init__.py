"""Where nodes stand: exact spans, from the `ast` tree of the same text where it can be paired, else from LibCST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from racelint.extract.positions.pairing import pair
from racelint.extract.positions.twins import Columns, Mismatch
from racelint.extract.source import Source
from racelint.facts import Span


class Unplaced(Exception):
    """It is not known where a node stands, and the text has not been parsed."""


def spans(source: Source) -> Callable[[cst.CSTNode], Span]:
    """A function from a node to its span; for an expression in parentheses that is the part inside them."""
    if source.tree is None:
        return provided(source)
    twins = source.twins
    if twins is None:
        try:
            twins = pair(source.module, source.tree, source.text)
        except Mismatch:
            return provided(source)
    column = None if source.text.isascii() else Columns(source.text).characters

    @cache
    def slowly() -> Callable[[cst.CSTNode], Span]:
        if source.twins is not None:
            raise Unplaced
        return provided(source)

    def span(node: cst.CSTNode) -> Span:
        try:
            twin = twins[id(node)]
        except KeyError:
            return slowly()(node)
        start, end = twin.lineno, twin.end_lineno
        if column is None:
            return Span(start, twin.col_offset + 1, end, twin.end_col_offset + 1)
        return Span(start, column(start, twin.col_offset) + 1, end, column(end, twin.end_col_offset) + 1)

    return span


def provided(source: Source) -> Callable[[cst.CSTNode], Span]:
    """The slow way: LibCST's own positions."""
    wrapper = MetadataWrapper(source.module, unsafe_skip_copy=True)
    ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)

    def span(node: cst.CSTNode) -> Span:
        first = last = node
        if isinstance(node, (cst.Tuple, cst.GeneratorExp, cst.MatchTuple)) and node.lpar:
            # The parentheses belong to a tuple; around anything else they do not count.
            first, last = node.lpar[-1], node.rpar[0]
        start, end = ranges[first].start, ranges[last].end
        return Span(start.line, start.column + 1, end.line, end.column + 1)

    return span
