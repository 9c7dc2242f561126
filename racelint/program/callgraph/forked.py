"""Part of the calls stage: which functions run in a new process, where no other thread is yet?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from racelint import facts
from racelint.knowledge.process import AFTER_FORK, PROCESS_KEYS, RUN_BESIDE
from racelint.program.callgraph.calls import Calls, constructs
from racelint.program.sources.branching import conditions, decided, found_equal
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
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
    """The calls that are made where the number of the process is another one than before."""
    asking = {code.key: code for code, _ in _calling(calls, PROCESS_KEYS)}
    askers = {edge.caller.key: edge.caller for code in asking.values() for edge in calls.callers(code)}
    for code in (asking | askers).values():
        made = (each for each in code.operations if type(each) is facts.Call)
        yield from ((code.key, each.id) for each in made if is_in_child(calls, code, each.id))


def is_in_child(calls: Calls, code: Code, id: int) -> bool:
    """Whether an operation is behind a test that this is not the process that was noted: `getpid() != self.pid`."""
    return _asks_for_child(calls, code) and any(_says_child(calls, code, *outcome) for outcome in conditions(code, id))


def _asks_for_child(calls: Calls, code: Code) -> bool:
    """Whether any test of a function tells so: few do, and of all others nothing else need be asked."""
    known = calls.asking_for_child.get(code.key)
    if known is None:
        tests = [node.test for node in code.controls if type(node) is facts.Branch]
        outcomes = (outcome for test in tests for truth in (True, False) for outcome in decided(code, test, truth))
        known = any(_says_child(calls, code, *outcome) for outcome in outcomes)
        calls.asking_for_child[code.key] = known
    return known


def _says_child(calls: Calls, code: Code, test: int, truth: bool) -> bool:
    """Whether it is another process where a test comes out so."""
    if type(code.operation(test)) is facts.Call:
        callees = [edge.callee for edge in calls.sure_calls(code) if edge.site == test]
        return bool(callees) and all(_answers_child(calls, each, truth) for each in callees)
    are_equal, operands = found_equal(code, test, truth)
    return not are_equal and _compares_process(calls.types, code, operands)


def _answers_child(calls: Calls, code: Code, truth: bool) -> bool:
    """Whether a function that only compares gives such an answer where it is another process."""
    compared = code.operation(code.returns[0]) if len(code.returns) == 1 else None
    if type(compared) is not facts.Compute:
        return False
    return any(_says_child(calls, code, *outcome) for outcome in decided(code, compared.id, truth))


def _compares_process(types: Types, code: Code, operands: tuple[int, ...]) -> bool:
    """Whether the running process is compared with one that was surely noted before.

    Where no process is noted at first, the test finds the first use as well, and there may be several of that.
    """
    asked = [each for each in operands if types.may_call(code, code.operation(each), PROCESS_KEYS)]
    noted = [each for each in operands if isinstance(code.operation(each), facts.LoadAttr | facts.LoadName)]
    return bool(asked) and bool(noted) and not any(_is_empty_at_first(types, code, each) for each in noted)


def _is_empty_at_first(types: Types, code: Code, noted: int) -> bool:
    """Whether None is stored where a process is noted: by a constructor, or a body."""
    operation = code.operation(noted)
    if type(operation) is facts.LoadName:
        body = types.names.sources.module_bodies[code.module]
        named = (each for each in body.operations if type(each) is facts.StoreName and each.name == operation.name)
        return operation.scope == "global" and any(body.is_none(each.value) for each in named)
    name = code.own_attribute(operation)
    for cls in code.cls.mro if code.cls is not None and name else ():
        at_class_level = types.attributes.class_level(cls).get(name, ())
        if any(where.is_none(store.value) for where, store in at_class_level):
            return True
        for each in filter(constructs, (method.code for method in types.attributes.methods(cls))):
            if any(store.name == name and each.is_none(store.value) for store in each.own_stores()):
                return True
    return False


def _calling(calls: Calls, names: frozenset[str]) -> Iterator[tuple[Code, facts.Call]]:
    """The calls of functions of a library with these names."""
    for key, id in calls.types.library_calls(lambda each: isinstance(each, Library) and each.qualname in names):
        code = calls.types.names.sources.codes[key]
        call = code.operation(id)
        if type(call) is facts.Call:
            yield code, call
