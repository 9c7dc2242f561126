"""Part of the sharing stage: objects that a function has just made, or had made for it: nobody else has them yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.definitions import KEEPS_ANSWERS
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import operation_of
from racelint.program.memory.places import Access, Places
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, Site

PASSES_ON: Final = (facts.Phi, facts.Choice)
"""What gives the same object under another id."""

KEEPS_NOTHING: Final = (*PASSES_ON, facts.LoadAttr, facts.Compute)
"""What may be done with an object, and leaves it to who has it. Attributes may also be set."""


class Fresh:
    """Answers whether an object was made for the function that works on it."""

    def __init__(self, threads: Threads, places: Places) -> None:
        self._calls = threads.calls
        self._places = places
        self._given: dict[tuple[int, bool], bool] = {}
        self._passed_on: dict[str, bool] = {}
        entries = (receiver for context in threads.contexts for _, receiver in context.entries)
        self._running: set[Site | None] = {each.site for each in entries if isinstance(each, Instance)}
        self._starters: dict[Site, list[Code]] = {}
        """For objects on which contexts run: who starts these."""
        for context in threads.contexts:
            for site in (each.site for _, each in context.entries if isinstance(each, Instance) and each.site):
                self._starters.setdefault(site, []).extend(starter for starter, _ in context.starts)
        self._making = {key for key, _ in self._starters}
        """The functions that make these, by their keys."""

    def is_fresh(self, access: Access) -> bool:
        """Whether it was made in the very function of the access, under a name of its own, or by one called there.

        What another function has made must not be kept by anybody, until the access.
        """
        code = access.code
        call = code.operation(operation_of(access.base)) or self._just_kept(access)
        if type(call) is not facts.Call:
            return False
        if any(isinstance(value, Instance) and value.site == (code.key, call.id) for value in access.bases):
            return not self._is_at_work(code, call.id, access.id)
        return self._is_given_here(code, call.id) and not self._is_kept(code, call.id, access.id)

    def _just_kept(self, access: Access) -> Operation | None:
        """What makes the object of an access to an attribute of the own one, if this very function has put it there,
        and it has a thread of its own: `self.reader = Reader()`, `self.reader.limit = 3` and `self.reader.start()`."""
        code, (owner, _, name) = access.code, access.base.partition(".")
        if code.key not in self._making or not owner or owner != code.own_name or not name or "." in name:
            return None
        stores = [each for each in code.own_stores() if each.name == name and each.id < access.id]
        given = set(conditions(code, access.id))
        if not stores or not given.issuperset(conditions(code, stores[-1].id)):
            return None
        made = code.operation(stores[-1].value)
        if type(made) is not facts.Call or (code.key, made.id) not in self._starters:
            return None
        return made if self._is_made_here(code, made.id) else None

    def _is_made_here(self, code: Code, id: int) -> bool:
        """Whether a call makes an object of a class of the program."""
        made = self._places.types.of(code, id)
        return bool(made) and all(isinstance(each, Instance) and each.site == (code.key, id) for each in made)

    def is_allocated(self, access: Access) -> bool:
        """Whether a library made it for this very function, `super().__new__(cls)`, and nobody keeps it yet."""
        code = access.code
        call = code.operation(operation_of(access.base))
        method = code.fetched(call)
        if type(call) is not facts.Call or type(method) is not facts.LoadAttr or method.name != "__new__":
            return False
        is_made_here = any(edge.site == call.id for edge in self._calls.calls(code))
        return not is_made_here and not self._is_kept(code, call.id, access.id)

    def _is_at_work(self, code: Code, site: int, until: int) -> bool:
        """Whether an object that a function makes has a thread by then: its constructor starts one, or its `start`."""
        starters = self._starters.get((code.key, site), [])
        if any(each.key in self._calls.constructing for each in starters):
            return True
        calls = self._calls.calls(code) if starters else []
        return any(edge.callee in starters and edge.site < until for edge in calls)

    def is_of_this_run(self, access: Access) -> bool:
        """Whether it was made while the function of the access ran, though others may have been given it since.

        Two runs that both work on what was made for them never work on the same object.
        """
        code = access.code
        call = code.operation(operation_of(access.base))
        return type(call) is facts.Call and self._is_given_here(code, call.id, keeps=True)

    def is_never_in(self, code: Code, site: int, attribute: str) -> bool:
        """Whether a call gives back what was made for it, and the function that calls gives that to nobody, nor stores
        it in an attribute of that name, or of one that others take it from: what stands there is another object."""
        if not self._is_given_here(code, site):
            return False
        flow = self._places.dataflow(code)
        stores = [each for each in code.operations if type(each) is facts.StoreAttr and each.name != attribute]
        kept = [each for each in stores if flow.comes_from(each.value, site)]
        if self._is_kept(code, site, len(code.operations), {each.id for each in kept}):
            return False
        return not any(self._is_passed_on(each.name) for each in kept)

    def _is_passed_on(self, attribute: str) -> bool:
        """Whether what stands in an attribute of that name is read somewhere to be given to others, or kept."""
        known = self._passed_on.get(attribute)
        if known is None:
            known = self._passed_on[attribute] = any(
                each.id in code.returns or self._is_kept(code, each.id, len(code.operations))
                for code in self._places.types.names.sources.codes
                for each in code.operations
                if type(each) is facts.LoadAttr and each.name == attribute
            )
        return known

    def _is_given_here(self, code: Code, site: int, *, keeps: bool = False) -> bool:
        """Whether a call gives back what was made for it; what `keeps` may be known to others as well."""
        callees = [edge.callee for edge in self._calls.calls(code) if edge.site == site]
        functions = [each for each in callees if each.key not in self._calls.wrapping]
        return bool(functions) and all(
            self._comes_through(each) and self._gives_fresh(each, keeps=keeps) for each in functions
        )

    def _comes_through(self, code: Code) -> bool:
        """Whether what a function gives back is given back by the wrappers around it, and nothing else."""
        return all({*wrapper.returns} == {call} for wrapper, call in self._calls.wrappers.get(code.key, ()))

    def _gives_fresh(self, code: Code, *, keeps: bool) -> bool:
        """Whether a function gives back what it has made, or had made for it, and keeps nothing of it."""
        known = self._given.get((code.key, keeps))
        if known is None:
            # a function that gives back what it gives itself has made nothing
            self._given[code.key, keeps] = False
            given = [id for id in code.returns if not code.is_none(id)]
            is_anew = not code.function.is_async and KEEPS_ANSWERS.isdisjoint(self._places.types.attributes.shape(code))
            is_made = bool(given) and all(self._is_made(code, id, keeps=keeps) for id in given)
            # each call of a generator function makes a generator
            known = is_anew and (is_made or code.function.is_generator)
            self._given[code.key, keeps] = known
        return known

    def _is_made(self, code: Code, id: int, *, keeps: bool) -> bool:
        """Whether a function has made a value or had it made, whatever the way to it, and keeps nothing of it.

        What only has to be of this run may also come from a library: that gives out no objects of the program's classes
        of its own accord.
        """

        def parts(operation: Operation | None) -> Iterable[int] | None:
            match operation:
                case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                    return inputs
                case facts.Const(kind="none"):
                    return ()
                case facts.Call(id=call) if keeps and self._is_unknown(code, call):
                    return ()
                case facts.Call(id=call) if self._is_constructed(code, call) or self._is_given_here(
                    code, call, keeps=keeps
                ):
                    return None if not keeps and self._is_kept(code, call, len(code.operations)) else ()
                case _:
                    return None

        return self._places.dataflow(code).consists(id, parts)

    def _is_unknown(self, code: Code, id: int) -> bool:
        """Whether nothing of the program gives back what a call does."""
        return not self._places.types.of(code, id) and not any(edge.site == id for edge in self._calls.calls(code))

    def _is_constructed(self, code: Code, id: int) -> bool:
        """Whether a call makes an object of a class of the program, on which no context runs."""
        return (code.key, id) not in self._running and self._is_made_here(code, id)

    def _is_kept(self, code: Code, id: int, until: int, but: Collection[int] = ()) -> bool:
        """Whether a function stores an object, gives it to a call, or makes it part of another one before `until`.

        What is in `but` are stores that do not count.
        """
        flow = self._places.dataflow(code)
        names = [id]
        for name in names:
            for use in flow.uses(name):
                if use.id >= until or use.id in but:
                    continue
                if type(use) in PASSES_ON and use.id not in names:
                    names.append(use.id)
                elif type(use) is facts.StoreAttr and use.value != name:
                    continue
                elif type(use) not in KEEPS_NOTHING:
                    return True
        return False
