"""The page on the architecture speaks of what exists, leaves out no stage, and tells what the stages really answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from extract_dump import lines_of

from racelint import engine
from racelint.configuration.config import Config
from racelint.extract import extract
from racelint.knowledge import Knowledge
from racelint.program import Program, SourceModule, link
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access
from racelint.program.sharing.name import Name
from racelint.program.sources.source import Code
from racelint.program.values.values import ClassRef, Instance, LibraryObject, Value

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
QUOTED = sorted(set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))))
PATHS = [word for word in QUOTED if "/" in word or word.endswith((".py", ".toml"))]
DOTTED = [
    word for word in QUOTED if re.fullmatch(r"(baseline|config|directives|facts|findings|layers|program)(\.\w+)+", word)
]
EXAMPLES = re.findall(r"```python\n(# (\w+)\.py\n.*?)```", TEXT, re.DOTALL)
WALK = re.search(r"```text\n(.*?)```", TEXT, re.DOTALL)
STAGES = sorted(path.stem for path in (ROOT / "racelint" / "program").rglob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_on_the_page_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", DOTTED)
def test_a_word_on_the_page_is_a_type(name: str) -> None:
    module, _, member = name.rpartition(".")
    source = (ROOT / "racelint" / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")

    assert re.search(rf"^(class {member}\b|{member}(:.*)? = )", source, re.MULTILINE)


def test_the_page_names_every_module_of_the_program_and_no_other() -> None:
    named = [word for stage in _rows("stage") for word in re.findall(r"`(\w+)`", stage)]

    below = ["branching", "dataflow", "following", "frames", "impossible", "nodes", "source", "surely"]
    assert sorted({*STAGES} ^ {*named}) == below


def test_stages_stand_in_the_order_in_which_they_run() -> None:
    stages = [re.findall(r"`(\w+)`", stage)[0] for stage in _rows("stage")]

    assert ["sources", *stages] == list(Program.__struct_fields__)


def test_the_stages_answer_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for source, name in EXAMPLES:
        Path(f"{name}.py").write_text(source, encoding="utf-8")

    report = engine.check([Path()], Config(tmp_path))
    found = [f"{each.path}:{each.span.line}: {each.code} {each.name}, {each.evidence}" for each in report.findings]

    assert WALK is not None
    assert WALK[1].splitlines() == [*_answers(_linked()), *_block("finding", found)]


def _rows(head: str) -> list[str]:
    """The first cells of the table whose heading begins with that."""
    table = TEXT.partition(f"| {head} |")[2].partition("\n\n")[0]
    return [row.split("|")[1] for row in table.splitlines()[2:]]


def _linked() -> Program:
    modules = [SourceModule(name, f"{name}.py", False, extract(source.encode())) for source, name in sorted(EXAMPLES)]
    return link(modules, Knowledge.standard())


def _block(stage: str, lines: list[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        yield f"{stage if not index else '':<11}{line}"


def _answers(program: Program) -> Iterator[str]:
    """What each stage says about the example, a line for each thing."""
    codes = {code.qualname: code for code in program.sources.codes}
    take, add = codes["stock.Stock.take"], codes["stock.Stock.add"]
    stock = program.sources.classes[0]
    shop = codes["shop"].module
    count = [access for code in (take, add) for access in program.places.of(code) if access.place.name == "count"]
    sequences = [each for each in program.sequences.found if each.code is take]
    yield from _block("facts", _facts(take))
    yield from _block("names", [f"Stock in shop is {_values(program.names.static(codes['shop'], 4))}"])
    yield from _block(
        "types",
        [
            f"shelf is {_values(program.types.of_global(shop, 'shelf'))}",
            f"Stock._lock is {_values(program.types.of_attribute(stock, '_lock'))}",
        ],
    )
    edges = [edge for name in ("shop", "shop.serve") for edge in program.calls.calls(codes[name])]
    yield from _block("calls", [f"{edge.caller.qualname} at {edge.site} → {edge.callee.qualname}" for edge in edges])
    yield from _block("threads", [_context(program, context) for context in program.threads.contexts])
    yield from _block("places", [_access(access) for access in count if access.code is take])
    locks = {each.use.lock for each in program.locksets.acquisitions()}
    yield from _block("locks", [f"{lock.symbol}: {lock.kind and lock.kind.value}, one per object" for lock in locks])
    yield from _block("locksets", [f"{_where(each)}: {_held(program, each)}" for each in count if each.kind.writes])
    unbalanced = [*program.balance.unreleased, *program.balance.skipped, *program.balance.unheld]
    yield from _block("balance", [str(unbalanced or "nothing left behind")])
    yield from _block(
        "sequences",
        [f"{each.code.name} {each.first.id} to {each.last.id}: {each.shape.value}" for each in sequences],
    )
    yield from _block("sharing", [_names(program, code) for code in (take, add)])
    yield from _block("lockorder", [str(program.lockorder.nestings or "no lock is taken while another is held")])
    yield from _block(
        "races",
        [
            f"{race.problem.value} in {race.code.name}: {race.one and race.one.label}"
            f" beside {race.other_context and race.other_context.label}, guard {race.guard and race.guard.lock.symbol}"
            for race in program.races.found
        ],
    )


def _facts(code: Code) -> list[str]:
    """The facts of a function with one branch: those before its body, and those of the body."""
    parts = [part.split("\n") for part in lines_of(code.function.body).split("body:")]
    before, body = ("; ".join(filter(None, map(str.strip, part))) for part in parts)
    return [before, f"body: {body}"]


def _values(values: list[Value] | dict[Value, None]) -> str:
    return ", ".join(map(_value, values))


def _value(value: Value) -> str:
    match value:
        case ClassRef(cls=cls):
            return f"the class {cls.qualname}"
        case Instance(cls=cls, site=(key, id)):
            return f"an instance of {cls.qualname} made at {id} of function {key}"
        case LibraryObject(qualname=qualname, site=(key, id)):
            return f"a {qualname} made at {id} of function {key}"
        case _:
            return str(value)


def _context(program: Program, context: Context) -> str:
    runs = [code.qualname for code in program.sources.codes if context in program.threads.of(code)]
    return f"{context.index} {context.label}, {'many' if context.many else 'one'}: runs {', '.join(runs)}"


def _access(access: Access) -> str:
    return f"{_where(access)}: {access.place.symbol} of {access.base} is {access.kind.word}"


def _where(access: Access) -> str:
    return f"{access.code.name} {access.id}"


def _held(program: Program, access: Access) -> str:
    held = program.locksets.held(access.code, access.id)
    return ", ".join(f"{use.base}.{use.lock.key[2]} is held" for use in held) or "nothing is held"


def _names(program: Program, code: Code) -> str:
    naming = program.sharing.naming
    names = [
        f"{_name(program, name)} in {context.label}"
        for context in program.threads.of(code)
        for name in naming.names(context, code, "self")
    ]
    return f"self of {code.name} is {', '.join(names)}"


def _name(program: Program, name: Name) -> str:
    kind, module, variable = name.root
    return f"the {kind} {program.sources.modules[module].name}.{variable}{name.path}"
