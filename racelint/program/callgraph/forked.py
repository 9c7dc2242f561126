"""Part of the calls stage: which functions run in a new process, where no other thread is yet?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.process import AFTER_FORK, PROCESS_KEYS, RUN_BESIDE
from racelint.program.callgraph.calls import Calls
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef, Library, Site


def run_after_fork(calls: Calls, words: Iterable[str]) -> set[int]:
    """What somebody else calls in the child of a `fork`, and what is only called by that, or where the process is new.

    What nobody in the program calls or registers may be for an extension that forks, for a server's hook or for the
    standard library (`_at_fork_reinit`): a name with one of the words in it is the only evidence of that.
    """
    codes = calls.types.names.sources.codes
    named = (code for code in codes if any(word in code.name.lower() for word in words))
    found = _registered(calls) | {code.key for code in named if not calls.callers(code)}
    anew = set(_where_new(calls))
    pending = sorted(found | {key for key, _ in anew})
    while pending:
        for edge in calls.calls(codes[pending.pop()]):
            sites = ((each.caller.key, each.site) for each in calls.callers(edge.callee))
            if edge.callee.key not in found and all(key in found or (key, site) in anew for key, site in sites):
                found.add(edge.callee.key)
                pending.append(edge.callee.key)
    return found


def _registered(calls: Calls) -> set[int]:
    """The functions that are handed to what runs them in a new process."""
    found: set[int] = set()
    for code, call in _calling(calls, AFTER_FORK):
        given = [each for each in call.arguments if each.name not in RUN_BESIDE]
        functions = (value for each in given for value in calls.types.of(code, each.value))
        found.update(value.code.key for value in functions if isinstance(value, FunctionRef))
    return found


def _where_new(calls: Calls) -> Iterator[Site]:
    """What is done where the number of the process is another one than before: `self._pid != os.getpid()`."""
    for code, asked in _calling(calls, PROCESS_KEYS):
        for branch in code.controls:
            test = code.operation(branch.test) if type(branch) is facts.Branch else None
            if type(branch) is facts.Branch and type(test) is facts.Compute and asked.id in test.operands:
                arm = branch.body if test.kind == "!=" else _otherwise(code, branch) if test.kind == "==" else ()
                yield from ((code.key, each.id) for each in walk(arm) if type(each) is facts.Call)


def _otherwise(code: Code, branch: facts.Branch) -> Sequence[Node]:
    """What is done where a test says no: its other arm, or all that follows if the one arm leaves the function."""
    body = code.function.body
    if branch.body and type(branch.body[-1]) in (facts.Return, facts.Raise) and branch in body:
        return (*branch.orelse, *body[body.index(branch) + 1 :])
    return branch.orelse


def _calling(calls: Calls, names: frozenset[str]) -> Iterator[tuple[Code, facts.Call]]:
    """The calls of functions of a library with these names."""
    for (key, id), values in calls.types.callees.items():
        if any(isinstance(value, Library) and value.qualname in names for value in values):
            code = calls.types.names.sources.codes[key]
            call = code.operation(id)
            if type(call) is facts.Call:
                yield code, call
