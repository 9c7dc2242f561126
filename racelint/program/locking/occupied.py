"""Part of the locksets stage: locks that the program makes itself, out of a condition and a note of who is inside.

Who enters waits until the note says that nobody is in, and changes it; who leaves notes what the constructor did. The
condition is held only to look and to note. Readers count themselves in where they find no writer, and the writer waits
for their count as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from racelint import facts
from racelint.knowledge.model import LockKind
from racelint.program.locking.holding import Effect, Holding
from racelint.program.locking.locks import EXCLUSIVE, LockUse
from racelint.program.memory.places import Places
from racelint.program.sources.nodes import contains, walk
from racelint.program.sources.source import Code
from racelint.program.values.values import FunctionRef

UNTOLD: Final = "?"
"""The text of a value that is no literal."""


class Note(NamedTuple):
    """The attribute, by the key of the owning class, that says whether somebody is inside."""

    owner: int
    name: str


class Change(msgspec.Struct, frozen=True):
    """A method stores an attribute of its object: a literal, by its text, or a count by one more or less, by the sign.

    `locks` are those of the same object that are held there, and not kept.
    """

    code: Code
    text: str
    step: str
    locks: frozenset[LockUse]


class Doors(msgspec.Struct):
    """The ways into, and out of, what a note is about: the functions, and the lock that each of them takes there."""

    entering: dict[int, LockUse] = msgspec.field(default_factory=dict)
    leaving: dict[int, LockUse] = msgspec.field(default_factory=dict)

    def add(self, changes: Iterable[Change], use: LockUse, *, inwards: bool) -> None:
        """Note functions that go one way."""
        for each in changes:
            way = self.entering if inwards else self.leaving
            way[each.code.key] = replace(use, base=each.code.own_name)


def occupied(holdings: Iterable[Holding], places: Places, known: dict[int, Effect]) -> dict[int, Effect]:
    """What functions do that enter, or leave, such a lock: they take it, or give it back. `known` is what some do
    besides."""
    by_code = {each.code.key: each for each in holdings}
    asked = {each.code.key: notes for each in by_code.values() if each.waits and (notes := _asked(each, places))}
    changes = _changes(by_code, places, set().union(*asked.values())) if asked else {}
    found: dict[int, Effect] = {}
    for note in sorted(changes):
        for doors in _doors(note, changes, asked):
            for key in sorted({*doors.entering, *doors.leaving}):
                effect = found.get(key) or known.get(key) or by_code[key].effect
                found[key] = _passed(effect, by_code[key].code, doors.entering.get(key), doors.leaving.get(key))
    return found


def _passed(effect: Effect, code: Code, entering: LockUse | None, leaving: LockUse | None) -> Effect:
    """What a function does besides if it goes in, or out, or both."""
    if entering is not None and leaving is not None:
        suspends = any(type(each) is facts.Yield for each in code.operations)
        return replace(effect, yields=effect.yields | {entering}) if suspends else effect
    if entering is not None:
        return replace(effect, acquires=effect.acquires | {entering})
    return effect if leaving is None else replace(effect, drops=effect.drops | {leaving})


def _doors(note: Note, changes: dict[Note, list[Change]], asked: dict[int, set[Note]]) -> Iterator[Doors]:
    """The ways to what a note is about, for the one who is alone in there and for readers; none if it is no such."""
    first = {each.text for each in changes[note] if each.code.name == "__init__"}
    later = [each for each in changes[note] if each.code.name != "__init__"]
    if len(first) != 1 or first == {UNTOLD} or not later:
        return
    shared = {_lock_key(use) for use in later[0].locks}.intersection(
        *({_lock_key(use) for use in each.locks} for each in later)
    )
    noting = [each for each in later if not each.step]
    leaving = [each for each in noting if each.text in first]
    entering = [each for each in noting if each.text not in first]
    if not (shared and leaving and entering) or any(note not in asked.get(each.code.key, ()) for each in entering):
        return
    within = next(use for use in later[0].locks if _lock_key(use) in shared).lock
    use = LockUse(replace(within, key=("attribute", *note), kind=None), "")
    alone, readers = Doors(), Doors()
    alone.add(entering, use, inwards=True)
    alone.add(leaving, use, inwards=False)
    yield alone
    counts = {count for each in entering for count in asked[each.code.key] if count in changes}
    steps = [each for count in sorted(counts) for each in changes[count] if each.code.key not in alone.entering]
    side = replace(use, mode=LockKind.READER)
    readers.add(
        (each for each in steps if each.step == "+" and note in asked.get(each.code.key, ())), side, inwards=True
    )
    readers.add((each for each in steps if each.step == "-"), side, inwards=False)
    yield readers


def _lock_key(use: LockUse) -> tuple[str, int, str]:
    return use.lock.key


def _changes(by_code: dict[int, Holding], places: Places, notes: set[Note]) -> dict[Note, list[Change]]:
    """Who changes attributes that are asked for: all methods that store them."""
    found: dict[Note, list[Change]] = defaultdict(list)
    for name in sorted({each.name for each in notes}):
        for code, id in places.types.attribute_stores.get(name, ()):
            store = code.operation(id)
            if type(store) is facts.StoreAttr and code.is_method and code.is_own(store.base):
                note = _note(places, code, name)
                if note in notes:
                    found[note].append(_change(code, store, by_code.get(code.key)))
    return found


def _change(code: Code, store: facts.StoreAttr, holding: Holding | None) -> Change:
    value, step = code.operation(store.value), ""
    if store.augmented:
        step = value.kind.rstrip("=") if type(value) is facts.Compute else UNTOLD
    state = holding.at.get(store.id) if holding is not None else None
    kept = {*holding.effect.acquires, *holding.effect.yields} if holding is not None else ()
    locks = frozenset(
        use
        for use in (state.held if state is not None else ())
        if use not in kept and use.base == code.own_name and use.lock.per_instance and use.lock.kind in EXCLUSIVE
    )
    return Change(code, value.text if type(value) is facts.Const else UNTOLD, step, locks)


def _note(places: Places, code: Code, name: str) -> Note:
    """What an attribute of a method's own object is."""
    cls = code.cls
    return Note(places.types.attributes.owner(cls, name).key if cls is not None else facts.NOTHING, name)


def _asked(holding: Holding, places: Places) -> set[Note]:
    """The attributes of its object on account of which a function waits for a condition."""
    code, flow = holding.code, places.dataflow(holding.code)
    names: set[str] = set()
    loops = [each for each in code.controls if type(each) is facts.Loop and each.kind == "while"]
    waits = [each for each in code.operations if type(each) is facts.Call and each.span in holding.waits]
    for call in waits:
        for loop in (each for each in loops if contains(each, call.id)):
            tests = [loop.test, *(each.test for each in walk(loop.body) if type(each) is facts.Branch)]
            names |= {code.own_attribute(flow.operation(id)) for test in tests for id in flow.sources(test)}
        for given in call.arguments:
            names |= _read_by(code, places, given.value)
    return {_note(places, code, name) for name in names - {""}} if code.is_method else set()


def _read_by(code: Code, places: Places, predicate: int) -> set[str]:
    """The attributes of a method's object that a function reads which it gives away to be asked: `wait_for(...)`."""
    values = places.types.of(code, predicate) if predicate >= 0 else ()
    asked = [each.code for each in values if isinstance(each, FunctionRef)]
    loads = ((each, load) for each in asked for load in each.operations if type(load) is facts.LoadAttr)
    return {load.name for each, load in loads if _is_own(code, each, load.base)}


def _is_own(outer: Code, code: Code, base: int) -> bool:
    """Whether a value in a function inside a method, or in another method, is the object of that."""
    operation = code.operation(base)
    return code.is_own(base) or (type(operation) is facts.LoadName and operation.name == outer.own_name)
