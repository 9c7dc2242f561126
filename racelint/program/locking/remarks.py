"""Part of the locks stage: where does a comment say that a lock is left out on purpose?"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final

from racelint.facts import REMARK, Comment, Span
from racelint.program.sources.source import Code, Sources

_MISSING: Final = re.compile(
    r"\b(?:todo|fixme|xxx)\b"
    r"|\b(?:never|cannot|(?:do|must|should|may|can)(?: not|n't))\s+(?!(?:need|have|care|mind|matter)\b)"
    r"(?:forget\b|(?:\w+\s+){0,4}(?:without|unless)\b[^#]*\b(?:lock|mutex))",
    re.IGNORECASE,
)
"""What a comment says of a lock that is not left out on purpose: it is still to be taken, or nobody may do without."""


class Remarks:
    """What comments say to people of locks that are not taken: whoever wrote that has not forgotten them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def _lines(self) -> dict[int, list[range]]:
        """For each module by its number: the lines that its remarks are about."""
        return {
            index: [_lines_of(each) for each in module.facts.comments if _is_remark(each)]
            for index, module in enumerate(self._sources.modules)
            if module.facts.comments
        }

    def are_about(self, code: Code, span: Span) -> bool:
        """Whether a remark is about the lines of a function on which something is done."""
        return any(span.line in lines for lines in self._lines.get(code.module, ()))


def _is_remark(comment: Comment) -> bool:
    return bool(REMARK.search(comment.text)) and not _MISSING.search(comment.text)


def _lines_of(comment: Comment) -> range:
    """The logical line that holds a comment; of one alone that which follows, and the line right before it."""
    if not comment.alone:
        return range(comment.first_line, comment.last_line + 1)
    return range(comment.span.line - 1, max(comment.span.line, comment.last_line) + 1)
