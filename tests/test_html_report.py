"""`racelint report`: the page says what `racelint check` says, whatever names and sources hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest
from html_pages import Element, parsed
from hypothesis import given, settings
from hypothesis import strategies as st
from test_report_properties import REPORTS, TEXTS

from racelint import cli
from racelint.facts import Span
from racelint.findings import Finding, Report
from racelint.graph.picture import Arrow, Node, Picture
from racelint.html import page
from racelint.html.drawing import MOST, what_is_wrong
from racelint.html.source import WIDTH, rows
from racelint.overview import Overview
from racelint.report.escaping import printable
from racelint.report.frame import CUT, visible
from racelint.show import GuardedBy, Row, Shared

SHOP = """\
import threading

till_lock = threading.Lock()
stock_lock = threading.Lock()
sold = 0

def sell():
    global sold
    with stock_lock:
        with till_lock:
            sold += 1

def restock():
    with till_lock:
        with stock_lock:
            pass

def count():
    global sold
    sold += 1

for _ in range(4):
    threading.Thread(target=sell).start()
    threading.Thread(target=restock).start()
threading.Thread(target=count).start()
"""
NOTHING = Report(())
HITS = """\
import threading

class Hits:
    def __init__(self):
        self.count = 0

    def hit(self):
        self.count += 1

hits = Hits()
for _ in range(4):
    threading.Thread(target=hits.hit).start()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "__init__.py").touch()
    (tmp_path / "web" / "hits.py").write_text(HITS)
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as done:
        cli.main(arguments)
    captured = capsys.readouterr()
    return int(done.value.code or 0), captured.out, captured.err


def written(capsys: pytest.CaptureFixture[str], *arguments: str) -> Element:
    """The page of a run that goes well."""
    code, out, _ = run(capsys, "report", *arguments, "--html", "-")
    assert code == 0
    return parsed(out)


def told(tree: Element) -> list[tuple[str, str, str]]:
    """The findings of a page: which rule, where, what."""
    return [
        (each.attributes["data-rule"], each.all(class_="facts")[0].all("dd")[0].text.split()[0], message(each))
        for each in tree.all(class_="finding")
    ]


def message(finding: Element) -> str:
    return finding.all(class_="message")[0].text


# --- what is in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("web",),
        ("--select", "RL3"),
        ("--target", "gil"),
        ("--ignore-noqa",),
        ("--baseline", "known.json"),
        ("--assume-shared", "web.*"),
    ],
    ids=" ".join,
)
def test_the_page_has_the_findings_of_check(
    project: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    (project / "shop.py").write_text(SHOP.replace("    sold += 1\n\nfor", "    sold += 1  # noqa: RL\n\nfor"))
    run(capsys, "baseline", "--select", "RL101", "--baseline", "known.json")
    _, out, _ = run(capsys, "check", *options, "--output-format", "json")

    assert told(written(capsys, *options)) == [
        (each["code"], f"{each['path']}:{each['line']}:{each['column']}", each["message"].replace("`", ""))
        for each in json.loads(out)["findings"]
    ]


def test_a_finding_shows_both_sides_and_what_goes_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finding = next(each for each in written(capsys, "shop.py").all(class_="finding", data_rule="RL101"))

    assert [side.all("h4")[0].text for side in finding.all(class_="side")] == [
        "A the thread running count",
        "B one of several threads running sell",
    ]
    assert [each.text for each in finding.all(class_="locks")] == [
        "holds no lock lacks stock_lock",
        "holds stock_lock and till_lock",
    ]
    assert [each.text for each in finding.all(class_="held")] == ["no lock", "stock_lock, till_lock", "no lock"]
    assert "stock_lock is held at 1 of 2 accesses to sold" in [each.text for each in finding.all("dd")]
    assert [each.text for each in finding.all("mark")][:1] == ["sold += 1"]
    assert finding.all(class_="steps") != []
    assert "https://racelint.readthedocs.io/en/latest/rules/RL101/" in {
        each.attributes["href"] for each in finding.all("a")
    }


def test_shared_state_has_a_table_of_who_does_what_under_which_lock(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = written(capsys)
    place = next(each for each in tree.all(class_="shared") if each.all(class_="symbol")[0].text == "shop.sold")
    rows = [[cell.text for cell in row.all("td")] for row in place.all("tr") if row.all("td")]

    assert rows[0] == ["11", "sold is read", "stock_lock, till_lock", "thread sell, many at once"]
    assert rows[-1] == ["20", "sold is updated write", "no lock", "thread count, one at a time"]
    assert [row.attributes.get("class", "") for row in place.all("tr")[1:]] == ["file", "", "", "bare", "bare"]
    linked = {each.attributes["href"][1:] for each in place.all("a")}
    assert {each.attributes["data-rule"] for each in tree.all(class_="finding") if each.attributes["id"] in linked} == {
        "RL101"
    }


def test_what_is_reported_has_its_table_though_no_thread_is_seen(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "import threading\n\nclass Box:\n    def __init__(self):\n        self._lock = threading.Lock()\n"
    for name in ("put", "add", "set"):
        source += f"    def {name}(self):\n        with self._lock:\n            self.items = 1 + self.items\n"
    (project / "shop.py").write_text(source + "    def drop(self):\n        self.items += 1\n")
    tree = written(capsys, "shop.py")

    assert [each.all(class_="symbol")[0].text for each in tree.all(class_="shared")] == ["shop.Box.items"]
    assert {each.attributes["data-evidence"] for each in tree.all(class_="finding")} == {"lock"}
    assert [each.text for each in tree.all(class_="bare")[0].all("td")][1:3] == ["self.items is read", "no lock"]


def test_the_summary_counts_by_rule_folder_evidence_and_build(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {
        table.all("caption")[0].text: [
            (row.all("a")[0].attributes["href"], row.all(class_="number")[0].text) for row in table.all("tr")
        ]
        for table in written(capsys).all(class_="counts")
    }

    assert tables == {
        "By rule": [("#rule=RL101", "2"), ("#rule=RL301", "1")],
        "By package and module": [("#path=shop.py", "2"), ("#path=web%2Fhits.py", "1")],
        "By evidence that it is shared": [("#evidence=threads", "2"), ("#evidence=lock", "1")],
        "By build of Python on which it strikes": [("#build=gil", "1"), ("#build=free-threaded", "3")],
    }


def test_folders_around_one_thing_only_have_no_row_of_their_own() -> None:
    paths = ("src/web/a.py", "src/web/part/deep/b.py", "src/web/part/deep/c.py", "src/web/d.py")
    found = tuple(Finding("RL101", "unguarded-update", "", path, Span(1, 1, 1, 2)) for path in paths)
    table = parsed(page(Overview(Report(found)))).all(class_="paths")[0]

    assert [(row.attributes["class"], row.text) for row in table.all("tr")] == [
        ("depth-0", "src/web 4"),
        ("depth-1", "a.py 1"),
        ("depth-1", "d.py 1"),
        ("depth-1", "part/deep 2"),
        ("depth-2", "b.py 1"),
        ("depth-2", "c.py 1"),
    ]


def test_a_program_without_findings_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "shop.py").write_text("")
    (project / "web" / "hits.py").write_text("")
    tree = written(capsys)

    assert "Nothing was found." in tree.text
    assert tree.all("svg") == []


# --- pictures -----------------------------------------------------------------------------------------------------


def test_pictures_are_drawn_in_the_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = written(capsys).all("svg")

    assert [each.attributes["aria-label"] for each in drawn] == ["Lock order", "Shared state"]
    assert [each.text for each in drawn[0].all("text") if "lock" in each.text] == ["stock_lock", "till_lock"]
    assert "sell (shop.py:10)" in {each.text for each in drawn[0].all("title")}
    assert drawn[0].all("a") == []


def test_without_graphviz_there_is_the_text_and_a_note(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    tree = written(capsys)

    assert tree.all("svg") == []
    assert "pip install 'racelint[graph]'" in tree.all("figure")[0].text
    assert "flowchart LR" in tree.all("figure")[0].all("pre")[0].text


def test_of_a_picture_that_is_too_large_what_is_red_is_drawn() -> None:
    nodes = tuple(Node(f"n{index}", f"place {index}", "place", is_marked=index == 7) for index in range(MOST + 2))
    large = Picture("Shared state", nodes, tuple(Arrow(f"n{index}", f"n{index + 1}") for index in range(MOST + 1)))
    figure = parsed(page(Overview(NOTHING, (), (large,)))).all("figure")[0]

    assert [node.name for node in what_is_wrong(large).nodes] == ["n6", "n7", "n8"]
    assert [each.text for each in figure.all("text")][1:] == ["place 6", "place 7", "place 8"]
    assert f"Its {MOST + 2} nodes are too many" in figure.text


# --- a page that needs nothing, and runs nothing but what is its own ---------------------------------------------

STYLE, SCRIPT = (
    files("racelint.html").joinpath("templates", name).read_text("utf-8") for name in ("report.css", "report.js")
)
TAGS = (
    "html head meta title style body a header h1 p nav b main section ul li h2 div table caption tbody tr th td form "
    "label input select option output button h3 h4 details summary span code pre i mark thead dl dt dd figure "
    "figcaption svg g polygon polyline path ellipse text footer script wbr"
)
ATTRIBUTES = (
    "lang charset http-equiv content name class id href aria-label aria-live hidden role type placeholder autocomplete "
    "spellcheck value open scope tabindex rel data-rule data-path data-evidence data-build data-label colspan width "
    "height viewbox transform points d cx cy rx ry x y fill stroke stroke-width stroke-dasharray text-anchor font-size"
)

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</script><script>",
        "</style>",
        "</title>",
        "</pre></code>",
        "<!--",
        "-->",
        '" onfocus="x',
        "' onfocus='x",
        "<img src=x onerror=y>",
        "<svg onload=x>",
        "]]>",
        "&lt;b&gt;",
        "&#x3c;b&#x3e;",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "javascript:x",
        "`",
        "`<b>`",
        "\\",
    ]
)
WORDS = st.lists(HOSTILE | TEXTS, min_size=1, max_size=3).map("".join)
SHARED = st.builds(
    Shared,
    WORDS,
    st.none() | st.builds(GuardedBy, WORDS, st.integers(1, 3), st.integers(3, 9), WORDS, st.integers(1, 9)),
    st.lists(
        st.builds(
            Row,
            WORDS,
            st.lists(WORDS, max_size=2).map(tuple),
            st.lists(WORDS, max_size=2).map(tuple),
            WORDS,
            st.integers(1, 9),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)
PICTURES = st.builds(
    lambda label, note, group: Picture(
        "Lock order",
        (Node("a", label, "lock", group, note=note), Node("b", note, "place", is_marked=True)),
        (Arrow("a", "b", label, note=note),),
    ),
    WORDS,
    WORDS,
    WORDS,
)
OVERVIEWS = st.builds(
    lambda report, hostile, source, shared, pictures: Overview(
        replace(
            report,
            findings=tuple(replace(each, message=each.message + hostile) for each in report.findings),
            buffers={each.path: (source + "\n").encode("utf-8", "replace") * 3 for each in report.findings},
        ),
        tuple(shared),
        tuple(pictures),
    ),
    REPORTS,
    WORDS,
    WORDS,
    st.lists(SHARED, max_size=2),
    st.lists(PICTURES, max_size=1),
)


@settings(max_examples=60)
@given(OVERVIEWS, WORDS)
def test_no_name_and_no_source_becomes_markup_or_script(overview: Overview, subtitle: str) -> None:
    text = page(overview, subtitle)
    tree = parsed(text.encode("utf-8").decode("utf-8"))

    assert {each.tag for each in tree.walk()} - {*TAGS.split()} == {""}
    assert {name for each in tree.walk() for name in each.attributes} <= {*ATTRIBUTES.split()}
    assert [each.inside for each in (*tree.all("style"), *tree.all("script"))] == [[STYLE], [SCRIPT]]
    assert all(link.startswith(("#", "https://racelint.readthedocs.io/")) for link in links(tree))
    assert [each.text for each in tree.all(class_="subtitle")] == [" ".join(printable(subtitle).split())] * bool(
        subtitle
    )
    assert [message(each) for each in tree.all(class_="finding")] == [
        seen(finding.message) for finding in sorted(overview.report.findings, key=lambda each: each.path)
    ]


def seen(text: str) -> str:
    """What is seen of a message: pairs of backticks are marks for code."""
    shown = printable(text)
    whole, _, rest = shown.rpartition("`") if shown.count("`") % 2 else (shown, "", "")
    return " ".join((whole.replace("`", "") + ("`" + rest if shown.count("`") % 2 else "")).split())


def links(tree: Element) -> list[str]:
    return [each.attributes["href"] for each in tree.all("a")]


def test_the_browser_is_told_to_run_only_the_script_of_the_page() -> None:
    tree = parsed(page(Overview(NOTHING)))
    policy = next(each.attributes["content"] for each in tree.all("meta") if "http-equiv" in each.attributes)

    def name(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert policy.split("; ")[:3] == ["default-src 'none'", f"style-src {name(STYLE)}", f"script-src {name(SCRIPT)}"]


def test_the_script_and_the_style_fetch_nothing_and_write_no_markup() -> None:
    assert (
        re.findall(r"https?:|url\(|@import|fetch\(|XMLHttp|innerHTML|outerHTML|insertAdjacent|eval\(", STYLE + SCRIPT)
        == []
    )


def test_all_that_the_script_asks_for_is_in_the_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = written(capsys)
    ids = set(re.findall(r'getElementById\("(\w+)"\)', SCRIPT))
    classes = set(re.findall(r'"[^"]*?\.(\w+)[^"]*"\)', SCRIPT))
    fields = set(re.findall(r"\"(\w+)\"", SCRIPT[SCRIPT.index("const KEYS") :].partition(";")[0]))
    data = set(re.findall(r"(?:dataset|about)\.(\w+)", SCRIPT))

    assert {"filter", "shown", "open", "close"} <= ids
    assert {"finding", "shared", "nothing", "about"} <= classes
    assert all(tree.all(id=id) for id in ids)
    assert all(tree.all(class_=name) for name in classes)
    assert {each.attributes["name"] for each in tree.all("form")[0].walk() if "name" in each.attributes} == fields
    assert all(any(f"data-{name}" in each.attributes for each in tree.walk()) for name in data)


def test_every_link_inside_the_page_leads_somewhere(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = written(capsys)
    ids = [each.attributes["id"] for each in tree.walk() if "id" in each.attributes]
    inside = {link[1:] for link in links(tree) if link.startswith("#") and "=" not in link}

    assert len(ids) == len(set(ids))
    assert inside <= set(ids)


SOURCES = st.lists(
    (TEXTS | st.sampled_from(["    x = 1", "\tx = 1"])).map(lambda text: text.replace("\n", " ")),
    min_size=1,
    max_size=4,
)


@given(SOURCES, st.integers(1, 5), st.integers(1, 9), st.integers(0, 9), st.integers(0, 1))
def test_source_is_shown_as_it_is_but_for_its_indent(
    lines: list[str], line: int, column: int, length: int, context: int
) -> None:
    shown = rows(lines, Span(line, column, line, column + length), context)
    around = lines[max(0, line - 1 - context) : line + context] if line <= len(lines) else []

    assert len(shown) == len(around)
    for row, text in zip(shown, map(str.rstrip, around), strict=True):
        indents = range(len(text) - len(text.lstrip()) + 1)
        assert row.before + row.meant + row.after in {visible(text[indent:]) for indent in indents}


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    line = "x" * 3000 + "meant" + "y" * 3000
    (row,) = rows([line], Span(1, 3001, 1, 3006))

    assert (row.before[0], row.meant, row.after[-1]) == (CUT, "meant", CUT)
    assert len(row.before + row.meant + row.after) == WIDTH + 2


# --- the command --------------------------------------------------------------------------------------------------


def test_the_same_program_gives_the_same_bytes(project: Path) -> None:
    def made(seed: str) -> bytes:
        command = [sys.executable, "-P", "-m", "racelint", "report", "--no-cache", "--html", f"{seed}.html"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(command, env=environment, capture_output=True, check=True)
        return (project / f"{seed}.html").read_bytes()

    assert made("1") == made("2")


def test_the_page_is_written_where_it_is_asked_for(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "report")[:2] == (0, "3 findings; 3 files checked. Wrote racelint-report.html.\n")
    assert run(capsys, "report", "--html", "out/page.html", "--subtitle", "commit <1>")[0] == 0
    assert '<p class="subtitle">commit &lt;1&gt;</p>' in (project / "out" / "page.html").read_text("utf-8")
    assert (project / "racelint-report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_what_cannot_be_done_is_an_error(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capsys, "report", "gone.py") == (2, "", "racelint: gone.py: no such file or folder\n")
    code, out, error = run(capsys, "report", "--html", "web")
    assert (code, out) == (2, "")
    assert error.startswith("racelint: web: the report cannot be written there (")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    code, out, error = run(capsys, "report")
    assert (code, out) == (2, "")
    assert "pip install 'racelint[html]'" in error


def test_a_file_that_is_no_python_is_a_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "broken.py").write_text("def broken(:\n")

    assert [each[:2] for each in told(written(capsys, "broken.py"))] == [("RL901", "broken.py:1:12")]
