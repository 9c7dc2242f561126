"""What is known of the open files of a project: findings, and what there is to say about state in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from racelint import engine
from racelint.cache.shifts import Shift, carried
from racelint.configuration.config import Config, load_config
from racelint.engine import Glance
from racelint.facts import Span
from racelint.findings import Finding, Report, in_order
from racelint.lines import decoded
from racelint.paths import absolute, display_path
from racelint.rules import unreadable_file


@dataclass(frozen=True, slots=True)
class Hint:
    """What is told of a place in a file, in Markdown."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Insight:
    """What there is to say in a file where the pointer rests, and above lines."""

    hints: tuple[Hint, ...]
    lenses: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """One look at a project: the report on its open files and, where they are known, insights by the path shown."""

    report: Report
    insights: Mapping[str, Insight] = field(default_factory=dict)

    def findings(self, path: Path) -> list[Finding]:
        """The findings that stand in a file."""
        shown = display_path(absolute(path))
        return [finding for finding in self.report.findings if finding.path == shown]

    def insight(self, path: Path) -> Insight | None:
        """What there is to say about state in a file; None if that is not known yet."""
        return self.insights.get(display_path(absolute(path)))

    def with_text(self, path: Path, text: bytes) -> Survey:
        """What is left of it when a file has another text: what is on lines that are still there."""
        shown = display_path(absolute(path))
        before = self.report.buffers.get(shown, text)
        if before == text:
            return self
        shift = Shift(kept_lines(decoded(before), decoded(text)))
        report = replace(
            self.report,
            findings=carried(self.report.findings, {shown: shift}),
            buffers={**self.report.buffers, shown: text},
        )
        known = self.insights.get(shown)
        moved = {} if known is None else {shown: Insight(_moved(known.hints, shift), _moved(known.lenses, shift))}
        return Survey(report, {**self.insights, **moved})

    def with_unreadable(self, unreadable: Sequence[Finding]) -> Survey:
        """The same with other findings of files that cannot be read."""
        readable = (each for each in self.report.findings if each.code != unreadable_file.check.code)
        return replace(self, report=replace(self.report, findings=in_order([*readable, *unreadable])))


def kept_lines(before: Sequence[str], after: Sequence[str]) -> dict[int, int]:
    """Where the lines of a text are now, by their number: those before the first change and after the last one."""
    shorter = min(len(before), len(after))
    first = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    last = next((index for index in range(shorter - first) if before[-1 - index] != after[-1 - index]), shorter - first)
    kept = {number: number for number in range(first + 1)}
    kept.update(
        (number, number + len(after) - len(before)) for number in range(len(before) - last + 1, len(before) + 1)
    )
    return kept


def _moved(hints: Sequence[Hint], shift: Shift) -> tuple[Hint, ...]:
    found = []
    for hint in hints:
        with suppress(LookupError):
            found.append(Hint(shift.of(hint.span), hint.text))
    return tuple(found)


def projects(documents: Mapping[Path, bytes]) -> Iterator[tuple[Config, dict[Path, bytes]]]:
    """The projects of some documents, each with those that are part of it.

    Raises what `load_config` does where a project is not well configured.
    """
    found: dict[tuple[Path, Path | None], tuple[Config, dict[Path, bytes]]] = {}
    for path, text in documents.items():
        config = load_config(path)
        found.setdefault((config.root, config.file), (config, {}))[1][path] = text
    yield from found.values()


def glances(documents: Mapping[Path, bytes]) -> list[tuple[list[Path], Glance]]:
    """What is known without linking of the projects of some documents. Raises what `projects` does."""
    return [([*texts], engine.glance([*texts], config, texts)) for config, texts in projects(documents)]
