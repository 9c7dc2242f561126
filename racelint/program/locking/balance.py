"""Stage 7: does every explicit acquire meet its release? Judged from the walks of the locksets stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.locking.counted import is_given_back_by_the_last
from racelint.program.locking.delegated import given_attributes, is_delegated, is_taken_along
from racelint.program.locking.holding import Acquisition, Exit, Holding, Leak, Release
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code
from racelint.program.values.values import LibraryObject


@dataclass(frozen=True, slots=True, eq=False)
class Unreleased:
    """An acquire that some path never undoes: `exit` is where that path leaves (None: at the end of the function).

    `never`: no code of the program releases the lock at all. `again`: the path does not leave, but comes round to the
    acquire, and `exit` is where.
    """

    acquisition: Acquisition
    exit: Span | None
    never: bool
    again: bool = False

    @property
    def path(self) -> str:
        """The file."""
        return self.acquisition.path

    @property
    def span(self) -> Span:
        """The acquire."""
        return self.acquisition.span


@dataclass(frozen=True, slots=True)
class Balance:
    """Acquires and releases that do not match: kept on a normal path or by a `raise`, skipped by an exception of a
    call, taken or not without looking, released without being held, and locks that nobody else can know."""

    unreleased: list[Unreleased]
    skipped: list[Unreleased]
    ignored: list[Acquisition]
    unheld: list[Release]
    useless: list[Acquisition]


def link_balance(locksets: LockSets) -> Balance:
    """Judge every function that takes or releases locks."""
    holdings = [locksets.holdings[key] for key in sorted(locksets.holdings)]
    released_by: dict[LockKey, set[int]] = {}
    for holding in holdings:
        for key in _releases(holding):
            released_by.setdefault(key, set()).add(holding.code.key)
    givers = givers_of(holdings)
    signals = signals_among(holdings, givers)
    loose = _loose_releases(locksets)
    unreleased: list[Unreleased] = []
    skipped: list[Unreleased] = []
    for holding in holdings:
        kept, passed = _leaks(locksets, holding, released_by, givers, loose)
        unreleased.extend(each for each in kept if each.acquisition.use.lock.key not in signals)
        skipped.extend(each for each in passed if each.acquisition.use.lock.key not in signals)
    ignored = [
        each
        for holding in holdings
        for each in holding.ignored.values()
        if each.use.lock.kind is not None and each.use.lock.key not in signals
    ]
    unheld = [
        release
        for holding in holdings
        for release in holding.releases.values()
        if release.free and not (release.asked or release.use.lock.kind is None or release.use.lock.is_semaphore)
    ]
    useless = [each for holding in holdings for each in _useless(locksets, holding)]
    return Balance(unreleased, skipped, ignored, unheld, useless)


def _releases(holding: Holding) -> set[LockKey]:
    return {release.use.lock.key for release in holding.releases.values()} | {use.lock.key for use in holding.handed_on}


def givers_of(holdings: Iterable[Holding]) -> dict[LockKey, set[int]]:
    """For each lock the functions that give it back without ever taking it."""
    found: dict[LockKey, set[int]] = {}
    for holding in holdings:
        taken = {each.use.lock.key for each in holding.acquisitions.values()}
        for key in _releases(holding) - taken:
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


def _others(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> set[int]:
    """The other functions that give a lock back without ever taking it."""
    return givers.get(leak.use.lock.key, set()) - {holding.code.key}


def _goes_with_the_result(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a permit leaves the function with what is returned: others give it back when they are done with that."""
    if leak.by is not Exit.RETURN or not leak.use.lock.is_semaphore:
        return False
    if not _others(holding, leak, givers):
        return False
    returns = (node for node in holding.code.controls if type(node) is facts.Return)
    result = next((node.value for node in returns if node.span == leak.exit), facts.NOTHING)
    operation = holding.code.operation(result)
    return result >= 0 and type(operation) is not facts.Const


def _goes_with_its_holder(flow: Dataflow, holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a function returns the object whose lock it is where it has that, and there only: others give it back."""
    if leak.by is not Exit.RETURN or not _others(holding, leak, givers):
        return False
    held = {each.exit for each in holding.leaks if each.use == leak.use and each.by is Exit.RETURN}
    returns = [node for node in holding.code.controls if type(node) is facts.Return]
    return None not in held and all(
        (node.span in held) == (node.value >= 0 and flow.path(node.value) == leak.use.base) for node in returns
    )


def _is_answered(holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether a function answers True where it has the lock and False where it has not; others give the lock back."""
    if leak.by is not Exit.RETURN or not _others(holding, leak, givers):
        return False
    held = {each.exit for each in holding.leaks if each.use == leak.use and each.by is Exit.RETURN}
    returns = [node for node in holding.code.controls if type(node) is facts.Return]
    answers = {(node.span in held, holding.code.literal(node.value)) for node in returns}
    return None not in held and answers == {(True, "True"), (False, "False")}


def _is_counted_back(holding: Holding, leak: Leak) -> bool:
    """Whether a loop takes permits of a semaphore and another one after it gives them back, before the path leaves."""
    if not leak.use.lock.is_semaphore:
        return False
    loops = [node for node in holding.code.controls if type(node) is facts.Loop]
    back = [release.id for release in holding.releases.values() if release.use == leak.use]
    taking = [node.span.line for node in loops if contains(node, leak.acquired)]
    giving = [node.span.line for node in loops if any(contains(node, id) for id in back)]
    if not taking or not giving or max(taking) >= min(giving):
        return False
    return leak.exit is None or leak.exit.line >= min(giving)


def _loose_releases(locksets: LockSets) -> set[str]:
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


def _leaks(
    locksets: LockSets,
    holding: Holding,
    released_by: dict[LockKey, set[int]],
    givers: dict[LockKey, set[int]],
    loose: set[str],
) -> tuple[list[Unreleased], list[Unreleased]]:
    own = {release.use for release in holding.releases.values()}
    handed_on = {leak for leak in holding.leaks if _goes_with_the_result(holding, leak, givers)}
    permits = {leak.acquired for leak in handed_on}
    kept: dict[int, Unreleased] = {}
    skipped: dict[int, Unreleased] = {}
    for leak in holding.leaks:
        acquisition = holding.acquisitions.get(leak.acquired)
        if acquisition is None or leak.acquired in holding.ignored or leak.use.lock.kind is None:
            continue
        releasers = released_by.get(leak.use.lock.key, set())
        never = not releasers and leak.use.lock.name not in loose
        if never and leak.use.lock.key not in locksets.waited_for:
            # only ever tried: a flag that is raised once, and nobody waits for it
            continue
        if is_private(locksets, holding.code, leak.use.lock.key) or _is_counted_back(holding, leak):
            continue
        others = _others(holding, leak, givers)
        others_give = leak.use.lock.is_semaphore and bool(others)
        if leak in handed_on or (leak.by is Exit.CALL and (leak.acquired in permits or others_give)):
            # no critical section that a call could skip the end of
            continue
        if _is_left_to_others(holding, leak, releasers, givers) or _is_given_back(locksets, holding, leak, givers):
            continue
        if leak.by is Exit.WAIT and not _is_interrupted(locksets, acquisition):
            continue
        if leak.use in own or never:
            by_exception = leak.by in (Exit.CALL, Exit.WAIT)
            target = skipped if by_exception else kept
            if by_exception and never:
                continue
            unreleased = Unreleased(acquisition, leak.exit, never, leak.by is Exit.AGAIN)
            target.setdefault(leak.acquired, unreleased)
    return list(kept.values()), [each for id, each in skipped.items() if id not in kept]


def _is_given_back(locksets: LockSets, holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether others give the lock back: the last who counts, who gets its owner, or what it goes along with."""
    flow, acquisition = locksets.places.dataflow(holding.code), holding.acquisitions[leak.acquired]
    others = _others(holding, leak, givers)
    return (
        is_given_back_by_the_last(holding, leak, flow, others)
        or is_delegated(locksets.places.types, acquisition, leak.exit)
        or _goes_with_its_holder(flow, holding, leak, givers)
        or (bool(others) and is_taken_along(locksets.threads.calls, flow, acquisition, leak.exit, others))
    )


def _is_left_to_others(holding: Holding, leak: Leak, releasers: set[int], givers: dict[LockKey, set[int]]) -> bool:
    """Whether it is not for the function to release the lock."""
    if leak.use.lock.key[0] == "site" and all(release.use != leak.use for release in holding.releases.values()):
        # made on the spot and told to others: it may be theirs to release
        return True
    if leak.use in holding.effect.acquires and releasers - {holding.code.key}:
        # every normal path leaves with it, and somebody else gives it back: the lock is handed over
        return True
    if _is_answered(holding, leak, givers):
        return True
    others = _others(holding, leak, givers)
    # a loop that waits for the lock that it has itself waits for others to give it back: a gate, shut for a while
    return bool(others) and (leak.use in holding.by_choice or leak.by is Exit.AGAIN)


def _is_interrupted(locksets: LockSets, acquisition: Acquisition) -> bool:
    """Whether something may end a wait by an exception: Ctrl-C in the main thread, or the end of a task."""
    if acquisition.use.lock.domain is LockDomain.TASK:
        return True
    return any(context.is_main for context in locksets.threads.of(acquisition.code))


def _useless(locksets: LockSets, holding: Holding) -> Iterator[Acquisition]:
    """Locks that a function makes for itself alone: a new one at each call, known to nobody else."""
    code = holding.code
    if code.function.kind == "module":
        return
    told: set[LockKey] = set()
    for acquisition in holding.acquisitions.values():
        key = acquisition.use.lock.key
        alone = _is_alone(locksets, code, acquisition)
        if key not in told and alone and is_private(locksets, code, key) and not _is_elsewhere(locksets, code, key):
            told.add(key)
            yield acquisition


def _is_elsewhere(locksets: LockSets, code: Code, key: LockKey) -> bool:
    """Whether what is made is no lock, or only a handle of one that has a name: a file, a row."""
    knowledge = locksets.places.types.names.knowledge
    made = (each for each in locksets.places.types.of(code, int(key[2])) if isinstance(each, LibraryObject))
    models = [model for each in made if (model := knowledge.lock(each.qualname)) is not None]
    return any(model.kind is LockKind.NONE or model.identity is not None for model in models)


def _is_alone(locksets: LockSets, code: Code, acquisition: Acquisition) -> bool:
    """Whether the one call is all that a private lock can meet: what it awaits itself may be a task of its own."""
    lock = acquisition.use.lock
    if lock.domain is not LockDomain.TASK:
        return lock.domain is not LockDomain.GREENLET
    uses = locksets.places.dataflow(code).uses(int(lock.key[2])) if lock.key[0] == "site" else ()
    return not acquisition.explicit and not any(
        isinstance(use, facts.LoadAttr) and use.name == "acquire" for use in uses
    )


def is_private(locksets: LockSets, code: Code, key: LockKey) -> bool:
    """Whether a lock is made in the function and known to nobody else: only taken and released there."""
    if key[0] != "site" or key[1] != code.key or int(key[2]) in code.returns:
        return False
    flow = locksets.places.dataflow(code)
    return all(
        isinstance(use, facts.Entered | facts.Await)
        or (
            isinstance(use, facts.LoadAttr)
            and all(isinstance(call, facts.Call) and call.callee == use.id for call in flow.uses(use.id))
        )
        for use in flow.uses(int(key[2]))
    )
