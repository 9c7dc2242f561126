"""Part of the sharing stage: functions that ask which thread runs them, and go on in the one only that they are for.

`assert threading.current_thread() is self._thread`, `if get_ident() != self._owner: return self.submit(call)`: a
decorator may ask so for all functions that it stands before. Who is that careful runs what asks in one thread. What is
told with each call, `if get_ident() != ticket.owner`, may be another thread each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from racelint import facts
from racelint.knowledge.threads import THREAD_KEYS, THREAD_NAMES
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.decorated import runs_parameter
from racelint.program.memory.places import Access
from racelint.program.sources.branching import conditions, found_equal
from racelint.program.sources.source import Code
from racelint.program.values.decorators import by_function, decorated, makers, returned_functions
from racelint.program.values.values import Library


class Asked(NamedTuple):
    """The thread that a function is for: the attribute that has it (None if it is another value), and what of the
    running thread is compared with that."""

    attribute: str | None
    compared: str

    def is_other(self, asked: Asked) -> bool:
        """Whether two functions are for different threads, as far as the same is compared with two attributes."""
        attributes = {self.attribute, asked.attribute}
        return self.compared == asked.compared and None not in attributes and len(attributes) > 1


class ThreadBound(msgspec.Struct):
    """Tells whether both of two accesses are made in the thread that their functions ask for."""

    calls: Calls
    _decorated: dict[int, list[Asked]] | None = None
    """For which threads a decorator has functions go on."""
    _asking: dict[int, bool] = msgspec.field(default_factory=dict)

    def covers(self, one: Access, other: Access) -> bool:
        """Whether both are reached only after it was found that the running thread is a certain one, and the same."""
        mine = self._bound_to(one)
        theirs = self._bound_to(other) if mine else []
        return bool(theirs) and not any(each.is_other(asked) for each in mine for asked in theirs)

    def _bound_to(self, access: Access) -> list[Asked]:
        code = access.code
        return [*self._by_decorators(code), *(self._asked(code, access.id, access.base) if self._asks(code) else ())]

    def _asks(self, code: Code) -> bool:
        """Whether a function asks for the running thread at all: most do not, and need not be looked at any closer."""
        if code.key not in self._asking:
            types = self.calls.types
            self._asking[code.key] = any(types.surely_calls(code, each, THREAD_KEYS) for each in code.operations)
        return self._asking[code.key]

    def _by_decorators(self, code: Code) -> list[Asked]:
        if not code.function.decorators:
            return []
        if self._decorated is None:
            self._decorated = by_function(decorated(self.calls.types), self._asked_by)
        return self._decorated.get(code.key, [])

    def _asked_by(self, decorator: Code) -> list[Asked]:
        """The threads in which alone what a decorator makes of functions runs them."""
        types = self.calls.types
        found: list[Asked] = []
        for maker, names in makers(types, decorator).items():
            for wrapper in returned_functions(types, maker):
                asked = [list(self._asked(wrapper, call)) for call in runs_parameter(types, wrapper, names)]
                if all(asked):
                    found += [each for several in asked for each in several]
        return found

    def _asked(self, code: Code, id: int, base: str = "") -> Iterator[Asked]:
        """The threads that it has to be where a function comes to an operation, which is about the object `base`."""
        for test, truth in conditions(code, id):
            is_same, values = found_equal(code, test, truth)
            for running, expected in (values, values[::-1]) if is_same and len(values) == 2 else ():
                compared = self._compared(code, running)
                told = _told(code, expected)
                if compared and (not told or told == base.partition(".")[0]):
                    kept = code.operation(expected)
                    yield Asked(kept.name if isinstance(kept, facts.LoadAttr) else None, compared)

    def _compared(self, code: Code, id: int) -> str:
        """What a value tells of the running thread, by its dotted name: itself, its number, its name; "" if nothing."""
        operation = call = code.operation(id)
        attribute = ""
        if isinstance(operation, facts.LoadAttr) and operation.name in THREAD_NAMES:
            call = code.operation(operation.base)
            attribute = f".{operation.name}"
        if not isinstance(call, facts.Call) or not self.calls.types.surely_calls(code, call, THREAD_KEYS):
            return ""
        asked = self.calls.types.of(code, call.callee)
        return min(each.qualname for each in asked if isinstance(each, Library)) + attribute


def _told(code: Code, id: int) -> str:
    """The parameter from which a value is fetched, but for the object that the function is called on; "" if none."""
    while isinstance(operation := code.operation(id), facts.LoadAttr | facts.LoadItem):
        id = operation.base
    given = code.given(id)
    return code.function.parameters[given].name if given > 0 else ""
