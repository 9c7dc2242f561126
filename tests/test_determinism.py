"""Changes that mean nothing change nothing: the order and the naming of files, names of locals; a lock adds no race."""

from __future__ import annotations

import ast
import random
import re
import symtable
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from builders import findings, source_modules
from expectations import FIXTURES, name_of, programs

from racelint import engine
from racelint.configuration.config import Config
from racelint.discovery import Project, discover
from racelint.extract import SourceError, extract
from racelint.findings import Finding
from racelint.knowledge import Knowledge
from racelint.program import SourceModule, link

# --- files ---------------------------------------------------------------------------------------------------------


@cache
def all_fixtures() -> tuple[SourceModule, ...]:
    """Every fixture and the showcase as one program, in which many modules have the same name."""
    files, _ = discover([FIXTURES], Project(FIXTURES))
    found = []
    for file in files:
        try:
            found.append(SourceModule(file.module, file.display, file.is_package, extract(file.path.read_bytes())))
        except SourceError:
            continue
    return tuple(found)


@cache
def in_given_order() -> tuple[Finding, ...]:
    return findings(link(all_fixtures(), Knowledge.standard()))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_all_files_does_not_matter(seed: int) -> None:
    shuffled = list(all_fixtures())
    random.Random(seed).shuffle(shuffled)

    found = findings(link(shuffled, Knowledge.standard()))
    assert len(found) > 100
    assert found == in_given_order()


def test_files_named_one_by_one_have_the_findings_of_their_folder() -> None:
    files = sorted((FIXTURES / "showcase").glob("*.py"))

    whole, single, twice = (
        [(each.path, each.span, each.code, each.message) for each in engine.check(paths, Config(FIXTURES)).findings]
        for paths in ([FIXTURES / "showcase"], files, [*reversed(files), files[0]])
    )
    assert whole
    assert single == whole
    assert twice == whole


# --- one source, changed -------------------------------------------------------------------------------------------

Cause = tuple[str, str, str]
"""A finding without its position: code, function and symbol; what has no name is called by the line of its making."""

LINE = re.compile(r"(?:at|of) line \d+")

SINGLE = [program for program in programs() if program.is_file() and not program.parent.name.startswith("RL901")]
SAMPLE = [*SINGLE[::3], *sorted((FIXTURES / "showcase").glob("*.py"))]

GIVEN_AWAY = {"assumed_view_given_away", "view_of_what_a_thread_fills"}
"""Views that are used when the lock around their maker is given back; that lock shows that others come."""

THREADED = [each for each in SAMPLE if "async def" not in each.read_text("utf-8") and each.stem not in GIVEN_AWAY]
"""Those that a lock of threads can be put around: a task may not wait with one held."""

every_program = pytest.mark.parametrize(
    "source", [program.read_text("utf-8") for program in SAMPLE], ids=map(name_of, SAMPLE)
)


def causes(source: str, **others: str) -> Counter[Cause]:
    """What is found in a module and others beside it, and how often."""
    linked = link(source_modules({"main": source, **others}), Knowledge.standard())
    return Counter((each.code, each.function, LINE.sub("", each.symbol)) for each in findings(linked))


@cache
def plain(source: str) -> Counter[Cause]:
    """What is found in the source as it stands, written in the way in which the changed ones are."""
    return causes(ast.unparse(ast.parse(source)))


def changed(source: str, change: Callable[[ast.Module], None]) -> str:
    """The source after a change of its tree."""
    tree = ast.parse(source)
    change(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@every_program
def test_names_of_local_variables_do_not_matter(source: str) -> None:
    local = _locals(symtable.symtable(source, "main", "exec"))

    def rename(tree: ast.Module) -> None:
        for function in functions(tree):
            for node in ast.walk(function):
                if isinstance(node, ast.Name) and node.id in local.get((function.name, function.lineno), ()):
                    node.id = f"other_{node.id}"

    assert causes(changed(source, rename)) == plain(source)


def _locals(table: symtable.SymbolTable) -> dict[tuple[str, int], set[str]]:
    """By function: its variables whose names no scope inside it knows."""
    found: dict[tuple[str, int], set[str]] = {}
    for child in table.get_children():
        found.update(_locals(child))
        if isinstance(child, symtable.Function):
            inner = {name for each in child.get_children() for name in each.get_identifiers()}
            found[child.get_name(), child.get_lineno()] = {
                each.get_name() for each in child.get_symbols() if _is_plain_local(each)
            } - inner
    return found


def _is_plain_local(symbol: symtable.Symbol) -> bool:
    return symbol.is_local() and not (symbol.is_parameter() or symbol.is_imported() or symbol.is_namespace())


@every_program
def test_a_module_that_has_nothing_to_do_with_it_does_not_matter(source: str) -> None:
    unrelated = "import threading\nclass Other:\n    def add(self): self.n = 1\nthreading.Thread(target=print).start()"

    assert causes(ast.unparse(ast.parse(source)), unrelated=unrelated) == plain(source)


@every_program
def test_statements_that_do_nothing_do_not_matter(source: str) -> None:
    def add(tree: ast.Module) -> None:
        for node in ast.walk(tree):
            for block in ("body", "orelse", "finalbody"):
                statements = getattr(node, block, None)
                if isinstance(statements, list):
                    setattr(node, block, [part for each in statements for part in (each, ast.Pass())])

    assert causes(changed(source, add)) == plain(source)


@pytest.mark.parametrize("source", [each.read_text("utf-8") for each in THREADED], ids=map(name_of, THREADED))
def test_a_lock_around_everything_adds_no_race(source: str) -> None:
    def lock(tree: ast.Module) -> None:
        for function in functions(tree):
            if isinstance(function, ast.FunctionDef):
                function.body = [ast.With([ast.withitem(ast.Name("everything"))], function.body)]
        first = _first_statement(tree)
        tree.body[first:first] = ast.parse("from guard import everything").body

    guarded = causes(changed(source, lock), guard="import threading\neverything = threading.RLock()")
    races = Counter({cause: count for cause, count in guarded.items() if cause[0] < "RL3"})

    assert races <= plain(source)


def _first_statement(tree: ast.Module) -> int:
    """Where an import may be put: after the docstring and what is taken from the future."""
    return next(
        (
            index
            for index, each in enumerate(tree.body)
            if not (isinstance(each, ast.Expr) or (isinstance(each, ast.ImportFrom) and each.module == "__future__"))
        ),
        len(tree.body),
    )
