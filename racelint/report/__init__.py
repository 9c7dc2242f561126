"""How a report is shown: each format in a file of its own, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final, TextIO

from racelint.findings import Report
from racelint.report.escaping import encodable

FORMATS: Final = {
    "full": "findings with their source and the other places, for people",
    "concise": "one line for each finding",
    "json": "one JSON object",
    "json-lines": "one JSON object on each line",
    "sarif": "SARIF 2.1.0, with the ways of the threads",
    "github": "annotations of GitHub Actions",
    "gitlab": "code quality report of GitLab",
    "junit": "JUnit XML",
    "pylint": "lines as pylint writes them for other tools",
    "rdjson": "diagnostics for reviewdog",
}
"""What a report can be written as; the module of a format has its name, with `_` for `-`."""

WITH_FIXES: Final = frozenset({"json", "json-lines", "sarif", "rdjson"})
"""The formats that show how a finding can be mended."""

COUNTED: Final = ("full", "concise", "json")
"""The formats in which the findings can be counted instead of shown."""


def show(report: Report, output_format: str, stream: TextIO) -> None:
    """Write the report to the stream in one of `FORMATS`."""
    module = import_module(f"{__name__}.{output_format.replace('-', '_')}")
    module.show(encodable(report), stream)


def show_statistics(report: Report, output_format: str, stream: TextIO) -> None:
    """Write how many findings each rule has, the most first, in one of the formats of `COUNTED`."""
    module = import_module(f"{__name__}.{'json' if output_format == 'json' else 'full'}")
    module.show_statistics(encodable(report), stream)
