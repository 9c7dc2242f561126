"""Part of the sharing stage: by which calls does a context come to an object, and may that be while another one lives?

A function that many call works on many objects. Who calls it on the one in question may do so only before a thread is
started, or when it has been waited for, whoever else calls the function at any time: `cache.clear()` of every owner of
a cache, beside `self._thread.join(); self._cache.clear()` of the one whose thread fills it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import split_path
from racelint.program.memory.places import Access
from racelint.program.sharing.fresh import Fresh
from racelint.program.sharing.name import Name, made_at
from racelint.program.sharing.naming import Naming
from racelint.program.sharing.preparing import Preparing
from racelint.program.sharing.unstarted import Unstarted, is_receiver
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, Value

ENOUGH: Final = 200
"""Where so many functions may be on the way, nothing is said of when they are."""

Step = tuple[Edge, Mapping[str, str]]


class Stop(msgspec.Struct, frozen=True):
    """A function on the way, and by which parameter it knows the object, over `rest`: `name` is that parameter's."""

    code: Code
    parameter: str = ""
    name: Name | None = None
    rest: str = ""

    @property
    def is_own(self) -> bool:
        """Whether that is the object of a method."""
        return self.name is not None and self.parameter == self.code.own_name


class Ways(msgspec.Struct):
    """The question is `way`."""

    threads: Threads
    naming: Naming
    preparing: Preparing
    unstarted: Unstarted
    fresh: Fresh
    _into: dict[int, list[Step]] | None = None
    _known: dict[tuple[int, int, tuple[Stop, ...]], list[Code]] = msgspec.field(default_factory=dict)

    def way(self, name: Name, context: Context, access: Access, beside: Context) -> list[Code]:
        """The functions by which a context comes to an access, on the object of that name, while another one lives.

        There are none if it does not.
        """
        stops = self._stops(context, access.code, access.base, name)
        last = tuple(each for each in stops if not self._is_apart(context, each, access.id, beside))
        key = context.index, beside.index, last
        if key not in self._known:
            self._known[key] = self._find(context, last, beside)
        return self._known[key]

    def shown(self, names: Iterable[Name], context: Context, access: Access, beside: Context) -> list[Code]:
        """Of the ways to one of these objects the one to tell of: rather that on which the function was found."""
        names, usual = list(names), self.threads.trace(context, access.code)
        if any(self._is_way(usual, name, context, access, beside) for name in names):
            return usual
        ways = (self.way(name, context, access, beside) for name in names)
        return min(filter(None, ways), key=len, default=usual)

    def _is_way(self, chain: Sequence[Code], name: Name, context: Context, access: Access, beside: Context) -> bool:
        """Whether a chain of calls is such a way for the object of that name."""
        stops = self._stops(context, access.code, access.base, name)
        stops = [each for each in stops if not self._is_apart(context, each, access.id, beside)]
        for code in chain[-2::-1]:
            steps = ((edge, before) for each in stops for edge, before in self._ways(context, each))
            left = (before for edge, before in steps if not self._is_over(context, edge, beside, before))
            stops = [*dict.fromkeys(before for before in left if before.code is code)]
        return any(self._is_start(context, each) or not list(self._ways(context, each)) for each in stops)

    def _find(self, context: Context, last: Iterable[Stop], beside: Context) -> list[Code]:
        """The shortest way to a function that is open from its beginning on, as far as one can see."""
        onward: dict[Stop, Stop | None] = dict.fromkeys(last)
        pending = deque(onward)
        while pending:
            stop = pending.popleft()
            ways = list(self._ways(context, stop)) if not self._is_start(context, stop) else []
            if not ways or len(onward) > ENOUGH:
                return list(_chain(stop, onward))
            for edge, before in ways:
                if before not in onward and not self._is_over(context, edge, beside, before):
                    onward[before] = stop
                    pending.append(before)
        return []

    def _is_start(self, context: Context, stop: Stop) -> bool:
        """Whether a context may begin with a function, on the object of that name."""
        code, calls = stop.code, self.threads.calls
        if not context.is_main:
            return any(entry is code for entry, _ in context.entries)
        if stop.name is not None:
            own = code.cls is not None and stop.name == Name(("self", code.cls.key, ""), "")
            return own and is_public(code) and stop.is_own
        seen = code.key not in calls.escaping | calls.handed_out and not is_public(code)
        return not seen or self.threads.found_by.get((context.index, code.key)) is None

    def _ways(self, context: Context, stop: Stop) -> Iterator[tuple[Edge, Stop]]:
        """The calls by which a context comes to a function, on the object of that name if it has one there."""
        for edge, passed in self._calls_of(stop.code):
            caller = edge.caller
            if all(each is not context for each in self.threads.of(caller)):
                continue
            if stop.name is None:
                yield edge, Stop(caller)
                continue
            path = passed.get(stop.parameter)
            if path is None:
                continue
            if stop.name in self.naming.names(context, caller, path):
                for before in self._stops(context, caller, path, stop.name, stop.rest):
                    yield edge, before
            elif stop.name in self.naming.given(context, edge, stop.parameter, path) or (
                self._may_return(caller, path, stop.name)
            ):
                yield edge, Stop(caller)

    def _may_return(self, code: Code, path: str, name: Name) -> bool:
        """Whether a path begins with what a call returns, and may lead to the object of that name.

        There it has another name: what functions return is not followed.
        """
        root, *steps = path.split(".")
        if not root.removeprefix("%").isdigit():
            return False
        site = code.key, int(root[1:])
        kept = name.path.split(".")[1 : len(name.path.split(".")) - len(steps)]
        if kept and self.fresh.is_never_in(code, site[1], kept[-1]):
            return False
        values = self.threads.calls.types.of(code, site[1])
        given = self._led((each for each in values if not isinstance(each, Instance) or each.site != site), steps)
        if not given or "[" in name.path:
            return bool(given)
        meant = self._led(self._beginning(name), name.path.split(".")[1:])
        # of what is made out of sight only the class is known
        classes = {each.cls for each in meant if each.site is None}
        return any(each in meant or not classes.isdisjoint(each.cls.mro) for each in given)

    def _beginning(self, name: Name) -> Iterable[Value]:
        """What the object may be with which a name begins."""
        types, (kind, key, text) = self.threads.calls.types, name.root
        if kind == "global":
            return types.of_global(key, text)
        if kind == "class":
            return types.of_class_level(types.names.sources.classes[key], text)
        if (made := made_at(name.root)) is not None:
            return types.of(types.names.sources.codes[made.code], made.id)
        return [types.names.values.instance(cls, None) for cls in self.naming.shortening.classes(name.root)]

    def _led(self, values: Iterable[Value], steps: Iterable[str]) -> set[Instance]:
        """The objects to which attributes may lead from others."""
        types = self.threads.calls.types
        found = {each for each in values if isinstance(each, Instance)}
        for step in steps:
            held = (value for each in found for value in types.of_attribute(each.cls, step))
            found = {each for each in held if isinstance(each, Instance)}
        return found

    def _is_over(self, context: Context, edge: Edge, beside: Context, before: Stop) -> bool:
        """Whether a call is made only before the other context is started, or when it has ended."""
        caller, site = edge.caller, edge.site
        if self._is_apart(context, before, site, beside) or site > beside.joins.get(caller.key, site):
            return True
        if before.is_own and is_receiver(beside, caller) and self.unstarted.is_before(beside, caller, site):
            return True
        starts = self.preparing.leads_to_start(edge.callee, beside)
        return context.is_main and not starts and not self.threads.may_live(beside, caller, site)

    def _is_apart(self, context: Context, stop: Stop, id: int, beside: Context) -> bool:
        """Whether a method is at work on what its object has for itself, while nobody else has that one."""
        code, calls = stop.code, self.threads.calls
        if not stop.is_own or not self._is_part(code, stop.rest):
            return False
        if code.key in calls.constructing:
            return not self.preparing.starts_between(code, -1, id, beside)
        return self.preparing.is_only_for_new(context, code, id, beside)

    def _is_part(self, code: Code, rest: str) -> bool:
        """Whether what an attribute of the own object leads to is made by its own methods, step by step."""
        types = self.threads.calls.types
        classes = [code.cls] if code.cls is not None else []
        for name in rest.split(".")[1:]:
            owners = {method.key for cls in classes for method in types.attributes.all_methods(cls)}
            values = [value for cls in classes for value in types.of_attribute(cls, name)]
            parts = [each for each in values if isinstance(each, Instance) and each.site is not None]
            if not parts or any(each.site is not None and each.site[0] not in owners for each in parts):
                return False
            classes = [each.cls for each in parts]
        return True

    def _stops(self, context: Context, code: Code, base: str, name: Name, beyond: str = "") -> list[Stop]:
        """A function by the parameter from which a path leads to the object, if it does; `beyond` is on from there."""
        root, rest = split_path(base)
        found = []
        if any(each.name == root for each in code.function.parameters):
            settled = self.naming.shortening.settled
            for each in self.naming.names(context, code, root):
                if name in settled([Name(each.root, each.path + rest)]):
                    found.append(Stop(code, root, each, rest + beyond))
        return found or [Stop(code)]

    def _calls_of(self, code: Code) -> list[Step]:
        """The calls of a function along which names are carried, each with what it passes."""
        if self._into is None:
            self._into = defaultdict(list)
            for caller in self.naming.carrying:
                for step in self.naming.calls.of(caller):
                    self._into[step[0].callee.key].append(step)
        return self._into.get(code.key, [])


def _chain(stop: Stop | None, onward: Mapping[Stop, Stop | None]) -> Iterator[Code]:
    while stop is not None:
        yield stop.code
        stop = onward[stop]
