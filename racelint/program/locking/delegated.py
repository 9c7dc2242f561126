"""Part of the balance stage: is the release left to others: to a function that is made here or handed on, to one that
only ever gives the lock back, or to who gets the result?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set

from racelint import facts
from racelint.facts import Operation, Span
from racelint.program.callgraph.calls import Calls
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.holding import Acquisition, Exit, Holding, Leak
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code, Sources, makes
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef


def is_delegated(types: Types, acquisition: Acquisition, exit: Span | None) -> bool:
    """Whether a function that is made between the acquire and the exit releases the lock, or tells others of it.

    The same holds for a lock that is given to a function of a library, such as `submit`; by one that was made before as
    well, if it is a lock of this call: `def ask(): browser.evaluate(script, answered)`.
    """
    code, sources = acquisition.code, types.names.sources
    call = code.operations[acquisition.id]
    fetched = code.fetched(call)
    name = _name(code, fetched.base) if type(fetched) is facts.LoadAttr else ()
    later = [each for each in code.operations[acquisition.id + 1 :] if name and _is_before(each, exit)]
    made = [inner for inner in sources.children(code) for each in later if makes(each, inner)]
    if any(_passes_on(sources, inner, name) for inner in made) or _is_handed_out(types, code, later, name):
        return True
    inner = sources.children(code) if len(name) == 1 else ()
    return any(_is_handed_out(types, each, each.operations, name) for each in inner)


def is_taken_along(calls: Calls, flow: Dataflow, acquisition: Acquisition, exit: Span | None, givers: Set[int]) -> bool:
    """Whether one of `givers`, which give the lock back, is handed to others between the acquire and the exit.

    It is an argument, `task.add_done_callback(self._finish)`, or a coroutine that is not awaited here,
    `create_task(self._finish())`; or what it calls does so.
    """
    code = acquisition.code
    later = [each for each in code.operations[acquisition.id + 1 :] if _is_before(each, exit)]
    return any(
        each.key in givers or any(edge.callee.key in givers for edge in calls.sure_calls(each))
        for call in later
        if type(call) is facts.Call
        for each in _handed_on(calls, flow, code, call)
    )


def given_attributes(calls: Calls, code: Code) -> set[str]:
    """The names of the attributes that the callers of a function give it."""
    found: set[str] = set()
    for edge in calls.callers(code):
        call = edge.caller.operation(edge.site)
        given = [edge.caller.operation(each.value) for each in call.arguments] if type(call) is facts.Call else []
        found.update(each.name for each in given if type(each) is facts.LoadAttr)
    return found


def _handed_on(calls: Calls, flow: Dataflow, code: Code, call: facts.Call) -> Iterator[Code]:
    """The functions that a call hands to others; of a call that makes a coroutine for others, its function."""
    for given in call.arguments:
        for value in calls.types.of(code, given.value):
            if isinstance(value, FunctionRef):
                yield value.code
    if not any(type(use) is facts.Await for use in flow.uses(call.id)):
        called = (each for each in calls.types.of(code, call.callee) if isinstance(each, FunctionRef))
        yield from (each.code for each in called if each.code.function.is_async)


def _is_handed_out(types: Types, code: Code, operations: Iterable[Operation | None], name: tuple[str, ...]) -> bool:
    """Whether the lock is given to a function that is not of the program, or has one made that releases what it is
    given."""
    for call in operations:
        if type(call) is not facts.Call or not _is_given(code, call, name):
            continue
        callees = [to for to in types.of(code, call.callee) if isinstance(to, FunctionRef | ClassRef)]
        if not callees or any(_leaves_release(types, code, call, name, each) for each in callees):
            return True
    return False


def _leaves_release(
    types: Types, code: Code, call: facts.Call, name: tuple[str, ...], callee: FunctionRef | ClassRef
) -> bool:
    """Whether a function makes another that releases one of its parameters, or a class makes an object that has the
    lock from then on: its constructor hands it on, or keeps it for a method that releases it."""
    sources = types.names.sources
    if isinstance(callee, FunctionRef):
        inner = sources.children(callee.code)
        return any(_passes_on(sources, each, (own.name,)) for each in inner for own in callee.code.function.parameters)
    for constructor in types.attributes.nearest(callee.cls, "__init__")[:1]:
        for index, parameter in enumerate(constructor.function.parameters[1:], 1):
            given = argument(call, index - 1, parameter.name)
            if given is not None and _name(code, given) == name:
                kept = [each.name for each in constructor.own_stores() if each.value == index]
                return _passes_on(sources, constructor, (parameter.name,)) or any(
                    _passes_on(sources, each, (each.own_name, own))
                    for each in types.attributes.all_methods(callee.cls)
                    for own in kept
                )
    return False


def _is_before(operation: Operation | None, exit: Span | None) -> bool:
    span = getattr(operation, "span", None)
    return exit is None or span is None or span.line <= exit.line


def _is_given(code: Code, call: facts.Call, name: tuple[str, ...]) -> bool:
    return any(_name(code, given.value) == name for given in call.arguments)


def _passes_on(sources: Sources, code: Code, name: tuple[str, ...]) -> bool:
    for each in code.operations:
        if type(each) is facts.LoadAttr and each.name.startswith("release") and _name(code, each.base) == name:
            return True
        if type(each) is facts.Call and _is_given(code, each, name):
            return True
    return any(_passes_on(sources, inner, name) for inner in sources.children(code))


def _name(code: Code, id: int) -> tuple[str, ...]:
    """A dotted name as it is written; () for anything else."""
    parameters = code.function.parameters
    if 0 <= id < len(parameters):
        return (parameters[id].name,)
    match code.operation(id):
        case facts.LoadName(name=name):
            return (name,)
        case facts.LoadAttr(base=base, name=name):
            owner = _name(code, base)
            return (*owner, name) if owner else ()
        case _:
            return ()


def givers_of(holdings: Iterable[Holding]) -> dict[LockKey, set[int]]:
    """For each lock the functions that give it back without ever taking it."""
    found: dict[LockKey, set[int]] = {}
    for holding in holdings:
        taken = {each.use.lock.key for each in holding.acquisitions.values()}
        for key in releases_of(holding) - taken:
            found.setdefault(key, set()).add(holding.code.key)
    return found


def signals_among(holdings: Collection[Holding], givers: Mapping[LockKey, Set[int]]) -> set[LockKey]:
    """The locks by which threads are woken: who never takes one gives it back if it is found taken, by whomever.

    One that some function takes for its caller is a lock all the same, and has its unlocking method. `givers` are those
    that `givers_of` tells.
    """
    asked = {
        release.use.lock.key
        for holding in holdings
        for release in holding.releases.values()
        if release.asked and holding.code.key in givers.get(release.use.lock.key, ())
    }
    return asked - {use.lock.key for holding in holdings for use in holding.effect.acquires}


def releases_of(holding: Holding) -> set[LockKey]:
    """The locks that a function gives back, or whose release it hands on."""
    return {release.use.lock.key for release in holding.releases.values()} | {use.lock.key for use in holding.handed_on}


def others_of(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> set[int]:
    """The other functions that give a lock back without ever taking it."""
    return givers.get(leak.use.lock.key, set()) - {holding.code.key}


def goes_with_the_result(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a permit leaves the function with what is returned: others give it back when they are done with that."""
    if leak.by is not Exit.RETURN or not leak.use.lock.is_semaphore:
        return False
    if not others_of(holding, leak, givers):
        return False
    returns = (node for node in holding.code.controls if type(node) is facts.Return)
    result = next((node.value for node in returns if node.span == leak.exit), facts.NOTHING)
    operation = holding.code.operation(result)
    return result >= 0 and type(operation) is not facts.Const


def is_taken_each_turn(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a loop takes permits, turn by turn, that others give back: when it ends some are still on their way."""
    if leak.by is not Exit.RETURN or not leak.use.lock.is_semaphore or not others_of(holding, leak, givers):
        return False
    loops = [node for node in holding.code.controls if type(node) is facts.Loop and contains(node, leak.acquired)]
    return any(leak.exit is None or leak.exit.line > node.span.end_line for node in loops)


def goes_with_its_holder(flow: Dataflow, holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a function returns the object whose lock it is where it has that, and there only: others give it back."""
    if leak.by is not Exit.RETURN or not others_of(holding, leak, givers):
        return False
    held = {each.exit for each in holding.leaks if each.use == leak.use and each.by is Exit.RETURN}
    returns = [node for node in holding.code.controls if type(node) is facts.Return]
    return None not in held and all(
        (node.span in held) == (node.value >= 0 and flow.path(node.value) == leak.use.base) for node in returns
    )


def is_answered(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a function answers True where it has the lock and False where it has not; others give the lock back."""
    if leak.by is not Exit.RETURN or not others_of(holding, leak, givers):
        return False
    held = {each.exit for each in holding.leaks if each.use == leak.use and each.by is Exit.RETURN}
    returns = [node for node in holding.code.controls if type(node) is facts.Return]
    answers = {(node.span in held, holding.code.literal(node.value)) for node in returns}
    return None not in held and answers == {(True, "True"), (False, "False")}


def loose_releases(locksets: LockSets) -> set[str]:
    """The attributes that something releases on an object that is not known, or that a function is given and releases.

    It may be any lock of that name.
    """
    found: set[str] = set()
    for code in locksets.places.types.names.sources.codes:
        fetched = (each for each in code.operations if type(each) is facts.LoadAttr)
        released = {each.base for each in fetched if each.name.startswith("release") and not code.is_own(each.base)}
        for owner in map(code.operation, released):
            if type(owner) is facts.LoadAttr and not locksets.places.types.of(code, owner.base):
                found.add(owner.name)
        if not released.isdisjoint(range(len(code.function.parameters))):
            found |= given_attributes(locksets.threads.calls, code)
    return found
