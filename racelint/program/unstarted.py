"""Part of the sharing stage: what works on a thread object before that is started, and so has no other beside it."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.running import RunsOn
from racelint.program.calls import Calls, is_public, method_refs
from racelint.program.contexts import Context
from racelint.program.source import Code
from racelint.program.values import Instance

ALL: Final = 1 << 60

Limits = dict[int, int]
"""For functions: the operations below this id are done before the start."""


def before_start(calls: Calls, context: Context) -> Limits:
    """What surely comes before the start of a thread that is an object of the program, as far as it is about that.

    That is what its own `start` does before it calls that of its base class. And where one function makes and starts
    it, what that does before; each with what is called from nowhere else.
    """
    if not context.own_instance or context.runs_on is not RunsOn.THREAD:
        return {}
    receivers = [receiver for _, receiver in context.entries if isinstance(receiver, Instance)]
    limits: Limits = {}
    for receiver in receivers:
        for cls in (receiver.cls, *receiver.cls.subclasses):
            for code in method_refs(calls.types, calls.types.names.values.instance(cls, None), ("start",)):
                _note_own_start(calls, code, limits)
    maker = context.code
    if maker is not None and context.site >= 0 and context.starts and all(code is maker for code, _ in context.starts):
        limits[maker.key] = min(id for _, id in context.starts)
    _spread(calls, limits)
    return limits


def _note_own_start(calls: Calls, code: Code, limits: Limits) -> None:
    """Note what a `start` does before it goes on to that of a base class."""
    starts = [
        each.id
        for each in code.operations
        if type(each) is facts.Call
        and type(fetched := code.operations[each.callee]) is facts.LoadAttr
        and fetched.name == "start"
        and _is_base(code, fetched.base)
    ]
    if starts and code.key not in limits:
        limits[code.key] = min(starts)


def _is_base(code: Code, id: int) -> bool:
    """Whether a value is a base class, or `super()`."""
    operation = code.operations[id] if 0 <= id < len(code.operations) else None
    if type(operation) is facts.Call:
        callee = code.operations[operation.callee]
        return type(callee) is facts.LoadName and callee.name == "super"
    return isinstance(operation, facts.LoadName | facts.LoadAttr) and operation.name[:1].isupper()


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
                limits[callee.key] = ALL
                pending.append(callee)
