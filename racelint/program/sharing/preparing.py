"""Part of the sharing stage: which calls only prepare an object, for its constructor or for who has just made it?"""

from __future__ import annotations

from typing import Final

import msgspec

from racelint import facts
from racelint.program.callgraph.calls import is_public
from racelint.program.callgraph.edges import Edge, on_own_object
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.dataflow.frames import operation_of
from racelint.program.memory.places import Access, Places
from racelint.program.sources.loops import turns_with
from racelint.program.sources.source import END, Code, is_super
from racelint.program.values.values import ClassRef, FunctionRef, Instance

DEPTH: Final = 3
"""So many calls up it is looked for the constructor."""


class Preparing(msgspec.Struct):
    """Tells of methods, and of calls of them, whether nobody else has the object yet."""

    threads: Threads
    places: Places
    _starting: dict[int, set[int]] = msgspec.field(default_factory=dict)
    """For contexts that were asked about: the functions that start them, if only by calls."""

    def is_before(self, context: Context, access: Access, beside: Context) -> bool:
        """Whether the main context comes to an access of a method's object only to prepare that for another context.

        Where nobody else calls the method, it is there for callers outside: at any time if it starts all over, but to
        set up what the constructor was not given if it is given something itself (`add_handler(handler)`). What the
        constructor of a base calls before it starts the other context is a step of its set-up that subclasses fill in.
        """
        if context.is_main and self._is_part_of_new(access.code, access.base, access.id):
            return not self.starts_between(access.code, -1, access.id, beside)
        return access.is_of_self and self.is_only_for_new(context, access.code, access.id, beside)

    def is_only_for_new(self, context: Context, code: Code, id: int, beside: Context) -> bool:
        """Whether the main context comes to an operation of a method only to prepare the method's object."""
        if not context.is_main:
            return False
        calls, main = self.threads.calls, self._calls_in(context, code)
        making = [edge for edge in main if calls.is_construction(edge)]
        if not making:
            return not self.starts_between(code, -1, id, beside) and self._is_for_new(context, code, beside)
        if not all(self._is_step_of_making(context, edge, beside) for edge in main):
            return False
        is_set_up = all(_gives(edge) or (_is_hook(edge) and self._is_before_start(edge, beside)) for edge in making)
        return len(calls.callers(code)) > len(main) or is_set_up

    def is_handed_over_later(self, access: Access, context: Context) -> bool:
        """Whether the function that starts a context is at work on what it gives that start only afterwards.

        In a loop that is another object in each turn.
        """
        code, made = context.code, access.base.split(".")[0].removeprefix("%")
        if code is None or access.code is not code or access.id >= context.site or not made.isdigit():
            return False
        if context.repeated is not None and not context.repeated[0] <= int(made) <= context.repeated[1]:
            return False
        call, flow = code.operations[context.site], self.places.dataflow(code)
        given = call.arguments if type(call) is facts.Call else ()
        return access.base.startswith("%") and any(flow.path(each.value) == f"%{made}" for each in given)

    def is_initial(self, code: Code) -> bool:
        """Whether a method is only called on objects that its callers have just made; of a public one, and kept."""
        edges = self.threads.calls.callers(code)
        if not edges or code.key in self.threads.calls.escaping:
            return False
        return all(self._is_of_new(edge, published=not is_public(code)) for edge in edges)

    def is_first_use(self, access: Access) -> bool:
        """Whether a method sets its object up before it does anything else, each time on one made for this call."""
        return access.is_of_self and self._is_first_call(access.code, access.id)

    def _is_first_call(self, code: Code, before: int, depth: int = DEPTH) -> bool:
        """Whether a method has told nobody of its object yet, and is only called on what was made a moment ago."""
        edges = self.threads.calls.callers(code)
        if not depth or not edges or code.key in self.threads.calls.escaping or self._tells(code, before):
            return False
        return all(
            self._is_first_call(edge.caller, edge.site, depth - 1) if on_own_object(edge) else self._is_for_call(edge)
            for edge in edges
        )

    def _tells(self, code: Code, before: int) -> bool:
        """Whether a method calls one of its object, gives that to a call or to an inner function, or stores it where
        others find it, by then."""
        flow, own = self.places.dataflow(code), 0
        for each in code.operations[:before]:
            if type(each) is facts.MakeFunction or self._keeps_elsewhere(code, each):
                return True
            if type(each) is facts.Call and not is_super(code, each):
                told = (each.callee, *(argument.value for argument in each.arguments))
                if any(flow.comes_from(value, own) for value in told):
                    return True
        return False

    def _keeps_elsewhere(self, code: Code, operation: facts.Operation | None) -> bool:
        """Whether an operation stores the object of a method, or a method of that, in what is not part of it."""
        match operation:
            case facts.StoreName(scope="global", value=value):
                pass
            case facts.StoreAttr(base=base, value=value) | facts.StoreItem(base=base, value=value) if not code.is_own(
                base
            ):
                pass
            case _:
                return False
        fetched = code.operation(value)
        if type(fetched) is facts.LoadAttr and code.is_own(fetched.base):
            return any(isinstance(each, FunctionRef) for each in self.places.types.of(code, value))
        return code.is_own(value)

    def _is_for_call(self, edge: Edge) -> bool:
        """Whether a method is called on what the caller has just made, whichever of two it is, and given to nobody."""
        code, flow, called = edge.caller, self.places.dataflow(edge.caller), _called(edge)
        if called == facts.NOTHING:
            return False
        chosen = code.operation(called)
        ways = chosen.operands if type(chosen) is facts.Choice else (called,)
        return all(
            self._is_made_at(code, each) and self._is_given_to_nobody(code, flow, each, edge.site) for each in ways
        )

    def _calls_in(self, context: Context, code: Code) -> list[Edge]:
        return [edge for edge in self.threads.calls.callers(code) if context in self.threads.of(edge.caller)]

    def _is_step_of_making(self, context: Context, edge: Edge, beside: Context, depth: int = DEPTH) -> bool:
        """Whether a context makes a call before the start of another one, or while it makes the object.

        It may do so by methods of the object to which it comes in no other way: by one that overrides the callee.
        """
        calls = self.threads.calls
        if calls.is_construction(edge) or self._is_before_start(edge, beside):
            return True
        if not depth or not on_own_object(edge) or edge.caller.key in calls.escaping:
            return False
        above = self._calls_in(context, edge.caller)
        return bool(above) and all(self._is_step_of_making(context, each, beside, depth - 1) for each in above)

    def _is_for_new(self, context: Context, code: Code, beside: Context) -> bool:
        """Whether a context calls a method, or one that does, only on what was just made, before a start."""
        edges = self._calls_in(context, code)
        return bool(edges) and all(
            self._is_of_new(edge) and not self._may_have_started(edge, beside)
            if not _is_on_self(edge)
            else self.threads.calls.is_construction(edge) or self._is_first(context, edge, beside)
            for edge in edges
        )

    def _may_have_started(self, edge: Edge, beside: Context) -> bool:
        """Whether a caller may have started a context by then, be it in an earlier turn with the same object."""
        code, id = edge.caller, edge.site
        turns = turns_with(code, self._made(edge), id)
        return any(self.starts_between(code, low - 1, high + 1, beside) for low, high in ((0, id - 1), *turns))

    def _is_first(self, context: Context, edge: Edge, beside: Context) -> bool:
        """Whether a method calls another one on its object, which has just been made, before it starts anything."""
        callers = self._calls_in(context, edge.caller)
        return (
            bool(callers)
            and all(map(self._is_of_new, callers))
            and not self.starts_between(edge.caller, -1, edge.site, beside)
        )

    def _is_of_new(self, edge: Edge, *, published: bool = False) -> bool:
        """Whether a method is called on what the caller has just made; unless `published` may be, and kept so far."""
        flow = self.places.dataflow(edge.caller)
        if self._is_part_of_new(edge.caller, self._path(edge), edge.site):
            return True
        made = self._made(edge)
        if made == facts.NOTHING:
            return False
        return self._is_made_at(edge.caller, made) and (published or self._is_kept(edge.caller, flow, made, edge.site))

    def _path(self, edge: Edge) -> str:
        """The path of the object whose method is called."""
        fetched = _fetched(edge)
        return self.places.dataflow(edge.caller).path(fetched.base) if fetched is not None else ""

    def _made(self, edge: Edge) -> int:
        """The operation of the caller that has made the object whose method is called."""
        return operation_of(self._path(edge))

    def _is_made_at(self, code: Code, id: int) -> bool:
        """Whether an operation makes an object of the program."""
        values = self.places.types.of(code, id)
        return any(isinstance(value, Instance) and value.site == (code.key, id) for value in values)

    def _is_part_of_new(self, code: Code, path: str, id: int) -> bool:
        """Whether a constructor is at work on what it has made for the new object itself: `self.jobs`, a moment ago."""
        own, _, name = path.partition(".")
        if code.key not in self.threads.calls.constructing or not own or own != code.own_name:
            return False
        flow = self.places.dataflow(code)
        stores = [each for each in code.operations if type(each) is facts.StoreAttr and each.name == name]
        stored = [each for each in stores if each.id < id and flow.path(each.base) == own]
        return bool(stored) and any(
            isinstance(value, Instance) and value.site == (code.key, stored[-1].value)
            for value in self.places.types.of(code, stored[-1].value)
        )

    def _is_kept(self, code: Code, flow: Dataflow, made: int, site: int) -> bool:
        """Whether a function has given what it has made to nobody but other new objects, up to a call.

        What it has no other use for was not prepared by the call.
        """
        uses = flow.uses(made)
        if len(uses) < 2 and made not in code.returns:
            return False
        return self._is_given_to_nobody(code, flow, made, site)

    def _is_given_to_nobody(self, code: Code, flow: Dataflow, made: int, site: int) -> bool:
        """Whether a function has given what it has made to nobody but other new objects, up to a call."""
        uses = [each for use in flow.uses(made) for each in (flow.uses(use.id) if type(use) is facts.Choice else [use])]
        for use in uses:
            match use:
                case facts.LoadAttr() | facts.Compute():
                    pass
                case facts.StoreAttr(base=base) if base == made:
                    pass
                case facts.Call(callee=callee) if any(
                    isinstance(value, ClassRef) for value in self.places.types.of(code, callee)
                ):
                    pass
                case _ if use.id < site:
                    return False
                case _:
                    pass
        return True

    def _is_before_start(self, edge: Edge, context: Context) -> bool:
        """Whether the caller goes on to start the context, or what it calls does."""
        return self.starts_between(edge.caller, edge.site - 1, END, context)

    def starts_between(self, code: Code, after: int, before: int, context: Context) -> bool:
        """Whether a function starts a context between two operations, itself or by a call."""
        if any(starter is code and after < id < before for starter, id in context.starts):
            return True
        calls = (each for each in self.threads.calls.calls(code) if after < each.site < before)
        return any(self.leads_to_start(each.callee, context) for each in calls)

    def leads_to_start(self, code: Code, context: Context) -> bool:
        """Whether a function starts a context, itself or by a call."""
        starting = self._starting.get(context.index)
        if starting is None:
            starting = self._starting[context.index] = self._starters(context)
        return code.key in starting

    def _starters(self, context: Context) -> set[int]:
        pending = [code for code, _ in context.starts]
        found = {code.key for code in pending}
        while pending:
            for edge in self.threads.calls.callers(pending.pop()):
                if edge.caller.key not in found:
                    found.add(edge.caller.key)
                    pending.append(edge.caller)
        return found


def _fetched(edge: Edge) -> facts.LoadAttr | None:
    """Where a method that is called is fetched from its object; or a property, which is a call."""
    operation = edge.caller.operation(edge.site)
    if type(operation) is facts.Call and operation.callee >= 0:
        operation = edge.caller.fetched(operation)
    return operation if type(operation) is facts.LoadAttr else None


def _called(edge: Edge) -> int:
    """The object whose method is called: that of `run.execute()`, or what is called itself."""
    call, fetched = edge.caller.operation(edge.site), _fetched(edge)
    if edge.callee.name == "__call__" and type(call) is facts.Call:
        return call.callee
    return facts.NOTHING if fetched is None else fetched.base


def _is_on_self(edge: Edge) -> bool:
    fetched = _fetched(edge)
    return on_own_object(edge) or (fetched is not None and edge.caller.is_own(fetched.base))


def _is_hook(edge: Edge) -> bool:
    """Whether a method is called by a method of another class on its own object: by one of a base."""
    return edge.caller.cls is not edge.callee.cls


def _gives(edge: Edge) -> bool:
    """Whether a call hands anything over."""
    call = edge.caller.operations[edge.site]
    return type(call) is facts.Call and bool(call.arguments)
