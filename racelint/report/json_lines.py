"""The findings as JSON, one on each line."""

from __future__ import annotations

from typing import TextIO

import msgspec

from racelint.findings import Report
from racelint.report.json import finding_object
from racelint.report.output import put


def show(report: Report, stream: TextIO) -> None:
    """Each finding as it stands in the format `json`."""
    put(stream, "".join(msgspec.json.encode(finding_object(finding)).decode() + "\n" for finding in report.findings))
