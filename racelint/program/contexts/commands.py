"""Part of the threads stage: which functions are run alone in a process: by who types a command, or runs the tests?"""

from __future__ import annotations

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
    return not COMMANDS.isdisjoint(library_decorators(types, code)) or _is_added(types, code)


def _is_added(types: Types, code: Code) -> bool:
    """Whether a function is put below a command: `@tools.command()`."""
    parent = code.parent
    if parent is None:
        return False
    calls = (parent.operation(id) for id in code.function.decorators)
    methods = (each for each in map(parent.fetched, calls) if type(each) is facts.LoadAttr and each.name in ADDS)
    values = (value for each in methods for value in types.names.static(parent, each.base))
    above = (each.code for each in values if isinstance(each, FunctionRef))
    return any(each is not code and _is_command(types, each) for each in above)


def _is_of_test(code: Code) -> bool:
    """Whether a function is a method of a test, wherever its file is."""
    return code.cls is not None and any(base.startswith(TESTS) for base in code.cls.library_bases)
