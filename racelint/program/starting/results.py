"""Which results of a started function does its starter read before it has waited for the end?

The evidence is the starter's own wait, which comes too late or may be cut short. Whatever else may have told it that
the result is there (an event, a queue, a lock, a pause, a test of the result) makes this stage silent.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from racelint import facts
from racelint.facts import Operation, Span
from racelint.knowledge.containers import PEEKS
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.lifetimes import Lifetimes
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access, Kind, Place
from racelint.program.races.races import Races
from racelint.program.sequences.misses import handled_misses
from racelint.program.sequences.ways import between
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.branching import unnegated
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code, span_of
from racelint.program.starting.arrivals import Arrivals
from racelint.program.values.values import Instance, Library, LibraryObject, Site


class Read(msgspec.Struct, frozen=True):
    """A read in the starter: operation `id`, of the value `load`; `access` is None for its own local container."""

    place: Place
    id: int
    load: int
    access: Access | None


class EarlyRead(msgspec.Struct, frozen=True):
    """A read (of `seen`) at which what `context` writes (at `written`) may not be there yet.

    `wait` is where the starter waits for its end: after the read, or before it, but perhaps not to the end. Where it
    waits for another thread of the class only, `is_of_another` is set.
    """

    context: Context
    code: Code
    id: int
    wait: int
    seen: Access
    written: Access
    is_of_another: bool = False

    @property
    def cut_short(self) -> bool:
        """Whether the starter has waited, with a timeout that nobody asks about."""
        return self.wait < self.id and not self.is_of_another

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """The read."""
        return span_of(self.code, self.id)


def link_results(sharing: Sharing, locksets: LockSets, races: Races) -> list[EarlyRead]:
    """Find them, one for each function and Place. What a race tells already is left out."""
    finder = _Finder(sharing, locksets)
    told = {(race.access.code.key, id) for race in races.all for id in (race.access.id, race.access.load)}
    found: dict[tuple[int, Place], EarlyRead] = {}
    for context in sharing.threads.contexts[1:]:
        for early in finder.of(context):
            if not told & {(early.code.key, early.id), (early.code.key, early.seen.load)}:
                found.setdefault((early.code.key, early.written.place), early)
    return list(found.values())


class _Finder:
    def __init__(self, sharing: Sharing, locksets: LockSets) -> None:
        self._sharing = sharing
        self._threads = sharing.threads
        self._places = sharing.places
        self._types = sharing.places.types
        self._locksets = locksets
        self._lifetimes = Lifetimes(self._types)
        self._arrivals = Arrivals(sharing.threads)

    def of(self, context: Context) -> Iterator[EarlyRead]:
        """What the starters of a context read too early."""
        sites = [(context.code.key, context.site)] if context.code is not None and context.site >= 0 else []
        if context.own_instance:
            sites += [it.site for _, it in context.entries if isinstance(it, Instance) and it.site is not None]
        for site in dict.fromkeys(sites):
            starts: dict[Code, int] = {}
            for code, id in self._lifetimes.method_calls(site, "start") or context.starts:
                starts[code] = max(id, starts.get(code, id))
            for code, start in starts.items():
                if all(each is not context for each in self._threads.of(code)):
                    yield from self._after(context, site, code, start)
                    yield from self._after_another(context, sites, site, code, start)

    def _after(self, context: Context, site: Site, code: Code, start: int) -> Iterator[EarlyRead]:
        end = min((id for id in self._lifetimes.waits(code, site) if id > start), default=facts.NOTHING)
        timed = self._timed(code, site, start)
        if end < 0 and not timed:
            return
        for read in self._reads(context, code, start):
            if read.id <= end:
                wait = end if self._is_taken(code, read) and _leads(code, read.id, end) else facts.NOTHING
            else:
                cut = max((id for id in timed if id < read.id), default=facts.NOTHING)
                wait = cut if end < 0 and self._fails(code, read, start) else facts.NOTHING
            written = self._written(context, site, code, start, read) if wait >= 0 else None
            if written is not None and self._is_blind(code, site, start, read, wait):
                yield EarlyRead(context, code, read.id, wait, read.access or written, written)

    def _after_another(
        self, context: Context, sites: list[Site], site: Site, code: Code, start: int
    ) -> Iterator[EarlyRead]:
        """What is read of a thread that is never waited for, beside the same of another one that was waited for."""
        if not self._is_never_joined(code, site) or self._arrivals.hears_of_others(context):
            return
        joins = {
            other: min(waits)
            for other in sites
            if other != site and other[0] == code.key and (waits := self._lifetimes.waits(code, other))
        }
        reads = [
            read for read in self._reads(context, code, start) if self._owners(read) and self._is_taken(code, read)
        ]
        for read in reads:
            if self._owners(read) != {site}:
                continue
            beside = {owner for each in reads if each.place is read.place for owner in self._owners(each)}
            wait = max((joins[other] for other in beside & joins.keys() if start < joins[other] < read.id), default=-1)
            written = self._written(context, site, code, start, read) if wait >= 0 else None
            if written is not None and self._is_blind(code, site, start, read, wait):
                yield EarlyRead(context, code, read.id, wait, read.access or written, written, is_of_another=True)

    def _is_never_joined(self, code: Code, site: Site) -> bool:
        """Whether nobody waits for the thread made at a site, or asks for its end: its maker has it for itself."""
        asked = any(self._lifetimes.method_calls(site, each) for each in ("join", "is_alive"))
        if asked or site[0] != code.key or site[1] in code.returns:
            return False
        flow = self._places.dataflow(code)
        # `one, two = Thread(), Thread()` builds a tuple that nobody sees
        unseen = {each.id for each in flow.uses(site[1]) if type(each) is facts.Build and not flow.uses(each.id)}
        uses = (each for each in flow.uses(site[1]) if each.id not in unseen - set(code.returns))
        return all(isinstance(use, facts.LoadAttr | facts.StoreAttr) and use.base == site[1] for use in uses)

    @staticmethod
    def _owners(read: Read) -> set[Site]:
        """Where the threads are made of which an attribute is read; none where that is not known."""
        bases = read.access.bases if read.access is not None else ()
        sites = {base.site for base in bases if isinstance(base, Instance) and base.site is not None}
        return sites if len(sites) == len(bases) else set()

    def _timed(self, code: Code, site: Site, start: int) -> list[int]:
        """The joins that a timeout may cut short, where nobody asks whether it has."""
        if any(where is code for where, _ in self._lifetimes.method_calls(site, "is_alive")):
            return []
        joins = [id for where, id in self._lifetimes.method_calls(site, "join") if where is code and id > start]
        return joins if all(self._has_timeout(code, id) for id in joins) else []

    def _has_timeout(self, code: Code, id: int) -> bool:
        call = code.operations[id]
        given = [each.value for each in call.arguments] if type(call) is facts.Call else []
        return bool(given) and not self._places.dataflow(code).is_none(given[0])

    # --- what is read ---

    def _reads(self, context: Context, code: Code, start: int) -> Iterator[Read]:
        """What the starter reads after the start, of what both sides know."""
        for access in self._places.of(code):
            if not access.kind.writes and access.id > start:
                yield Read(access.place, access.id, access.read_id, access)
        flow = self._places.dataflow(code)
        for place, made in self._handed(context, code):
            for use in flow.uses(made):
                if use.id > start and isinstance(use, facts.LoadItem | facts.Element | facts.Call):
                    yield Read(place, use.id, made, None)

    def _handed(self, context: Context, code: Code) -> Iterator[tuple[Place, int]]:
        """The local containers of the starter that the started functions are given."""
        for entry, _ in context.entries:
            for parameter in range(len(entry.function.parameters)):
                for value in self._types.of(entry, parameter):
                    place = self._places.handed_over(value)
                    site = value.site if isinstance(value, LibraryObject) else None
                    if place is not None and place.kind == "object" and site is not None and site[0] == code.key:
                        yield place, site[1]

    def _is_taken(self, code: Code, read: Read) -> bool:
        """Whether the read takes what is there as the result, not only looks how far it is."""
        flow, access = self._places.dataflow(code), read.access
        if access is None:
            return self._is_shown(code, flow.operation(read.id), read.load)
        if self._is_set(code, read):
            return bool(flow.uses(read.id)) or read.id in code.returns or access.kind is not Kind.READ
        if access.kind is not Kind.READ:
            return access.method not in PEEKS
        if read.id in code.returns or any(self._is_shown(code, use, read.id) for use in flow.uses(read.id)):
            return True
        return read.id in self._tests(code)

    def _is_set(self, code: Code, read: Read) -> bool:
        """Whether others put something else in the place, and not only something into what is there."""
        writes = (each for each in self._places.by_place[read.place] if each.code is not code)
        return any(each.kind is Kind.WRITE and not self._sharing.is_early(each) for each in writes)

    @staticmethod
    def _tests(code: Code) -> set[int]:
        """What is asked once for whether there is anything at all: who asks in a loop waits for it."""
        once = (each for each in code.controls if type(each) is facts.Branch and loop_around(code, each.test) is None)
        return {unnegated(code, each.test)[0] for each in once}

    def _is_shown(self, code: Code, use: Operation | None, container: int) -> bool:
        """Whether something is done with all that is in a container: it is gone over, indexed, printed, summed up."""
        if not isinstance(use, facts.Call):
            return True
        fetched = self._places.dataflow(code).operation(use.callee)
        if not any(each.value == container for each in use.arguments):
            return False
        if type(fetched) is facts.LoadAttr:
            return fetched.name == "join" and type(code.operations[fetched.base]) is facts.Const
        names = [each.qualname for each in self._types.of(code, use.callee) if isinstance(each, Library)]
        return bool(names) and all("." not in name and name not in PEEKS for name in names)

    def _fails(self, code: Code, read: Read, start: int) -> bool:
        """Whether the read goes wrong if there is no result: None has no attributes, an empty list no items."""
        access = read.access
        earlier = self._earlier(code, read, start)
        is_none = all(self._places.dataflow(each.code).is_none(each.value) for each in earlier)
        if access is None or access.kind is not Kind.READ:
            if earlier and is_none:
                return True
            made = read.load if access is None else facts.NOTHING
            values = self._places.values(read.place) if access is not None else {}
            sites = [each.site for each in values if isinstance(each, LibraryObject)]
            if made < 0 and (len(sites) != len(values) or not sites):
                return False
            where = [(code.key, made)] if made >= 0 else sites
            item = type(code.operations[read.id]) is facts.LoadItem
            return item and all(site is not None and self._is_empty(site) for site in where)
        return is_none and any(
            getattr(use, "base", getattr(use, "iterable", getattr(use, "callee", facts.NOTHING))) == read.id
            for use in self._places.dataflow(code).uses(read.id)
        )

    def _earlier(self, code: Code, read: Read, start: int) -> list[Access]:
        """What is stored there before the start."""
        stores = [each for each in self._places.by_place.get(read.place, ()) if each.kind is Kind.WRITE]
        return [each for each in stores if self._sharing.is_early(each) or (each.code is code and each.id < start)]

    def _is_empty(self, site: Site) -> bool:
        made = self._types.names.sources.codes[site[0]].operations[site[1]] if site[1] >= 0 else None
        return (type(made) is facts.Build and not made.items) or (type(made) is facts.Call and not made.arguments)

    # --- who writes it ---

    def _written(self, context: Context, site: Site, code: Code, start: int, read: Read) -> Access | None:
        """A write of the started function that makes the result; None where others write too, or it makes progress."""
        writes = [each for each in self._places.by_place.get(read.place, ()) if each.kind.writes]
        later = [each for each in writes if not (each.code is code and each.id < start)]
        later = [each for each in later if each.code is code or not self._sharing.is_early(each)]
        own = self._threads.calls.reachable([edge.callee for edge in self._threads.calls.calls(code)])
        if not later or code.key in own:
            return None
        if any(
            each.code is code or each.code.key in own or context not in self._threads.of(each.code) for each in later
        ):
            return None
        stores = [each for each in later if each.kind.rebinds]
        if stores and all(self._places.dataflow(each.code).is_constant(each.value) for each in stores):
            return None
        if any(loop_around(each.code, each.id) is not None or each.kind is not Kind.WRITE for each in stores):
            return None
        return next((each for each in later if self._is_same(context, site, code, read, each)), None)

    def _is_same(self, context: Context, site: Site, code: Code, read: Read, write: Access) -> bool:
        """Whether both sides have the same object in hand."""
        access = read.access
        if access is None:
            return True
        if context.own_instance and any(isinstance(base, Instance) and base.site == site for base in access.bases):
            return True
        runners = self._threads.of(code)
        return any(self._sharing.in_common(access, one, write, context) for one in runners)

    # --- whether the starter knows ---

    def _is_blind(self, code: Code, site: Site, start: int, read: Read, wait: int) -> bool:
        """Whether nothing can have told the starter that the result is there, and it does not look again."""
        flow = self._places.dataflow(code)
        steps = between(code, start, read.id)
        if steps is None or read.id in handled_misses(code, flow) or self._locksets.held(code, read.id):
            return False
        tests = [node.test for node in code.controls if isinstance(node, facts.Branch | facts.Loop)]
        same = {each.id for each in self._places.of(code) if each.place is read.place and each.id > start} | {read.load}
        if wait > read.id and not self._is_set(code, read):
            # whether there is anything in it is what was to be known only afterwards
            tests = [test for test in tests if unnegated(code, test)[0] != read.id]
        asked = [test for test in tests if any(flow.comes_from(test, load) for load in same)]
        if not all(self._is_iterable(code, test) for test in asked):
            return False
        if wait > read.id and self._looks_again(code, read, wait):
            return False
        turns = [loop_around(code, each) for each in (start, read.id)]
        if turns[0] is not None and turns[0] == turns[1] and not turns[0][0] <= wait <= turns[0][1]:
            return False
        steps = [step for step in steps if getattr(step, "id", facts.NOTHING) != wait]
        return not any(self._arrivals.may_tell(code, site, each) or self._decides(code, each, wait) for each in steps)

    @staticmethod
    def _is_iterable(code: Code, test: int) -> bool:
        loops = (node for node in code.controls if type(node) is facts.Loop and node.test == test)
        return any(node.kind != "while" for node in loops)

    def _looks_again(self, code: Code, read: Read, wait: int) -> bool:
        if read.access is None:
            return any(each.id > wait for each in self._places.dataflow(code).uses(read.load))
        return any(each.place is read.place and each.id > wait for each in self._places.of(code))

    def _decides(self, code: Code, step: facts.Node, wait: int) -> bool:
        """Whether it is decided after the wait, and before the read, where to go on."""
        return type(step) is facts.Branch and step.span.line > span_of(code, wait).line


def _leads(code: Code, first: int, last: int) -> bool:
    """Whether a run comes from the read to the wait, or the read is the end of what waits."""
    return first == last or between(code, first, last) is not None
