"""Part of the races stage: what is kept so that it need not be worked out again, and whether one is as good as another.

Of what is not known it is not known either that two of it differ: most tables that are looked into first, and whose
entries nobody changes or takes away, only spare work.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import ADDS, KEEPS, REMOVES, TYPED
from racelint.knowledge.repeating import ANSWERS, STARTS
from racelint.program.dataflow.dataflow import Dataflow, operands
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.disturbances import takes_away
from racelint.program.races.excuses.drawn import is_drawn
from racelint.program.races.excuses.flags import on_account
from racelint.program.races.excuses.kept import are_items_changed
from racelint.program.races.excuses.lookups import kept_item
from racelint.program.races.excuses.made import is_there_already, makes_empty
from racelint.program.races.excuses.memos import (
    is_called_back,
    is_plain,
    may_be_told_apart,
)
from racelint.program.sequences.composites import DEPTH, Composite
from racelint.program.sources.branching import conditions, found_equal, found_nothing, is_handling
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryObject, Value

QUESTIONS: Final = frozenset({"is", "is not", "==", "!=", "not"})
"""Operators by which a value is asked about, and not gone on with."""

MAKERS: Final = frozenset({"__call__", "__new__"})
"""Methods by which a class makes objects."""


def is_cache(case: Case, sequence: Composite) -> bool:
    """`if key not in kept: kept[key] = make(key)`, and then `kept[key]`: what is found is as good as what is made.

    Nobody is seen to change it or to take it away. What has an identity of its own is no such thing, nor what is put
    in so that the next one who comes is refused. Where it is said that others come, it may matter which one they get.
    """
    code, last = sequence.code, sequence.last
    if case.is_assumed or case.guard is not None or last.code is not code or not sequence.stores_item:
        return False
    flow = case.sharing.places.dataflow(code)
    if sequence.first.key < 0:
        return False
    if case.is_constant(last) or is_there_already(case, sequence) or _is_to_be_filled(case, last):
        return False
    if not _is_gone_on_with(case, sequence, last.key):
        return False
    if case.once(_is_taken_from) or case.once(are_items_changed):
        return False
    if not _is_made_of_key(flow, last) or not _is_answer(case, code, last.value):
        return False
    done = [id for id in on_account(sequence) if id != sequence.act]
    return not _has_identity(case, code, last.value) and not _does_more(case, code, done)


def is_worked_out_outside(case: Case, sequence: Composite) -> bool:
    """Whether a table is asked under its lock, what it has not is worked out without, and put in under the lock again.

    So nobody has to wait for the work. Two who do it at once give back what each has found, unless that is known to
    have an identity, is changed where it is kept, or is called back: it may come in when it is outdated already. Who
    is refused where it is there must not get it twice.
    """
    code, found = sequence.code, kept_item(case, sequence)
    if case.is_assumed or found is None or sequence.first.code is not code:
        return False
    key, value = found
    flow = case.sharing.places.dataflow(code)
    if flow.is_constant(value) or (sequence.first.key >= 0 and not _is_gone_on_with(case, sequence, key)):
        return False
    return _is_worked_out(case, code, value, sequence.first.id) and not case.once(are_items_changed)


def is_kept_by_methods(case: Case, sequence: Composite) -> bool:
    """The same of a table that is asked by one method and filled by another, each under its lock: `kept.get(name)`,
    `kept.put(name, made)`.

    What is found is gone on with: who is only told that it is there may be refused for that. Who puts in a better one
    in place of what he has found has to know that it still is what is there.
    """
    code, found = sequence.code, kept_item(case, sequence)
    if case.is_assumed or found is None or code in (sequence.first.code, sequence.last.code):
        return False
    value, site = found[1], sequence.between[0]
    if not _is_missed(code, site, sequence.act) and not is_handling(code, sequence.act):
        return False
    flow = case.sharing.places.dataflow(code)
    uses = (use for use in flow.uses(site) if not is_asked(use) and not _is_refused(code, use.id))
    if site not in code.returns and next(uses, None) is None:
        return False
    return _is_worked_out(case, code, value, site) and not case.once(are_items_changed)


def _is_missed(code: Code, found: int, act: int) -> bool:
    """Whether a function comes to an operation only where it has found nothing, or just what stands for that."""
    equal = (found_equal(code, test, truth) for test, truth in conditions(code, act))
    nothing = (value for value, _ in found_nothing(code, act))
    return found in nothing or any(is_one and found in values for is_one, values in equal)


def _is_worked_out(case: Case, code: Code, value: int, after: int) -> bool:
    """Whether a function has called others for a value, which has no identity, and stays where it is put then."""
    flow, types = case.sharing.places.dataflow(code), case.sharing.places.types
    work = (each for each in flow.behind(value) if type(each) is facts.Call and after < each.id)
    if all(types.surely_calls(code, each, ANSWERS) for each in work) or case.once(is_called_back):
        return False
    return not _has_identity(case, code, value) and not is_drawn(case, code, value)


def _is_to_be_filled(case: Case, store: Access) -> bool:
    """Whether a list or table is stored that is written down there, or made empty."""
    made = case.sharing.places.dataflow(store.code).operation(store.value)
    written = type(made) is facts.Build and made.kind != "tuple" and not made.comprehension
    return written or makes_empty(case, store)


def _is_made_of_key(flow: Dataflow, store: Access) -> bool:
    """Whether the value was made of its key, of each part of it, or of what that is the answer to."""
    behind = {flow.key(id) for each in flow.behind(store.value) for id in (each.id, *operands(each))}
    key = flow.operation(store.key)
    parts = key.items if type(key) is facts.Build and key.kind == "tuple" else (store.key,)
    given = [each for each in parts if not flow.is_constant(each)]
    return bool(given) and all(not behind.isdisjoint(_asked(flow, each)) for each in given)


def _asked(flow: Dataflow, part: int) -> list[str]:
    """The names of a part of a key, and of what it is the answer to: of `bool(full)`, `full`."""
    made = flow.operation(part)
    given = made.arguments if type(made) is facts.Call else ()
    return [flow.key(part), *(flow.key(each.value) for each in given if not flow.is_constant(each.value))]


def _is_answer(case: Case, code: Code, id: int) -> bool:
    """Whether a value is what functions or methods gave, parts of that, or made of it and of what was there.

    Who calls what he was given himself, a class as it may be, or the metaclass's own, makes an object.
    """
    flow = case.sharing.places.dataflow(code)
    known = {edge.site for edge in case.threads.calls.calls(code)}

    def parts(operation: Operation | None) -> Iterable[int] | None:
        match operation:
            case None | facts.Const() | facts.LoadName(scope="global") | facts.Build(comprehension=True):
                return ()
            case facts.LoadAttr(base=base) | facts.LoadItem(base=base):
                return (base,)
            case facts.Await(value=value) | facts.Unpack(value=value):
                return (value,)
            case facts.Build(kind="tuple", items=values) | facts.Phi(inputs=values):
                return values
            case facts.Choice(operands=values) | facts.Compute(operands=values):
                return values
            case facts.Call(id=site, callee=callee):
                method = flow.operation(callee)
                answers = type(method) is facts.LoadAttr and method.name not in MAKERS | REMOVES
                return () if answers or site in known else None
            case _:
                return None

    return flow.consists(id, parts)


def _is_gone_on_with(case: Case, sequence: Composite, key: int) -> bool:
    """Whether what is found under the key that is tested is given back or used, and not only asked for, or told of in
    an error."""
    code, first = sequence.code, sequence.first
    flow = case.sharing.places.dataflow(code)
    if flow.key(first.key) != flow.key(key):
        return False
    keyed = (each for each in case.accesses if each.code is code and each.method in ("[]", "get") and each.key >= 0)
    looks = [each.id for each in keyed if each.base == first.base and flow.key(each.key) == flow.key(key)]
    if any(flow.comes_from(id, look) for id in code.returns for look in looks):
        return True
    uses = (use for look in looks for use in flow.uses(look))
    return any(not is_asked(use) and not _is_refused(code, use.id) for use in uses)


def is_asked(use: Operation) -> bool:
    """Whether a value is only asked about there."""
    return type(use) is facts.Compute and use.kind in QUESTIONS


def _is_refused(code: Code, id: int) -> bool:
    """Whether an operation is done on the way to an error that is raised where a test comes out so."""
    arms = (arm for node in code.controls if type(node) is facts.Branch for arm in (node.body, node.orelse))
    return any(arm and type(arm[-1]) is facts.Raise and is_within(arm, id) for arm in arms)


def _has_identity(case: Case, code: Code, id: int) -> bool:
    """Whether a value is known to be an object of its own, or has one in it.

    Where it may be many things, those that others have made, or are met somewhere, say nothing of what is made here.
    """
    made = case.sharing.places.dataflow(code).operation(id)
    items = made.items if type(made) is facts.Build and made.kind == "tuple" else (id,)
    return any(_is_made_here(case, code, case.sharing.places.types.of(code, item)) for item in items)


def _is_made_here(case: Case, code: Code, values: Iterable[Value]) -> bool:
    """Whether one of the values is an object with an identity that a function or what it calls makes, or all may be."""
    others = (each for each in values if not is_plain(each) and not _is_typed_table(each))
    objects = [each for each in others if may_be_told_apart(case, each)]
    sites = [each.site for each in objects if isinstance(each, Instance | LibraryObject)]
    makers, codes = {code.key}, case.sharing.places.types.names.sources.codes
    for _ in range(DEPTH):
        makers |= {edge.callee.key for key in makers for edge in case.threads.calls.only_calls(codes[key])}
    return any(site is not None and site[0] in makers for site in sites) or (bool(sites) and not any(sites))


def _is_typed_table(value: Value) -> bool:
    """Whether a value is a dictionary of which it is said what is in there."""
    return isinstance(value, Instance) and any(not TYPED.isdisjoint(cls.library_bases) for cls in value.cls.mro)


def _does_more(case: Case, code: Code, ids: Iterable[int], depth: int = 1) -> bool:
    """Whether something is counted, put in, taken out or begun on the way, itself or by what is called."""
    done = frozenset(ids)
    changes = (each for each in case.sharing.places.of(code) if each.id in done and each.kind.writes)
    if any(each.kind not in (Kind.WRITE, Kind.MUTATE) or each.method in ADDS | REMOVES for each in changes):
        return True
    methods = (each for each in map(code.operation, done) if type(each) is facts.LoadAttr)
    if any(each.name in STARTS | KEEPS for each in methods):
        return True
    called = [each.callee for each in case.threads.calls.only_calls(code) if each.site in done] if depth else []
    return any(_does_more(case, each, range(len(each.operations)), depth - 1) for each in called)


def _is_taken_from(case: Case) -> bool:
    """Whether anybody takes entries away."""
    return any(map(takes_away, case.accesses))
