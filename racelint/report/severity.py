"""How bad a finding is, for the formats that tell errors from warnings."""

from __future__ import annotations

from typing import Literal

from racelint.findings import FREE_THREADED_ONLY, Finding

Severity = Literal["error", "warning"]

ABOUT_COMMENTS = ("RL902", "RL903")


def severity(finding: Finding) -> Severity:
    """A warning if it needs an assumption of the user or a free-threaded build to strike, else an error."""
    if finding.evidence == "assumed" or finding.live_on == FREE_THREADED_ONLY:
        return "warning"
    return rule_severity(finding.code)


def rule_severity(code: str) -> Severity:
    """What the findings of a rule are, unless they need an assumption: a comment too many harms nobody."""
    return "warning" if code in ABOUT_COMMENTS else "error"
