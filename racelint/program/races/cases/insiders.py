"""Part of the races stage: which accesses is the program's own lock for a Place meant for?"""

from __future__ import annotations

from pathlib import PurePath

from racelint.knowledge.definitions import TESTS
from racelint.program.callgraph.edges import on_own_object
from racelint.program.locking.aliases import place_key
from racelint.program.locking.locks import Lock, LockKey
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Case
from racelint.program.sharing.drawn import container
from racelint.program.sharing.slots import is_thread_slot
from racelint.program.sources.source import Code


def is_insider(case: Case, access: Access) -> bool:
    """Whether the access is one that the guard was made for.

    It is in the object's own methods, on a global object, or in code beside the class. Others may have an object of
    their own: a test, a caller that has just made it. Who makes the guard anew makes the state anew with it.
    """
    code = access.code
    receiver = case.sharing.places.types.attributes.receiver_of(code)
    if (receiver is not None and _is_test(receiver.library_bases)) or _is_for_tests(code):
        return False
    if _makes_guard(case, access) or is_thread_slot(case.sharing.places.types, access):
        return False
    if access.place.kind == "object" or access.is_lent or _is_own_step(case, access):
        return False
    if access.place.kind != "attribute" or access.base.startswith(("g:", "c:")):
        return True
    if receiver is None or (case.guard is not None and _has_none(case, access, case.guard.lock)):
        return False
    if any(each.lock.kind is not None for each in case.protections(access)):
        return True
    owner = case.sharing.places.types.names.sources.classes[access.place.owner]
    if access.is_of_self:
        return receiver.is_related(owner)
    return owner.module == code.module and _kept_in(case, access).startswith(code.own_name + ".")


def _kept_in(case: Case, access: Access) -> str:
    """The path of an object, or of the container that it is drawn from and stays in."""
    number = access.base.removeprefix("%")
    if number == access.base or not number.isdigit():
        return access.base
    places = case.sharing.places
    return container(places.types, places.dataflow(access.code), int(number)) or access.base


def _is_own_step(case: Case, access: Access) -> bool:
    """Whether an iterator that locks what it draws on goes on with what is its own: one goes over it."""
    if case.guard is None or access.code.name not in ("__next__", "__anext__"):
        return False
    return case.guard.relation.startswith(".") and access.is_of_self


def knows(case: Case, access: Access, lock: Lock) -> bool:
    """Whether the class in which an access is written has the lock: what only a subclass has it cannot take."""
    types = case.sharing.places.types
    receiver = types.attributes.receiver_of(access.code)
    if receiver is None or lock.key[0] != "attribute":
        return True
    owner = types.names.sources.classes[lock.key[1]]
    return owner in receiver.mro or receiver not in owner.mro


def _has_none(case: Case, access: Access, lock: Lock) -> bool:
    """Whether an object at work on itself lacks a lock: that of a sibling class, which each has its own way."""
    types = case.sharing.places.types
    receiver = types.attributes.receiver_of(access.code)
    if receiver is None or access.place.kind != "attribute" or lock.key[0] != "attribute":
        return False
    owner = types.names.sources.classes[lock.key[1]]
    base = types.names.sources.classes[access.place.owner]
    if not access.is_of_self or not {receiver, owner} <= {*base.subclasses}:
        return False
    return owner.is_apart(receiver)


def kindred(case: Case, access: Access) -> list[Access]:
    """The accesses that may be to the object of this one, as far as their classes tell."""
    attributes = case.sharing.places.types.attributes
    receiver = attributes.receiver_of(access.code) if access.is_of_self else None
    if receiver is None:
        return case.accesses
    theirs = ((each, attributes.receiver_of(each.code) if each.is_of_self else None) for each in case.accesses)
    return [each for each, cls in theirs if cls is None or not cls.is_apart(receiver)]


def _makes_guard(case: Case, access: Access) -> bool:
    if case.guard is None:
        return False
    places, key = case.sharing.places, case.guard.lock.key
    if any(_rebinds(other, key) and other.base == access.base for other in places.of(access.code)):
        return True
    if not access.is_of_self:
        return False
    # what the method of the base makes that it extends: `super().setup()`
    edges = case.threads.calls.sure_calls(access.code)
    before = (edge.callee for edge in edges if edge.site < access.id and on_own_object(edge))
    return any(_rebinds(other, key) and other.is_of_self for callee in before for other in places.of(callee))


def _rebinds(access: Access, key: LockKey) -> bool:
    return access.kind.rebinds and place_key(access.place) == key


def _is_test(bases: list[str]) -> bool:
    return any(base.startswith(TESTS) for base in bases)


def _is_for_tests(code: Code) -> bool:
    """Whether a function is there to set up tests, as its module says: they run one after the other."""
    return any(part in ("testing", "testing.py") for part in PurePath(code.path).parts)
