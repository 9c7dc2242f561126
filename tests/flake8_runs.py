"""Runs of flake8 over a small project, for the tests of what racelint does in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATE = "hits = 0\n\n\ndef hit() -> None:\n    global hits\n    hits += 1\n"
START = "import threading\n\nimport state\n\nfor _ in range(8):\n    threading.Thread(target=state.hit).start()\n"
BOTH = STATE + START.replace("import state", "").replace("state.", "")
LINE = re.compile(r"(.+?):(\d+):(\d+): (RL\d{3}) (.+)")

FOUND = ["state.py:6:5: RL101"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: its exit code, what it printed, and where which code of racelint stands in that."""

    code: int
    output: str
    errors: str

    @property
    def alarms(self) -> list[str]:
        """The findings of racelint, without their messages."""
        found = LINE.findall(self.output)
        return [f"{Path(path).as_posix()}:{line}:{column}: {code}" for path, line, column, code, _ in found]


Flake8 = Callable[..., Outcome]


def configure(table: str) -> None:
    """Give the project this `[tool.racelint]`."""
    Path("pyproject.toml").write_text(f"[tool.racelint]\n{table}\n")
