"""Part of the places stage: a container that is the default of a parameter is one memory to all calls that give none.

A default is evaluated once, where the function is made: `def load(key, cache={})` and `def get(key, known=KNOWN)`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.knowledge.model import Slot
from racelint.program.memory.lending import is_container
from racelint.program.sources.source import Code
from racelint.program.values.passing import arguments
from racelint.program.values.types import Passed, Spawned, Types
from racelint.program.values.values import FunctionRef

ONCE: Final = ("module", "class")
"""The kinds of bodies that run once, where they are in no function."""


class Defaults:
    """Knows the parameters that are the container which their function has as a default, as calls leave them out."""

    def __init__(self, types: Types) -> None:
        self._types = types
        found = {code.key: self._candidates(code) for code in types.names.sources.codes}
        self._found = {key: indices for key, indices in found.items() if indices}
        self._by_calls: dict[tuple[int, int], set[int]] = defaultdict(set)
        self._by_starts: set[tuple[int, int]] = set()
        self._find_calls()
        self._find_starts()

    def of(self, code: Code, parameter: int) -> int | None:
        """The id, in the enclosing body, of the container that a parameter is where nothing is given; else None."""
        at = code.key, parameter
        return code.function.parameters[parameter].default if at in self._by_calls or at in self._by_starts else None

    def left_out_by(self, code: Code, parameter: int) -> tuple[set[int], bool]:
        """The keys of the functions that leave a parameter out, and whether it is left out where it is started."""
        at = code.key, parameter
        return self._by_calls.get(at, set()), at in self._by_starts

    def _candidates(self, code: Code) -> list[int]:
        around = code.parent
        if around is None or not _is_run_once(around):
            return []
        knowledge = self._types.names.knowledge
        return [
            index
            for index, parameter in enumerate(code.function.parameters)
            if parameter.default >= 0
            and any(is_container(value, knowledge) for value in self._types.of(around, parameter.default))
        ]

    def _find_calls(self) -> None:
        sources = self._types.names.sources
        for (key, id), callees in self._types.callees.items() if self._found else ():
            for callee in callees:
                if isinstance(callee, FunctionRef) and callee.code.key in self._found:
                    call = sources.codes[key].operation(id)
                    if type(call) is facts.Call:
                        for at in self._left_out(callee, arguments(sources.codes[key], call)):
                            self._by_calls[at].add(key)

    def _find_starts(self) -> None:
        for spawned in self._types.spawned if self._found else ():
            if isinstance(spawned.target, FunctionRef) and self._is_all(spawned):
                self._by_starts.update(self._left_out(spawned.target, spawned.given))

    def _is_all(self, spawned: Spawned) -> bool:
        """Whether it is known what a start gives: `args=(key,)` is, `args=job` is not."""
        code, id = self._types.names.sources.codes[spawned.site[0]], spawned.site[1]
        call, spawn, given = code.operation(id), spawned.spawn, spawned.given
        if type(call) is not facts.Call:
            return False
        passed = arguments(code, call)
        shown = ((spawn.args, given.positional), (spawn.kwargs, given.keywords))
        return all(slot is None or passed.at(slot) is None or bool(found) for slot, found in shown)

    def _left_out(self, callee: FunctionRef, given: Passed) -> Iterator[tuple[int, int]]:
        """The parameters that a call surely leaves out, by the key of the function and their number."""
        own = 0 if callee.receiver is None else 1
        for index in self._found.get(callee.code.key, ()) if not given.starred and not given.mappings else ():
            parameter = callee.code.function.parameters[index]
            position = index - own if parameter.kind == "positional" else None
            if index >= own and given.at(Slot(position, parameter.name)) is None:
                yield callee.code.key, index


def _is_run_once(body: Code) -> bool:
    """Whether a body runs once in the life of the program: that of a module, or of a class in it."""
    return body.function.kind in ONCE and (body.parent is None or _is_run_once(body.parent))
