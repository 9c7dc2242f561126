"""What the comments of a file tell a checker to keep silent about, and what in them cannot be understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from racelint.facts import Comment, Span
from racelint.rule import EVERY_RULE, Rule, matching

NOQA: Final = re.compile(r"# noqa(?::\s?(?P<codes>(?:[a-z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
"""As flake8 reads it: one space, codes of letters and digits. Without one right after the colon it is a blanket."""

_FLAKE8_FILE: Final = re.compile(r"# flake8[:=]\s*noqa", re.IGNORECASE)
_NOQA_LIKE: Final = re.compile(r"#\s*noqa\b[^#]*?\bRL\d[^#]*", re.IGNORECASE)
SEPARATOR: Final = re.compile(r"[,\s]+")
_OWN_CODE: Final = re.compile(r"RL\d", re.IGNORECASE)

_DIRECTIVE: Final = re.compile(
    r"#\s*racelint\s*:\s*(?P<word>[\w-]*)\s*(?P<bracket>\[(?P<names>[^\]#]*)(?P<closed>\])?)?\s*(?P<rest>[^#]*)",
    re.IGNORECASE,
)
_WITHOUT_COLON: Final = re.compile(r"#\s*racelint[\s=-]+(?:file-)?ignore\s*(?:\[[^#]*|--[^#]*|$|(?=#))", re.IGNORECASE)
_LINE_WORD: Final = "ignore"
_FILE_WORD: Final = "file-ignore"


@dataclass(frozen=True, slots=True)
class Selector:
    """One code, prefix, family or name in a directive, as written, and the codes of the rules that it stands for."""

    text: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Directive:
    """An instruction to keep silent about `selectors` from `first_line` to `last_line`, or in the `whole_file`.

    It speaks for its own line in any case. `text` is shown for it, without the reason. A `blanket` is for every
    checker, so that none can call it unneeded.
    """

    span: Span
    text: str
    selectors: tuple[Selector, ...]
    first_line: int
    last_line: int
    whole_file: bool = False
    blanket: bool = False

    def covers(self, line: int) -> bool:
        """Whether it speaks for a line."""
        return self.whole_file or self.first_line <= line <= self.last_line or line == self.span.line


@dataclass(frozen=True, slots=True)
class Mistake:
    """A directive, or a part of it, that cannot be understood, and why."""

    span: Span
    message: str


def directives(comments: Iterable[Comment], rules: Sequence[Rule]) -> tuple[list[Directive], list[Mistake]]:
    """What the comments of one file say, in their order."""
    found: list[Directive] = []
    mistakes: list[Mistake] = []
    for comment in comments:
        for said in _said(comment, rules):
            if isinstance(said, Directive):
                found.append(said)
            else:
                mistakes.append(said)
    return found, mistakes


def _said(comment: Comment, rules: Sequence[Rule]) -> Iterator[Directive | Mistake]:
    yield from _noqa(comment, rules)
    for match in _DIRECTIVE.finditer(comment.text):
        yield from _racelint(comment, match, rules)
    for match in _WITHOUT_COLON.finditer(comment.text):
        yield Mistake(_span(comment, match), "a colon is missing after `racelint`, so this comment does nothing")


# --- noqa ---


def _noqa(comment: Comment, rules: Sequence[Rule]) -> Iterator[Directive | Mistake]:
    in_file = _FLAKE8_FILE.match(comment.text) if comment.alone else None
    if in_file:
        yield _directive(comment, in_file, (_everything(rules),), whole_file=True, blanket=True)
    match = NOQA.search(comment.text)
    for like in _NOQA_LIKE.finditer(comment.text):
        if match and match.start() == like.start():
            continue
        after_another = match is not None and match.start() < like.start()
        reason = "only the first `# noqa` of a comment counts" if after_another else "`noqa` comes one space after `#`"
        yield Mistake(_span(comment, like), f"{reason}, so this one does nothing")
    if match and match["codes"] is None:
        yield _directive(comment, match, (_everything(rules),), blanket=True)
    elif match:
        own = [code for code in SEPARATOR.split(match["codes"]) if _OWN_CODE.match(code)]
        selectors, mistakes = _selectors(own, _codes_for_flake8, rules)
        yield from (Mistake(_span(comment, match), mistake) for mistake in mistakes)
        if selectors:
            yield _directive(comment, match, selectors)


def _codes_for_flake8(code: str, rules: Sequence[Rule]) -> frozenset[str]:
    """The codes that begin with a code, which flake8 takes as it is written."""
    codes = _codes(code, rules)
    if code != code.upper():
        raise ValueError(f"`noqa` reads capital letters only: write {code.upper()} for {code}")
    return codes


# --- racelint: ignore ---


def _racelint(comment: Comment, match: re.Match[str], rules: Sequence[Rule]) -> Iterator[Directive | Mistake]:
    span, word, rest = _span(comment, match), match["word"].lower(), match["rest"].strip()
    mistake = _malformed(match, comment.alone)
    if mistake:
        yield Mistake(span, mistake)
        return
    selectors, mistakes = _selectors(filter(None, SEPARATOR.split(match["names"] or "")), _codes, rules)
    yield from (Mistake(span, mistake) for mistake in mistakes)
    if rest and not rest.startswith("--"):
        yield Mistake(span, f"a reason comes after ` -- `, so `{rest}` is not read")
    if not match["bracket"]:
        selectors = (_everything(rules),)
    if selectors:
        yield _directive(comment, match, selectors, whole_file=word == _FILE_WORD)


def _malformed(match: re.Match[str], alone: bool) -> str:
    """Why a directive does nothing at all, or ""."""
    word, rest = match["word"].lower(), match["rest"]
    if word not in (_LINE_WORD, _FILE_WORD):
        near = get_close_matches(word, (_LINE_WORD, _FILE_WORD), n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are `{_LINE_WORD}` and `{_FILE_WORD}`"
        return f"unknown word `{match['word']}` after `racelint:`; {hint}"
    if match["bracket"] and not match["closed"]:
        return f"the bracket after `{word}` is not closed, so this comment does nothing"
    if match["bracket"] and not SEPARATOR.sub("", match["names"]):
        return f"`{word}[]` names no rule, so this comment does nothing"
    if not match["bracket"] and rest and not rest.startswith("--"):
        return f"rules are named in brackets, as in `{word}[RL101]`, a reason comes after ` -- `: this does nothing"
    if word == _FILE_WORD and not alone:
        return f"`{word}` counts only on a line of its own, so this comment does nothing"
    return ""


def _codes(name: str, rules: Sequence[Rule]) -> frozenset[str]:
    """The codes that a selector stands for, in large or small letters."""
    upper = name.upper()
    selector = upper if _OWN_CODE.match(name) or upper in (EVERY_RULE, "RL") else name.lower()
    return frozenset(rule.code for rule in matching(selector, rules))


# --- either ---


def _selectors(
    names: Iterable[str], codes_of: Callable[[str, Sequence[Rule]], frozenset[str]], rules: Sequence[Rule]
) -> tuple[tuple[Selector, ...], list[str]]:
    """The selectors with these names, and what is wrong with those that are none."""
    selectors: list[Selector] = []
    mistakes: list[str] = []
    for name in names:
        try:
            selectors.append(Selector(name, codes_of(name, rules)))
        except ValueError as error:
            mistakes.append(str(error))
    return tuple(selectors), mistakes


def _everything(rules: Sequence[Rule]) -> Selector:
    return Selector("", frozenset(rule.code for rule in rules))


def _directive(
    comment: Comment,
    match: re.Match[str],
    selectors: tuple[Selector, ...],
    *,
    whole_file: bool = False,
    blanket: bool = False,
) -> Directive:
    said = match[0] if match.re is not _DIRECTIVE else match[0][: match.start("rest") - match.start()]
    span, text = _span(comment, match), said.rstrip(", \t\f")
    first, last = comment.first_line, comment.last_line
    if comment.alone and match.re is NOQA:
        first = last = span.line
    return Directive(span, text, selectors, first, last, whole_file, blanket)


def _span(comment: Comment, match: re.Match[str]) -> Span:
    """Where a part of a comment stands."""
    line, column = comment.span.line, comment.span.column + match.start()
    return Span(line, column, line, column + len(match[0].rstrip(", \t\f")))
