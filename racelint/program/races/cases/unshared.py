"""Part of the races stage: accesses that others never see, by what they do or where they are."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.process import PROCESS_KEYS
from racelint.program.callgraph.calls import Calls, constructs
from racelint.program.callgraph.forked import is_in_child
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.loops import loops
from racelint.program.sources.nodes import contains
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import Instance, LibraryObject

FOR_TESTS: Final = frozenset({"test", "testing"})
"""Parts of a package with what its users' tests need: these run one after the other."""

CALLERS: Final = 3
"""How many calls up it is looked who runs a function."""


def is_unseen(sharing: Sharing, access: Access) -> bool:
    """Whether others never see an access: it is made in a process of its own, or done for tests, or to what is new."""
    return (
        (access.kind.writes and is_run_for_tests(sharing, access.code))
        or is_in_child(sharing.threads.calls, access.code, access.id)
        or _is_before_inner(sharing.places.types, access)
    )


def _is_before_inner(types: Types, access: Access) -> bool:
    """Whether a function sets up what it has made, for functions that it will make: `root = Link(); root.next = root`.

    As long as it has made none of them, nobody has the variable. Those of an earlier turn of a loop have it too.
    """
    code = access.code
    own = f"c:{code.module}:{code.function.index}:"
    if not access.base.startswith(own):
        return False
    before = code.operations[: access.id]
    stores = [each for each in before if type(each) is facts.StoreName and own + each.name == access.base]
    turn_ends = max((high for low, high in loops(code) if low <= access.id <= high), default=access.id)
    if not stores or any(type(each) is facts.MakeFunction for each in code.operations[: turn_ends + 1]):
        return False
    made = types.of(code, stores[-1].value)
    return any(isinstance(each, Instance) and each.site == (code.key, stores[-1].value) for each in made)


def is_lent_with_lock(locksets: LockSets, access: Access) -> bool:
    """Whether a container that was given is used under a lock that was given too, and may be one of several."""
    if not access.is_lent:
        return False
    types, code = locksets.places.types, access.code
    holding = locksets.holdings.get(code.key)
    taken = holding.acquisitions if holding is not None else {}
    around = (node for node in code.controls if type(node) is facts.With and contains(node, access.id))
    unknown = [types.of(code, node.manager) for node in around if node.manager not in taken]
    made = [each for values in unknown for each in values if isinstance(each, LibraryObject)]
    return any(types.names.knowledge.lock(each.qualname) is not None for each in made)


def notes_process(sharing: Sharing, code: Code) -> bool:
    """Whether the function stores which process it is in: it makes its object ready for a new one, yet alone."""
    known = sharing.noting_process.get(code.key)
    if known is None:
        stored = [each.value for each in code.operations if type(each) is facts.StoreAttr and each.value >= 0]
        types = sharing.places.types
        known = any(types.may_call(code, code.operations[id], PROCESS_KEYS) for id in stored)
        sharing.noting_process[code.key] = known
    return known


def is_run_for_tests(sharing: Sharing, code: Code, depth: int = CALLERS) -> bool:
    """Whether a function is there to set up tests, or is only called, as far as one can see, by such functions."""
    known = sharing.for_tests.get(code.key)
    if known is None:
        callers = sharing.threads.calls.callers(code) if depth else []
        module = sharing.places.types.names.sources.modules[code.module].name
        known = not FOR_TESTS.isdisjoint(module.split(".")[1:]) or (
            bool(callers) and all(is_run_for_tests(sharing, each.caller, depth - 1) for each in callers)
        )
        sharing.for_tests[code.key] = known
    return known


def is_made_later(calls: Calls, code: Code) -> bool:
    """Whether a constructor, or a method of which it makes use, runs when the modules have been loaded already.

    It does so where a function makes the object, or code outside the program may.
    """
    pending, seen = [code], {code.key}
    while pending:
        each = pending.pop()
        callers = calls.callers(each)
        if not callers and constructs(each) and each.cls is not None and not each.cls.facts.name.startswith("_"):
            return True
        for caller in dict.fromkeys(edge.caller for edge in callers):
            if caller.key not in calls.constructing and caller.function.kind not in ("module", "class"):
                return True
            if caller.key in calls.constructing and caller.key not in seen:
                seen.add(caller.key)
                pending.append(caller)
    return False
