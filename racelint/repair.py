"""Mending what is found: fixes are tried on the texts in memory, round by round, and kept only if they help.

After each round the program is checked again. A fix whose finding is still there is taken back, and so is one by which
another finding comes up that cannot be mended. Of fixes that touch the same lines, the later ones wait for the next
round.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from racelint import engine
from racelint.configuration.config import Config
from racelint.findings import Finding, Progress, Report, RunError
from racelint.fixes import declined, with_fixes
from racelint.fixes.trial import Key, Trial, key_of, new_in
from racelint.remedies import Fix
from racelint.rewriting import NotWrittenError, reason, replace_file
from racelint.rule import Selection, load_rules

ROUNDS: Final = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A file, by the path shown for it, with its text before and after; `file` is None for a buffer."""

    path: str
    before: bytes
    after: bytes
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What is left, what has changed in memory, the findings of which a fix was tried in vain, and those for which none
    could be written, with the reason."""

    report: Report
    changes: tuple[Change, ...] = ()
    in_vain: tuple[Finding, ...] = ()
    declined: tuple[tuple[Finding, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    """What is reported by now, on the files of which the text is another one, and how many fixes that took."""

    report: Report
    texts: Mapping[str, bytes]
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a run is about."""

    paths: Sequence[Path]
    config: Config
    codes: frozenset[str]
    progress: Progress
    buffers: Mapping[Path, bytes]
    unsafe: bool

    def checked(self, files: Mapping[str, Path], texts: Mapping[str, bytes]) -> Report:
        """What is found with these texts in the place of those of some files."""
        changed = {files[path]: text for path, text in texts.items()}
        # what the last program was linked to goes round in circles, and would be kept beside the next one
        gc.collect()
        return engine.check(self.paths, self.config, self.progress, {**self.buffers, **changed})


def repair(
    paths: Sequence[Path],
    config: Config,
    progress: Progress = engine.silent,
    buffers: Mapping[Path, bytes] = engine.NO_BUFFERS,
    *,
    unsafe: bool = False,
) -> Repaired:
    """Mend what is found in the files at and below the paths, and in the buffers, without writing to any file."""
    asked = _Asked(paths, _wide(config), config.codes, progress, buffers, unsafe)
    first = asked.checked({}, {})
    former: dict[str, bytes] = {}
    refused: dict[Key, Finding] = {}
    state = _mended(asked, _State(first, {}), former, refused, looks_ahead=True)
    report = state.report
    if asked.config is not config:
        report = replace(asked, config=config).checked(first.files, state.texts)
    report = replace(report, fixed=state.fixed)
    changes, in_vain = tuple(_changes(first, state.texts, former)), tuple(refused.values())
    if report.errors:
        return Repaired(report, changes, in_vain)
    offered = with_fixes(report)
    asked_for = (each for each in offered.findings if each.remedy is not None and (unsafe or each.remedy.is_safe))
    untold = tuple(each for each in asked_for if each.code in config.codes and key_of(each) not in refused)
    left = replace(report, findings=tuple(_offered(offered, refused, unsafe=unsafe)))
    return Repaired(left, changes, in_vain, tuple(declined(replace(offered, findings=untold))))


def _mended(
    asked: _Asked, state: _State, former: dict[str, bytes], refused: dict[Key, Finding], *, looks_ahead: bool
) -> _State:
    """What comes of a state, round by round. `former` gets the texts before all that, `refused` what is of no use.

    Where fixes lead to other findings, those may be mended as well: who `looks_ahead` tries that before giving up.
    """
    for _ in range(ROUNDS):
        chosen = _chosen(with_fixes(state.report), asked.codes, refused, unsafe=asked.unsafe)
        if not chosen or state.report.errors:
            break
        trial = Trial(state.report, chosen)
        for path, text in trial.before.items():
            former.setdefault(path, text.encoded())
        texts = {**state.texts, **trial.texts}
        later = _State(asked.checked(state.report.files, texts), texts, state.fixed + len(chosen))
        bad, new = trial.in_vain(later.report), new_in(later.report, state.report)
        if new and not bad and looks_ahead:
            ahead = _mended(asked, later, former, dict(refused), looks_ahead=False)
            later, new = ahead, new_in(ahead.report, state.report)
        if not bad and not new:
            state = later
        refused.update((key_of(each), each) for each in (*bad, *trial.blamed(new)))
    return state


def _offered(report: Report, refused: Mapping[Key, Finding], *, unsafe: bool) -> Iterator[Finding]:
    """The findings that are left, with a remedy only where another run could write it, which takes unsafe fixes."""
    for finding in report.findings:
        if finding.remedy is None:
            yield finding
        elif unsafe or finding.fix is None or finding.fix.applicability == "safe" or key_of(finding) in refused:
            yield replace(finding, remedy=None, fix=None)
        else:
            yield replace(finding, remedy=msgspec.structs.replace(finding.remedy, is_safe=False), fix=None)


def _changes(first: Report, texts: Mapping[str, bytes], former: Mapping[str, bytes]) -> Iterator[Change]:
    for path, text in sorted(texts.items()):
        if text != former[path]:
            yield Change(path, former[path], text, None if path in first.buffers else first.files[path].resolve())


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


# --- a round ---


def _chosen(
    report: Report, codes: frozenset[str], refused: Mapping[Key, Finding], *, unsafe: bool
) -> list[tuple[Finding, Fix]]:
    """The fixes of a round: none that touches what another one does, but one that mends several findings for all."""
    chosen: list[tuple[Finding, Fix]] = []
    for finding in report.findings:
        fix = finding.fix
        if fix is None or finding.code not in codes or key_of(finding) in refused:
            continue
        if not unsafe and fix.applicability == "unsafe":
            continue
        others = [other for each, other in chosen if each.path == finding.path]
        if all(fix.edits == other.edits or _are_apart(fix, other) for other in others):
            chosen.append((finding, fix))
    return chosen


def _are_apart(one: Fix, other: Fix) -> bool:
    """Whether lines are between them: of two that meet, the second may go on with what the first has begun."""
    (first, last), (begin, end) = _lines(one), _lines(other)
    return last + 1 < begin or end + 1 < first


def _lines(fix: Fix) -> tuple[int, int]:
    """The first and the last line of what a fix changes, with all that is between."""
    spans = [edit.span for edit in fix.edits]
    return min(each.line for each in spans), max(each.end_line for each in spans)
