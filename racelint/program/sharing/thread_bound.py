"""Part of the sharing stage: functions that ask which thread runs them, and go on in the one only that they are for.

`assert threading.current_thread() is self._thread`, `if get_ident() != self._owner: return self.submit(call)`: a
decorator may ask so for all functions that it stands before. Who is that careful runs what asks in one thread.
"""

from __future__ import annotations

from dataclasses import dataclass

from racelint import facts
from racelint.knowledge.threads import THREAD_KEYS
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.decorated import runs_parameter
from racelint.program.memory.places import Access
from racelint.program.sources.branching import conditions, found_equal
from racelint.program.sources.source import Code
from racelint.program.values.decorators import by_function, decorated, makers, returned_functions


@dataclass(slots=True)
class ThreadBound:
    """Tells whether both of two accesses are made in the thread that their functions ask for."""

    calls: Calls
    _asking: set[int] | None = None
    """The functions of which a decorator asks for the thread before it runs them."""

    def covers(self, one: Access, other: Access) -> bool:
        """Whether both are reached only after it was found that the running thread is a certain one."""
        return self._is_bound(one) and self._is_bound(other)

    def _is_bound(self, access: Access) -> bool:
        return self._is_decorated(access.code) or self._asks(access.code, access.id)

    def _is_decorated(self, code: Code) -> bool:
        if not code.function.decorators:
            return False
        if self._asking is None:
            types = self.calls.types
            self._asking = set(by_function(decorated(types), self._askers))
        return code.key in self._asking

    def _askers(self, decorator: Code) -> list[Code]:
        """What a decorator makes of functions, if that runs them only in a certain thread."""
        types = self.calls.types
        wrappers = [(each, maker) for maker in makers(types, decorator) for each in returned_functions(types, maker)]
        return [
            wrapper
            for wrapper, maker in wrappers
            if (calls := runs_parameter(wrapper, maker)) and all(self._asks(wrapper, call) for call in calls)
        ]

    def _asks(self, code: Code, id: int) -> bool:
        """Whether a function comes to an operation only where the running thread is the one that it is compared to."""
        compared = (found_equal(code, test, truth) for test, truth in conditions(code, id))
        return any(is_same and any(self._is_thread(code, each) for each in values) for is_same, values in compared)

    def _is_thread(self, code: Code, id: int) -> bool:
        """Whether a value is the running thread, or an attribute of it: its number, its name."""
        operation = code.operation(id)
        while type(operation) is facts.LoadAttr:
            operation = code.operation(operation.base)
        return self.calls.types.surely_calls(code, operation, THREAD_KEYS)
