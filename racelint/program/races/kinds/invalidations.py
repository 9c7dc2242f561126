"""Part of the races stage: iterations that others invalidate, as they change what is gone over."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Operation, Span
from racelint.findings import Evidence
from racelint.knowledge.containers import ADDS, VIEWS
from racelint.knowledge.iteration import HIDES, Disturbance
from racelint.knowledge.running import RunsOn
from racelint.knowledge.texts import TELLS
from racelint.program.callgraph.calls import is_public
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.guards import Guard, Protection
from racelint.program.locking.holding import Acquisition
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import HALF, Case, Partner
from racelint.program.races.cases.disturbances import (
    changed_under,
    forgotten_meanwhile,
    harm,
    harms,
    is_no_setup,
    is_retried,
    is_taken_out,
)
from racelint.program.races.cases.insiders import is_insider, knows
from racelint.program.races.cases.views import is_behind_view, is_given_back, is_walked_outside
from racelint.program.races.excuses.single import is_swapped_out
from racelint.program.races.kinds.oversights import is_left_to_holder, where_forgotten
from racelint.program.races.kinds.race import Problem, Race
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code


def is_walked(case: Case, access: Access) -> bool:
    """Whether an access is an iteration, or fetches the view for one."""
    if access.kind is Kind.ITERATE:
        return True
    views = access.kind is Kind.CONTENT and access.method in VIEWS
    return views and any(
        each.kind is Kind.ITERATE and each.code is access.code and each.load == access.load for each in case.accesses
    )


def invalidated(case: Case, access: Access) -> Iterator[Race]:
    """An iteration while others change the size of what it goes over."""
    guard = case.guard
    held = case.protections(access)
    if access.kind is not Kind.ITERATE or is_retried(case, access) or is_taken_out(case, access):
        return
    if guard is not None and (any(map(guard.protects, held)) or is_swapped_out(case, access, guard)):
        return
    if _is_handed_out(case, access) or is_behind_view(case, access):
        return
    harmful, slight = harms(case, access), False
    partner = case.partner(access, held, harmful, is_no_setup)
    if partner is not None and _takes_one(case, access, partner.other) and _only_looks(case, access):
        worse = case.partner(
            access, held, lambda other: harmful(other) and not _takes_one(case, access, other), is_no_setup
        )
        partner, slight = worse or partner, worse is None
    if partner is not None and access.code.key in case.threads.at_exit and _only_skips(case, access, partner.other):
        return
    if partner is not None and not case.is_assumed and _is_work_of_one(case, access, partner):
        return
    if access.code.name in TELLS and _is_good_enough(case, access, partner):
        return
    if partner is not None:
        one, context = partner.one, partner.other_context
        race = _iteration(case, access, partner.other, "threads", access.code, access.span, one, context)
        yield replace(race, slight=slight)
    elif (changed := _changed_under_guard(case, access, held)) is not None:
        for code, span in where_forgotten(case, access, changed[0]):
            yield _iteration(case, access, changed[1], "lock", code, span)
    elif (beside := _beside(case, access, held)) is not None:
        race = _iteration(case, access, beside[1], "lock", access.code, access.span)
        yield replace(race, beside=beside[0])
    elif (forgotten := forgotten_meanwhile(case, access, held)) is not None:
        yield _iteration(case, access, forgotten, None, access.code, access.span)
    elif partner := case.assumed_partner(access, held, harms(case, access)):
        yield _iteration(case, access, partner.other, "assumed", access.code, access.span)


def _beside(case: Case, access: Access, held: list[Protection]) -> tuple[Acquisition | Access, Access] | None:
    """What another function changes, where each thing that is gone over locks itself against who does that, or where
    each thread puts in an item of its own."""
    if case.guard is not None or held or not case.is_reached(access.code) or not is_insider(case, access):
        return None
    beliefs = case.sharing.beliefs
    taken = beliefs.of_elements(case.threads.calls, access) or beliefs.of_keys(case.place)
    harmful = harms(case, access)
    partner = case.outside_partner(access, held, lambda other: other.code is not access.code and harmful(other))
    return None if taken is None or partner is None else (taken, partner.other)


def _is_work_of_one(case: Case, access: Access, partner: Partner) -> bool:
    """Whether what is gone over in the main context is made by one thread that ends and is joined elsewhere.

    Who has a thread make something looks at that when it is done, in ways that cannot all be seen: a helper joins it.
    One that goes round and round is at work whenever somebody looks; a lock shows that others are thought of.
    """
    other = partner.other_context
    if case.guard is not None or not partner.one.is_main or access.place.kind not in ("attribute", "class"):
        return False
    if other.runs_on is not RunsOn.THREAD or other.many or not other.joined_at or other.ends is not None:
        return False
    return not any(_goes_round(case, each) for each in case.threads.trace(other, partner.other.code))


def _goes_round(case: Case, code: Code) -> bool:
    """Whether a function is at work for as long as something is so, or goes over what another one of these gives."""
    loops = [node for node in code.controls if type(node) is facts.Loop]
    if any(node.kind == "while" for node in loops):
        return True
    walked = {node.test for node in loops}
    given = (edge.callee for edge in case.threads.calls.calls(code) if edge.site in walked)
    return any(type(node) is facts.Loop and node.kind == "while" for each in given for node in each.controls)


def _is_good_enough(case: Case, access: Access, partner: Partner | None) -> bool:
    """Whether an iteration fails on builds without a GIL only, or at worst shows an item too few.

    Where others who only look go over it under the lock, they have reckoned with more.
    """
    changing = {each.code for each in case.accesses if each.kind.writes} | {access.code}
    others = (each for each in case.accesses if each.kind is Kind.ITERATE and each.code not in changing)
    if any(each.taken_here for other in others for each in case.protections(other)):
        return False
    return access.one_step_with_gil or (partner is not None and _only_skips(case, access, partner.other))


def _only_looks(case: Case, walk: Access) -> bool:
    """Whether a walk does nothing to the items, and nobody says with a lock or a claim that it needs all of them.

    One that is passed over could as well have been gone by then, as far as one knows.
    """
    if case.guard is not None or case.is_assumed:
        return False
    flow = case.sharing.places.dataflow(walk.code)
    item = _drawn(flow, walk.id)
    loop = loop_around(walk.code, item) if item is not None else None
    if item is None or loop is None:
        return True
    if any(type(each) is facts.With and each.manager == item for each in walk.code.controls):
        return False
    return not any(_serves(flow, flow.code.operation(id), item) for id in range(item + 1, loop[1] + 1))


def _drawn(flow: Dataflow, walk: int) -> int | None:
    """Each item of what a loop goes over, be it through what only passes it on: `enumerate(items)`."""
    code = flow.code
    if type(code.operation(walk)) is facts.Element:
        return walk
    elements = (each for each in code.operations if type(each) is facts.Element and each.id > walk)
    return next((each.id for each in elements if each.iterable == walk), None)


def _takes_one(case: Case, access: Access, other: Access) -> bool:
    """Whether a change makes a walk lose its place, and no more: while a list is sorted it shows nothing at all."""
    return _only_skips(case, access, other) and other.method not in HIDES


def _serves(flow: Dataflow, done: Operation | None, item: int) -> bool:
    """Whether an operation sets or deletes something of an item, takes away what is kept under it, calls it, or calls
    its method or another function with it for nothing but what that does; that it is collected is no such thing."""
    match done:
        case facts.StoreAttr(base=base) | facts.DeleteAttr(base=base) | facts.StoreItem(base=base):
            return flow.comes_from(base, item)
        case facts.DeleteItem(base=base, key=key):
            return flow.comes_from(base, item) or flow.comes_from(key, item)
        case facts.Call(callee=callee) if callee == item:
            return True
    if type(done) is not facts.Call or _is_used(flow, done.id):
        return False
    method = flow.operation(done.callee)
    if type(method) is facts.LoadAttr and method.name in ADDS:
        return False
    return any(flow.comes_from(each, item) for each in (done.callee, *(given.value for given in done.arguments)))


def _is_used(flow: Dataflow, call: int) -> bool:
    """Whether anything is made of what a call gives; that it is in a list of which nothing is made is nothing."""
    uses = flow.uses(call)
    if uses and all(type(each) is facts.Build and each.comprehension for each in uses):
        return any(flow.is_used(each.id) for each in uses)
    return flow.is_result_used(call)


def _only_skips(case: Case, access: Access, other: Access) -> bool:
    """Whether an iteration only loses its place."""
    found = harm(case, access, other)
    return found is not None and found.disturbance is Disturbance.SKIPS


def _changed_under_guard(case: Case, access: Access, held: list[Protection]) -> tuple[Guard, Access] | None:
    guard = case.guard
    if guard is None or guard.guarded < 2 or not case.is_unguarded(held):
        return None
    if guard.share < HALF and not knows(case, access, guard.lock):
        return None
    if not case.is_reached(access.code) or not is_insider(case, access) or is_left_to_holder(case, access, guard):
        return None
    changed = changed_under(case, access, guard, held)
    return None if changed is None else (guard, changed)


def _iteration(
    case: Case,
    access: Access,
    other: Access,
    evidence: Evidence | None,
    code: Code,
    span: Span,
    one: Context | None = None,
    context: Context | None = None,
) -> Race:
    return Race(
        Problem.ITERATION,
        code,
        span,
        access,
        evidence,
        other,
        one,
        context,
        case.guard,
        needs_no_gil=access.one_step_with_gil,
        harm=harm(case, access, other),
    )


def _is_handed_out(case: Case, access: Access) -> bool:
    knowledge = case.sharing.places.types.names.knowledge
    return access.id in access.code.returns and knowledge.is_lazy(access.method)


def handed_out(case: Case) -> Iterator[Race]:
    """Live views that leave the critical section, or were never in one, for callers to go over without the lock."""
    guard = case.guard
    for access in filter(lambda each: _is_given_view(case, each), case.accesses):
        held = case.protections(access)
        if guard is not None and guard.guarded > 1 and any(map(guard.protects, held)):
            changed = changed_under(case, access, guard, [])
            if changed is not None and is_walked_outside(case, access, guard):
                race = _iteration(case, access, changed, "lock", access.code, access.span)
                yield replace(race, problem=Problem.HANDED_OUT)
        elif not held and is_public(access.code) and not case.threads.calls.callers(access.code):
            given = _given_away(case, access, held)
            if given is not None:
                yield replace(given, problem=Problem.HANDED_OUT)


def _given_away(case: Case, access: Access, held: list[Protection]) -> Race | None:
    """A view for callers that nobody sees: they go over it while a thread changes it, or others, as is said."""
    partner = case.partner(access, held, harms(case, access), is_no_setup)
    if partner is not None and not (_is_work_of_one(case, access, partner) and not case.is_assumed):
        one, context = partner.one, partner.other_context
        return _iteration(case, access, partner.other, "threads", access.code, access.span, one, context)
    partner = case.assumed_partner(access, held, harms(case, access))
    return _iteration(case, access, partner.other, "assumed", access.code, access.span) if partner else None


def _is_given_view(case: Case, access: Access) -> bool:
    """Whether a function returns a live view, or a part of what it returns is one."""
    if access.method not in VIEWS:
        return _is_handed_out(case, access)
    return is_given_back(case.sharing.places.dataflow(access.code), access.id)
