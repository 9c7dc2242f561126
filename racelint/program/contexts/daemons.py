"""Part of the threads stage: which threads may be at work while the process ends, when `atexit` has its functions run?

The interpreter waits for all threads that are no daemons before that, and for the tasks of its executors. A thread is a
daemon if that is said, or if it is a daemon that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from racelint import facts
from racelint.knowledge.running import RunsOn
from racelint.knowledge.threads import DAEMON, SET_DAEMON, WAITED_FOR
from racelint.program.contexts.contexts import Context
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, Library, LibraryObject, Site


class Daemons:
    """The question is `outlive`. `running` tells which contexts run a function."""

    def __init__(self, types: Types, running: Callable[[Code], list[Context]]) -> None:
        self._types = types
        self._running = running
        self._known: dict[int, bool] = {}
        self._set: set[Site] | None = None

    def outlive(self, context: Context) -> bool:
        """Whether a context may still be at work then; it may, as long as nothing tells that it is waited for."""
        if context.index not in self._known:
            # who is made by such as itself is no daemon on account of that
            self._known[context.index] = False
            self._known[context.index] = not self._is_waited_for(context)
        return self._known[context.index]

    def _is_waited_for(self, context: Context) -> bool:
        if context.runs_on is not RunsOn.THREAD:
            return False
        classes = [receiver.cls for _, receiver in context.entries if isinstance(receiver, Instance)]
        if context.own_instance:
            bases = {base for cls in classes for base in cls.library_bases}
            sites = {site for cls in classes for site in self._types.constructions.get(cls.key, ())}
            if not sites or bases.isdisjoint(WAITED_FOR) or any(map(self._tells, self._methods(classes))):
                return False
        else:
            sites = {(context.code.key, context.site)} if context.code is not None else set()
            if not sites or not all(map(self._makes_thread, sites)):
                return False
        codes = self._types.names.sources.codes
        makers = [codes[key] for key, _ in sites]
        if any(self._is_told(site) for site in sites) or any(self._tells(each) for each in self._beside(makers)):
            return False
        return not any(self.outlive(each) for maker in makers for each in self._running(maker) if not each.is_main)

    def _makes_thread(self, site: Site) -> bool:
        values = self._types.callees.get(site, ())
        return bool(values) and all(isinstance(each, Library) and each.qualname in WAITED_FOR for each in values)

    def _is_told(self, site: Site) -> bool:
        """Whether a call may say itself that what it makes is a daemon, or others say so of what it has made."""
        if self._set is None:
            self._set = set(self._set_anywhere())
        if site in self._set:
            return True
        call = self._types.names.sources.codes[site[0]].operation(site[1])
        return type(call) is not facts.Call or any(each.name in (DAEMON, "*", "**") for each in call.arguments)

    def _set_anywhere(self) -> Iterator[Site]:
        """Where threads are made that some function is given and makes daemons."""
        stored = ((code, code.operation(id)) for code, id in self._types.attribute_stores.get(DAEMON, ()))
        for code, each in (*stored, *self._types.loads((SET_DAEMON,))):
            if isinstance(each, facts.StoreAttr | facts.LoadAttr):
                threads = self._types.of(code, each.base)
                made = (one.site for one in threads if isinstance(one, Instance | LibraryObject))
                yield from (site for site in made if site is not None)

    def _methods(self, classes: list[ClassInfo]) -> Iterator[Code]:
        homes = {each.key for cls in classes for each in cls.mro}
        return (each for each in self._types.names.sources.codes if each.home is not None and each.home.key in homes)

    def _beside(self, makers: list[Code]) -> Iterator[Code]:
        """Functions that make threads, and all of their classes: a thread may be made here and set up there."""
        yield from makers
        yield from self._methods([each.home for each in makers if each.home is not None])

    @staticmethod
    def _tells(code: Code) -> bool:
        """Whether a function says of any thread that it is a daemon, or a class of its own."""
        for each in code.operations:
            match each:
                case facts.StoreAttr(name=name) | facts.StoreName(name=name) if name == DAEMON:
                    return True
                case facts.LoadAttr(name=name) if name == SET_DAEMON:
                    return True
                case facts.Call(arguments=arguments) if any(argument.name == DAEMON for argument in arguments):
                    fetched = code.fetched(each)
                    if type(fetched) is facts.LoadAttr and fetched.name == "__init__":
                        return True
                case _:
                    pass
        return False
