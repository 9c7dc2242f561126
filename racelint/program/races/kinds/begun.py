"""Part of the races stage: a thread is started on account of a test which only that thread makes come out otherwise.

`if self.count < self.limit: Thread(target=self.work).start()`, where `work` begins with `self.count += 1`: until it has
come to that, whoever asks is told that there is room, whatever lock is held over test and start.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockRole
from racelint.knowledge.running import BlockingOn
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.frames import outward
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.retests import comes_out, is_compared
from racelint.program.sources.branching import branches_around
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance, LibraryMethod

TELLS: Final = frozenset({BlockingOn.EVENT, BlockingOn.CONDITION, BlockingOn.QUEUE, BlockingOn.RESULT})
"""What another thread lets go on."""


class Begun(msgspec.Struct, frozen=True):
    """`tested` decides, in the condition `span` of `code`, that `context` is started, which makes the `change`."""

    code: Code
    span: Span
    tested: Access
    change: Access
    context: Context


def find_begun(locksets: LockSets) -> Iterator[Begun]:
    """Judge the starts of threads that run a method of the starter's own object."""
    for context in locksets.threads.contexts[1:]:
        entry = _own_method(context)
        for starter, start in context.starts if entry is not None else ():
            if entry is None or context.code is not starter:
                continue
            found = next(_judge(locksets, context, entry, starter, start), None)
            if found is not None:
                yield found


def _own_method(context: Context) -> Code | None:
    """The method that a thread runs on the object that starts it."""
    code = context.code
    entries = {entry.key: entry for entry, _ in context.entries}
    if not context.is_given_own or code is None or len(entries) != 1:
        return None
    receivers = [receiver for _, receiver in context.entries]
    on_own = all(isinstance(each, Instance) and code.cls in each.cls.mro for each in receivers)
    return next(iter(entries.values())) if on_own else None


def _judge(locksets: LockSets, context: Context, entry: Code, starter: Code, start: int) -> Iterator[Begun]:
    first = first_steps(entry)
    changes = [each for each, site in _of_own(locksets, entry) if site in first and each.kind.rebinds]
    if not changes or waits(locksets, starter, range(start + 1, len(starter.operations))):
        return
    by_starter = {each.place for each, _ in _of_own(locksets, starter) if each.kind.writes}
    for tester, site in ((starter, start), *_callers(locksets, starter)):
        if tester.key in locksets.threads.calls.constructing:
            continue
        own = by_starter | {each.place for each, _ in _of_own(locksets, tester) if each.kind.writes}
        flow = locksets.places.dataflow(tester)
        branches = branches_around(tester, site)
        tests = [each.test for each, _ in branches]
        reads = [each for each in locksets.places.of(tester) if _is_behind(locksets, tester, each, tests)]
        if any(each.place in own for each in reads):
            continue
        for (branch, truth), tested, change in product(branches, reads, changes):
            if change.place is not tested.place or not tested.is_of_self:
                continue
            written = locksets.places.dataflow(change.code)
            counted = change.kind is Kind.UPDATE and is_compared(flow, branch.test, tested)
            if counted or comes_out(flow, branch.test, tested, written, change) is (not truth):
                yield Begun(tester, branch.span, tested, change, context)


def _is_behind(locksets: LockSets, code: Code, read: Access, tests: list[int]) -> bool:
    flow = locksets.places.dataflow(code)
    return not read.kind.writes and any({read.id, read.load} & flow.sources(test) for test in tests)


def first_steps(entry: Code) -> set[int]:
    """The operations that a function surely comes by before it begins any loop."""
    found: set[int] = set()
    pending = list(reversed(entry.function.body))
    while pending:
        node = pending.pop()
        if type(node) is facts.Loop:
            break
        if isinstance(node, facts.With | facts.Try):
            pending.extend(reversed(node.body))
        elif (id := getattr(node, "id", None)) is not None:
            found.add(id)
    return found


def _of_own(locksets: LockSets, code: Code) -> Iterator[tuple[Access, int]]:
    """What a method does to its own object, itself or by the methods of it that it calls: with where it does so."""
    yield from ((each, each.id) for each in locksets.places.of(code) if each.is_of_self)
    for edge in locksets.threads.calls.sure_calls(code):
        if edge.callee is not code:
            paths = locksets.places.passed(code, edge.callee, edge.site, edge.receiver)
            for access in locksets.places.of(edge.callee):
                if access.base and outward(access.base, paths) == code.own_name:
                    yield access, edge.site


def _callers(locksets: LockSets, starter: Code) -> Iterator[tuple[Code, int]]:
    """The methods that call the one which starts the thread, on the same object."""
    for edge in locksets.threads.calls.callers(starter):
        paths = locksets.places.passed(edge.caller, starter, edge.site, edge.receiver)
        if starter.own_name and outward(starter.own_name, paths) == edge.caller.own_name != "":
            yield edge.caller, edge.site


def waits(locksets: LockSets, code: Code, ids: range) -> bool:
    """Whether a function waits in one of these operations, perhaps until a thread has told that it is there."""
    types = locksets.places.types
    for id in ids:
        fetched = code.fetched(code.operations[id])
        for value in types.of(code, fetched.id) if type(fetched) is facts.LoadAttr else ():
            if isinstance(value, LibraryMethod) and _waits_for_another(locksets, value):
                return True
    return False


def _waits_for_another(locksets: LockSets, value: LibraryMethod) -> bool:
    knowledge, method = locksets.places.types.names.knowledge, locksets.locks.method(value)
    if knowledge.wait(value.qualname) or (method is not None and method.role is LockRole.WAIT):
        return True
    blocking = knowledge.blocking(value.qualname)
    return blocking is not None and blocking.what in TELLS
