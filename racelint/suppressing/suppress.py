"""Which findings the comments of the files keep silent, and which of these comments do nothing (RL902)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from racelint.facts import Comment, Span
from racelint.findings import Finding, Location
from racelint.rule import Rule, load_rules
from racelint.rules import unreadable_file, unused_suppression
from racelint.suppressing.directives import Directive, Mistake, Selector, directives

UNUSED = unused_suppression.check
OWN = frozenset({UNUSED.code})

Use = tuple[Directive, Selector]


class Suppressed(NamedTuple):
    """The findings that are left, how many were silenced, and the findings about comments that do nothing."""

    kept: list[Finding]
    silenced: int
    unused: list[Finding]


@dataclass(slots=True)
class _File:
    """The directives of a file and which of their selectors have silenced something so far."""

    directives: list[Directive]
    mistakes: list[Mistake]
    used: set[Use] = field(default_factory=set)
    silenced: int = 0

    def silences(self, finding: Finding, without: Collection[Use] = ()) -> bool:
        """Whether a finding is silenced; all that cover it are in use then."""
        covering = {
            (directive, selector)
            for directive in self.directives
            if directive.covers(finding.span.line)
            for selector in directive.selectors
            if finding.code in selector.codes
        } - set(without)
        self.used |= covering
        self.silenced += bool(covering)
        return bool(covering)


def suppress(
    findings: Iterable[Finding],
    comments: Mapping[str, Sequence[Comment]],
    enabled: Callable[[str], Collection[str]],
    respect_noqa: bool = True,
) -> Suppressed:
    """Keep silent what the comments say, and tell which of them do nothing.

    `comments` has those of every file that was asked for, by its path; `enabled` tells the codes of the rules that were
    at work on a file, without any that broke down. Without `respect_noqa` no comment of any kind is looked at.
    """
    if not respect_noqa:
        return Suppressed(list(findings), 0, [])
    rules = load_rules()
    files = {path: _File(*directives(said, rules)) for path, said in comments.items() if said}
    kept = [finding for finding in findings if finding.path not in files or not files[finding.path].silences(finding)]
    unused = [
        finding
        for path, file in files.items()
        if UNUSED.code in (codes := frozenset(enabled(path)))
        for finding in _unused(path, file, codes, rules)
    ]
    return Suppressed(kept, sum(file.silenced for file in files.values()), unused)


def _unused(path: str, file: _File, enabled: frozenset[str], rules: Sequence[Rule]) -> Iterator[Finding]:
    """The findings about the comments of a file, which can be silenced in turn.

    So those that cannot silence such a finding come first: when the others are judged, all that they do is known.
    """
    for mistake in file.mistakes:
        inside = [directive for directive in file.directives if directive.span == mistake.span]
        finding = _finding(path, mistake.span, mistake.message)
        if not file.silences(finding, _by_the_way(inside)):
            yield finding
    for directive in sorted(file.directives, key=_power):
        idle = [
            selector
            for selector in directive.selectors
            if (directive, selector) not in file.used and _is_judged(selector, enabled, rules)
        ]
        if not idle or directive.blanket:
            continue
        asked_for = any(selector.codes != OWN for selector in idle)
        own = _by_the_way([directive]) if asked_for else {(directive, selector) for selector in directive.selectors}
        finding = _finding(path, directive.span, _message(directive, idle))
        if not file.silences(finding, own):
            yield finding


def _power(directive: Directive) -> int:
    """0 for one that cannot silence a finding about a comment, 1 for one that can on its lines, 2 in the file."""
    speaks = any(selector.codes >= OWN for selector in directive.selectors)
    return 1 + directive.whole_file if speaks else 0


def _by_the_way(about: Iterable[Directive]) -> set[Use]:
    """The selectors that stand for RL902 among others: these shall not hide that their own comment does nothing."""
    return {(directive, selector) for directive in about for selector in directive.selectors if selector.codes != OWN}


def _is_judged(selector: Selector, enabled: frozenset[str], rules: Sequence[Rule]) -> bool:
    """Whether all the rules that it stands for were at work, those that are off by default left aside.

    A file that cannot be read has no comments, so that nothing can ever be said about silencing that.
    """
    codes = selector.codes - {unreadable_file.check.code}
    usual = codes & {rule.code for rule in rules if rule.default}
    return bool(codes) and (usual or codes) <= enabled


def _message(directive: Directive, idle: Sequence[Selector]) -> str:
    where = "in this file" if directive.whole_file else "here"
    names = list(dict.fromkeys(selector.text for selector in idle if selector.text))
    if not names:
        return f"`{directive.text}` silences nothing {where}: remove it"
    silence, them = ("silence", "them") if len(names) > 1 else ("silences", "it")
    return f"{', '.join(names)} {silence} nothing {where}: remove {them} from `{directive.text}`"


def _finding(path: str, span: Span, message: str) -> Finding:
    return UNUSED.finding(Location(path, span), message)
