"""Suggested claims: which are made, where, in which words, and what the command prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import program

from racelint import cli
from racelint.program.races.breaches.suggestions import suggestions


def suggested(source: str, modules: dict[str, str] | None = None) -> list[str]:
    """The suggestions for the module `main` and others: file, line, claim and figures."""
    linked = program(source, modules)
    found = suggestions(linked.sharing, linked.locksets)
    return [f"{each.path.removesuffix('.py')}:{each.span.line} {each.text} ({each.figures})" for each in found]


COUNTER = """
import threading

LOCK = threading.Lock()

class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self.count = 0
{claim}
    def add(self):
        with self._lock:
            self.count += 1
            self.count += 2

    def show(self):
        return self.count
"""


def test_a_lock_held_nearly_always_is_suggested() -> None:
    assert suggested(COUNTER.format(claim="")) == ["main:9 guarded-by: _lock (held in 2 of 3 accesses)"]


@pytest.mark.parametrize(
    "claim",
    [
        "    # guarded-by: _lock\n        self.count = 1",
        "    # owned-by: main\n        self.count = 1",
        "    # confined\n        self.count = 1",
    ],
)
def test_what_is_claimed_is_not_suggested(claim: str) -> None:
    assert suggested(COUNTER.format(claim=f"    {claim}")) == []


def test_a_lock_held_at_fewer_is_not() -> None:
    forgetful = COUNTER.format(claim="") + "\n    def again(self):\n        return self.count, self.count\n"

    assert suggested(forgetful) == []


def test_what_is_never_changed_is_not() -> None:
    assert (
        suggested("""
        import threading

        class Names:
            def __init__(self):
                self._lock = threading.Lock()
                self.names = ["a"]

            def first(self):
                with self._lock:
                    return self.names[0]

            def last(self):
                with self._lock:
                    return self.names[-1]
        """)
        == []
    )


def test_locks_are_named_as_a_claim_names_them() -> None:
    assert suggested(
        """
        import state
        from state import SHARED

        hits = 0
        misses = 0

        def hit():
            global hits
            with state.LOCK:
                hits += 1

        def miss():
            global misses
            with SHARED:
                misses += 1
        """,
        {"state": "import threading\nLOCK = threading.Lock()\nSHARED = threading.Lock()\n"},
    ) == [
        "main:5 guarded-by: state.LOCK (held in 1 access)",
        "main:6 guarded-by: SHARED (held in 1 access)",
    ]


def test_a_lock_that_no_name_leads_to_is_not_suggested() -> None:
    assert (
        suggested(
            """
            from state import hold

            hits = 0

            def hit():
                global hits
                with hold():
                    hits += 1
            """,
            {
                "state": """
                import threading
                LOCK = threading.Lock()
                def hold():
                    return LOCK
            """
            },
        )
        == []
    )


def test_functions_whose_callers_hold_the_lock() -> None:
    assert suggested("""
        import threading

        class Box:
            items: list

            def __init__(self):
                self.lock = threading.Lock()
                self.items = []

            def put(self, item):
                with self.lock:
                    self._put(item)
                    self._tell(item)

            def put_two(self, item):
                with self.lock:
                    self._put(item)
                    self._put(item)

            def _put(self, item):
                self.items.append(item)
                self.items.append(item)

            def _tell(self, item):
                print(item)

            def _claimed(self):  # requires: lock
                self.items.clear()
    """) == [
        "main:5 guarded-by: lock (held in all 3 accesses)",
        "main:21 requires: lock (held in all 3 calls)",
    ]


# --- the command ---------------------------------------------------------------------------------------------------

Suggest = Callable[..., tuple[object, str, str]]


@pytest.fixture
def suggest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Suggest:
    """Runs the command in a folder with two programs: its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(f"{name}.py").write_text(COUNTER.format(claim=""), encoding="utf-8")

    def run(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main(["suggest", *arguments])
        return (caught.value.code, *capsys.readouterr())

    return run


def test_the_text(suggest: Suggest) -> None:
    line = "9: # guarded-by: _lock  (held in 2 of 3 accesses)\n"

    assert suggest() == (0, f"a.py:{line}b.py:{line}", "")
    assert suggest("b.py") == (0, f"b.py:{line}", "")


def test_the_json(suggest: Suggest) -> None:
    code, output, errors = suggest("a.py", "--output-format", "json")

    assert (code, errors) == (0, "")
    assert json.loads(output) == {
        "version": 1,
        "suggestions": [
            {
                "path": "a.py",
                "line": 9,
                "claim": "guarded-by: _lock",
                "symbol": "a.Counter.count",
                "held": 2,
                "total": 3,
                "of": "accesses",
                "without": [{"path": "a.py", "line": 17}],
            }
        ],
        "errors": [],
    }


def test_a_suggestion_is_a_claim(suggest: Suggest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, output, _ = suggest("a.py")
    line, claim = output.split(":", 1)[1].split(":", 1)
    lines = Path("a.py").read_text(encoding="utf-8").split("\n")
    lines[int(line) - 1] += f"  {claim.partition('  ')[0].strip()}"
    Path("a.py").write_text("\n".join(lines), encoding="utf-8")

    assert suggest("a.py") == (0, "", "")
    with pytest.raises(SystemExit):
        cli.main(["check", "a.py", "--output-format", "concise"])
    assert [line.split(" ")[:2] for line in capsys.readouterr().out.splitlines()[:-1]] == [["a.py:17:16:", "RL106"]]


def test_what_is_not_there(suggest: Suggest) -> None:
    assert suggest("c.py") == (2, "", "racelint: c.py: no such file or folder\n")
