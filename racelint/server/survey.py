"""What is known of the open files of a project: findings, and a program to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from racelint import engine
from racelint.config import Config, load_config
from racelint.findings import Finding, Report
from racelint.lines import Lines, lines_of
from racelint.paths import absolute, display_path
from racelint.program import Program
from racelint.server.insight import Hint, hints, lenses


@dataclass(slots=True)
class Survey:
    """One look at a project: the report on its open files, and its program, None where it could not be linked."""

    report: Report
    program: Program | None
    lines: Lines
    _hints: dict[str, list[Hint]] = field(default_factory=dict)

    def findings(self, path: Path) -> list[Finding]:
        """The findings that stand in a file."""
        shown = display_path(absolute(path))
        return [finding for finding in self.report.findings if finding.path == shown]

    def hints(self, path: Path) -> list[Hint]:
        """What there is to say about state in a file."""
        shown = display_path(absolute(path))
        if shown not in self._hints:
            self._hints[shown] = hints(self.program, shown) if self.program is not None else []
        return self._hints[shown]

    def lenses(self, path: Path) -> list[Hint]:
        """What there is to say above the lines of a file."""
        return lenses(self.program, display_path(absolute(path))) if self.program is not None else []


def survey(documents: Mapping[Path, bytes]) -> dict[Path, Survey]:
    """Look at the projects of some documents, with these texts, and tell for each document what came of it.

    Raises what `load_config` does where a project is not well configured.
    """
    configs: dict[tuple[Path, Path | None], tuple[Config, list[Path]]] = {}
    for path in documents:
        config = load_config(path)
        configs.setdefault((config.root, config.file), (config, []))[1].append(path)
    return {path: found for config, paths in configs.values() for path, found in _of_project(config, paths, documents)}


def _of_project(config: Config, paths: Sequence[Path], documents: Mapping[Path, bytes]) -> list[tuple[Path, Survey]]:
    report, program = engine.survey(paths, config, buffers={path: documents[path] for path in paths})
    found = Survey(report, program, lines_of(report))
    return [(path, found) for path in paths]
