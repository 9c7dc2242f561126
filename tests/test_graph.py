"""What `racelint graph` draws: the same picture in each format, what is wrong in it marked, whatever names hold."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pygraphviz
import pytest
from builders import program
from hypothesis import given
from hypothesis import strategies as st

from racelint import cli
from racelint.graph import PICTURES, WRITERS
from racelint.graph.picture import Arrow, Node, Picture

TILL = """
import threading

till_lock = threading.Lock()
stock_lock = threading.Lock()
log_lock = threading.Lock()
spare_lock = threading.Lock()
sold = 0

def log(text):
    with log_lock:
        print(text)

def sell():
    global sold
    with stock_lock:
        with till_lock:
            sold += 1
            log("sold")

def restock():
    with till_lock:
        with stock_lock:
            pass

def count():
    global sold
    sold += 1

for _ in range(4):
    threading.Thread(target=sell).start()
threading.Thread(target=count).start()
"""


def picture(kind: str, source: str = TILL) -> Picture:
    linked = program("", shop=source)
    return PICTURES[kind](linked, frozenset(module.path for module in linked.sources.modules))


def test_the_lock_order_shows_what_is_nested_and_marks_what_can_wait_for_ever() -> None:
    drawn = picture("lockorder")

    assert [(node.name, node.is_marked) for node in drawn.nodes] == [
        ("shop.log_lock", False),
        ("shop.stock_lock", True),
        ("shop.till_lock", True),
    ]
    assert [(arrow.start, arrow.end, arrow.label, arrow.is_marked) for arrow in drawn.arrows] == [
        ("shop.stock_lock", "shop.log_lock", "sell", False),
        ("shop.stock_lock", "shop.till_lock", "sell", True),
        ("shop.till_lock", "shop.log_lock", "sell", False),
        ("shop.till_lock", "shop.stock_lock", "restock", True),
    ]
    assert drawn.arrows[0].note == "sell → log (shop.py:19)"


def test_shared_state_shows_who_comes_to_what_and_which_lock_guards_it() -> None:
    drawn = picture("sharing")

    assert [(node.label, node.shape, node.is_marked) for node in drawn.nodes] == [
        ("shop.sold", "place", True),
        ("thread sell, many at once", "context", False),
        ("thread count, one at a time", "context", False),
        ("stock_lock", "lock", False),
    ]
    assert [(arrow.start, arrow.label, arrow.is_marked) for arrow in drawn.arrows] == [
        ("context 1", "", True),
        ("context 2", "", True),
        ("shop.sold global 1", "1 of 2", True),
    ]


def test_what_is_in_other_files_is_left_out() -> None:
    linked = program("", shop=TILL)

    assert all(PICTURES[kind](linked, frozenset({"other.py"})).nodes == () for kind in PICTURES)


def test_each_format_is_read_by_what_it_is_for() -> None:
    drawn = picture("lockorder")
    graph = pygraphviz.AGraph(string=WRITERS["dot"](drawn))
    svg = ElementTree.fromstring(WRITERS["svg"](drawn))

    assert (len(graph.nodes()), len(graph.edges())) == (3, 4)
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert WRITERS["mermaid"](drawn) == dedent(
        """\
        ---
        title: Lock order
        ---
        flowchart LR
          subgraph g0 ["shop"]
            n0["log_lock"]
            n1["stock_lock"]
            n2["till_lock"]
          end
          n1 -->|"sell"| n0
          n1 -->|"sell"| n2
          n2 -->|"sell"| n0
          n2 -->|"restock"| n1
          linkStyle 1,3 stroke:#c1121f,stroke-width:2px
          classDef wrong stroke:#c1121f,stroke-width:2px
          class n1,n2 wrong
        """
    )


TEXTS = st.text(max_size=8) | st.sampled_from(
    ['"', "\\", '\\"', "]", "|", "\n", "<b>", "--> x", "end", "&amp;", "\x00", "\ud800"]
)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_breaks_out_of_its_place(label: str, group: str, note: str) -> None:
    nodes = (Node("a", label, "lock", group, note=note), Node("b", "b", "place", "g"))
    drawn = Picture("t", nodes, (Arrow("a", "b", label, note=note),))
    graph = pygraphviz.AGraph(string=WRITERS["dot"](drawn))
    rows = WRITERS["mermaid"](drawn).splitlines()

    assert (sorted(graph.nodes()), len(graph.edges())) == (["n0", "n1"], 1)
    assert len([row for row in rows if row.strip().startswith("n")]) == 3
    assert all(row.count('"') % 2 == 0 and row.count('"') <= 2 for row in rows)


def test_a_program_with_sixty_locks_is_laid_out_in_groups() -> None:
    modules = {
        f"part{part}": "import threading\n"
        + "".join(f"lock{index} = threading.Lock()\n" for index in range(10))
        + "".join(
            f"def use{index}():\n    with lock{index}:\n        with lock{index + 1}:\n            pass\n"
            for index in range(9)
        )
        for part in range(6)
    }
    linked = program("", modules)
    drawn = PICTURES["lockorder"](linked, frozenset(module.path for module in linked.sources.modules))

    assert (len(drawn.nodes), len(drawn.arrows), len({node.group for node in drawn.nodes})) == (60, 54, 6)
    assert WRITERS["svg"](drawn).count('class="cluster"') == 6


# --- the command -------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as done:
        cli.main(["graph", *arguments])
    captured = capsys.readouterr()
    return int(done.value.code or 0), captured.out, captured.err


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.py").write_text(TILL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", "<?xml"), ("a.mmd", "---"), ("a.dot", "digraph"), ("a", "digraph")]
)
def test_the_name_of_the_file_says_the_format(
    shop: Path, capsys: pytest.CaptureFixture[str], name: str, begins: str
) -> None:
    assert run(capsys, "lockorder", "-o", name) == (0, "", "")
    assert (shop / name).read_text(encoding="utf-8").startswith(begins)


def test_a_name_that_says_no_format_needs_one(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = "racelint: a.png: `.png` says no format; --output-format is one of dot, mermaid, svg\n"

    assert run(capsys, "lockorder", "-o", "a.png") == (2, "", words)
    assert not (shop / "a.png").exists()
    assert run(capsys, "lockorder", "-o", "a.txt", "--output-format", "dot") == (0, "", "")


def test_without_a_file_the_picture_is_printed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "sharing", "shop.py", "--output-format", "mermaid")

    assert (code, out.splitlines()[1]) == (0, "title: Shared state")
    assert run(capsys, "sharing", "shop.py", "--output-format", "mermaid", "-o", "-") == (0, out, "")


def test_what_cannot_be_drawn_is_an_error(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "calls")[0] == 2
    assert run(capsys, "lockorder", "gone.py")[2] == "racelint: gone.py: no such file or folder\n"
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    code, out, error = run(capsys, "lockorder", "--output-format", "svg")

    assert (code, out) == (2, "")
    assert "pip install 'racelint[graph]'" in error


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_drawn(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "broken.py").write_text("def broken(:\n")
    code, out, error = run(capsys, "lockorder")

    assert code == 2
    assert out.startswith("digraph")
    assert error.startswith("racelint: broken.py: ")
