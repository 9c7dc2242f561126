"""Part of the types stage: which of its parameters does a function return, so that each call has back its own?"""

from __future__ import annotations

import msgspec

from racelint import facts
from racelint.facts import NOTHING
from racelint.program.sources.source import Code


class Returned(msgspec.Struct, frozen=True):
    """What a function returns: the ids of its own values, and the parameters whose arguments it gives back."""

    values: tuple[int, ...]
    parameters: tuple[int, ...]


def returned(code: Code) -> Returned:
    """What a function may return, looked for behind the places where paths meet."""
    given = {index for index, each in enumerate(code.function.parameters) if each.kind in ("positional", "keyword")}
    values: list[int] = []
    parameters: list[int] = []
    pending = [*reversed(code.returns)]
    seen = {NOTHING}
    while pending:
        id = pending.pop()
        if id in seen:
            continue
        seen.add(id)
        operation = code.operation(id)
        if type(operation) is facts.Phi:
            pending.extend(reversed(operation.inputs))
        else:
            (parameters if id in given else values).append(id)
    return Returned(tuple(values), tuple(parameters))
