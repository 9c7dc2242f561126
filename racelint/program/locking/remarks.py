"""Part of the locks stage: where does a comment say that a lock is left out on purpose?"""

from __future__ import annotations

from functools import cached_property

from racelint.facts import REMARK, Comment, Span
from racelint.program.sources.source import Code, Sources


class Remarks:
    """What comments say to people of locks that are not taken: whoever wrote that has not forgotten them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def _lines(self) -> dict[int, list[range]]:
        """For each module by its number: the lines that its remarks are about."""
        return {
            index: [_lines_of(each) for each in module.facts.comments if REMARK.search(each.text)]
            for index, module in enumerate(self._sources.modules)
            if module.facts.comments
        }

    def are_about(self, code: Code, span: Span) -> bool:
        """Whether a remark is about the lines of a function on which something is done."""
        return any(span.line in lines for lines in self._lines.get(code.module, ()))


def _lines_of(comment: Comment) -> range:
    """The logical line that holds a comment; of one alone that which follows, and the line right before it."""
    if not comment.alone:
        return range(comment.first_line, comment.last_line + 1)
    return range(comment.span.line - 1, max(comment.span.line, comment.last_line) + 1)
