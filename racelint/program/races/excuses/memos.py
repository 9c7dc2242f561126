"""Part of the races stage: what is made on first use, and whether two of it are as good as one."""

from __future__ import annotations

from collections.abc import Iterable

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge import Knowledge
from racelint.knowledge.containers import CHANGES, CLEARS, KEEPS_WEAKLY, PLAIN, REMOVES
from racelint.knowledge.model import SafetyKind
from racelint.knowledge.repeating import OF_A_NAME, SAME
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import takes_away
from racelint.program.races.excuses.alike import comes_out_alike
from racelint.program.races.excuses.errors import is_error
from racelint.program.races.excuses.kept import is_left_alone, stays_as_made
from racelint.program.races.excuses.lookups import is_missed_and_stored, kept_item
from racelint.program.races.excuses.made import is_left_as_made, is_there_already, is_there_from_the_start
from racelint.program.sequences.composites import Composite
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryObject, Value


def is_memo(case: Case, sequence: Composite) -> bool:
    """`if key not in memo: memo[key] = compute(key)`: computing it twice is only a waste, if it has no identity."""
    last = sequence.last
    if _keeps_weakly(case):
        return False
    if case.guard is not None:
        return is_memo_of_calls(case, sequence)
    if not is_missed_and_stored(sequence):
        # a container of the program's own, which says less of what it is for
        values = case.sharing.places.types.of(last.code, last.value)
        return is_memo_of_calls(case, sequence) and not any(isinstance(each, Instance) for each in values)
    flow = case.sharing.places.dataflow(last.code)
    if _is_its_number(case, last):
        return True
    made = made_by(flow, last.value)
    if made is None or not _is_of_key(flow, last):
        return is_memo_of_calls(case, sequence)
    if _is_kept_by_name(case, last):
        return True
    values = case.sharing.places.types.of(last.code, last.value)
    if not values and type(made) is facts.Call:
        return is_memo_of_calls(case, sequence)
    if not any(may_be_told_apart(case, value) for value in values):
        return not holds_its_own(case, last.code, last.value)
    return _is_computed(flow, made, values) and not _is_filled(case)


def _keeps_weakly(case: Case) -> bool:
    """Whether entries go once nobody else has what they hold: so that all who ask meanwhile get one and the same."""
    kept = (each for each in case.sharing.places.values(case.place) if isinstance(each, LibraryObject))
    return any(each.qualname == KEEPS_WEAKLY for each in kept)


def _is_its_number(case: Case, store: Access) -> bool:
    """Whether an object is kept by its number: `kept[id(value)] = value`."""
    flow, types = case.sharing.places.dataflow(store.code), case.sharing.places.types
    key = flow.operation(store.key)
    if type(key) is not facts.Call or not types.surely_calls(store.code, key, ("id",)):
        return False
    return [each.value for each in key.arguments] == [store.value]


def holds_its_own(case: Case, code: Code, value: int) -> bool:
    """Whether in a tuple is what two tuples made alike do not share: something that is opened, or has a state."""
    made = case.sharing.places.dataflow(code).operation(value)
    items = made.items if type(made) is facts.Build and made.kind == "tuple" else ()
    held = (each for item in items for each in case.sharing.places.types.of(code, item))
    return any(may_be_told_apart(case, each) and not is_plain(each) for each in held)


def is_plain(value: Value) -> bool:
    return isinstance(value, LibraryObject) and value.qualname in PLAIN


def _is_of_key(flow: Dataflow, store: Access) -> bool:
    """Whether what is stored was made of its key, or of each part of it."""
    key = flow.operation(store.key)
    parts = key.items if type(key) is facts.Build and key.kind == "tuple" else (store.key,)
    given = [each for each in parts if not flow.is_constant(each)]
    return bool(given) and all(_is_made_of(flow, store.value, each) for each in given)


def _is_made_of(flow: Dataflow, value: int, part: int) -> bool:
    """Whether a value was made of a part of its key, or of all that this is the answer to: `bool(full)`."""
    if flow.comes_from(value, part):
        return True
    made = flow.operation(part)
    if type(made) is not facts.Call:
        return False
    given = [each.value for each in made.arguments if not flow.is_constant(each.value)]
    return bool(given) and all(flow.comes_from(value, each) for each in given)


def _is_computed(flow: Dataflow, made: facts.Call | facts.Compute, values: Iterable[Value]) -> bool:
    """Whether what is stored is a container that was made of others: an empty one is there to be filled."""
    method = flow.code.fetched(made)
    containers = all(isinstance(each, LibraryObject) and each.qualname in PLAIN for each in values)
    return containers and type(made) is facts.Call and (bool(made.arguments) or type(method) is facts.LoadAttr)


def _is_filled(case: Case) -> bool:
    """Whether anybody changes what is kept there, or takes it away."""
    for access in case.accesses:
        flow = case.sharing.places.dataflow(access.code)
        methods = (use for use in flow.uses(access.id) if type(use) is facts.LoadAttr)
        if access.kind is Kind.ITEM_UPDATE or takes_away(access) or any(use.name in CHANGES for use in methods):
            return True
    return False


def is_kept_for_good(case: Case, sequence: Composite) -> bool:
    """Whether what was missing is kept under its key for good, and is no container that the next ones put more into."""
    code, value, types = sequence.last.code, sequence.last.value, case.sharing.places.types
    if not is_missed_and_stored(sequence) or any(map(takes_away, case.accesses)):
        return False
    made = case.sharing.places.dataflow(code).operation(value)
    if type(made) is facts.Build and made.kind != "tuple":
        return False
    return not any(is_plain(each) and has_identity(each, types.names.knowledge) for each in types.of(code, value))


def is_memo_of_calls(case: Case, sequence: Composite) -> bool:
    """Whether a function keeps what calls gave back, or yes or no, by what it was given, for good, and gives it back.

    Two that missed store the same. Where entries are called back it may be outdated when it is stored.
    """
    code, found = sequence.code, kept_item(case, sequence)
    if found is None:
        return False
    key, value = found
    flow = case.sharing.places.dataflow(code)
    kept = [each.id for each in case.accesses if each.code is code and flow.key(each.key) == flow.key(key)]
    if sequence.first.code is code:
        kept.append(sequence.first.id)
    is_verdict = _is_verdict(flow, value, kept) and not _hangs_on_others(case, code, value)
    if not is_verdict and type(made_by(flow, value)) is not facts.Call and not comes_out_alike(case, code, value):
        return False
    if not any(flow.comes_from(id, each) for id in code.returns for each in (value, *kept)):
        return False
    parameters = enumerate(code.function.parameters)
    named = [id for id, each in parameters if each.kind != "kwarg" and not code.is_own(id)]
    given = [id for id in named if is_verdict or flow.comes_from(value, id)]
    if not any(flow.comes_from(key, id) for id in given):
        return False
    values = case.sharing.places.types.of(code, value)
    # of what may be all kinds of things it is not known that it has an identity
    surely = bool(values) and all(may_be_told_apart(case, each) for each in values)
    if surely and (_is_filled(case) or not all(map(is_plain, values))):
        return False
    return not holds_its_own(case, code, value) and not is_called_back(case)


def _is_verdict(flow: Dataflow, value: int, kept: Iterable[int]) -> bool:
    """Whether one of several literals is kept and given back, and so is the one that was found: yes or no."""
    returns = flow.code.returns
    return (
        len(flow.ways(value)) > 1
        and flow.is_constant(value)
        and value in returns
        and any(map(returns.__contains__, kept))
    )


def _hangs_on_others(case: Case, code: Code, value: int) -> bool:
    """Whether it is asked what else is there, or how much, before what is kept is known: the next one finds another."""
    whole = (each for each in case.accesses if each.code is code and each.kind.is_of_contents and not each.kind.writes)
    return any(each.key < 0 and each.id < value for each in whole)


def made_by(flow: Dataflow, value: int) -> facts.Call | facts.Compute | None:
    """The call or operator that makes what is stored; not one that takes it out elsewhere: who is second gets none."""
    made = flow.operation(value)
    while isinstance(made, facts.LoadAttr | facts.LoadItem):
        made = flow.operation(made.base)
    if type(made) is facts.Build and made.kind == "tuple":
        given = (each for each in made.items if not flow.is_constant(each) and flow.operation(each) is not None)
        parts = [made_by(flow, each) for each in given]
        return parts[0] if parts and None not in parts else None
    if type(made) is facts.Phi:
        made = _of_all_ways(flow, made)
    if type(made) is facts.Choice and made.kind == "if":
        made = flow.operation(made.operands[-1])
    if type(made) is facts.Await:
        made = flow.operation(made.value)
    if isinstance(made, facts.Call):
        method = flow.operation(made.callee)
        return None if type(method) is facts.LoadAttr and method.name in REMOVES else made
    return made if isinstance(made, facts.Compute) else None


def _of_all_ways(flow: Dataflow, value: facts.Phi) -> Operation | None:
    """A call among those of which a value comes on the ways that lead to it, if nothing but calls and literals do."""
    pending, seen = [*value.inputs], set[int]()
    calls: list[Operation] = []
    while pending:
        each = pending.pop()
        made = flow.operation(each)
        if type(made) is facts.Phi and each not in seen:
            pending.extend(made.inputs)
        elif type(made) is facts.Call:
            calls.append(made)
        elif type(made) not in (facts.Const, facts.Phi) and not _is_picked(made):
            return None
        seen.add(each)
    return calls[0] if calls else None


def _is_picked(made: Operation | None) -> bool:
    """Whether a container is made of another: `[each for each in lines if each]`."""
    return type(made) is facts.Build and made.comprehension


def is_called_back(case: Case) -> bool:
    """Whether anybody takes entries away, other than to make room for a new one.

    A `clear` that the program itself never runs is offered to free memory; what is called back is called so by who
    knows of a change.
    """
    filling = {access.code for access in case.accesses if access.method == "[]="}
    taking = (each for each in case.accesses if takes_away(each) and each.code not in filling)
    return any(each.method not in CLEARS or not _is_only_offered(case, each.code) for each in taking)


def _is_only_offered(case: Case, code: Code) -> bool:
    """Whether the program itself neither calls a function, nor hands it to anybody, nor runs it in a thread."""
    calls = case.threads.calls
    started = any(not context.is_main for context in case.threads.of(code))
    return not started and not calls.callers(code) and code.key not in calls.escaping


def makes_object(case: Case, sequence: Composite) -> bool:
    """Whether the lazily made value has an identity or a state: two of them are not as good as one."""
    last = sequence.last
    if case.is_constant(last) or _is_kept_by_name(case, last) or is_there_already(case, sequence):
        return False
    if is_error(case, last) or is_there_from_the_start(case, sequence):
        return False
    types = case.sharing.places.types
    values, knowledge = types.of(last.code, last.value), types.names.knowledge
    if case.guard is not None:
        return not values or any(has_identity(each, knowledge) for each in values)
    if stays_as_made(case, last) or is_left_alone(case, last):
        return False
    return any(has_identity(each, knowledge) for each in values if not _is_only_its_fields(case, each))


def _is_only_its_fields(case: Case, value: Value) -> bool:
    """Whether an object is a record that nobody changes, of what was there: one with the same fields is equal to it."""
    if not isinstance(value, Instance) or value.site is None:
        return False
    types, (key, id) = case.sharing.places.types, value.site
    code = types.names.sources.codes[key]
    made = code.operation(id)
    if type(made) is not facts.Call or not types.attributes.has_fields(value.cls):
        return False
    if any(_may_be_made_for_it(case, code, each.value) for each in made.arguments):
        return False
    return not may_be_told_apart(case, value)


def _may_be_made_for_it(case: Case, code: Code, id: int) -> bool:
    """Whether a value has come of a call in the function, for all that one can see, and has an identity."""
    values = case.sharing.places.types.of(code, id)
    if not values:
        return type(code.operation(id)) is facts.Call
    made = (each for each in values if isinstance(each, Instance | LibraryObject))
    return any(each.site is not None and each.site[0] == code.key and may_be_told_apart(case, each) for each in made)


def _is_kept_by_name(case: Case, store: Access) -> bool:
    """Whether what is stored is the one object of its name, whoever asks for it: a logger, a module."""
    types, flow = case.sharing.places.types, case.sharing.places.dataflow(store.code)
    made = flow.operation(store.value)
    ways = made.inputs if type(made) is facts.Phi else (store.value,)
    ways = made.operands if type(made) is facts.Choice and made.kind == "if" else ways
    return all(types.surely_calls(store.code, flow.operation(each), SAME) for each in ways)


def may_be_told_apart(case: Case, value: Value) -> bool:
    """Whether two objects made alike may become different, or have to be ended both."""
    places = case.sharing.places
    if isinstance(value, Instance):
        return not is_left_as_made(places, case.threads.calls, value)
    return has_identity(value, places.types.names.knowledge)


def has_identity(value: Value, knowledge: Knowledge) -> bool:
    if isinstance(value, Instance):
        return True
    if not isinstance(value, LibraryObject) or value.qualname in OF_A_NAME:
        return False
    safety = knowledge.safety(value.qualname)
    return safety is None or safety.kind is not SafetyKind.IMMUTABLE
