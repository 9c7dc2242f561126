"""Where nodes stand: exact spans, from the `ast` tree of the same text where it can be paired, else from LibCST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from racelint.extract.positions.pairing import pair
from racelint.extract.positions.twins import Mismatch
from racelint.extract.source import NEWLINE, Source
from racelint.facts import Span


def spans(source: Source) -> Callable[[cst.CSTNode], Span]:
    """A function from a node to its span; for an expression in parentheses that is the part inside them."""
    if source.tree is not None:
        try:
            twins = pair(source.module, source.tree, source.text)
        except Mismatch:
            pass
        else:
            return _plain(twins) if source.text.isascii() else _encoded(twins, source.text)
    return provided(source)


def _plain(twins: Mapping[cst.CSTNode, Any]) -> Callable[[cst.CSTNode], Span]:
    def span(node: cst.CSTNode) -> Span:
        twin = twins[node]
        return Span(twin.lineno, twin.col_offset + 1, twin.end_lineno, twin.end_col_offset + 1)

    return span


def _encoded(twins: Mapping[cst.CSTNode, Any], text: str) -> Callable[[cst.CSTNode], Span]:
    """Like `_plain`, for a text in which the columns of `ast`, which count bytes, differ from those in characters."""
    lines = [line if line.isascii() else line.encode("utf-8", "surrogatepass") for line in NEWLINE.split(text)]

    def column(line: int, offset: int) -> int:
        content = lines[line - 1]
        return offset + 1 if isinstance(content, str) else len(content[:offset].decode("utf-8", "surrogatepass")) + 1

    def span(node: cst.CSTNode) -> Span:
        twin = twins[node]
        start, end = twin.lineno, twin.end_lineno
        return Span(start, column(start, twin.col_offset), end, column(end, twin.end_col_offset))

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
