"""What a fix has to know of a file: the statements that it concerns, and the names in the rest."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import libcst as cst
import pytest

from racelint.facts import Span
from racelint.fixes.outline import Outline
from racelint.fixes.texts import Text
from racelint.fixes.tree import Tree, names_in, variables_in

TEXT = dedent(
    '''\
    """One text."""
    import threading as th; lock = th.Lock()

    # about the counter
    @th.decorated(
        once=True,
    )
    class Counter:
        """Counts."""

        def add(self):
            self.count += 1  # here

        @property
        def value(self):
            return self.count

    def plain(): """ends
    here"""; return Counter

    total = Counter()

    def behind():
        total.add()
    '''
)
CONSTANTS = {"None", "True", "False"}
"""These are names for LibCST alone; no fix asks about them."""


def outline(text: str) -> Outline:
    return Outline(Text.of(text, "utf-8"))


def at(line: int, end_line: int = 0) -> Span:
    return Span(line, 1, end_line or line, 2)


@pytest.mark.parametrize(
    ("spans", "numbers"),
    [
        ([at(12)], [*range(5, 9), *range(11, 15)]),
        ([at(14)], [*range(5, 9), *range(14, 19)]),
        ([at(9)], range(5, 19)),
        ([at(12, 16)], range(5, 19)),
        ([at(23), at(12)], [*range(5, 9), *range(11, 14), *range(23, 27)]),
    ],
)
def test_the_definitions_around_some_places_and_methods_keep_their_lines(spans: list[Span], numbers: list[int]) -> None:
    excerpt = outline(TEXT).around(spans)

    lines = [*TEXT.splitlines(keepends=True), ""]
    assert list(excerpt.numbers) == list(numbers)
    assert excerpt.content == "".join(lines[number - 1] for number in list(numbers)[:-1])


@pytest.mark.parametrize("line", [1, 2, 21])
def test_what_stands_at_the_top_level_itself_may_go_on_anywhere(line: int) -> None:
    assert outline(TEXT).around([at(line)]).content == TEXT


def test_a_node_is_told_where_it_stands_in_the_file() -> None:
    tree = Tree(outline(TEXT), [Span(12, 9, 12, 24)])

    update = tree.at(Span(12, 9, 12, 24), cst.AugAssign)

    assert tree.source(update) == "self.count += 1"
    assert tree.span(tree.parent(update)) == Span(12, 9, 12, 24)


def test_what_the_running_interpreter_does_not_read_is_parsed_whole() -> None:
    text = outline("print 1\n")

    assert text.names is None
    assert text.around([at(1)]).content == "print 1\n"


@pytest.mark.parametrize("path", ["tree.py", "making.py", "outline.py"])
def test_the_names_are_those_that_the_whole_tree_has(path: str) -> None:
    text = (Path(__file__).parent.parent / "racelint" / "fixes" / path).read_text(encoding="utf-8")
    module = cst.parse_module(text)

    assert outline(text).names == names_in(module) - CONSTANTS
    assert outline(text).variables == variables_in(module) - CONSTANTS


def test_the_indentation_is_that_of_the_whole_file() -> None:
    text = "def f():\n  pass\ncount = 0\n"

    assert Tree(outline(text), [at(3)]).default_indent == "  "
