"""Part of the sharing stage: does one task alone wait for what it has a pool do, or several, each for a run of its own?

A coroutine that awaits each of its calls in a pool hands over its object to one at a time. Where many tasks run it on
one object, as requests do, there are as many calls in the pool at once: `await asyncio.to_thread(self._load)`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import operation_of
from racelint.program.locking.locksets import LockSets
from racelint.program.sharing.name import Name, Root
from racelint.program.sharing.naming import Naming
from racelint.program.values.values import FunctionRef


class WaitingTasks(msgspec.Struct):
    """Answers it of an object, by the root of its names. `tasks` are those of event loops, with what each runs."""

    tasks: Threads
    main: Context
    naming: Naming
    locksets: LockSets
    _known: dict[tuple[int, Root], bool] = msgspec.field(default_factory=dict)

    def are_several(self, context: Context, root: Root) -> bool:
        """Whether many tasks at once may wait for runs of a context, which works on the object at a root for each."""
        if context.code is None or not context.code.function.is_async:
            return False
        if self.locksets.held(context.code, context.site):
            # be it that it lets several in: who limits how many there are may have an eye on this
            return False
        return any(task.many and self._is_given(task, root) for task in self.tasks.of(context.code))

    def _is_given(self, task: Context, root: Root) -> bool:
        """Whether all tasks of a start work on the object at a root, which is there before."""
        asked = task.index, root
        if asked not in self._known:
            self._known[asked] = any(name.root == root and not name.is_item for name in self._names(task))
        return self._known[asked]

    def _names(self, task: Context) -> Iterator[Name]:
        """The names that those who start a task have for what it runs on, as far as that is one for all its runs."""
        code = task.code
        call = code.operation(task.site) if code is not None else None
        if code is None or type(call) is not facts.Call:
            return
        types, flow = self.tasks.calls.types, self.locksets.places.dataflow(code)
        entries = {entry for entry, _ in task.entries}
        for handed in (call.callee, *(each.value for each in call.arguments)):
            fetched = code.operation(handed)
            values = types.of(code, handed) if handed >= 0 else ()
            is_run = any(isinstance(each, FunctionRef) and each.code in entries for each in values)
            base = fetched.base if is_run and type(fetched) is facts.LoadAttr else handed
            path = flow.path(base) if base >= 0 and base != call.callee else ""
            made = operation_of(path.partition(".")[0])
            if task.repeated is None or not task.repeated[0] <= made <= task.repeated[1]:
                yield from self.naming.names(self.main, code, path)
