"""Part of the races stage: in which contexts may two accesses meet, on one object and with no lock between them?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from itertools import tee

import msgspec

from racelint.program.callgraph.replaced import is_replaced
from racelint.program.contexts.contexts import Context
from racelint.program.dataflow.frames import split_path
from racelint.program.locking.guards import Protection, exclude_each_other, protections
from racelint.program.locking.locks import is_doubtful
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.lockstate import ON_ENTRY
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.modes import are_of_other_modes, is_in_other_mode
from racelint.program.sharing.name import Name
from racelint.program.sharing.sharing import Sharing
from racelint.program.sharing.slots import is_thread_slot
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance


class Meetings(msgspec.Struct, frozen=True):
    """The question is `of`. `protections` tells what is held at an access, whoever comes to it; if `by_the_way`, what
    each context holds when it comes there counts too."""

    sharing: Sharing
    locksets: LockSets
    protections: Callable[[Access], list[Protection]]
    _overlaps: dict[tuple[Access, Access], Iterator[tuple[Context, Context]]] = msgspec.field(default_factory=dict)
    """Of each two accesses, where they overlap; a copy begins from the start, and finds out what is not known yet."""
    by_the_way: bool = True

    def of(
        self, access: Access, held: list[Protection], other: Access, within: Code | None = None
    ) -> Iterator[tuple[Context, Context]]:
        """The contexts in which the two accesses overlap on one object with no lock between them."""
        if exclude_each_other(held, self.protections(other)):
            return
        if (access, other) not in self._overlaps:
            (self._overlaps[access, other],) = tee(self._overlapping(access, other), 1)
        for one, other_context in copy(self._overlaps[access, other]):
            if not self._is_kept_out(access, held, within or access.code, one, other, other_context):
                yield one, other_context

    def _overlapping(self, access: Access, other: Access) -> Iterator[tuple[Context, Context]]:
        """The contexts in which the two accesses overlap on one object, whatever is held."""
        if self.are_apart(access, other):
            return
        for one in self.sharing.threads.of(access.code):
            for other_context in self.sharing.threads.of(other.code):
                if (one.is_main and other_context.is_main) or self.are_far(access, one, other, other_context):
                    continue
                if self.have_other_receivers(access, one, other, other_context):
                    continue
                if one is other_context and self.sharing.numbered.are_apart(one, access, other):
                    continue
                if is_in_other_mode(self.sharing, access, other, other_context):
                    continue
                if is_in_other_mode(self.sharing, other, access, one):
                    continue
                if are_of_other_modes(self.sharing, access, one, other, other_context):
                    continue
                beside = self.sharing.threads.overlap(one, access.code, access.id, other_context, other.code, other.id)
                if not beside or not self.sharing.in_common(access, one, other, other_context):
                    continue
                if not self._is_kept_away(one, access) and not self._is_kept_away(other_context, other):
                    yield one, other_context

    def are_far(self, access: Access, one: Context, other: Access, other_context: Context) -> bool:
        """Whether it takes one of the contexts too many leaps to come to its access, and nobody says it does."""
        distances = self.sharing.threads.distances
        if not (distances.is_far(one, access.code) or distances.is_far(other_context, other.code)):
            return False
        return not self.sharing.assumed.covers(access.place)

    def _is_kept_away(self, context: Context, access: Access) -> bool:
        """Whether a context comes to the function of an access, but never to the access itself."""
        return self.sharing.naming.admitted.is_kept_away(context, access.code, access.id)

    def _is_kept_out(
        self, access: Access, held: list[Protection], within: Code, one: Context, other: Access, other_context: Context
    ) -> bool:
        """Whether the ways on which the two contexts come to the accesses, on an object in common, share a lock."""
        if not self.by_the_way:
            return False
        naming = self.sharing.naming
        mine = naming.names(one, access.code, access.base)
        theirs = naming.names(other_context, other.code, other.base)
        names: list[Name | None] = [name for name in mine if name in theirs] if access.place.kind == "attribute" else []
        return all(
            exclude_each_other(
                held + self._on_the_way(one, within, access, name),
                self.protections(other) + self._on_the_way(other_context, other.code, other, name),
            )
            for name in names or [None]
        )

    def _on_the_way(self, context: Context, code: Code, access: Access, name: Name | None) -> list[Protection]:
        """The locks that a context holds when it comes to a function, and that this one leaves alone."""
        named = name if code is access.code else None
        found = self.sharing.approaches.held(context, code, access.base, named)
        holding = self.locksets.holdings.get(code.key)
        released = {each.use.lock.key for each in holding.releases.values()} if holding is not None else set()
        if context.own_instance:
            # of whose object a lock is, is not known: it may be that of the instance, which nobody else has
            found = frozenset(use for use in found if not is_doubtful(use.base))
        return protections({use: ON_ENTRY for use in found if use.lock.key not in released}, access)

    def have_other_receivers(self, access: Access, one: Context, other: Access, other_context: Context) -> bool:
        """Whether both work on `self`, and the contexts were started on objects of classes that exclude each other."""
        if one is other_context or not (self._is_own(access) and self._is_own(other)):
            return False
        mine, theirs = _receivers(one, access), _receivers(other_context, other)
        return bool(mine and theirs) and not any(
            a.is_related(b) and not self._starts_otherwise(one, b) and not self._starts_otherwise(other_context, a)
            for a in mine
            for b in theirs
        )

    def _starts_otherwise(self, context: Context, cls: ClassInfo) -> bool:
        """Whether objects of a class have a method of their own in place of that which starts a context."""
        return context.code is not None and is_replaced(self.sharing.threads.calls, context.code, cls)

    def are_apart(self, access: Access, other: Access) -> bool:
        """Whether no object runs both, or only one at a time runs either of them for an object, or for an item, or only
        one thread runs both, or one is behind all who come to the other."""
        sharing = self.sharing
        alone = (sharing.single_flight, sharing.sole_owner, sharing.thread_bound, sharing.settled)
        covered = any(each.covers(access, other) for each in alone)
        return covered or self._is_of_own_item(access, other) or self.are_strangers(access, other)

    def _is_of_own_item(self, access: Access, other: Access) -> bool:
        """Whether one is to the running thread's own item, and the other goes not over all items."""
        types = self.sharing.places.types
        pairs = ((access, other), (other, access))
        return any(one.kind is not Kind.ITERATE and is_thread_slot(types, own) for own, one in pairs)

    def are_strangers(self, access: Access, other: Access) -> bool:
        """Whether no object runs the methods of both."""
        return self._is_overridden(access, other) or self._is_overridden(other, access)

    def _is_overridden(self, access: Access, other: Access) -> bool:
        """Whether the one is in a method that nobody calls, and all objects of the other have a method of their own."""
        code, threads = access.code, self.sharing.threads
        if not self._is_own(access) or code.cls is None or code.parent is not code.cls.body:
            return False
        receivers = {value for value in other.bases if isinstance(value, Instance)}
        classes = {value.cls for value in receivers} if len(receivers) == len(other.bases) else set()
        callers = threads.calls.callers(code)
        if self._is_own(other):
            classes = {other.code.cls, *other.code.cls.subclasses} if other.code.cls is not None else set()
            callers = [each for each in callers if isinstance(each.receiver, Instance) and each.receiver.cls in classes]
        attributes = threads.calls.types.attributes
        overridden = (code.cls in cls.mro and attributes.defining(cls, code.name) is not code.cls for cls in classes)
        return bool(classes) and all(overridden) and not callers

    def _is_own(self, access: Access) -> bool:
        """Whether an access is to the receiver of its method, or of the one around its function."""
        code, name = access.code, access.base
        if name.startswith("c:"):
            # what is behind the name may be a key, which has any characters
            _, module, index, name = split_path(name)[0].split(":")
            sources = self.sharing.places.types.names.sources
            code = sources.function(int(module), int(index))
        return bool(name) and name == code.own_name


def _receivers(context: Context, access: Access) -> list[ClassInfo]:
    """The classes of the objects that a context is started on, if it is at work in a method of these: else nothing."""
    receivers = [receiver.cls for _, receiver in context.entries if isinstance(receiver, Instance)]
    owned = all(access.place.owner in (cls.key for cls in each.mro) for each in receivers)
    return receivers if owned and len(receivers) == len(context.entries) else []
