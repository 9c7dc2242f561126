"""Stage 5: which lock is meant? Identity is a Place (or where the lock is made), never a name; aliases are one lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.model import LockDomain, LockKind, LockMethod, LockRole, Slot
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.locking.aliases import Groups, inherited, one_of_several, passes, place_key, site_key, wrapped
from racelint.program.locking.kinds import common_kind, is_for_tasks, kind_made, one_kind
from racelint.program.locking.library_locks import inherited_place, library_lock
from racelint.program.locking.locks import EITHER, HANDED, NAMED, Lock, LockKey, LockUse
from racelint.program.locking.presumed import presumed_locks
from racelint.program.locking.tables import container, kept_in, table_key
from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import FunctionRef, Instance, LibraryMethod, LibraryObject, Site, Value


class Locks:
    """Answers which lock an expression means."""

    def __init__(self, places: Places, *, by_use: bool = False) -> None:
        self._places = places
        self._types: Types = places.types
        self._knowledge = places.types.names.knowledge
        self._groups = Groups()
        self._kinds: dict[Site, tuple[LockKind, LockDomain]] = {}
        self._semaphores: set[Site] = set()
        self._named: set[LockKey] = set()
        self._tables: dict[LockKey, str] = {}
        """The symbols of the containers that hold a lock for each key, by what stands for all of these."""
        self._cache: dict[tuple[int, int], LockUse | None] = {}
        self._made: dict[LockKey, Lock] = {}
        self._homes: dict[LockKey, tuple[str, str, Span]] = {}
        self._sites_of: dict[LockKey, set[Site]] = {}
        self._presumed: frozenset[LockKey] = frozenset()
        self._find_homes()
        if by_use:
            self._presumed = frozenset(map(self._groups.find, presumed_locks(places)))
            self._cache.clear()
            self._made.clear()

    # --- where locks are made and stored ---

    def _find_homes(self) -> None:
        stored: list[tuple[LockKey, Place, Code, int, Span]] = []
        factories: set[LockKey] = set()
        made: dict[Site, set[LockKey]] = {}
        for place, accesses in self._places.by_place.items():
            for access in accesses:
                if access.kind.rebinds and access.value >= 0:
                    stored.append((place_key(place), place, access.code, access.value, access.span))
        for key, place, code, value, span in stored:
            sites = [site for each in self._types.of(code, value) if (site := self._site(each)) is not None]
            if sites:
                self._sites_of.setdefault(key, set()).update(sites)
                for site in sites:
                    if passes(code, value, site):
                        made.setdefault(site, set()).add(key)
                if self._by_factory(code, value):
                    factories.add(key)
                direct = type(code.operation(value)) is facts.Call
                if direct or key not in self._homes:
                    self._homes[key] = (place.symbol, code.path, span)
        self._note_fields()
        for one, other in inherited(self._places, self._sites_of):
            self._groups.join(one, other)
        self._groups.homes.update(*made.values())
        apart = one_of_several(self._places, [(key, code, value) for key, _, code, value, _ in stored], self._sites_of)
        for key in sorted(self._sites_of):
            held = self._sites_of[key]
            homes = {home for site in held for home in made.get(site, ())}
            if len(homes) == 1 and key not in self._groups.homes:
                self._groups.join(key, homes.pop())
            elif len(held) == 1 and key not in factories and key not in apart:
                self._groups.join(key, site_key(next(iter(held))))
        self._share_all()
        for key, _, code, value, _ in stored:
            if key in factories:
                self._share_handed(key, code, value)
        # what was asked while conditions were still being joined to their locks may carry an old key
        self._cache.clear()
        self._made.clear()

    def _share_all(self) -> None:
        for code in self._types.names.sources.codes:
            for operation in code.operations:
                if type(operation) is facts.Call:
                    self._share(code, operation)

    def _note_fields(self) -> None:
        """A field of a dataclass is stored by nobody: it holds the locks that its constructor is given."""
        for place in self._places.by_place:
            if place.kind == "attribute" and place_key(place) not in self._sites_of:
                for value in self._places.values(place):
                    if (site := self._site(value)) is not None:
                        self._sites_of.setdefault(place_key(place), set()).add(site)

    def _share_handed(self, key: LockKey, code: Code, value: int) -> None:
        """`self.full = condition(self._lock)`: what is stored is the lock that the function is given."""
        call = code.operation(value)
        if type(call) is not facts.Call:
            return
        for callee in self._types.of(code, call.callee):
            if isinstance(callee, FunctionRef):
                for position, name in wrapped(self._types, callee.code):
                    given = argument(call, position - (callee.receiver is not None), name)
                    shared = self.use(code, given) if given is not None else None
                    if shared is not None and shared.lock.domain is LockDomain.THREAD:
                        self._groups.join(shared.lock.key, key)

    def _by_factory(self, code: Code, value: int) -> bool:
        """Whether a stored lock comes fresh from a function of the program: another one at each call."""
        made = code.operation(value)
        return type(made) is facts.Call and any(
            isinstance(each, FunctionRef) for each in self._types.of(code, made.callee)
        )

    def _share(self, code: Code, call: facts.Call) -> None:
        """`Condition(self._lock)` is the lock that it is given."""
        for value in self._types.of(code, call.id):
            if not isinstance(value, LibraryObject) or value.site != (code.key, call.id):
                continue
            model = self._knowledge.lock(value.qualname)
            if model is None:
                continue
            kind = kind_made(code, call, model)
            if model.kind is LockKind.SEMAPHORE:
                self._semaphores.add(value.site)
            if model.identity is not None and not self._share_named(code, call, model.identity):
                continue
            if model.shares is not None:
                given = argument(call, model.shares.position, model.shares.keyword)
                if given is not None:
                    shared = self.use(code, given)
                    if shared is not None:
                        self._groups.join(shared.lock.key, site_key(value.site))
                        kind = shared.lock.kind or LockKind.CONDITION
                else:
                    kind = model.default_kind or kind
            self._kinds[value.site] = (kind, model.domain)
            self._keep_by_key(code, call, site_key(value.site))

    def _keep_by_key(self, code: Code, made: facts.Call, own: LockKey) -> None:
        """`self._locks[key] = Lock()`, or `setdefault`: a lock that has no other home is one of the container's."""
        place = kept_in(self._places, code, made) if self._groups.find(own) == own else None
        if place is not None:
            key = table_key(place)
            self._tables[key] = f"{place.symbol}[]"
            self._groups.join(key, own)

    def _share_named(self, code: Code, call: facts.Call, slot: Slot) -> bool:
        """`FileLock(PATH)`, made wherever it is needed: what is made with the same constant is the same lock.

        Whether it is known which lock is meant: with another argument it may be any of them.
        """
        given, own = argument(call, slot.position, slot.keyword), site_key((code.key, call.id))
        self._named.add(own)
        if given is None or self._groups.find(own)[0] != "site":
            return True
        name, operation = self._places.dataflow(code).text(given), self._operation(code, given)
        named = self._places.located(code, operation) if operation is not None else []
        constants = [place.symbol for place, _, _ in named if place.kind in ("global", "class")]
        if name is None and not constants:
            return False
        key: LockKey = (NAMED, 0, name or constants[0])
        if constants:
            self._homes.setdefault(key, (constants[0], code.path, call.span))
        self._groups.join(key, own)
        self._named.add(key)
        return True

    def _site(self, value: Value) -> Site | None:
        """Where a lock is made, as far as that is known."""
        return value.site if isinstance(value, LibraryObject) and self._is_lock(value) else None

    def _is_lock(self, value: Value) -> bool:
        return isinstance(value, LibraryObject) and self._knowledge.lock(value.qualname) is not None

    # --- which lock an expression means ---

    def use(self, code: Code, id: int) -> LockUse | None:
        """The lock that the value `id` of `code` is, or may be; None where it is surely none."""
        key = (code.key, id)
        if key not in self._cache:
            self._cache[key] = None
            self._cache[key] = self._use(code, id)
        return self._cache[key]

    def _use(self, code: Code, id: int) -> LockUse | None:
        values = self._types.of(code, id)
        locks = [value for value in values if self._is_lock(value)]
        if values and not locks:
            return self._of_library(code, id, values)
        flow = self._places.dataflow(code)
        operation = flow.operation(id)
        side = self._side(code, operation)
        if side is not None:
            return side
        match operation:
            case facts.Phi(inputs=inputs) | facts.Choice(operands=inputs):
                # `nullcontext() if held else lock`: where it is not taken, there is no need for it
                uses = [use for each in inputs if each >= 0 and each != id and (use := self.use(code, each))]
                locks_of = {use for use in uses if use.lock.kind is not LockKind.NONE} or set(uses)
                return locks_of.pop() if len(locks_of) == 1 else self._under_its_key(locks_of)
            case facts.Entered(manager=value):
                return self.use(code, value)
            case facts.LoadName() | facts.LoadAttr():
                located = self._places.located(code, operation)
                if len({self._groups.find(place_key(place)) for place, _, _ in located}) == 1:
                    place, base, _ = located[0]
                    return self.use_of(place, base, locks)
                found = self._of_either(located)
                if found is not None:
                    return found
            case facts.LoadItem(base=base):
                table = self._table(code, base, locks)
                if table is not None and locks:
                    return LockUse(table, flow.path(id))
            case _:
                pass
        sites = [site for value in locks if (site := self._site(value)) is not None]
        if len(sites) != 1:
            return None
        return LockUse(self._of_site(sites[0]), self._base_of_site(code, id, sites[0]))

    def _of_either(self, located: Sequence[tuple[Place, str, object]]) -> LockUse | None:
        """The lock of an object that may be of several classes, each of which has one for what it has."""
        places = sorted({place_key(place): place for place, _, _ in located}.items())
        bases = {base for _, base, _ in located}
        if len(bases) != 1 or any(key[0] != "attribute" or key not in self._sites_of for key, _ in places):
            return None
        values = [value for _, place in places for value in self._places.values(place)]
        if len({is_for_tasks(self._knowledge, value) for value in values}) != 1:
            return None
        either = tuple((key[1], self.of_place(place)) for key, place in places)
        first, names = either[0][1], " ".join(f"{owner}.{name}" for (_, owner, name), _ in places)
        lock = replace(first, key=(EITHER, 0, names), kind=None, per_instance=True, either=either)
        return LockUse(lock, bases.pop())

    def _of_library(self, code: Code, id: int, values: Iterable[Value]) -> LockUse | None:
        """A lock that a library class makes for its objects: `self.mutex` where `self` is a `queue.Queue`."""
        fetched = self._operation(code, id)
        if type(fetched) is not facts.LoadAttr:
            return None
        found, path = library_lock(self._places, values), self._places.dataflow(code).path(fetched.base)
        if isinstance(found, Place):
            return self.use_of(found, path)
        if found is None:
            return None
        return LockUse(self._lock(("library", 0, found), found, None, per_instance=True), path)

    def use_entered(self, code: Code, id: int, *, is_async: bool) -> LockUse | None:
        """The lock that a `with` enters: of a lock for tasks and one for threads, only one can be entered that way."""
        found = self.use(code, id)
        operation = self._operation(code, id)
        if found is not None or type(operation) is not facts.LoadAttr:
            return found
        fitting = {
            place: base
            for place, base, _ in self._places.located(code, operation)
            if any(is_for_tasks(self._knowledge, value) is is_async for value in self._places.values(place))
        }
        return self.use_of(*fitting.popitem()) if len(fitting) == 1 else None

    def use_called(self, code: Code, call: facts.Call) -> LockUse | None:
        """The lock that is called: the object itself, or the one that a class of a library keeps for its methods."""
        fetched = self._operation(code, call.callee)
        if type(fetched) is not facts.LoadAttr:
            return None
        for callee in self._types.of(code, call.callee):
            receiver = callee.receiver if isinstance(callee, LibraryMethod) else None
            for base in receiver.cls.library_bases if isinstance(receiver, Instance) else ():
                method = self._knowledge.lock_method(base, fetched.name)
                if method is not None and method.attribute and isinstance(receiver, Instance):
                    place = inherited_place(self._places, receiver.cls, base, method.attribute)
                    return self.use_of(place, self._places.dataflow(code).path(fetched.base))
        return self.use(code, fetched.base)

    def _base_of_site(self, code: Code, id: int, site: Site) -> str:
        """A lock that came as a value: made right here it is its own object, handed in it is some object's."""
        operation = self._places.dataflow(code).operation(id)
        made_here = type(operation) is facts.Call and site == (code.key, id)
        if made_here or not self._of_site(site).per_instance:
            return ""
        return UNKNOWN

    def _side(self, code: Code, operation: facts.Operation | None) -> LockUse | None:
        """`rw.gen_wlock()`: the write side of the lock `rw`."""
        if type(operation) is not facts.Call:
            return None
        for callee in self._types.of(code, operation.callee):
            if isinstance(callee, LibraryMethod) and isinstance(callee.receiver, LibraryObject):
                method = self.method(callee)
                fetched = code.operation(operation.callee)
                if method is not None and method.role is LockRole.SIDE and type(fetched) is facts.LoadAttr:
                    owner = self.use(code, fetched.base)
                    if owner is not None and method.side is not None:
                        return LockUse(owner.lock, owner.base, method.side.kind)
        return None

    def method(self, callee: LibraryMethod) -> LockMethod | None:
        """What a bound library method does to its lock."""
        receiver = callee.receiver
        name = callee.qualname.rpartition(".")[2]
        if isinstance(receiver, LibraryObject):
            return self._knowledge.lock_method(receiver.qualname, name)
        if isinstance(receiver, Instance):
            for base in receiver.cls.library_bases:
                found = self._knowledge.lock_method(base, name)
                if found is not None:
                    return found
        return None

    def _table(self, code: Code, base: int, locks: Sequence[Value]) -> Lock | None:
        """The locks of a container of locks, as one: the same key gives the same lock."""
        place = container(self._places, code, base)
        if place is None:
            return None
        kind = common_kind(self._knowledge, locks)
        return self._lock(table_key(place), f"{place.symbol}[]", kind, per_instance=True)

    def _under_its_key(self, uses: Collection[LockUse]) -> LockUse | None:
        """What is read from a table, or made and put there where it is missing: the one that the table has."""
        read = [each for each in uses if each.base]
        is_one = len({each.lock.key for each in uses}) == 1 and all(each.lock.key in self._tables for each in uses)
        return read[0] if is_one and len(read) == 1 else None

    def _operation(self, code: Code, id: int) -> facts.Operation | None:
        return self._places.dataflow(code).operation(id)

    def use_of(self, place: Place, base: str, locks: Sequence[Value] = ()) -> LockUse:
        """The lock that a Place of the object at a path holds, and whose it is; one handed over has another owner."""
        lock = self.of_place(place, locks)
        if not lock.per_instance or place.kind != "attribute":
            return LockUse(lock, UNKNOWN if lock.per_instance else "")
        is_handed = lock.key[:2] != place_key(place)[:2] and base != UNKNOWN
        return LockUse(lock, f"{base}{HANDED}{place.name}" if is_handed else base)

    def of_place(self, place: Place, locks: Sequence[Value] = ()) -> Lock:
        """The lock that a Place holds."""
        key = self._groups.find(place_key(place))
        sites = self._sites_of.get(place_key(place), set())
        otherwise = common_kind(self._knowledge, locks)
        kind = one_kind([self._kinds.get(site) or otherwise for site in sites] or [otherwise])
        if kind is None and key in self._presumed:
            # that it may be taken again is the benefit of the doubt
            kind = LockKind.REENTRANT, LockDomain.THREAD
        owner = place_key(place) if key[0] == "site" else key
        return self._lock(key, place.symbol, kind, per_instance=owner[0] == "attribute")

    def _of_site(self, site: Site) -> Lock:
        key = self._groups.find(site_key(site))
        if key in self._tables:
            return self._lock(key, self._tables[key], self._kinds.get(site), per_instance=True)
        code = self._types.names.sources.codes[site[0]]
        home = self._homes.get(key)
        symbol = home[0] if home else f"{code.qualname}.{self._local_name(code, site[1])}"
        in_function = code.function.kind == "function"
        owned_by_object = key[0] == "attribute"
        return self._lock(key, symbol, self._kinds.get(site), per_instance=in_function and owned_by_object)

    @staticmethod
    def _local_name(code: Code, id: int) -> str:
        return "<lock>" if code.operations[id] is None else f"<lock at line {_line(code, id)}>"

    def _lock(self, key: LockKey, symbol: str, kind: tuple[LockKind, LockDomain] | None, *, per_instance: bool) -> Lock:
        found = self._made.get(key)
        if found is None:
            home = self._homes.get(key)
            symbol, path, span = home or (symbol, "", Span(1, 1, 1, 1))
            what, domain = kind or (None, LockDomain.THREAD)
            sites = self._sites_of.get(key, set()) | ({(key[1], int(key[2]))} if key[0] == "site" else set())
            permits = not sites.isdisjoint(self._semaphores)
            by_name = key in self._named
            found = self._made[key] = Lock(key, symbol, what, domain, per_instance, path, span, permits, by_name)
        return found


def _line(code: Code, id: int) -> int:
    span = getattr(code.operations[id], "span", None)
    return span.line if isinstance(span, Span) else 0
