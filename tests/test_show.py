"""What `racelint show` tells: the words of each view, reasons for silence, and filters that agree with the stage."""

from __future__ import annotations

import json
import os
import re
from itertools import product
from pathlib import Path

import pytest
from builders import program
from expectations import name_of, programs, sources

from racelint import cli
from racelint.extract import extract
from racelint.knowledge import Knowledge
from racelint.program import Program, SourceModule, link
from racelint.program.races.cases.case import Case
from racelint.show import VIEWS, Entry, why_not
from racelint.show.fate import Fate, fate

PAGE = Path(__file__).parents[1] / "docs" / "show.md"

LEDGER = """
import threading

class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.audit = threading.Lock()
        self.total = 0
        self.closed = False

    def add(self):
        with self.lock:
            self.total += 1

    def check(self):
        with self.audit:
            self.add()

    def close(self):
        self.closed = True

ledger = Ledger()
for _ in range(4):
    threading.Thread(target=ledger.check).start()
ledger.close()
"""


def lines(entries: list[Entry]) -> list[str]:
    """Entries as one line each: place, title, and what is said of it."""
    return [
        f"{entry.line} {entry.title}" + "".join(f" | {each.text} {each.line or ''}".rstrip() for each in entry.lines)
        for entry in entries
    ]


def view(stage: str, source: str = LEDGER) -> list[str]:
    """A view of the module `main`."""
    return lines(VIEWS[stage](program(source), frozenset({"main.py"})))


def test_threads_tell_what_runs_by_which_way() -> None:
    assert view("threads") == [
        "0 the main thread, and callers outside | runs `Ledger.__init__` by way of `main` 5"
        " | runs `Ledger.close` by way of `main` 19",
        "24 thread `Ledger.check`, many at once | runs `Ledger.add` by way of `Ledger.check` 11"
        " | runs `Ledger.check` 15",
    ]


def test_locksets_tell_where_a_lock_was_taken() -> None:
    assert view("locksets") == [
        "13 `self.total` is read in `Ledger.add`"
        " | `self.lock` is held since line 12 | `self.audit` is held by all callers",
        "13 `self.total` is updated in `Ledger.add`"
        " | `self.lock` is held since line 12 | `self.audit` is held by all callers",
        "20 `self.closed` is set in `Ledger.close` | nothing is held",
    ]


def test_a_lock_is_held_since_it_was_taken_not_since_it_was_found() -> None:
    source = """
        import threading
        locks = {}
        total = 0
        def add(key):
            global total
            lock = locks.setdefault(key, threading.Lock())
            print(key)
            with lock:
                total += 1
        """

    assert "10 `total` is updated in `add` | a lock of `locks` is held since line 9" in view("locksets", source)


def test_sharing_tells_who_does_what_under_which_lock() -> None:
    assert view("sharing") == [
        "13 `main.Ledger.total` | `lock` guards it, held at 1 of 1 accesses"
        " | `self.total` is read under `lock`, `audit`; run by thread `Ledger.check`, many at once 13"
        " | `self.total` is updated under `lock`, `audit`; run by thread `Ledger.check`, many at once 13"
    ]


def test_what_is_there_from_the_start_is_not_shared_whatever_is_assumed() -> None:
    linked = program(LEDGER, assume_shared=["*"])

    assert VIEWS["sharing"](linked, frozenset({"main.py"}))[0].title == "`main.Ledger.audit`"


def test_the_order_of_locks_tells_the_calls_between() -> None:
    assert view("lockorder") == [
        "17 `lock` is taken with `audit` held, in `Ledger.check`, through `Ledger.add` | `lock` is taken here 12"
    ]


def test_the_funnel_counts_what_each_filter_leaves() -> None:
    (funnel,) = VIEWS["races"](program(LEDGER), frozenset({"main.py"}))
    counts = [re.fullmatch(r"(\d+) (\w+): .*", line.text) for line in funnel.lines]

    assert [(each[2], int(each[1])) for each in counts if each] == [
        ("conflicting", 3),
        ("shared", 2),
        ("overlapping", 2),
        ("unguarded", 0),
        ("unexcused", 0),
    ]
    assert "    2 dropped: both hold a lock that keeps the other out" in [line.text for line in funnel.lines]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (2, "nothing here reads or writes memory"),
        (8, "nobody else can know the object yet"),
        (13, "nobody who changes the place meets this access"),
        (20, "only the main thread, and callers outside, come to both"),
    ],
)
def test_a_silence_has_a_reason(line: int, words: str) -> None:
    told = " ".join(
        lines(why_not(program(LEDGER.replace("import threading", "", 1) if line == 2 else LEDGER), "main.py", line))
    )

    assert words in told


SLIGHT = """
import threading

class Crew:
    def __init__(self):
        self.names = []
        self.book = None

    def change(self, name):
        self.names.remove(name)
        self.rank(name)

    def rank(self, name):
        self.note(name)

    def note(self, name):
        self.write(name)

    def write(self, name):
        if self.book is None:
            self.book = []
        self.book.append(name)

    def has(self, name):
        return any(each == name for each in self.names)

crew = Crew()
for name in ("ann", "bob"):
    threading.Thread(target=crew.change, args=(name,)).start()
crew.has("ann")
"""


@pytest.mark.parametrize(("line", "words"), [(20, "over so many calls"), (25, "only looked at")])
def test_what_is_too_slight_says_what_is_wanting(line: int, words: str) -> None:
    told = " ".join(lines(why_not(program(SLIGHT), "main.py", line)))

    assert words in told


def test_what_is_reported_says_so() -> None:
    told = lines(
        why_not(
            program(LEDGER.replace("with self.lock:", "if True:").replace("with self.audit:", "if True:")),
            "main.py",
            13,
        )
    )

    assert "reported: update 13" in told[-1]


def test_a_silence_without_a_lock_is_not_put_down_to_one() -> None:
    counting = """\
import threading
counts = [0] * 4
def count(index):
    counts[index] += len(str(counts[index]))
threads = [threading.Thread(target=count, args=(index,)) for index in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    told = " ".join(lines(why_not(program(counting), "main.py", 4)))

    assert "each run has items of its own" in told
    assert "both hold a lock" not in told


READABLE = [path for path in programs() if "RL901" not in str(path)]


@pytest.mark.parametrize("path", READABLE, ids=name_of)
def test_views_of_fixtures_stand_and_their_filters_agree_with_the_stage(path: Path) -> None:
    linked = _linked(path)
    paths = frozenset(module.path for module in linked.sources.modules)

    for stage in VIEWS.values():
        stage(linked, paths)
    for place in linked.places.by_place:
        case = Case(place, linked.sharing, linked.locksets)
        for access, other in product(case.accesses, repeat=2):
            if other.kind.writes:
                meets = case.races_with(access, case.protections(access), other)
                assert (fate(case, access, other) is Fate.MEET) is meets


def _linked(path: Path) -> Program:
    root = path if path.is_dir() else path.parent
    modules = [
        SourceModule(
            ".".join(source.relative_to(root).with_suffix("").parts).removesuffix(".__init__"),
            str(source),
            source.name == "__init__.py",
            extract(source.read_bytes()),
        )
        for source in sources(path)
    ]
    return link(modules, Knowledge.standard())


# --- the command ---


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program of the page, in the current folder; what the page says that the command prints."""
    page = PAGE.read_text()
    (tmp_path / "stock.py").write_text(page.split("```python\n")[1].split("```")[0])
    monkeypatch.chdir(tmp_path)
    return page.split("```text\n")[1].split("```")[0]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code and what is printed."""
    with pytest.raises(SystemExit) as done:
        cli.main(["show", *arguments])
    captured = capsys.readouterr()
    return int(done.value.code or 0), captured.out, captured.err


def test_the_page_shows_what_is_printed(stock: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "why-not", "stock.py:15") == (0, stock, "")


def test_a_place_can_be_asked_about_as_a_report_writes_it(stock: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "why-not", "stock.py:15:16") == (0, stock, "")
    Path("stock.py").rename("stock.py:2")
    assert told(capsys, "why-not", "stock.py:2:15")[1].startswith("stock.py:2:15: ")


def test_what_else_is_of_the_program_can_be_named_with_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tally.py").write_text("total = 0\n\ndef add():\n    global total\n    total += 1\n", "utf-8")
    Path("start.py").write_text(
        "import threading\nimport tally\n\nfor _ in 'ab':\n    threading.Thread(target=tally.add).start()\n", "utf-8"
    )

    assert "start.py" not in told(capsys, "why-not", "tally.py:5")[1]
    assert "tally.py:5: reported: RL101" in told(capsys, "why-not", "tally.py:5", ".")[1]
    assert told(capsys, "why-not", "start.py:5", "tally.py")[1].startswith("start.py:5: ")


def test_that_there_is_nothing_to_show_is_said(stock: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "lockorder") == (0, "", "racelint: there is nothing to show\n")
    assert told(capsys, "lockorder", "--output-format", "json")[2] == ""


def test_entries_come_as_json(stock: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "sharing", "--output-format", "json")
    data = json.loads(out)

    assert code == 0
    assert (data["version"], data["stage"]) == (1, "sharing")
    assert data["entries"][0]["title"] == "`stock.Stock.count`"
    assert data["entries"][0]["lines"][1]["line"] == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("why-not",), "FILE:LINE"),
        (("why-not", "stock.py"), "FILE:LINE"),
        (("why-not", ".", "stock.py:3"), "named first"),
        (("why-not", "stock.py:3", "gone"), "gone: no such file or folder"),
        (("why-not", "stock.py:0"), "FILE:LINE"),
        (("why-not", "stock.py:900"), "no line 900"),
        (("why-not", "gone.py:3"), "gone.py: no such file or folder"),
        (("why-not", "gone.py:3:5"), "gone.py: no such file or folder"),
        (("why-not", "stock.py:0:5"), "FILE:LINE"),
        (("why-not", ".:3"), "this is a folder"),
        (("locks", "stock.py"), "'locks' is not one of"),
        (("threads", "gone"), "gone: no such file or folder"),
    ],
)
def test_what_cannot_be_asked_is_an_error(
    stock: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, out, error = told(capsys, *arguments)

    assert (code, out) == (2, "")
    assert words in error


def test_what_cannot_be_read_is_an_error(stock: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.py").write_text("def broken(:\n")

    code, _, error = told(capsys, "sharing")

    assert code == 2
    assert "broken.py: not read" in error


def test_a_folder_that_cannot_be_listed_is_an_error(
    stock: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", refuse)

    assert told(capsys, "sharing") == (
        2,
        "",
        "racelint: .: not read: the folder cannot be listed (Permission denied)\n",
    )


def test_a_line_of_a_file_that_cannot_be_opened_is_an_error(
    stock: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", refuse)

    error = "racelint: stock.py: cannot be opened (Permission denied)\n"
    assert told(capsys, "why-not", "stock.py:15") == (2, "", error)


def refuse(*_: object) -> object:
    raise PermissionError(13, "Permission denied")


def test_findings_of_all_rules_are_told_first() -> None:
    source = "import threading\n\ndef run():\n    lock = threading.Lock()\n    with lock:\n        print(1)\n"

    assert lines(why_not(program(source), "main.py", 5))[0].startswith("5 reported: RL405 useless-lock")
