"""Part of the names stage: variables that are set as attributes of their module: `settings.current = {}`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from racelint import facts
from racelint.program.sources.source import Code
from racelint.program.values.values import ModuleRef, Value


def set_on_modules(codes: Iterable[Code], static: Callable[[Code, int], Iterable[Value]]) -> set[tuple[int, str]]:
    """The variables, by module and name, that anybody puts something else in by way of the module.

    `static` tells what a value surely names.
    """
    return {
        (value.module, each.name)
        for code in codes
        for each in code.operations
        if isinstance(each, facts.StoreAttr | facts.DeleteAttr)
        and isinstance(code.operation(each.base), facts.LoadName | facts.LoadAttr | facts.Import)
        for value in static(code, each.base)
        if isinstance(value, ModuleRef)
    }
