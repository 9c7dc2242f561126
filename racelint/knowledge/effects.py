"""How rows are written that tell what is done to an object by a method or function, and on which builds in one step."""

from __future__ import annotations

from .model import Access, Effect, Slot

READ, MUTATE, ITERATE = Access.READ, Access.MUTATE, Access.ITERATE
SNAPSHOT, VIEW = Access.SNAPSHOT, Access.VIEW

# On which builds the whole operation is one step: with the GIL, and free-threaded.
BOTH, GIL, NO = (True, True), (True, False), (False, False)

LOOPED = "it is an iteration, step by step"
STEPS = "several steps, written in Python"
DEFAULT = Slot(1, "default")

Row = tuple[str, Effect]


def row(
    methods: str,
    access: Access,
    builds: tuple[bool, bool],
    reason: str = "one call",
    source: str = "docs",
    *,
    claims: bool = False,
    misses: bool = False,
    spared_by: Slot | None = None,
    stepwise_by: Slot | None = None,
) -> tuple[Row, ...]:
    """The same effect for each of these methods or functions."""

    effect = Effect(access, *builds, reason, source, claims, misses, spared_by, stepwise_by=stepwise_by)
    return tuple((method, effect) for method in methods.split())


def of_class(name: str, *rows: tuple[Row, ...]) -> dict[str, Effect]:
    """The rows of a class, by `class.method`."""

    return {f"{name}.{method}": effect for row in rows for method, effect in row}
