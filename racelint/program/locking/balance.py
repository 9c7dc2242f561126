"""Stage 7: does every explicit acquire meet its release? Judged from the walks of the locksets stage."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind
from racelint.program.locking.counted import is_given_back_by_the_last
from racelint.program.locking.delegated import (
    givers_of,
    goes_with_its_holder,
    goes_with_the_result,
    is_answered,
    is_delegated,
    is_taken_along,
    is_taken_each_turn,
    loose_releases,
    others_of,
    releases_of,
    signals_among,
)
from racelint.program.locking.holding import Acquisition, Exit, Holding, Leak, Release
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.sources.nodes import contains, ids_in, walk
from racelint.program.sources.source import Code
from racelint.program.values.values import LibraryObject


class Unreleased(msgspec.Struct, frozen=True, eq=False):
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


class Balance(msgspec.Struct, frozen=True):
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
        for key in releases_of(holding):
            released_by.setdefault(key, set()).add(holding.code.key)
    givers = givers_of(holdings)
    signals = signals_among(holdings, givers)
    loose = loose_releases(locksets)
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


def _is_cut_short(holding: Holding, leak: Leak) -> bool:
    """Whether the release stands in a `finally`, and it is something before it in there that may raise.

    What is taken in there, too, is not safe from that.
    """
    back = {release.id for release in holding.releases.values() if release.use == leak.use}
    finals = [node.final for node in holding.code.controls if type(node) is facts.Try]
    return any(
        leak.exit in (getattr(each, "span", None) for each in walk(final))
        and leak.acquired not in ids_in(final)
        and not back.isdisjoint(ids_in(final))
        for final in finals
    )


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


def _leaks(
    locksets: LockSets,
    holding: Holding,
    released_by: dict[LockKey, set[int]],
    givers: dict[LockKey, set[int]],
    loose: set[str],
) -> tuple[list[Unreleased], list[Unreleased]]:
    own = {release.use for release in holding.releases.values()}
    handed_on = {leak for leak in holding.leaks if goes_with_the_result(holding, leak, givers)}
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
        others = others_of(holding, leak, givers)
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
            if by_exception and (never or _is_cut_short(holding, leak)):
                continue
            unreleased = Unreleased(acquisition, leak.exit, never, leak.by is Exit.AGAIN)
            target.setdefault(leak.acquired, unreleased)
    return list(kept.values()), [each for id, each in skipped.items() if id not in kept]


def _is_given_back(locksets: LockSets, holding: Holding, leak: Leak, givers: dict[LockKey, set[int]]) -> bool:
    """Whether others give the lock back: the last who counts, who gets its owner, or what it goes along with."""
    flow, acquisition = locksets.places.dataflow(holding.code), holding.acquisitions[leak.acquired]
    others = others_of(holding, leak, givers)
    return (
        is_given_back_by_the_last(holding, leak, flow, others)
        or is_delegated(locksets.places.types, acquisition, leak.exit)
        or goes_with_its_holder(flow, holding, leak, givers)
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
    if is_answered(holding, leak, givers) or is_taken_each_turn(holding, leak, givers):
        return True
    others = others_of(holding, leak, givers)
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
