"""What came of a program, told of the same program written otherwise: other blank lines, comments, texts and spaces.

Nothing that stages and rules find out depends on more than the order of places, and on which of them are on one line.
So where a changed text says what it said, in the same order, only the numbers of lines and columns are others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from typing import Any, Final

import msgspec

from racelint.cache.outcome import Outcome
from racelint.facts import REMARK, ModuleFacts, Span
from racelint.findings import FILE_START, Finding

Place = tuple[int, int]
"""A line and a column."""

NAMED: Final = re.compile(r"(?<=\bline )\d+\b")
"""The number of a line in a text."""
IN_SYMBOL: Final = re.compile(r"<[^<>]*\bline (\d+)>")
"""The same in what is called by it: that may be in any file."""
OF_CLAIMS: Final = "RL9"
"""How the codes of those begin who tell of comments, which may contradict one in another file."""
PLAIN: Final = frozenset({int, str, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Shift:
    """Where each line of a text that says anything is now and, on lines where they are others, each column."""

    lines: dict[int, int]
    columns: dict[int, dict[int, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.columns) or any(line != place for line, place in self.lines.items())

    def of(self, span: Span) -> Span:
        """Where a span is now; a `LookupError` if that is not known. What is at no place of a file stays there."""
        if span == FILE_START:
            return span
        start, end = (span.line, span.column), (span.end_line, span.end_column)
        return Span(*self._place(*start), *self._place(*end))

    def _place(self, line: int, column: int) -> Place:
        return self.lines[line], self.columns[line][column] if line in self.columns else column


def shifted(outcome: Outcome, changes: Mapping[str, tuple[ModuleFacts, ModuleFacts]]) -> Outcome | None:
    """The outcome after changes: what a file has said and says now, by the path that is shown for it.

    None if anything but the numbers of lines and columns may be another.
    """
    moves: dict[str, Shift] = {}
    comments = dict(outcome.comments)
    for path, (former, now) in changes.items():
        shift = _shift(former, now)
        if shift is None:
            return None
        if shift:
            moves[path] = shift
        comments[path] = now.comments
    found = carried(outcome.findings, moves)
    if len(found) < len(outcome.findings):
        return None
    kept = {path: said for path, said in comments.items() if said}
    return msgspec.structs.replace(outcome, findings=found, comments=kept)


def carried(findings: Sequence[Finding], moves: Mapping[str, Shift]) -> tuple[Finding, ...]:
    """The findings after places have moved in files, by the path that is shown for them.

    Left out are those of which it cannot be told where they are now, since a place that they are about is not there.
    """
    found = []
    doubtful = {str(line) for shift in moves.values() for line, place in shift.lines.items() if line != place}
    for each in findings:
        with suppress(LookupError):
            found.append(_moved(each, moves, doubtful) if moves else each)
    return tuple(found)


def _shift(former: ModuleFacts, now: ModuleFacts) -> Shift | None:
    """Where the places are now, if the two say the same in the same order of places."""
    places: dict[Place, Place] = {}
    pending: list[tuple[Any, Any]] = [
        (former.functions, now.functions),
        (former.classes, now.classes),
        _comments(former, now),
    ]
    while pending:
        one, other = pending.pop()
        kind = type(one)
        if kind is not type(other):
            return None
        if kind is tuple:
            if len(one) != len(other):
                return None
            pending.extend(zip(one, other, strict=True))
        elif kind is Span:
            if one == other == FILE_START:
                continue
            start, end = (other.line, other.column), (other.end_line, other.end_column)
            if places.setdefault((one.line, one.column), start) != start:
                return None
            if places.setdefault((one.end_line, one.end_column), end) != end:
                return None
        elif kind in PLAIN:
            if one != other:
                return None
        else:
            for name in kind.__struct_fields__:
                part, counterpart = getattr(one, name), getattr(other, name)
                if type(part) not in PLAIN:
                    pending.append((part, counterpart))
                elif part != counterpart:
                    return None
    return _as_shift(places)


def _as_shift(places: Mapping[Place, Place]) -> Shift | None:
    """The shift that brings each place where it is now; None if their order is another, or who shares a line."""
    lines, columns = {0: 0}, defaultdict[int, dict[int, int]](dict)
    last = (0, 0)
    for (line, column), place in sorted(places.items()):
        if place <= last or lines.setdefault(line, place[0]) != place[0]:
            return None
        columns[line][column] = place[1]
        last = place
    if any(one >= other for one, other in pairwise(lines.values())):
        return None
    return Shift(
        lines, {line: those for line, those in columns.items() if any(one != now for one, now in those.items())}
    )


def _comments(former: ModuleFacts, now: ModuleFacts) -> tuple[object, object]:
    """The comments that make any difference to what is found, their lines as spans."""
    sides = [facts.comments for facts in (former, now)]
    if [each.text for each in sides[0]] != [each.text for each in sides[1]]:
        # the others only silence what is found; the stages, which know claims, are not loaded where nothing has changed
        from racelint.program.locking.wording import wordings

        sides = [tuple(each for each in side if REMARK.search(each.text) or any(wordings(each.text))) for side in sides]
    one, other = (
        tuple((each.text, each.alone, each.span, Span(each.first_line, 0, each.last_line, 0)) for each in side)
        for side in sides
    )
    return one, other


def _moved(finding: Finding, moves: Mapping[str, Shift], doubtful: Set[str]) -> Finding:
    """A finding as it is now; a `LookupError` if that cannot be told. `doubtful` are the numbers of moved lines."""
    paths = {finding.path, *(each.path for each in finding.related), *(each.path for each in finding.turns)}
    own = moves[finding.path].lines if len(paths) == 1 and finding.path in moves else {}
    is_elsewhere = paths.isdisjoint(moves) and not finding.code.startswith(OF_CLAIMS)

    def number(match: re.Match[str]) -> str:
        place = own.get(int(match[0]))
        if place is None and match[0] in doubtful and not is_elsewhere:
            raise LookupError(match.string)
        return match[0] if place is None else str(place)

    def text(said: str) -> str:
        if not doubtful.isdisjoint(IN_SYMBOL.findall(said)):
            raise LookupError(said)
        return NAMED.sub(number, said)

    moved: Finding = _carried(finding, finding.path, moves, text)
    return moved


def _carried(value: Any, path: str, moves: Mapping[str, Shift], text: Callable[[str], str]) -> Any:
    """The value with all places as they are now; spans in it are in the file `path`, unless it has one of its own."""
    if isinstance(value, Span):
        return moves[path].of(value) if path in moves else value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, tuple):
        return tuple(_carried(each, path, moves, text) for each in value)
    names: Iterable[str] = ()
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
    elif is_dataclass(value):
        names, path = [each.name for each in fields(value)], getattr(value, "path", path)
    parts = {name: _carried(getattr(value, name), path, moves, text) for name in names}
    return type(value)(**parts) if parts else value
