"""Part of the races stage: contexts that what is made on first use runs itself: they come when it is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.races.cases.case import Case
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Site, Value

STEPS: Final = 3
"""So far is a context from what runs it: a callback is given to a result, and that is of a task given to the pool."""


def is_run_by_what_is_stored(case: Case, sequence: Composite, context: Context) -> bool:
    """Whether a context is a task of the pool, or the thread, that a sequence makes where there is none yet.

    `if self.pool is None: self.pool = Pool()`, and `self.pool.submit(task)`: the task finds the pool there, unless
    somebody takes it away.
    """
    last = sequence.last
    if sequence.shape is not Shape.LAZY or context.is_main or any(map(case.clears, case.accesses)):
        return False
    types, code = case.sharing.places.types, context.code
    made = _sites(types.of(last.code, last.value))
    site = (code.key, context.site) if code is not None else None
    for _ in range(STEPS):
        if site is None or site in made:
            return site is not None
        given_to = _given_to(types, site)
        site = next(iter(given_to)) if len(given_to) == 1 else None
    return False


def _given_to(types: Types, site: Site) -> set[Site]:
    """Where that is made to which a call gives something: the pool of `pool.submit(task)`."""
    code = types.names.sources.codes[site[0]]
    method = code.fetched(code.operation(site[1]))
    return _sites(types.of(code, method.base)) - {site} if type(method) is facts.LoadAttr else set()


def _sites(values: Iterable[Value]) -> set[Site]:
    return {each.site for each in values if isinstance(each, LibraryObject) and each.site is not None}
