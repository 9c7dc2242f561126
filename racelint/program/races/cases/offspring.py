"""Part of the races stage: contexts that what is made on first use runs itself: they come when it is there."""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Site, Value


def is_run_by_what_is_stored(case: Case, sequence: Composite, context: Context) -> bool:
    """Whether a context is a task of the pool, or the thread, that a sequence makes where there is none yet.

    `if self.pool is None: self.pool = Pool()`, and `self.pool.submit(task)`: the task finds the pool there, unless
    somebody takes it away.
    """
    last = sequence.last
    if sequence.shape is not Shape.LAZY or context.is_main or any(map(case.clears, case.accesses)):
        return False
    types = case.sharing.places.types
    made = _sites(types.of(last.code, last.value))
    runner = _runner(types, context)
    return bool(runner) and runner <= made


def _runner(types: Types, context: Context) -> set[Site]:
    """Where what runs a context is made: the thread itself, or the pool to which the task is given."""
    code = context.code
    if code is None:
        return set()
    method = code.fetched(code.operation(context.site))
    given_to = _sites(types.of(code, method.base)) if type(method) is facts.LoadAttr else set()
    return given_to or {(code.key, context.site)}


def _sites(values: Iterable[Value]) -> set[Site]:
    return {each.site for each in values if isinstance(each, LibraryObject) and each.site is not None}
