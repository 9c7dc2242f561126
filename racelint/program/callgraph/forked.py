"""Part of the calls stage: which functions run in a new process, where no other thread is yet?"""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.knowledge.process import AFTER_FORK, RUN_BESIDE
from racelint.program.callgraph.calls import Calls
from racelint.program.values.values import FunctionRef, Library


def run_after_fork(calls: Calls, words: Iterable[str]) -> set[int]:
    """What is registered to run in a child after `fork`, or named so by one of the words; and what only that calls."""
    codes, types = calls.types.names.sources.codes, calls.types
    found = {code.key for code in codes if any(word in code.name.lower() for word in words)}
    for (key, id), values in types.callees.items():
        if any(isinstance(value, Library) and value.qualname in AFTER_FORK for value in values):
            call = codes[key].operations[id]
            given = [each for each in call.arguments if each.name not in RUN_BESIDE] if type(call) is facts.Call else []
            functions = (value for each in given for value in types.of(codes[key], each.value))
            found.update(value.code.key for value in functions if isinstance(value, FunctionRef))
    pending = sorted(found)
    while pending:
        for edge in calls.calls(codes[pending.pop()]):
            if edge.callee.key not in found and all(each.caller.key in found for each in calls.callers(edge.callee)):
                found.add(edge.callee.key)
                pending.append(edge.callee.key)
    return found
