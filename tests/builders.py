"""Small programs for tests of the stages: linked in memory, asked about the lines that a comment marks.

The first source is the module `main`. A marker is a comment such as `# holds: lock`: the word says what is asked, the
rest what the answer shall be. Where a line calls `show(x)`, the question is about `x`, else about the last operation
that begins on the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from textwrap import dedent

from racelint import facts
from racelint.extract import extract
from racelint.facts import ModuleFacts
from racelint.findings import Finding, in_order
from racelint.knowledge import Knowledge
from racelint.program import Program, SourceModule, link
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locks import LockUse
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import (
    ClassRef,
    FunctionRef,
    Generator,
    Instance,
    Library,
    LibraryMethod,
    LibraryObject,
    ModuleRef,
    Pair,
    Partial,
    Row,
    Super,
    Value,
)
from racelint.rule import load_rules

MAIN = "main"


def program(
    source: str, /, modules: Mapping[str, str] | None = None, *, assume_shared: Iterable[str] = (), **others: str
) -> Program:
    """The program of the module `main` and of others: by keyword, or by dotted name in `modules`.

    A module with modules below it is a package.
    """
    return link(source_modules({MAIN: source, **(modules or {}), **others}), Knowledge.standard(), tuple(assume_shared))


def source_modules(sources: Mapping[str, str]) -> list[SourceModule]:
    """The modules of some sources by dotted name, in that order."""
    return [
        SourceModule(
            name,
            f"{name.replace('.', '/')}.py",
            any(other.startswith(f"{name}.") for other in sources),
            _facts(dedent(source)),
        )
        for name, source in sources.items()
    ]


@cache
def _facts(source: str) -> ModuleFacts:
    return extract(source.encode())


def findings(linked: Program) -> tuple[Finding, ...]:
    """What all rules find, sorted."""
    return in_order(finding for rule in load_rules() if rule.check for finding in rule.check(linked))


# --- asking about marked lines -------------------------------------------------------------------------------------

Answers = dict[int, str]
"""By line of the module `main`: what is said there, several things sorted and with commas between them."""

Question = Callable[[Program, Code, int], Iterable[str]]
"""Given a function and one of its values: the words of the answer."""


def marks(source: str, word: str) -> Answers:
    """The answers that the marks in a source promise."""
    lines = enumerate(dedent(source).splitlines(), 1)
    found = ((number, re.search(rf"#\s*{word}:(.*)$", line)) for number, line in lines)
    return {number: mark[1].strip() for number, mark in found if mark}


def answers(linked: Program, lines: Iterable[int], question: Question) -> Answers:
    """The answers to a question about some lines of `main`."""
    return {line: _joined(question(linked, *asked_at(linked, line))) for line in lines}


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted({short(word) for word in words}))


def short(name: str) -> str:
    """A dotted name without the module `main`."""
    return name.removeprefix(f"{MAIN}.")


def asked_at(linked: Program, line: int) -> tuple[Code, int]:
    """What a line is about: the function, and the value."""
    found = [(code, each) for code in codes(linked) for each in code.operations if _line(each) == line]
    code, operation = found[-1]
    if type(operation) is facts.Call and operation.arguments and _is_show(code, operation):
        return code, operation.arguments[0].value
    assert operation is not None
    return code, operation.id


def _line(operation: facts.Operation | None) -> int:
    span = getattr(operation, "span", None)
    return span.line if span is not None else 0


def _is_show(code: Code, call: facts.Call) -> bool:
    callee = code.operations[call.callee]
    return type(callee) is facts.LoadName and callee.name == "show"


# --- what is in a program ------------------------------------------------------------------------------------------


def codes(linked: Program) -> list[Code]:
    """The functions of `main`."""
    return [each for each in linked.sources.codes if linked.sources.modules[each.module].name == MAIN]


def code_of(linked: Program, qualname: str) -> Code:
    """A function by its qualified name; `main` is left out."""
    return next(each for each in linked.sources.codes if qualname in (each.qualname, short(each.qualname)))


def text_of(value: Value) -> str:
    """A value in short: `Counter()` is an instance, `Counter` the class, `Counter.add` a function, bound or not."""
    match value:
        case Instance(cls=cls):
            return f"{short(cls.qualname)}()"
        case ClassRef(cls=cls):
            return short(cls.qualname)
        case LibraryObject(qualname=qualname):
            return f"{qualname}()"
        case Library(qualname=qualname) | LibraryMethod(qualname=qualname):
            return qualname
        case FunctionRef(code=code):
            return short(code.qualname)
        case Generator(code=code):
            return f"generator of {short(code.qualname)}"
        case ModuleRef():
            return "module"
        case Partial() | Pair() | Row() | Super():
            return type(value).__name__.lower()


def callees_at(linked: Program, line: int) -> str:
    """The functions that the calls of a line of `main` may run."""
    edges = (edge for code in codes(linked) for edge in linked.calls.calls(code))
    return _joined(edge.callee.qualname for edge in edges if span_of(edge.caller, edge.site).line == line)


def label(context: Context) -> str:
    """A context in short: `main`, `worker`, or `many worker`."""
    name = MAIN if context.is_main else context.label
    return f"many {name}" if context.many else name


def runs_on(linked: Program, line: int) -> str:
    """The contexts that run the function of `main` whose name stands on a line."""
    code = next(each for each in codes(linked) if each.function.span.line == line)
    return _joined(label(context) for context in linked.threads.of(code))


def lock_text(use: LockUse) -> str:
    """A lock as it is reached: its name, the object if that is not `self`, and the side of a read-write lock."""
    owner = f" of {use.base}" if use.base not in ("", "self") else ""
    side = f" {use.mode.value}" if use.mode is not None else ""
    return f"{short(use.lock.symbol)}{owner}{side}"
