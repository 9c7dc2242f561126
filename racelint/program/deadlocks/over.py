"""Part of the blocking stage: was it asked, before a call that waits, whether there is anything left to wait for?"""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.threads import TELLS_END
from racelint.program.contexts.lifetimes import is_same
from racelint.program.deadlocks.origins import receiver_of
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryMethod


def is_over(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether a call is made only where the object it waits for has said that it is done: `if task.done():`."""
    return any(
        type(asked := code.operation(test)) is facts.Call
        and is_same(code, receiver_of(code, asked), receiver_of(code, call))
        and any(_tells_end(value) is truth for value in types.of(code, asked.callee))
        for test, truth in conditions(code, call.id)
    )


def _tells_end(asked: object) -> bool | None:
    return TELLS_END.get(asked.qualname) if isinstance(asked, LibraryMethod) else None
