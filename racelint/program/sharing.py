"""Stage 8: which Places can two contexts reach, on one and the same object, and which accesses come before that?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from racelint import facts
from racelint.knowledge.model import SafetyKind
from racelint.program.places import Access, Place, Places
from racelint.program.source import Code
from racelint.program.threads import Context, Threads
from racelint.program.types import Spawned
from racelint.program.values import FunctionRef, Instance, LibraryObject, Partial, Value

REACH: Final = 4
"""How many attributes deep an object is followed from where it is handed over."""


@dataclass(slots=True)
class Sharing:
    """What contexts share. `stable` and `handed` hold, for each started context, the objects that it gets from outside:
    the first only those that all its instances have in common."""

    threads: Threads
    places: Places
    assumed: tuple[str, ...]
    stable: dict[int, set[Value]] = field(default_factory=dict)
    handed: dict[int, set[Value]] = field(default_factory=dict)
    _assumed: dict[Place, bool] = field(default_factory=dict)

    def is_early(self, access: Access) -> bool:
        """Whether an access happens before anybody else can know the object: in a constructor, or at import."""
        code = access.code
        if access.place.kind == "attribute":
            if code.key in self.threads.calls.constructing and code.function.parameters:
                return access.base == code.function.parameters[0].name
            return self._is_fresh(access)
        if access.place.kind == "closure":
            return code.key == access.place.owner
        return code.function.kind in ("module", "class")

    def _is_fresh(self, access: Access) -> bool:
        """Whether the object was made in this very function, under a name of its own."""
        if not access.base.startswith("%"):
            return False
        made = access.base[1:]
        operation = (
            access.code.operations[int(made)] if made.isdigit() and int(made) < len(access.code.operations) else None
        )
        return type(operation) is facts.Call and any(
            isinstance(value, Instance) and value.site == (access.code.key, operation.id) for value in access.bases
        )

    def is_assumed(self, place: Place) -> bool:
        """Whether `--assume-shared` names the Place, its class or its module."""
        known = self._assumed.get(place)
        if known is None:
            names = [place.symbol]
            while "." in names[-1]:
                names.append(names[-1].rpartition(".")[0])
            known = any(fnmatchcase(name, pattern) for name in names for pattern in self.assumed)
            self._assumed[place] = known
        return known

    def in_common(self, first: Access, one: Context, second: Access, other: Context) -> bool:
        """Whether the two accesses, made by these contexts, may touch the very same memory."""
        kind = first.place.kind
        if kind in ("global", "class"):
            return True
        if kind == "closure":
            return self._closure_in_common(first.place, one, other)
        if one is other:
            objects: Iterable[Value] = self.stable.get(one.index, ())
            return any(value in objects for value in first.bases if value in second.bases)
        if one.own_instance and other.own_instance and self._are_receivers(first.bases, one, other):
            return False
        for context in (one, other):
            if not context.is_main:
                objects = self.handed.get(context.index, ())
                if not any(value in objects for value in first.bases if value in second.bases):
                    return False
        return True

    @staticmethod
    def _are_receivers(values: Sequence[Value], one: Context, other: Context) -> bool:
        receivers = {receiver for context in (one, other) for _, receiver in context.entries}
        return all(value in receivers for value in values)

    def _closure_in_common(self, place: Place, one: Context, other: Context) -> bool:
        """A closure variable is one for all that run inside the call of its function, not for several such calls."""
        owner = self.places.types.names.sources.codes[place.owner]
        for context in {one.index: one, other.index: other}.values():
            if not context.is_main and any(each is context for each in self.threads.of(owner)):
                return False
        return True


def link_sharing(threads: Threads, places: Places, assumed: Sequence[str]) -> Sharing:
    """Find what each context is handed, and which functions only construct."""
    sharing = Sharing(threads, places, tuple(assumed))
    spawns: dict[tuple[int, int], list[Spawned]] = {}
    for spawned in places.types.spawned:
        spawns.setdefault(spawned.site, []).append(spawned)
    everywhere = _globals(places)
    for context in threads.contexts[1:]:
        site = (context.code.key, context.site) if context.code is not None else (-1, -1)
        handed, stable = _handed(places, context, spawns.get(site, []))
        sharing.handed[context.index] = _reachable(places, [*handed, *everywhere])
        sharing.stable[context.index] = _reachable(places, [*stable, *everywhere])
    return sharing


def _handed(places: Places, context: Context, spawns: list[Spawned]) -> tuple[list[Value], list[Value]]:
    """The objects that a context gets: all of them, and those that are the same for each of its instances."""
    handed: list[Value] = []
    stable: list[Value] = []
    for code, receiver in context.entries:
        if receiver is not None:
            handed.append(receiver)
            if context.own_instance:
                stable.extend(_given_to_each(places, context, code, receiver))
            if not context.own_instance and _is_stable_receiver(context, receiver, places):
                stable.append(receiver)
        captured = _captured(places, code)
        handed.extend(captured)
        stable.extend(captured)
    sources = places.types.names.sources
    for spawned in spawns:
        for node in (
            *spawned.given.positional,
            *(node for _, node in spawned.given.keywords),
            *_preset(places, spawned),
        ):
            values = list(places.types.of_node(node))
            handed.extend(values)
            if node < sources.size and not _varies(places, context, node):
                stable.extend(values)
    return handed, stable


def _preset(places: Places, spawned: Spawned) -> list[int]:
    """The arguments that a partial carries."""
    if not isinstance(spawned.target, Partial):
        return []
    code = places.types.names.sources.codes[spawned.target.site[0]]
    call = code.operations[spawned.target.site[1]]
    return [code.offset + each.value for each in call.arguments if each.value >= 0] if type(call) is facts.Call else []


def _varies(places: Places, context: Context, node: int) -> bool:
    """Whether an argument is another object at each start: made, or drawn from something, inside the repeated range."""
    code, _ = places.types.names.sources.operation_at(node)
    root = places.dataflow(code).path(node - code.offset)
    if not root.startswith("%") or context.repeated is None:
        return False
    digits = root[1:].split(".")[0].split("[")[0]
    return digits.isdigit() and context.repeated[0] <= int(digits) <= context.repeated[1]


def _is_stable_receiver(context: Context, receiver: Value, places: Places) -> bool:
    """Whether all instances run on one object: not where each start makes its own."""
    if context.repeated is None or context.code is None or not isinstance(receiver, Instance) or receiver.site is None:
        return True
    low, high = context.repeated
    if receiver.site[0] == context.code.key:
        return not low <= receiver.site[1] <= high
    call = context.code.operations[context.site]
    if type(call) is facts.Call:
        for argument in call.arguments:
            target = context.code.operations[argument.value] if argument.value >= 0 else None
            if type(target) is facts.LoadAttr:
                return not _varies(places, context, context.code.offset + target.base)
    return True


def _given_to_each(places: Places, context: Context, code: Code, receiver: Value) -> list[Value]:
    """The objects in the attributes of a receiver of its own that were made elsewhere: all instances may share them."""
    if not isinstance(receiver, Instance):
        return []
    types = places.types
    own = {method.code.key for cls in receiver.cls.mro for method in types.attributes.methods(cls)}
    found: list[Value] = []
    for name in sorted(types.attributes.stored(receiver.cls) | {"server"}):
        for value in types.of_attribute(receiver.cls, name):
            if isinstance(value, Instance) and value is not receiver and not _made_by(value, own, context):
                found.append(value)
    return found


def _made_by(value: Instance, own: set[int], context: Context) -> bool:
    """Whether each receiver has an object of its own there: made by itself, or anew for each start."""
    if value.site is None:
        return value.cls.library_bases == []
    if value.site[0] in own:
        return True
    if context.repeated is None or context.code is None or value.site[0] != context.code.key:
        return False
    return context.repeated[0] <= value.site[1] <= context.repeated[1]


def _captured(places: Places, code: Code) -> list[Value]:
    """The objects in the closure variables of a function."""
    types = places.types
    found: list[Value] = []
    for operation in code.operations:
        if type(operation) is facts.LoadName and operation.scope == "free":
            found.extend(types.of(code, operation.id))
    return found


def _globals(places: Places) -> list[Value]:
    """The objects that module globals and class attributes hold: everybody can reach them."""
    held = (places.values(place) for place in places.by_place if place.kind in ("global", "class"))
    return list(dict.fromkeys(value for values in held for value in values if isinstance(value, Instance)))


def _reachable(places: Places, roots: Iterable[Value]) -> set[Value]:
    """The objects that can be reached through named attributes. What lies in containers is left out: it is often
    handed from one thread to the next, and used by one at a time."""
    types = places.types
    found: set[Value] = set()
    pending = [(value, 0) for value in roots]
    while pending:
        value, depth = pending.pop()
        if value in found or not isinstance(value, Instance):
            if isinstance(value, FunctionRef) and value.receiver is not None and value not in found:
                found.add(value)
                pending.append((value.receiver, depth))
            continue
        found.add(value)
        if depth < REACH:
            for name in sorted(types.attributes.stored(value.cls)):
                pending.extend((each, depth + 1) for each in types.of_attribute(value.cls, name))
    return found


def is_confined(places: Places, place: Place) -> bool:
    """Whether the Place's class of object keeps its contents apart by thread, task or request."""
    knowledge = places.types.names.knowledge
    for value in places.values(place):
        if isinstance(value, LibraryObject):
            safety = knowledge.safety(value.qualname)
            if safety is not None and safety.kind in (SafetyKind.CONFINED, SafetyKind.PROCESS):
                return True
    return False
