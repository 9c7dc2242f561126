"""Putting statements into a block of their own: a header before them, and their lines indented."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from racelint.fixes.tree import DeclinedError, Run, Tree, inside
from racelint.remedies import Edit


def put_under(tree: Tree, run: Run, header: str) -> list[Edit]:
    """The edits that write a header such as `with lock:` over statements."""
    if isinstance(run.block, cst.SimpleStatementSuite):
        return [_opened(tree, run.block, header)]
    first = tree.span(run.statements[0]).line
    indent = indentation(tree, run)
    before = tree.text.insertion(
        tree.text.starts[first - 1] + len(indent), f"{header}{tree.text.newline(first)}{indent}"
    )
    return [before, *indented(tree, run)]


def _opened(tree: Tree, suite: cst.SimpleStatementSuite, header: str) -> Edit:
    """The edit by which statements on the line of their header get lines of their own, and another header."""
    above = tree.parent(suite)
    span = tree.span(above)
    indent = tree.text.line(span.line)[: span.column - 1]
    start = tree.range(suite.body[0])[0]
    before = tree.text.content[:start].rstrip(" \t\f")
    if indent.strip() or not before.endswith(":"):
        raise DeclinedError("where its block begins is not seen")
    unit, newline = tree.default_indent, tree.text.newline(span.line)
    lines = ("", f"{indent}{unit}{header}", f"{indent}{unit}{unit}")
    return Edit(tree.text.span(len(before), start), newline.join(lines))


def indented(tree: Tree, run: Run, since: int = 0) -> list[Edit]:
    """The edits that indent the lines of statements once more, with those before them from line `since` on.

    Lines inside of strings stay as they are.
    """
    indent, unit = indentation(tree, run), unit_of(tree, run)
    first, last = lines(tree, run)
    first = min(first, since or first)
    inner = {number for node in run.statements for number in in_strings(tree, node)}
    edits = []
    for number in range(first, last + 1):
        line = tree.text.line(number)
        if number in inner or not line.strip():
            continue
        column = len(indent) if line.startswith(indent) else len(line) - len(line.lstrip(" \t\f"))
        edits.append(tree.text.insertion(tree.text.starts[number - 1] + column, unit))
    return edits


def lines(tree: Tree, run: Run) -> tuple[int, int]:
    """The first and the last line of statements, with the comments that stand deeper behind them."""
    first, last = tree.span(run.statements[0]).line, tree.span(run.statements[-1]).end_line
    width = len(indentation(tree, run))
    for number in range(last + 1, len(tree.text.starts) + 1):
        line = tree.text.line(number)
        if line.strip() and not line.lstrip().startswith("#"):
            break
        if line.strip() and len(line) - len(line.lstrip()) > width:
            last = number
    return first, last


def indentation(tree: Tree, run: Run) -> str:
    """What stands before statements on their lines."""
    span = tree.span(run.statements[0])
    before = tree.text.line(span.line)[: span.column - 1]
    if before.strip():
        raise DeclinedError("the statement does not stand at the beginning of a line")
    return before


def unit_of(tree: Tree, run: Run) -> str:
    """What one more level of indentation is, there."""
    if isinstance(run.block, cst.IndentedBlock):
        return tree.module.default_indent if run.block.indent is None else run.block.indent
    return tree.default_indent


def without_line(tree: Tree, node: cst.CSTNode) -> Edit:
    """The edit that removes a statement that has its lines for itself; a comment behind it stays."""
    start, end = tree.range(node)
    text, first, last = tree.text, tree.span(node).line, tree.span(node).end_line
    behind = text.content[end:].partition("\n")[0].lstrip(" \t;")
    if behind.startswith("#"):
        return text.removal(start, text.content.index("#", end))
    line_start, line_end = text.starts[first - 1], text.starts[last - 1] + len(text.line(last))
    if not text.line(last).endswith(("\n", "\r")) and first > 1:
        line_start -= len(text.newline(first - 1))
    return text.removal(line_start, line_end)


def in_strings(tree: Tree, node: cst.CSTNode) -> Iterator[int]:
    """The lines of a node that begin inside of a string."""
    for each in inside([node]):
        if isinstance(each, cst.SimpleString | cst.FormattedString) or type(each).__name__ == "TemplatedString":
            span = tree.span(each)
            yield from range(span.line + 1, span.end_line + 1)
