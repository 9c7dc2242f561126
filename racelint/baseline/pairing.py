"""Which accepted finding is which found one, although lines moved and things were renamed in between.

An entry keeps at most one finding silent, and only one of its own rule that strikes on no more kinds of builds: two
equal findings need two entries, a third one is new. Entries and findings are paired in rounds, the closest first, and
among equals in the order of the text. Two are a pair if these are equal:

1. file, function, symbol and text: nothing has changed but what is around;
2. file, function and symbol: the line was edited;
3. file, function, last name of the symbol, and text, where *the symbol is gone*: its class or module was renamed;
4. file, symbol and text, where *the function is gone*: it was renamed;
5. file, last name of the symbol, and text, where *both are gone*: the class around them was renamed;
6. function, symbol and text, where *the function is gone*: it is in another file now, the state is where it was;
7. function, last name of the symbol, and text, where *both are gone*: they are in another file together.

Gone is what is nowhere in the program any more. What is still there was not renamed, so its entries pass to no other
function and no other symbol: a race that is put right here and made there is new. Texts are equal whatever their white
space, quotes, commas and parentheses. The last name of a symbol, that of the variable or attribute itself, counts in
every round.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from racelint.baseline.entries import Entry, Extent, entries_of, printable
from racelint.baseline.file import Baseline
from racelint.findings import Build, Finding, Report
from racelint.paths import absolute

ROUNDS = (
    (("path", "function", "symbol", "text"), ()),
    (("path", "function", "symbol"), ()),
    (("path", "function", "name", "text"), ("symbol",)),
    (("path", "symbol", "text"), ("function",)),
    (("path", "name", "text"), ("function", "symbol")),
    (("function", "symbol", "text"), ("function",)),
    (("function", "name", "text"), ("function", "symbol")),
)
"""For each round what must be equal beside the code, and what of the entry must be gone from the program."""

FORMATTING = re.compile(r"[\s(),'\"\\]+")

Builds = tuple[Build, ...]

CodesFor = Callable[[Path], Collection[str]]
"""The codes of the rules that are on in the file with this absolute path."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A report beside a baseline: the findings as entries, those that are known, and the entries without a finding.

    Of these some are `gone`, and the others `kept` because the run says nothing about them.
    """

    found: Mapping[Finding, Entry]
    known: frozenset[Finding]
    gone: tuple[Entry, ...]
    kept: tuple[Entry, ...]


def compare(report: Report, baseline: Baseline, extent: Extent, codes_for: CodesFor) -> Compared:
    """Pair the findings of a report with the entries of a baseline."""
    folder = baseline.folder
    shown = {*extent.modules, *report.files, *(finding.path for finding in report.findings)}
    paths = {path: _relative(path, folder) for path in shown}
    read = {paths[path] for path in extent.modules}
    functions = {(paths[path], function) for path, function in extent.functions}
    asked = {paths[path] for path in report.files}
    unasked = {function for path, function in functions if path not in asked}

    @cache
    def is_on_disk(path: str) -> bool:
        return os.path.lexists(folder / path)

    @cache
    def codes(path: str) -> Collection[str]:
        return codes_for(folder / path)

    def is_absent(entry: Entry, what: str) -> bool:
        if what == "symbol":
            return entry.symbol.removesuffix("[]") not in extent.symbols
        unread = entry.path not in read and is_on_disk(entry.path)
        return not unread and (entry.path, entry.function) not in functions

    def is_looked_for(entry: Entry) -> bool:
        if report.errors or entry.code not in codes(entry.path):
            return False
        if entry.path in asked:
            return entry.path in read
        # a file that is no more may be another one now, about which nobody asked
        return not is_on_disk(entry.path) and entry.function not in unasked

    found = entries_of(report, extent.modules, paths)
    missing, new = _unpaired(baseline.entries, found, is_absent)
    looked_for = [(entry, is_looked_for(entry)) for entry in missing]
    gone = tuple(entry for entry, looked in looked_for if looked)
    kept = tuple(entry for entry, looked in looked_for if not looked)
    return Compared(found, frozenset(found.keys() - new.keys()), gone, kept)


def _relative(path: str, folder: Path) -> str:
    """A path as it is shown, from the folder of a baseline."""
    try:
        return printable(Path(os.path.relpath(absolute(Path(path)), folder)).as_posix())
    except ValueError:  # there is no way from one drive to another
        return path


def _unpaired(
    entries: Iterable[Entry], found: Mapping[Finding, Entry], is_absent: Callable[[Entry, str], bool]
) -> tuple[list[Entry], Mapping[Finding, Entry]]:
    """The entries for which there is no finding, sorted, and the findings for which there is no entry."""
    # of two that differ in nothing else, the one for fewer builds comes first in this order: it has less choice
    missing, new = sorted(entries), dict(found)
    traits = {entry: _traits(entry) for entry in {*missing, *found.values()}}
    for equal, absent in ROUNDS:
        alike: dict[tuple[str, ...], dict[Builds, deque[Finding]]] = defaultdict(lambda: defaultdict(deque))
        for finding, entry in new.items():
            alike[_key(traits[entry], equal)][finding.live_on].append(finding)
        unpaired = []
        for entry in missing:
            candidates = _covered(entry, alike.get(_key(traits[entry], equal), {}))
            if candidates and all(is_absent(entry, what) for what in absent):
                del new[candidates.popleft()]
            else:
                unpaired.append(entry)
        missing = unpaired
    return missing, new


def _covered(entry: Entry, alike: Mapping[Builds, deque[Finding]]) -> deque[Finding] | None:
    """Of findings by the builds on which they strike, some that strike on no more builds than the entry's."""
    covering = (found for builds, found in alike.items() if found and {*builds} <= {*entry.live_on})
    return next(covering, None)


def _traits(entry: Entry) -> dict[str, str]:
    """What an entry is compared by."""
    return {
        "code": entry.code,
        "path": entry.path,
        "function": entry.function,
        "symbol": entry.symbol,
        "name": entry.symbol.rpartition(".")[2],
        "text": FORMATTING.sub("", entry.text),
    }


def _key(traits: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return (traits["code"], *(traits[name] for name in names))
