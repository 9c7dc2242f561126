"""Part of the calls stage: which inner functions outlive the call that makes them, for others to run?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.dataflow import Dataflow
from racelint.program.source import Code
from racelint.program.types import Types
from racelint.program.values import Library

PASSING_ON: Final = frozenset(
    {
        "functools.wraps",
        "functools.update_wrapper",
        "functools.partial",
        "staticmethod",
        "classmethod",
        "property",
        "contextlib.contextmanager",
    }
)
"""What gives back a function that runs the one which it is given, or is given next."""


def handed_on(types: Types) -> tuple[set[int], set[int]]:
    """The inner functions that are returned or stored, also behind a decorator or in a tuple; and the `def`s that
    are only given to calls."""
    sources = types.names.sources
    handed: set[int] = set()
    lent: set[int] = set()
    for code in sources.codes:
        made = [each for each in code.operations if type(each) is facts.MakeFunction]
        flow = Dataflow(code)
        for each in made if code.function.kind in ("function", "lambda") else ():
            inner = sources.codes[sources.module_bodies[code.module].key + each.function]
            if _outlives(types, flow, each.id):
                handed.add(inner.key)
            elif inner.function.kind == "function" and _lent(flow, each.id):
                lent.add(inner.key)
    return handed, lent


def _lent(flow: Dataflow, id: int) -> bool:
    """Whether a value is an argument of a call."""
    return any(type(use) is facts.Call and use.callee != id for use in flow.uses(id))


def _outlives(types: Types, flow: Dataflow, id: int) -> bool:
    """Whether a value is returned by a function or stored in what is no local of it."""
    code = flow.code
    seen: set[int] = set()
    pending = [id]
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        if each in code.returns:
            return True
        for use in flow.uses(each):
            match use:
                case (
                    facts.StoreAttr(value=value)
                    | facts.StoreItem(value=value)
                    | facts.StoreName(value=value, scope="global" | "free")
                ) if value == each:
                    return True
                case facts.Phi() | facts.Choice() | facts.Cast() | facts.Build(kind="tuple" | "list" | "dict" | "set"):
                    pending.append(use.id)
                case facts.Call(callee=callee) if callee != each and _passes_on(types, code, use):
                    pending.append(use.id)
                case facts.StoreName(name=name, scope="cell"):
                    loads = (load for load in code.operations if type(load) is facts.LoadName and load.scope == "cell")
                    pending.extend(load.id for load in loads if load.name == name)
                case _:
                    pass
    return False


def _passes_on(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether a call gives a function back that runs the one which it is given: `functools.wraps(f)(g)`."""
    decorator = code.operations[call.callee] if 0 <= call.callee < len(code.operations) else None
    named = decorator.callee if type(decorator) is facts.Call else call.callee
    return any(isinstance(each, Library) and each.qualname in PASSING_ON for each in types.of(code, named))
