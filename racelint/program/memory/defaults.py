"""Part of the places stage: a container that is the default of a parameter is one memory to all calls that give none.

A default is evaluated once, where the function is made: `def load(key, cache={})` and `def get(key, known=KNOWN)`.
"""

from __future__ import annotations

from racelint import facts
from racelint.program.memory.lending import is_container
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef

ONCE = ("module", "class")
"""What is made in these bodies is made once."""


class Defaults:
    """Knows the parameters that may be the container that their function has as a default."""

    def __init__(self, types: Types) -> None:
        self._types = types
        found = [(code, index) for code in types.names.sources.codes for index in self._candidates(code)]
        given = self._find_given({code.key for code, _ in found})
        self._left_out = {(code.key, index) for code, index in found if not given.get((code.key, index))}

    def of(self, code: Code, parameter: int) -> int | None:
        """The id, in the enclosing body, of the container that a parameter is where nothing is given; else None."""
        return code.function.parameters[parameter].default if (code.key, parameter) in self._left_out else None

    def _candidates(self, code: Code) -> list[int]:
        around = code.parent
        if around is None or around.function.kind not in ONCE:
            return []
        knowledge = self._types.names.knowledge
        return [
            index
            for index, parameter in enumerate(code.function.parameters)
            if parameter.default >= 0
            and any(is_container(value, knowledge) for value in self._types.of(around, parameter.default))
        ]

    def _find_given(self, keys: set[int]) -> dict[tuple[int, int], bool]:
        """For the parameters of these functions that are called: whether all calls give something for them."""
        found: dict[tuple[int, int], bool] = {}
        sources = self._types.names.sources
        for (key, id), callees in self._types.callees.items() if keys else ():
            call = sources.codes[key].operation(id)
            for callee in callees if type(call) is facts.Call else ():
                if isinstance(callee, FunctionRef) and callee.code.key in keys and isinstance(call, facts.Call):
                    for index in range(callee.receiver is not None, len(callee.code.function.parameters)):
                        at = callee.code.key, index
                        found[at] = found.get(at, True) and _is_given(call, callee, index)
        return found


def _is_given(call: facts.Call, callee: FunctionRef, index: int) -> bool:
    """Whether a call gives, or may give, something for a parameter."""
    position = index - (callee.receiver is not None)
    name = callee.code.function.parameters[index].name
    return any(each.name.startswith("*") for each in call.arguments) or argument(call, position, name) is not None
