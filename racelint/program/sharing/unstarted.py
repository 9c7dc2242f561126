"""Part of the sharing stage: what works on an object before it, or a thread of it, is started, with no other beside."""

from __future__ import annotations

import msgspec

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.running import RunsOn
from racelint.program.callgraph.calls import Calls, is_public
from racelint.program.callgraph.edges import on_own_object
from racelint.program.callgraph.protocols import method_refs
from racelint.program.contexts.contexts import Context
from racelint.program.sources.branching import leaves
from racelint.program.sources.nodes import contains, last_id
from racelint.program.sources.source import END, Code, is_super
from racelint.program.values.values import Instance

Limits = dict[int, int]
"""For functions: the operations below this id are done before the start."""


class Unstarted(msgspec.Struct):
    """Tells of operations on a thread object, or on one that starts a thread, whether they come before the start."""

    calls: Calls
    _limits: dict[int, Limits] = msgspec.field(default_factory=dict)

    def is_before(self, context: Context, code: Code, id: int) -> bool:
        """Whether an operation of a method on the object of a context comes before that context is started."""
        limits = self._limits.get(context.index)
        if limits is None:
            limits = self._limits[context.index] = before_start(self.calls, context)
        return id < limits.get(code.key, 0)


def is_receiver(context: Context, code: Code) -> bool:
    """Whether the object of a method is the one that the context was started on, by its class."""
    receivers = [receiver.cls for _, receiver in context.entries if isinstance(receiver, Instance)]
    return code.cls is not None and any(map(code.cls.is_related, receivers))


def before_start(calls: Calls, context: Context) -> Limits:
    """What surely comes before the start of a thread that is an object of the program, as far as it is about that.

    That is what its own `start` does before it calls that of its base class. And where one function makes and starts
    it, what that does before; each with what is called from nowhere else. Of an object that starts a thread for a
    method of its own it is what it does before, if it refuses to start a second one and waits for the end of the first.
    """
    if context.is_of_own_object:
        limits = _before_own_thread(context)
        _spread(calls, limits)
        return limits
    if not context.own_instance or context.runs_on is not RunsOn.THREAD:
        return {}
    receivers = [receiver for _, receiver in context.entries if isinstance(receiver, Instance)]
    limits = {}
    for receiver in receivers:
        for cls in (receiver.cls, *receiver.cls.subclasses):
            for code in method_refs(calls.types, calls.types.names.values.instance(cls, None), ("start",)):
                _note_own_start(calls, code, limits)
    maker = context.code
    if maker is not None and context.site >= 0 and context.starts and all(code is maker for code, _ in context.starts):
        limits[maker.key] = min(id for _, id in context.starts)
    _spread(calls, limits)
    return limits


def _before_own_thread(context: Context) -> Limits:
    code = context.code
    if code is None or not context.joined_at or {starter for starter, _ in context.starts} != {code}:
        return {}
    start = min(id for _, id in context.starts)
    return {code.key: start} if any(_is_refused(code, node, start) for node in code.controls) else {}


def _is_refused(code: Code, node: facts.Control, start: int) -> bool:
    """Whether a state of the own object decides whether a function goes on to the start."""
    if type(node) is not facts.Branch or node.test < 0 or node.test > start:
        return False
    around = contains(node, start)
    return (around or leaves(node.body)) and _is_of_own_state(code, node.test)


def _is_of_own_state(code: Code, test: int) -> bool:
    match code.operation(test):
        case facts.LoadAttr(base=base):
            return code.is_own(base)
        case facts.Compute(operands=operands) | facts.Choice(operands=operands):
            return any(_is_of_own_state(code, each) for each in operands)
        case facts.Call(callee=callee):
            return _is_of_own_state(code, callee)
        case _:
            return False


def _note_own_start(calls: Calls, code: Code, limits: Limits) -> None:
    """Note what a `start` does before it goes on to that of a base class."""
    starts = [
        each.id
        for each in code.operations
        if type(each) is facts.Call
        and type(fetched := code.fetched(each)) is facts.LoadAttr
        and fetched.name == "start"
        and _is_base(code, fetched.base)
    ]
    if starts and code.key not in limits:
        limits[code.key] = min(starts)


def _is_base(code: Code, id: int) -> bool:
    """Whether a value is a base class, or `super()`."""
    operation = code.operation(id)
    return is_super(code, operation) or (
        isinstance(operation, facts.LoadName | facts.LoadAttr) and operation.name[:1].isupper()
    )


def _spread(calls: Calls, limits: Limits) -> None:
    """Add the functions that are called from nowhere but before the start.

    A public method that only constructors call is there for callers outside, who may come at any time.
    """
    codes = calls.types.names.sources.codes
    pending = [codes[key] for key in limits]
    while pending:
        code = pending.pop()
        for edge in calls.calls(code):
            callee = edge.callee
            if callee.key in limits or callee.key in calls.escaping:
                continue
            callers = calls.callers(callee)
            if is_public(callee) and all(map(calls.is_construction, callers)):
                continue
            if all(each.site < limits.get(each.caller.key, 0) for each in callers):
                limits[callee.key] = END
                pending.append(callee)


def while_as_made(calls: Calls) -> Limits:
    """What works on an object that is still as its constructor left it: for functions, the operation behind which.

    The constructor itself sets up by a method that raises unless the object's state is the one that it begins with;
    what only such methods call belongs to it.
    """
    limits: Limits = {}
    for key in sorted(calls.constructing):
        for edge in calls.calls(calls.types.names.sources.codes[key]):
            refusal = _refusal(edge.caller, edge.callee) if on_own_object(edge) else None
            if refusal is not None:
                limits[edge.callee.key] = refusal
    pending = [calls.types.names.sources.codes[key] for key in limits]
    while pending:
        for edge in calls.calls(pending.pop()):
            callee = edge.callee
            if callee.key in limits or callee.key in calls.escaping or is_public(callee):
                continue
            callers = calls.callers(callee)
            if all(on_own_object(each) and each.site > limits.get(each.caller.key, END) for each in callers):
                limits[callee.key] = facts.NOTHING
                pending.append(callee)
    return limits


def _refusal(constructor: Code, code: Code) -> int | None:
    """The last operation of a test at the top of a method that raises unless a state is as the constructor left it."""
    for node in code.function.body:
        if type(node) is not facts.Branch or not node.body or type(node.body[-1]) is not facts.Raise:
            continue
        test = code.operation(node.test)
        if type(test) is not facts.Compute or test.kind not in ("!=", "is not"):
            continue
        state, initial = map(code.operation, test.operands)
        if type(state) is facts.LoadAttr and code.is_own(state.base):
            own = (each for each in constructor.own_stores() if each.name == state.name)
            stored = [constructor.operation(each.value) for each in own]
            if stored and _is_same(stored[-1], initial):
                return last_id([node])
    return None


def _is_same(one: Operation | None, other: Operation | None) -> bool:
    """Whether two values are the same literal, or the same name of a module."""
    match one, other:
        case facts.Const(text=text), facts.Const(text=other_text):
            return text == other_text
        case facts.LoadName(name=name, scope="global"), facts.LoadName(name=other_name, scope="global"):
            return name == other_name
        case _:
            return False
