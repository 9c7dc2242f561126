"""Mending what is found: fixes are tried on the texts in memory, round by round, and kept only if they help.

After each round the program is checked again. A fix whose finding is still there, or by which another one comes up, is
taken back. Of fixes that touch the same lines, the next round gets those that come later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from racelint import engine
from racelint.config import Config
from racelint.findings import Finding, Progress, Report, RunError
from racelint.fixes import with_fixes
from racelint.fixes.texts import Text
from racelint.remedies import Edit, Fix
from racelint.rewriting import NotWrittenError, reason, replace_file
from racelint.rule import Selection, load_rules

ROUNDS: Final = 100

Key = tuple[str, str, str, str]
"""What stays of a finding where lines move: its file, its code, its symbol and its function."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file, by the path shown for it, with its text before and after; `file` is None for a buffer."""

    path: str
    before: bytes
    after: bytes
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What is left, what has changed in memory, and the findings of which a fix was tried in vain."""

    report: Report
    changes: tuple[Change, ...] = ()
    in_vain: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Work:
    """The texts as they are by now, with those of the beginning, and what shall not be tried again."""

    texts: dict[str, bytes]
    former: dict[str, bytes] = field(default_factory=dict)
    refused: dict[Key, Finding] = field(default_factory=dict)


def repair(
    paths: Sequence[Path],
    config: Config,
    progress: Progress = engine.silent,
    buffers: Mapping[Path, bytes] = engine.NO_BUFFERS,
    *,
    unsafe: bool = False,
) -> Repaired:
    """Mend what is found in the files at and below the paths, and in the buffers, without writing to any file."""
    wide = _wide(config)
    codes = config.codes
    report = engine.check(paths, wide, progress, buffers)
    work = _Work(dict(report.buffers))
    first = report
    fixed = 0
    for _ in range(ROUNDS):
        chosen = _chosen(with_fixes(report), codes, work.refused, unsafe=unsafe)
        if not chosen or report.errors:
            break
        trial = _Trial(report, chosen, work.texts)
        later = engine.check(paths, wide, progress, {**buffers, **_by_file(report, trial.texts)})
        vain = trial.in_vain(later)
        work.refused.update((_key(each), each) for each in vain)
        if vain:
            continue
        for path in trial.texts.keys() - work.texts.keys():
            work.former[path] = trial.before[path].encoded()
        work.texts.update(trial.texts)
        fixed += len(chosen)
        report = later
    if wide is not config:
        report = engine.check(paths, config, progress, {**buffers, **_by_file(first, work.texts)})
    return Repaired(replace(report, fixed=fixed), tuple(_changes(first, work)), tuple(work.refused.values()))


def _changes(first: Report, work: _Work) -> Iterator[Change]:
    for path, text in sorted(work.texts.items()):
        before = first.buffers[path] if path in first.buffers else work.former[path]
        if text != before:
            yield Change(path, before, text, None if path in first.buffers else first.files[path].resolve())


def write(changes: Sequence[Change]) -> list[RunError]:
    """Write what has changed to the files, each as a whole; what could not be done."""
    errors: list[RunError] = []
    for change in changes:
        try:
            if change.file is None:
                continue
            if change.file.read_bytes() != change.before:
                raise NotWrittenError("it has changed in the meantime")
            replace_file(change.file, change.after)
        except (NotWrittenError, OSError) as error:
            errors.append(RunError(change.path, f"not fixed: {reason(error)}"))
    return errors


def _wide(config: Config) -> Config:
    """The configuration with all rules that are on by default: a fix shall not break what nobody asks about."""
    by_default = {rule.code for rule in load_rules() if rule.default}
    if config.codes >= by_default:
        return config
    return replace(config, selection=Selection(extend_select=tuple(sorted(config.codes))))


def _by_file(report: Report, texts: Mapping[str, bytes]) -> dict[Path, bytes]:
    return {report.files[path]: text for path, text in texts.items()}


def _key(finding: Finding) -> Key:
    return finding.path, finding.code, finding.symbol, finding.function


# --- a round ---


def _chosen(
    report: Report, codes: frozenset[str], refused: Mapping[Key, Finding], *, unsafe: bool
) -> list[tuple[Finding, Fix]]:
    """The fixes of a round: none that touches what another one does, but one that mends several findings for all."""
    chosen: list[tuple[Finding, Fix]] = []
    for finding in report.findings:
        fix = finding.fix
        if fix is None or finding.code not in codes or _key(finding) in refused:
            continue
        if not unsafe and fix.applicability == "unsafe":
            continue
        others = [other for each, other in chosen if each.path == finding.path]
        if all(fix.edits == other.edits or _are_apart(fix, other) for other in others):
            chosen.append((finding, fix))
    return chosen


def _are_apart(one: Fix, other: Fix) -> bool:
    (first, last), (begin, end) = _extent(one), _extent(other)
    return last < begin or end < first


def _extent(fix: Fix) -> tuple[tuple[int, int], tuple[int, int]]:
    """From where to where a fix changes something."""
    spans = [edit.span for edit in fix.edits]
    return min((each.line, each.column) for each in spans), max((each.end_line, each.end_column) for each in spans)


class _Trial:
    """The texts of some files with fixes in them: `before` and, as bytes, after."""

    def __init__(self, report: Report, chosen: Sequence[tuple[Finding, Fix]], texts: Mapping[str, bytes]) -> None:
        self._report = report
        self._findings = [finding for finding, _ in chosen]
        groups: dict[str, dict[tuple[Edit, ...], None]] = {}
        for finding, fix in chosen:
            groups.setdefault(finding.path, {}).setdefault(fix.edits)
        self._edits = {path: [edit for group in edits for edit in group] for path, edits in groups.items()}
        self.before = {
            path: Text.decoded(texts[path] if path in texts else report.files[path].read_bytes()) for path in groups
        }
        self._after = {path: text.edited(self._edits[path]) for path, text in self.before.items()}
        self.texts = {path: text.encoded() for path, text in self._after.items()}

    def in_vain(self, later: Report) -> list[Finding]:
        """The findings that are still there though they were fixed, and those whose fix has led to another one."""
        if later.errors:
            return self._findings
        left = {(_key(each), each.span.line) for each in later.findings}
        told = {each for each in self._findings if (_key(each), self._line_of(each)) in left}
        former, now = (Counter(map(_key, report.findings)) for report in (self._report, later))
        for new in later.findings:
            if now[_key(new)] > former[_key(new)]:
                told.update(_blamed(new, self._findings))
        return [each for each in self._findings if each in told]

    def _line_of(self, finding: Finding) -> int:
        """The line on which a finding would stand now."""
        before, after = self.before[finding.path], self._after[finding.path]
        offset = before.moved(before.start(finding.span), self._edits[finding.path])
        return after.span(offset, offset).line


def _blamed(new: Finding, chosen: Sequence[Finding]) -> Sequence[Finding]:
    """The fixed findings that have most to do with a new one: of its function, else of its files, else all."""
    paths = {new.path, *(each.path for each in new.related)}
    for is_close in (
        lambda each: (each.path, each.function) == (new.path, new.function),
        lambda each: each.symbol == new.symbol,
        lambda each: each.path in paths,
    ):
        close = [each for each in chosen if is_close(each)]
        if close:
            return close
    return chosen
