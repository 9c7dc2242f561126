"""Part of the threads stage: what a context is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.running import RunsOn
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryMethod, Site, Value

OWN_THREADS: Final = frozenset({RunsOn.THREAD, RunsOn.POOL, RunsOn.HANDLER, RunsOn.SERVER})
"""Where a function runs beside its starter with the same memory. A loop, a signal handler and an exit handler run on
the thread of the main context, a process has memory of its own, greenlets and finalizers are not followed."""

OTHER_LOOP: Final[Site] = (facts.NOTHING, facts.NOTHING)
"""Stands for the thread of the event loop to which other threads hand coroutines."""

NAMED: Final = 3
"""So many entries of one start are named in a report."""

NOWHERE: Final = Span(1, 1, 1, 1)


class Context(msgspec.Struct, frozen=True, eq=False):
    """Something that runs code beside others: a thread, a pool's tasks, a request handler; or the main context.

    `entries` are the functions that it starts with, each with the object it runs on. `site` is where it is started
    (None for main and for what a framework starts), `repeated` the id ranges around that, in the function of the site,
    that run again and again: loops and comprehensions. `many`: several of it may run at once. `own_instance`: each has
    an object of its own as receiver (a `Thread` subclass, a request handler).
    """

    index: int
    label: str
    runs_on: RunsOn | None
    entries: tuple[tuple[Code, Value | None], ...]
    many: bool
    own_instance: bool = False
    code: Code | None = None
    site: int = facts.NOTHING
    span: Span = NOWHERE
    repeated: tuple[int, int] | None = None
    starts: tuple[tuple[Code, int], ...] = ()
    """Where it begins to run: the `start()` calls, or the site itself."""
    joins: Mapping[int, int] = msgspec.field(default_factory=dict)
    """For functions that go on only when it has ended: the id of that wait, or of a call that waits."""
    awaited: bool = False
    """Whether each start waits for its end at once: the starter hands what is its own to one at a time."""
    worker: Site | None = None
    """Where the pool or server is made whose one thread runs it."""
    joined_at: Mapping[int, int] = msgspec.field(default_factory=dict)
    """For functions that wait for its end, be it for some time only: the id of the first such call."""
    ends: tuple[int, int] | None = None
    """Where all starts are in one function that also waits for the end: the ids between which it lives there."""

    for_each: bool = False
    """Whether several objects have one each, that is not `many` for any of them: each starts a thread of its own."""
    by: Site | None = None
    """The call of the library that starts it: another one than `site` where a helper does so for who calls it there."""

    @property
    def is_main(self) -> bool:
        """Whether it is the context that nobody of the program starts."""
        return self.runs_on is None

    @property
    def is_several(self) -> bool:
        """Whether several of it may run at once, if not for one object."""
        return self.many or self.for_each

    @property
    def is_of_own_object(self) -> bool:
        """Whether it is a thread that an object starts for a method of its own, one at a time."""
        return self.is_given_own and not self.many and not self.own_instance

    @property
    def is_given_own(self) -> bool:
        """Whether it is a thread that is given something of the object whose method starts it: `self.run`."""
        code = self.code
        if self.runs_on is not RunsOn.THREAD or code is None:
            return False
        call = code.operation(self.site)
        given = [code.operation(each.value) for each in call.arguments] if type(call) is facts.Call else []
        return any(map(code.own_attribute, given))

    @property
    def path(self) -> str:
        """The file in which it is started."""
        return self.code.path if self.code is not None else ""


def library_decorators(types: Types, code: Code) -> set[str]:
    """The decorators around a function, with those that are methods of a library object: `@app.route("/")`."""
    found = set(types.attributes.shape(code))
    parent = code.parent
    if parent is None:
        return found
    for id in code.function.decorators:
        operation = parent.operation(id)
        callee = operation.callee if type(operation) is facts.Call else id
        found.update(value.qualname for value in types.of(parent, callee) if isinstance(value, LibraryMethod))
    return found
