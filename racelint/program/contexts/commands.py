"""Part of the threads stage: which functions are run alone in a process: by who types a command, or runs the tests?"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.commands import ADDS, COMMANDS
from racelint.knowledge.definitions import TESTS
from racelint.program.contexts.contexts import library_decorators
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef


def runs_alone(types: Types, code: Code) -> bool:
    """Whether no caller outside runs a function beside what another one has started: a command, a method of a test.

    What it starts itself runs beside it.
    """
    return _is_command(types, code) or _is_of_test(code)


def _is_command(types: Types, code: Code) -> bool:
    """Whether a decorator makes a command of a function, or puts it below one: `@tools.command`."""
    pending, seen = [code], set[int]()
    while pending:
        each = pending.pop()
        if not COMMANDS.isdisjoint(library_decorators(types, each)):
            return True
        seen.add(each.key)
        pending.extend(above for above in _above(types, each) if above.key not in seen)
    return False


def _above(types: Types, code: Code) -> Iterator[Code]:
    """The functions of which a method stands as a decorator before a function."""
    parent = code.parent
    if parent is None:
        return
    decorators = [parent.operation(id) for id in code.function.decorators]
    for method in (*decorators, *map(parent.fetched, decorators)):
        if type(method) is facts.LoadAttr and method.name in ADDS:
            values = types.names.static(parent, method.base)
            yield from (each.code for each in values if isinstance(each, FunctionRef))


def _is_of_test(code: Code) -> bool:
    """Whether a function is a method of a test, wherever its file is."""
    return code.cls is not None and any(base.startswith(TESTS) for base in code.cls.library_bases)
