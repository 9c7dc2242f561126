"""What came of a program, told of the same program with other lines: blank ones, comments, other line breaks.

Nothing that stages and rules find out depends on more than the order of lines, and on which of them are the same. So
where a changed text says what it said, in the same order and the same columns, only the numbers of lines are others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, Final

import msgspec

from racelint.cache.outcome import Outcome
from racelint.facts import ModuleFacts, Span
from racelint.findings import Finding

Lines = dict[int, int]
"""Where each line of a text that says anything is now."""

NAMED: Final = re.compile(r"(?<=\bline )\d+\b")
"""The number of a line in a text."""
IN_SYMBOL: Final = re.compile(r"<[^<>]*\bline (\d+)>")
"""The same in what is called by it: that may be in any file."""
OF_CLAIMS: Final = "RL9"
"""How the codes of those begin who tell of comments, which may contradict one in another file."""
PLAIN: Final = frozenset({int, str, bool, type(None)})


def shifted(outcome: Outcome, changes: Mapping[str, tuple[ModuleFacts, ModuleFacts]]) -> Outcome | None:
    """The outcome after changes: what a file has said and says now, by the path that is shown for it.

    None if anything but line numbers may be another.
    """
    moves: dict[str, Lines] = {}
    comments = dict(outcome.comments)
    for path, (former, now) in changes.items():
        lines = _lines(former, now)
        if lines is None:
            return None
        moves[path] = lines
        comments[path] = now.comments
    moves = {path: lines for path, lines in moves.items() if any(line != place for line, place in lines.items())}
    found = carried(outcome.findings, moves)
    if len(found) < len(outcome.findings):
        return None
    kept = {path: said for path, said in comments.items() if said}
    return msgspec.structs.replace(outcome, findings=found, comments=kept)


def carried(findings: Sequence[Finding], moves: Mapping[str, Lines]) -> tuple[Finding, ...]:
    """The findings after lines have moved in files, by the path that is shown for them.

    Left out are those of which it cannot be told where they are now, since a line that they are about is not there.
    """
    found = []
    doubtful = {str(line) for lines in moves.values() for line, place in lines.items() if line != place}
    for each in findings:
        with suppress(LookupError):
            found.append(_moved(each, moves, doubtful) if moves else each)
    return tuple(found)


def _lines(former: ModuleFacts, now: ModuleFacts) -> Lines | None:
    """Where the lines are now, if the two say the same in the same order of lines."""
    lines: Lines = {0: 0}
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
            if one.column != other.column or one.end_column != other.end_column:
                return None
            if lines.setdefault(one.line, other.line) != other.line:
                return None
            if lines.setdefault(one.end_line, other.end_line) != other.end_line:
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
    places = [lines[line] for line in sorted(lines)]
    return lines if all(one < other for one, other in pairwise(places)) else None


def _comments(former: ModuleFacts, now: ModuleFacts) -> tuple[object, object]:
    """The comments that make any difference to what is found, their lines as spans."""
    sides = [facts.comments for facts in (former, now)]
    if [each.text for each in sides[0]] != [each.text for each in sides[1]]:
        # the others only silence what is found; the stages, which know claims, are not loaded where nothing has changed
        from racelint.program.locking.wording import wordings

        sides = [tuple(each for each in side if any(wordings(each.text))) for side in sides]
    one, other = (
        tuple((each.text, each.alone, each.span, Span(each.first_line, 0, each.last_line, 0)) for each in side)
        for side in sides
    )
    return one, other


def _moved(finding: Finding, moves: Mapping[str, Lines], doubtful: Set[str]) -> Finding:
    """A finding as it is now; a `LookupError` if that cannot be told. `doubtful` are the numbers of moved lines."""
    paths = {finding.path, *(each.path for each in finding.related), *(each.path for each in finding.turns)}
    own = moves.get(finding.path, {}) if len(paths) == 1 else {}
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


def _carried(value: Any, path: str, moves: Mapping[str, Lines], text: Callable[[str], str]) -> Any:
    """The value with all lines as they are now; spans in it are in the file `path`, unless it has one of its own."""
    if isinstance(value, Span):
        lines = moves.get(path)
        if lines is None:
            return value
        return Span(lines[value.line], value.column, lines[value.end_line], value.end_column)
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
