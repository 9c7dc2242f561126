"""Comments that speak to a checker: which are found, where they stand, and which logical line each is about."""

from __future__ import annotations

import codecs
import io
import random
import re
import sysconfig
import tokenize
from pathlib import Path

import libcst as cst
import pytest
from extract_dump import place
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from racelint.extract import comments, extract
from racelint.extract.comments import find_comments
from racelint.facts import Comment


def told(source: str | bytes) -> list[str]:
    """The comments of a file: place, `alone` where it is so, and the lines that it is about."""
    found = extract(source if isinstance(source, bytes) else source.encode()).comments
    return [f"{place(each.span)} {'alone ' * each.alone}{each.first_line}-{each.last_line}" for each in found]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("x = 1  # noqa", ["# noqa"]),
        ("x = 1  # NoQA: RL101, E501  ", ["# NoQA: RL101, E501  "]),
        ("x = 1  # why # noqa:RL101 # more\n", ["# why # noqa:RL101 # more"]),
        ("x = 1  # RaceLint: ignore[RL101] -- é\n", ["# RaceLint: ignore[RL101] -- é"]),
        ("#racelint:ignore-file\n", ["#racelint:ignore-file"]),
        ("x = 1  # an ordinary comment\n", []),
        (
            "x = 1  # guarded-by: a\n#requires : b\n# why # runs-on: c\n# owned-by: d",
            ["# guarded-by: a", "#requires : b", "# why # runs-on: c", "# owned-by: d"],
        ),
        (
            "x = 1  # guardedBy a\n# confined\n# reqires: b\n# Own_by c",
            ["# guardedBy a", "# confined", "# reqires: b", "# Own_by c"],
        ),
        ("# requires b\n# it requires: b\n# guarded by a\n# runs on c\n# confinedness\n# based on: d\nx", []),
        ("noqa = racelint = 1  # no, q, a\n", []),
        ("# first\nx = 1  # noqa\n# third\n# noqa 2\n", ["# noqa", "# noqa 2"]),
    ],
)
def test_what_speaks_to_a_checker(source: str, texts: list[str]) -> None:
    assert [each.text for each in extract(source.encode()).comments] == texts


@pytest.mark.parametrize(
    "source",
    [
        "x = '# noqa'",
        '"""A docstring\n# noqa\n"""',
        "x = '\\'# noqa'",
        "x = '\\\\' '# noqa'",
        "x = 'a\\\n# noqa'",
        "x = r'\\' # noqa'",
        "x = '''a''\n# noqa\n\\''''",
        "x = '' '# noqa' ''",
        'x = """"# noqa"""',
        "x = b'# noqa' rb'# noqa', u'# noqa'",
        "x = f'# noqa'",
        "x = f'{{# noqa}}'",
        "x = f'{y:# noqa}'",
        "x = f'{y!r:{z}# noqa}'",
        "x = f'{y:=# noqa}'",
        "x = f'''{y:\n# noqa\n}'''",
        "x = f'\\{y}# noqa'",
        "x = f'\\N{NUMBER SIGN}# noqa'",
        "x = f'\\N{'",
        "x = rf'\\N{y}# noqa'",
        "x = rf'\\'# noqa'",
        "x = f'{y[1:2]}{ {1: 2} }{(lambda: 1)}# noqa'",
        "x = f'{y['# noqa']}'",
        "x = f'{f'{f'# noqa'}'}# noqa'",
        "x = t'# noqa{y}# noqa'",
        "x = 1 if'{# noqa'else'{# noqa'",
        "x = not'{# noqa'",
    ],
)
def test_a_string_is_no_comment(source: str) -> None:
    assert told(source) == []
    assert told(f"{source}  # noqa")[0].endswith(f" 1-{source.count(chr(10)) + 1}")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # In a simple statement
        ("x = 1  # noqa\n", ["1:8-1:14 1-1"]),
        ("x = 1; y = 2;  # noqa\n", ["1:16-1:22 1-1"]),
        ("x = (  # noqa\n  1,  # noqa\n  # noqa\n  2)  # noqa\n", [
            "1:8-1:14 1-4", "2:7-2:13 1-4", "3:3-3:9 alone 1-4", "4:7-4:13 1-4"]),
        ("f(\n  a, [b,  # noqa\n  {c: d  # noqa\n}])\n", ["2:11-2:17 1-4", "3:10-3:16 1-4"]),
        ("x = 1 + \\\n  2  # noqa\n", ["2:6-2:12 1-2"]),
        ("x = 1 \\\n  # noqa\ny = 1\n", ["2:3-2:9 alone 1-2"]),
        ("x = '''\n'''  # noqa\n", ["2:6-2:12 1-2"]),
        ("x = f'''{\n  y  # noqa\n  # noqa\n}'''\n", ["2:6-2:12 1-4", "3:3-3:9 alone 1-4"]),
        ("x = f'{\n  y:{z  # noqa\n  }}'\n", ["2:9-2:15 1-3"]),
        ("x = t'{\n  y  # noqa\n  }'\n", ["2:6-2:12 1-3"]),
        # In a header
        ("if x:  # noqa\n  y\n", ["1:8-1:14 1-1"]),
        ("if (x and  # noqa\n  y):\n  z\n", ["1:12-1:18 1-2"]),
        ("if x: y  # noqa\n", ["1:10-1:16 1-1"]),
        ("def f[  # noqa\n  T,  # noqa\n](\n  a,  # noqa\n):  # noqa\n  pass\n", [
            "1:9-1:15 1-5", "2:7-2:13 1-5", "4:7-4:13 1-5", "5:5-5:11 1-5"]),
        ("with (a as b,  # noqa\n  c): pass\n", ["1:16-1:22 1-2"]),
        ("@a  # noqa\n@b(  # noqa\n)\nclass C:  # noqa\n  pass\n", ["1:5-1:11 1-1", "2:6-2:12 2-3", "4:11-4:17 4-4"]),
        ("match x:  # noqa\n  case (  # noqa\n    1):  # noqa\n    pass\n", [
            "1:11-1:17 1-1", "2:11-2:17 2-3", "3:10-3:16 2-3"]),
        # Between statements
        ("# noqa\n\n\nx = (\n1)\n", ["1:1-1:7 alone 4-5"]),
        ("if x:\n  # noqa\n  y\n# noqa\nz\n", ["2:3-2:9 alone 3-3", "4:1-4:7 alone 5-5"]),
        ("if x:\n# noqa\n  y\n  # noqa\n    # noqa\nz\n", [
            "2:1-2:7 alone 3-3", "4:3-4:9 alone 6-6", "5:5-5:11 alone 6-6"]),
        ("if x:\n  y\n  # noqa\nelif (\n  z):\n  y\n# noqa\nelse:\n  y\n", ["3:3-3:9 alone 4-5", "7:1-7:7 alone 8-8"]),
        ("try:\n  x\n# noqa\nexcept E:\n  x\n  # noqa\nfinally:\n  x\n", ["3:1-3:7 alone 4-4", "6:3-6:9 alone 7-7"]),
        ("match x:\n  # noqa\n  case 1: pass\n# noqa\n  case 2: pass\n", ["2:3-2:9 alone 3-3", "4:1-4:7 alone 5-5"]),
        ("# noqa\n@a\n# noqa\ndef f():\n  # noqa\n  '''a\n  b'''\n", [
            "1:1-1:7 alone 2-2", "3:1-3:7 alone 4-4", "5:3-5:9 alone 6-7"]),
        ("x\n\\\n# noqa\ny\n", ["3:1-3:7 alone 4-4"]),
        ("# noqa\n", ["1:1-1:7 alone 0-0"]),
        ("x\n  # noqa\n\n# noqa\n\n", ["2:3-2:9 alone 0-0", "4:1-4:7 alone 0-0"]),
        # Columns
        ("é = '😀', 'a\u2028b'  # noqa é\n", ["1:17-1:25 1-1"]),
        ("def f():\n\tx\t# noqa\n\t# noqa\n", ["2:4-2:10 2-2", "3:2-3:8 alone 0-0"]),
        ("x\n\x0c\x0c# noqa\n\x0cy  # noqa\n", ["2:3-2:9 alone 3-3", "3:5-3:11 3-3"]),
    ],
)  # fmt: skip
def test_where_it_stands_and_what_it_is_about(source: str, expected: list[str]) -> None:
    assert told(source) == expected
    assert told(source.replace("\n", "\r\n")) == expected
    assert told(source.replace("\n", "\r")) == expected
    assert told(source.rstrip("\n")) == expected
    assert told(codecs.BOM_UTF8 + source.encode()) == expected


@pytest.mark.parametrize("prefix", ["f", "F", "t", "T", "rf", "fr", "Rf", "rF", "FR", "rt", "tr", "Tr", "RT"])
@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
def test_fields_of_all_formatted_strings(prefix: str, quote: str) -> None:
    text = f"x = {prefix}{quote}# noqa {{ {quote}# noqa{quote} # noqa 2\n}}# noqa{quote}\n"
    [comment] = find_comments(text)

    assert (comment.text, comment.span.column) == ("# noqa 2", text.index("# noqa 2") + 1)
    assert (comment.first_line, comment.last_line) == (1, 2)


def test_byte_order_marks_take_no_column() -> None:
    assert told(codecs.BOM_UTF8 * 2 + b"# noqa") == ["1:1-1:7 alone 0-0"]


def test_columns_count_characters_in_every_encoding() -> None:
    assert told("# coding: latin-1\né = 1  # noqa é\n".encode("latin-1")) == ["2:8-2:16 2-2"]


@pytest.mark.parametrize("comment", ["# noqa", "# no"])
def test_size_and_depth(comment: str) -> None:
    brackets = "(" * 100_000 + ")" * 100_000
    fields = "f'{" * 10_000 + "x" + "}'" * 10_000
    text = "\n".join([brackets, fields, "x = '" + "\\x00#" * 200_000 + "'", "x()" * 100_000, "#" * 100_000, "x"] * 2)

    assert [each.first_line for each in find_comments(f"{text}  {comment}")] == [12] * comment.endswith("noqa")


# --- beside other readers of the same text -------------------------------------------------------------------------


@pytest.fixture
def all_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "SPEAKS", re.compile(""))


STANDARD = Path(sysconfig.get_path("stdlib"))
LIBRARY = sorted(path for path in STANDARD.glob("*.py") if path.stat().st_size < 60_000)


@pytest.mark.usefixtures("all_speak")
def test_the_standard_library_is_read_as_the_tokenizer_reads_it() -> None:
    compared = 0
    for path in random.Random(3).sample(LIBRARY, 40):
        text = path.read_bytes().decode(errors="replace")
        found = find_comments(text)
        assert [(*_place(each), each.first_line, each.last_line) for each in found] == _tokenized(text), path
        compared += len(found)
    assert compared > 500


def _tokenized(text: str) -> list[tuple[int, int, str, int, int]]:
    """Place and text of each comment, and first and last line of what it is about."""
    told: list[tuple[int, int, str, int, int]] = []
    waiting: list[tuple[int, int, str]] = []
    first = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            waiting.append((token.start[0], token.start[1] + 1, token.string))
        elif token.type == tokenize.NEWLINE:
            told += [(*each, first, token.start[0]) for each in waiting]
            waiting, first = [], 0
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            first = first or token.start[0]
    return [*told, *[(*each, 0, 0) for each in waiting]]


def _place(comment: Comment) -> tuple[int, int, str]:
    return comment.span.line, comment.span.column, comment.text


GAPS = st.sampled_from(["", "", " ", "\t", "\\\n", "\x0c ", "\n", "\r\n", "\r", "  # noqa\n", "# é '\n\n # {\r\n"])
QUOTES = st.sampled_from(["'", '"', "'''", '"""'])
PREFIXES = st.sampled_from(["f", "F", "t", "rf", "fR", "Rt"])
LEAVES = ["x", "'#'", "'\\\\'", "r'\\'#'", '"""#\n"#\\""""', "''", "b'\\\n#'", "x if'{'else'}'", "not'{#'"]
TEXTS = ["#", "# x", "{{", "}}", "\\'", '\\"', "\\\\", "\\N{DASH}", "\\", "'", '"', "\n", "\\\n", "é"]
SPECIFICATIONS = st.sampled_from(["", "", "=", "!r", ":", ":#>", ":=#", "!s:'#"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    fields = st.builds("{{{}{}{}{}{}}}".format, GAPS, inner, GAPS, SPECIFICATIONS, GAPS) | st.builds(
        "{{{}{}:{{{}{}{}}}#}}".format, GAPS, inner, GAPS, inner, GAPS
    )
    parts = st.lists(st.sampled_from(TEXTS) | fields, max_size=4).map("".join)
    return st.one_of(
        st.builds("({}{}{})".format, GAPS, inner, GAPS),
        st.builds("[{}{}{},{}{}]".format, GAPS, inner, GAPS, inner, GAPS),
        st.builds("{{{}{}:{}{}{}}}".format, GAPS, inner, GAPS, inner, GAPS),
        st.builds("({}{}+{}{})".format, inner, GAPS, GAPS, inner),
        st.builds("{0}{1}{2}{1}".format, PREFIXES, QUOTES, parts),
    )


EXPRESSIONS = st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=6)
STATEMENTS = st.builds("x ={}{}{}".format, st.sampled_from([" ", "\\\n"]), EXPRESSIONS, GAPS)


@settings(max_examples=200, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join))
def test_the_comments_are_those_of_the_tree(text: str) -> None:
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError:
        reject()
    # Where LibCST loses a part of the text, its positions are of another one.
    assume(module.code == text)
    ranges = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    told = [(range.start, node.value) for node, range in ranges.items() if isinstance(node, cst.Comment)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comments, "SPEAKS", re.compile(""))
        found = [_place(each) for each in find_comments(text)]
    assert found == sorted((start.line, start.column + 1, value) for start, value in told)
