"""What holds for the facts of every file: ids, order, references, serialisation, determinism."""

from __future__ import annotations

import random
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from extract_dump import everything
from hypothesis import given, settings
from hypothesis import strategies as st

from racelint.extract import SourceError, extract, facts_from
from racelint.extract.source import Source, read
from racelint.facts import NOTHING, Argument, Function, Loop, ModuleFacts, Operation, Phi

OPERATIONS = Operation.__args__
REFERENCES = frozenset(
    {"value", "base", "key", "callee", "arguments", "items", "keys", "operands", "iterable", "manager", "types"}
)


def references(node: Any) -> Iterator[int]:
    """The ids that a node names."""
    for name in node.__struct_fields__:
        if name not in REFERENCES and name != "test":
            continue
        part = getattr(node, name)
        for each in part if isinstance(part, tuple) else (part,):
            yield each.value if isinstance(each, Argument) else each


def check_function(function: Function) -> None:
    """Ids follow the order of evaluation, and what is named has been evaluated before."""
    nodes = list(everything(function.body))
    loops = {id(phi) for node in nodes if type(node) is Loop for phi in node.head if type(phi) is Phi}
    tests = {id(node) for node in nodes if type(node) is Loop}
    ids = [node.id for node in nodes if isinstance(node, OPERATIONS)]
    assert ids == list(range(len(function.parameters), len(function.parameters) + len(ids)))
    known = len(function.parameters)
    for node in nodes:
        if type(node) is Phi:
            assert len(node.inputs) == len(set(node.inputs))
            assert all(NOTHING <= value < (len(ids) + len(function.parameters)) for value in node.inputs)
            assert id(node) in loops or all(value < node.id for value in node.inputs)
        elif id(node) in tests:
            # The test of a while loop is evaluated in its head.
            assert node.test < len(ids) + len(function.parameters)
        elif not hasattr(node, "types") or isinstance(node, OPERATIONS):
            assert all(NOTHING <= value < known for value in references(node)), node
        if isinstance(node, OPERATIONS):
            known = node.id + 1


def check(facts: ModuleFacts) -> None:
    assert [function.index for function in facts.functions] == list(range(len(facts.functions)))
    assert [cls.index for cls in facts.classes] == list(range(len(facts.classes)))
    assert all(function.parent < function.index for function in facts.functions)
    assert {cls.body for cls in facts.classes} == {each.index for each in facts.functions if each.kind == "class"}
    for function in facts.functions:
        check_function(function)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=ModuleFacts) == facts


# --- random programs -----------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "self"])
TARGETS = st.sampled_from(["a", "b", "a.x", "b[0]", "a, b", "c, (a, *b)", "self.y"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "and", "or", "<", "in", "is not"]), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}({}, *{}, k={})".format, NAMES, inner, inner, inner),
        st.builds("{}[{}:{}]".format, NAMES, inner, inner),
        st.builds("[{} for {} in {} if {}]".format, inner, TARGETS, inner, inner),
        st.builds("{{{}: {} for a in {} for b in {}}}".format, inner, inner, inner, inner),
        st.builds("(lambda a, c={}: {})".format, inner, inner),
        st.builds("({} := {})".format, st.sampled_from(["p", "q"]), inner),
        st.builds("f'{{{}}} {{{}:>{{{}}}}}'".format, NAMES, NAMES, NAMES),
    )


EXPRESSIONS = st.recursive(
    st.one_of(NAMES, st.sampled_from(["1", "'s'", "None", "a.x.y", "b[c]"])), _larger, max_leaves=5
)


def _block(statements: list[str]) -> str:
    return textwrap.indent("\n".join(statements), "  ")


SIMPLE = st.one_of(
    st.builds("{} = {}".format, TARGETS, EXPRESSIONS),
    st.builds("{} = {} = {}".format, NAMES, TARGETS, EXPRESSIONS),
    st.builds("{} += {}".format, st.sampled_from(["a", "b.x", "c[0]"]), EXPRESSIONS),
    st.builds("{}: T = {}".format, NAMES, EXPRESSIONS),
    st.builds("assert {}, {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("return {}".format, EXPRESSIONS),
    st.builds("raise {}".format, EXPRESSIONS),
    EXPRESSIONS,
    st.sampled_from(["break", "continue", "pass", "del a", "del b.x, c[0]", "import a.b", "from c import d as b"]),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blocks = st.lists(inner, min_size=1, max_size=3).map(_block)
    return st.one_of(
        st.builds("if {}:\n{}\nelif {}:\n{}\nelse:\n{}".format, EXPRESSIONS, blocks, EXPRESSIONS, blocks, blocks),
        st.builds("while {}:\n{}\nelse:\n{}".format, st.one_of(EXPRESSIONS, st.just("True")), blocks, blocks),
        st.builds("for {} in {}:\n{}".format, TARGETS, EXPRESSIONS, blocks),
        st.builds(
            "try:\n{}\nexcept {} as a:\n{}\nelse:\n{}\nfinally:\n{}".format,
            blocks, EXPRESSIONS, blocks, blocks, blocks,
        ),
        st.builds("try:\n{}\nfinally:\n{}".format, blocks, blocks),
        st.builds("with {} as {}, {}:\n{}".format, EXPRESSIONS, TARGETS, EXPRESSIONS, blocks),
        st.builds("match {}:\n  case [a, *b] if {}:\n{}\n  case _:\n{}".format, EXPRESSIONS, EXPRESSIONS,
                  blocks.map(lambda block: textwrap.indent(block, "  ")),
                  blocks.map(lambda block: textwrap.indent(block, "  "))),
        st.builds("def b(self, a={}):\n{}".format, EXPRESSIONS, blocks),
        st.builds("class c({}):\n{}".format, EXPRESSIONS, blocks),
    )  # fmt: skip


PROGRAMS = st.lists(st.recursive(SIMPLE, _compound, max_leaves=8), min_size=1, max_size=4).map(
    lambda statements: "def f(a, b, *c):\n" + _block(statements)
)


@settings(max_examples=150)
@given(PROGRAMS)
def test_random_programs(program: str) -> None:
    source = read(program.encode())
    facts = facts_from(source)
    check(facts)
    assert facts_from(Source(source.text, source.module, None)) == facts


@settings(max_examples=150)
@given(st.binary(max_size=40) | st.text("ab=()[]{}:'\"\\\n\r\t #.,*fé😀\x0c", max_size=40).map(str.encode))
def test_arbitrary_bytes_give_facts_or_a_source_error(source: bytes) -> None:
    try:
        facts = extract(source)
    except SourceError as error:
        place = (error.line, error.column)
    else:
        check(facts)
        place = (1, 1)
    assert min(place) >= 1


# --- real programs -------------------------------------------------------------------------------------------------

STANDARD = Path(sysconfig.get_path("stdlib"))
LIBRARY = [path for pattern in ("*.py", "*/*.py") for path in sorted(STANDARD.glob(pattern))]
SAMPLE = [path for path in random.Random(7).sample(LIBRARY, 100) if path.stat().st_size < 60_000]


@pytest.mark.parametrize("part", range(4))
def test_standard_library(part: int) -> None:
    read_files = 0
    for path in SAMPLE[part::4]:
        source = path.read_bytes()
        try:
            facts = extract(source)
        except SourceError:
            assert "bad" in path.name
            continue
        check(facts)
        read_files += 1
    assert read_files > 10


def test_standard_library_positions() -> None:
    for path in SAMPLE[::8]:
        source = read(path.read_bytes())
        assert source.tree is not None
        assert facts_from(source) == facts_from(Source(source.text, source.module, None)), path


def test_same_bytes_give_equal_facts() -> None:
    source = Path(textwrap.__file__).read_bytes()
    assert msgspec.msgpack.encode(extract(source)) == msgspec.msgpack.encode(extract(source))


def test_facts_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    program = (
        "import sys, msgspec, hashlib; from racelint.extract import extract;"
        "print(hashlib.sha256(msgspec.msgpack.encode(extract(open(sys.argv[1], 'rb').read()))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, textwrap.__file__],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=tmp_path,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1
