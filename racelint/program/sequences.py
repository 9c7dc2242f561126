"""Stage 7: which accesses of one Place belong together? Updates, tests with their acts, reads that are used twice.

A sequence is right only if nobody changes the Place between its first access and its last.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Final

from racelint import facts
from racelint.facts import Node, Span
from racelint.program.calls import Calls
from racelint.program.composites import (
    INSERTS,
    MISSES,
    MISSING,
    PER_TEST,
    REMOVES,
    Answer,
    Composite,
    Flagged,
    Sequences,
    Shape,
    polarity,
)
from racelint.program.dataflow import Dataflow
from racelint.program.exclusive import Exclusive
from racelint.program.places import Access, Kind, Place, Places
from racelint.program.source import Code, parts, walk
from racelint.program.swaps import find_swaps

UNMADE: Final = frozenset({"AttributeError", "NameError"})
"""What is raised where a name has no value yet."""


def link_sequences(places: Places, calls: Calls) -> Sequences:
    """Find the sequences of every function that touches shared memory."""
    sequences = Sequences(places, calls)
    for code in calls.types.names.sources.codes:
        if code.key in places.by_code or code.key in calls.out:
            for sequence in _Finder(sequences, code).find():
                (sequences.awaited if sequence.awaited else sequences.found).append(sequence)
            sequences.swaps.extend(find_swaps(sequences, code))
            places.forget(code)
    return sequences


class _Finder:
    """Finds the sequences of one function."""

    def __init__(self, sequences: Sequences, code: Code) -> None:
        self._sequences = sequences
        self._places = sequences.places
        self._code = code
        self._flow: Dataflow = sequences.places.dataflow(code)
        self._accesses = sequences.places.of(code)
        self._by_load: dict[int, list[Access]] = {}
        self._by_id: dict[int, list[Access]] = {}
        self._by_place: dict[Place, list[Access]] = {}
        self._node_ends: dict[int, tuple[int, int]] = {}
        self._polarities: dict[tuple[int, int], bool | None] = {}
        for access in self._accesses:
            self._by_id.setdefault(access.id, []).append(access)
            self._by_place.setdefault(access.place, []).append(access)
            self._by_load.setdefault(access.load if access.load >= 0 else access.id, []).append(access)
        self._inserts = [each for each in self._accesses if each.kind is Kind.MUTATE and each.method in INSERTS]
        self._misses = handled_misses(code, self._flow)
        self._exclusive = Exclusive(self._flow)
        self._conditions: dict[int, tuple[int, ...]] = {}
        self._note_conditions(code.function.body, ())

    def find(self) -> Iterator[Composite]:
        """Updates in order, then tests with their acts."""
        yield from self._updates()
        yield from self._tests(self._code.function.body)

    # --- updates ---

    def _updates(self) -> Iterator[Composite]:
        for access in self._accesses:
            if access.kind not in (Kind.UPDATE, Kind.ITEM_UPDATE):
                continue
            reads = self._reads_of(access)
            lazy = self._is_default(access.value)
            first = next((each for id in reads for each in self._by_id.get(id, ())), access)
            shape = Shape.LAZY if lazy else Shape.UPDATE
            tested = self._tested_around(access.id, facts.NOTHING)
            yield Composite(self._code, shape, first, access, access.id, access.span, (*reads, access.id), tested)

    def _reads_of(self, access: Access) -> list[int]:
        found = []
        for id in sorted(self._flow.sources(access.value)):
            for each in self._by_load.get(id, ()):
                # what is looked into counts where it is looked into, not where the container was fetched
                if each.place == access.place and each.base == access.base and each.id < access.id:
                    found.append(each.id)
        return list(dict.fromkeys(found))

    def _is_default(self, value: int) -> bool:
        """`self.x = self.x or make()`."""
        operation = self._flow.operation(value)
        return type(operation) is facts.Choice and operation.kind == "or"

    # --- tests ---

    def _note_conditions(self, nodes: Sequence[Node], tests: tuple[int, ...]) -> tuple[int, ...]:
        """For each operation the tests that decide whether it runs; one whose branch leaves decides what follows."""
        for node in nodes:
            match node:
                case facts.Branch():
                    inner = (*tests, node.test)
                    self._note_conditions(node.body, inner)
                    self._note_conditions(node.orelse, inner)
                    if _leaves(node.body) or _leaves(node.orelse):
                        tests = inner
                case facts.Loop():
                    inner = (*tests, node.test) if node.kind == "while" else tests
                    self._note_conditions(node.head, tests)
                    self._note_conditions(node.body, inner)
                    self._note_conditions(node.orelse, tests)
                case facts.With():
                    tests = self._note_conditions(node.body, tests)
                case facts.Try():
                    missed = (*tests, *self._looked_up(node.body)) if _handles_misses(node, self._flow) else tests
                    for unmissed in (node.body, node.orelse, node.final):
                        self._note_conditions(unmissed, tests)
                    for handler in node.handlers:
                        self._note_conditions(handler.body, missed)
                    if _leaves(node.body):
                        tests = missed
                case _ if inside := parts(node):
                    for part in inside:
                        self._note_conditions(part, tests)
                case _ if hasattr(node, "id"):
                    self._conditions[node.id] = tests
        return tests

    def _looked_up(self, body: Sequence[Node]) -> list[int]:
        """The items that a body fetches: that one is missing is an answer as well."""
        low, high = self._range(body)
        return [each.id for each in self._accesses if low <= each.id <= high and each.method == "[]"]

    def _tested_around(self, act: int, test: int) -> tuple[int, ...]:
        conditions = self._conditions.get(act, ())
        return tuple(
            id
            for condition in conditions
            if condition != test
            for id in sorted(self._flow.sources(condition) | self._flow.calls(condition))
            if id in self._by_load or type(self._flow.operation(id)) is facts.Call
        )

    def _tested_beside(self, test: int, load: int) -> tuple[int, ...]:
        """The other reads in a test: it may compare what was read before with what is there now."""
        return tuple(id for id in sorted(self._flow.sources(test)) if id != load and id in self._by_load)

    def _tests(self, nodes: Sequence[Node], after: tuple[Node, ...] = ()) -> Iterator[Composite]:
        """The sequences of the tests in a body; `after` is what follows the `with` around it."""
        for index, node in enumerate(nodes):
            match node:
                case facts.Branch():
                    following = (*nodes[index + 1 :], *after)
                    yield from self._branch(node, following)
                    yield from self._tests(node.body)
                    yield from self._tests(node.orelse)
                case facts.Loop():
                    if node.kind == "while":
                        yield from self._guarded(node.test, node.span, node.body, negated=False)
                        yield from self._waited_for(node, (*nodes[index + 1 :], *after))
                    yield from self._tests(node.head)
                    yield from self._tests(node.body)
                    yield from self._tests(node.orelse)
                case facts.Try():
                    yield from self._missed(node, (*nodes[index + 1 :], *after))
                    yield from self._unmade(node)
                    yield from self._tests(node.body)
                    for handler in node.handlers:
                        yield from self._tests(handler.body)
                    yield from self._tests(node.orelse)
                    yield from self._tests(node.final)
                case facts.With():
                    yield from self._tests(node.body, (*nodes[index + 1 :], *after))
                case _:
                    pass

    def _branch(self, node: facts.Branch, following: Sequence[Node]) -> Iterator[Composite]:
        yield from self._guarded(node.test, node.span, node.body, negated=False)
        yield from self._guarded(node.test, node.span, node.orelse, negated=True)
        # `if present: return` decides about all that comes after it
        if node.body and _leaves(node.body) and not node.orelse:
            yield from self._guarded(node.test, node.span, following, negated=True)
        if not node.body and _leaves(node.orelse):
            # an `assert` says what is taken for granted: that is no look at what there is
            claimed = self._guarded(node.test, node.span, following, negated=False)
            for each in claimed:
                if self._is_raised_or_checked(each):
                    yield replace(each, shape=Shape.CHECK, asserted=True)

    def _is_raised_or_checked(self, sequence: Composite) -> bool:
        """Whether what is tested is changed on account of the test, and no object is made: that is for who needs it."""
        raised = sequence.last.kind is Kind.WRITE and sequence.last.code is self._code
        changed = sequence.shape is Shape.CHECK or (raised and self._flow.is_constant(sequence.last.value))
        return changed and sequence.wants is not None

    def _waited_for(self, node: facts.Loop, following: Sequence[Node]) -> Iterator[Composite]:
        """`while full: await room()` decides about all that comes after it."""
        if self._code.function.is_async and _awaits(node.body):
            for sequence in self._guarded(node.test, node.span, following, negated=True):
                yield sequence if sequence.awaited else replace(sequence, awaited=True)

    def _answered(self, test: int, span: Span, body: Sequence[Node]) -> Iterator[Composite]:
        """The sequences of what a test reads through properties."""
        seen: set[Place] = set()
        for read, fetch in self._sequences.answered(self._code, test) if self._code.function.is_async else ():
            for access, where in self._inner(body, read):
                changes = access.kind.rebinds or access.method in INSERTS or access.method in REMOVES
                if where > fetch and access.kind.writes and changes and not access.claims and read.place not in seen:
                    seen.add(read.place)
                    tested = self._tested_around(where, test)
                    yield Composite(
                        self._code, Shape.CHECK, read, access, where, span, (fetch, where), tested, awaited=True
                    )

    def _note_flagged(
        self, reads: Sequence[Access], test: int, span: Span, body: Sequence[Node], negated: bool
    ) -> None:
        """Note what a body puts into containers on account of a flag beside them."""
        low, high = self._range(body)
        inside = [each for each in self._inserts if low <= each.id <= high]
        sites = [(read, read.id) for read in reads] if inside else []
        sites += [each for each in self._sequences.answered(self._code, test) if inside]
        for read, site in sites:
            seen = read if site == read.id and read.code is self._code else replace(read, id=site, load=site)
            present = self._polarity(seen, test) if read.kind is Kind.READ else None
            for put in inside if present is not None else ():
                beside = put.base == read.base and put.place is not read.place and put.place.kind == read.place.kind
                if beside and put.id > site:
                    tested = self._tested_around(put.id, test)
                    wants = present is not negated
                    flagged = Flagged(self._code, read, put, span, wants, tested, site)
                    self._sequences.flagged.append(flagged)

    def _asked(self, test: int, span: Span, body: Sequence[Node], negated: bool) -> Iterator[Composite]:
        """The sequences of what a test asks of functions that only answer, and what is done on account of that."""
        seen: set[tuple[Place, Shape]] = set()
        for answer in itertools.islice(self._sequences.asked(self._code, test), PER_TEST):
            read, site = answer.read, answer.site
            truth = self._polarity(replace(read, id=site, load=site), test)
            wants = None if truth is None or answer.present is None else (truth is not negated) is answer.present
            for act, where in self._inner(body, read) if self._sequences.is_written(read.place) else ():
                shape = self._shape_asked(answer, act, where, wants)
                if where > site and shape is not None and (read.place, shape) not in seen:
                    seen.add((read.place, shape))
                    tested = self._tested_around(where, test)
                    yield Composite(self._code, shape, read, act, where, span, (site, where), tested, wants)

    def _shape_asked(self, answer: Answer, act: Access, where: int, wants: bool | None) -> Shape | None:
        """What it is that a test of an answer leads to; `wants`: whether that is done where something is there."""
        if act.claims:
            return None
        if act.method in REMOVES and act.code is not self._code:
            # asked by one method, taken by another: it matters where the second fails when there is nothing left
            return Shape.CHECK
        if act.kind is Kind.WRITE and wants is False:
            return None if self._places.dataflow(act.code).is_constant(act.value) else Shape.LAZY
        if act.method in INSERTS and wants is False and self._is_about_the_same(answer.site, where):
            return Shape.CHECK
        return None

    def _is_about_the_same(self, site: int, where: int) -> bool:
        """Whether what is put in under a key, or is put in, is what was asked for, or was made of it."""
        asked = [id for id in self._given(site) if not self._flow.is_constant(id)]
        put = self._given(where)
        keys = {self._flow.key(id) for id in asked}
        return any(self._flow.key(id) in keys or any(self._flow.comes_from(id, each) for each in asked) for id in put)

    def _given(self, id: int) -> list[int]:
        match self._flow.operation(id):
            case facts.Call(arguments=arguments):
                return [each.value for each in arguments]
            case facts.StoreItem(key=key):
                return [key]
            case _:
                return []

    def _guarded(self, test: int, span: Span, body: Sequence[Node], *, negated: bool) -> Iterator[Composite]:
        """The sequences of a test and what is done where it is true (`negated`: false)."""
        if not body or test < 0:
            return
        yield from self._answered(test, span, body)
        yield from self._asked(test, span, body, negated)
        first = itertools.islice(self._tested(test), PER_TEST)
        reads = [read for read in first if self._sequences.is_written(read.place)]
        self._note_flagged(reads, test, span, body, negated)
        seen: set[tuple[object, str, Shape, bool]] = set()
        for read in reads:
            for access, where in self._inner(body, read):
                if where <= read.id or self._exclusive.exclude(read.id, where):
                    continue
                shape = self._shape(read, access, test, negated)
                awaited = self._sequences.is_awaited(self._code, where)
                if shape is not None and (read.place, read.base, shape, awaited) in seen:
                    # others may have come in since what was done first on account of the test
                    awaited = True
                    shape = shape if self._code.function.is_async and access.kind.writes else None
                if shape is None:
                    continue
                seen.add((read.place, read.base, shape, awaited))
                load = read.load if read.load >= 0 else read.id
                between = (read.id, where)
                tested = (*self._tested_around(where, test), *self._tested_beside(test, load))
                present = self._polarity(read, test)
                wants = None if present is None else present is not negated
                yield Composite(self._code, shape, read, access, where, span, between, tested, wants, awaited)

    def _missed(self, node: facts.Try, following: Sequence[Node]) -> Iterator[Composite]:
        """`try: d[k]` and, where that fails, `d[k] = ...`: the miss is a test."""
        handlers = _handles_misses(node, self._flow)
        low, high = self._range(node.body)
        for read in self._accesses if handlers else ():
            if not (low <= read.id <= high and read.kind is Kind.CONTENT and read.method == "[]"):
                continue
            for handler in handlers:
                body = handler.body if _leaves(handler.body) else (*handler.body, *following)
                _, end = self._range(handler.body)
                for access, where in self._inner(body, read):
                    same = access.key >= 0 and self._flow.key(access.key) == self._flow.key(read.key)
                    # what comes after the `try` also runs where nothing was missing, and then may not depend on it
                    same = same and (where <= end or _leaves(node.body) or self._flow.comes_from(access.value, read.id))
                    if access.method == "[]=" and access.code is self._code and same:
                        between = (read.id, where)
                        tested = self._tested_around(where, facts.NOTHING)
                        yield Composite(self._code, Shape.CHECK, read, access, where, read.span, between, tested)
                        return

    def _unmade(self, node: facts.Try) -> Iterator[Composite]:
        """`try: self.x` and, where there is no such name, `self.x = make()`: the miss is a test."""
        handlers = [each for each in node.handlers if each.types and _expects(each, self._flow, UNMADE)]
        low, high = self._range(node.body)
        for read in self._accesses if handlers else ():
            if not low <= read.id <= high or read.kind.rebinds:
                continue
            for handler in handlers:
                for access, where in self._inner(handler.body, read):
                    if access.kind is Kind.WRITE and not self._is_made_before(read, low):
                        tested = self._tested_around(where, facts.NOTHING)
                        between = (read.id, where)
                        yield Composite(
                            self._code, Shape.LAZY, read, access, where, read.span, between, tested, wants=False
                        )
                        return

    def _is_made_before(self, read: Access, low: int) -> bool:
        """Whether the body of the `try` stores itself what it reads."""
        beside = self._by_place[read.place]
        return any(low <= each.id < read.id and each.kind.rebinds and each.base == read.base for each in beside)

    def _tested(self, test: int) -> list[Access]:
        found: dict[Access, None] = {}
        for id in sorted(self._flow.sources(test)):
            for access in self._by_load.get(id, ()):
                if not access.kind.writes and (access.kind is Kind.READ or access.id <= test or access.load == id):
                    found[access] = None
        return list(found)

    def _inner(self, body: Sequence[Node], read: Access) -> Iterator[tuple[Access, int]]:
        """The accesses of what `read` has read that a body makes, itself or by calls, in order."""
        low, high = self._range(body)
        found = [
            (access, access.id)
            for access in self._by_place.get(read.place, ())
            if low <= access.id <= high and access.base == read.base
        ]
        for id in self._sequences.sites(self._code, read.place):
            if low <= id <= high and id not in self._by_id:
                behind = self._sequences.acts_behind(self._code, id, read.place, read.base)
                found.extend((access, id) for access in behind)
        yield from sorted(found, key=lambda each: each[1])

    def _range(self, body: Sequence[Node]) -> tuple[int, int]:
        """The lowest and the highest id in a body; ids follow the text."""
        ends = [self._ends(node) for node in body]
        return min((low for low, _ in ends), default=0), max((high for _, high in ends), default=-1)

    def _ends(self, node: Node) -> tuple[int, int]:
        known = self._node_ends.get(id(node))
        if known is None:
            inside = [self._range(part) for part in parts(node) if part]
            own = getattr(node, "id", None)
            if own is not None:
                inside.append((own, own))
            known = (min((low for low, _ in inside), default=MISSING), max((high for _, high in inside), default=-1))
            self._node_ends[id(node)] = known
        return known

    def _shape(self, read: Access, act: Access, test: int, negated: bool) -> Shape | None:
        if act.claims:
            return None
        same_read = act.load >= 0 and act.load == (read.load if read.load >= 0 else read.id)
        if same_read and self._asks_for_none(act.load, test):
            # one read, kept in a local: what is tested is what is used
            return None
        if act.kind.rebinds:
            if act.kind is Kind.WRITE and self._is_absence(read, test, negated):
                return Shape.LAZY
            return Shape.CHECK
        if act.kind.writes:
            return Shape.CHECK if self._depends(read, act) else None
        if act.kind is Kind.CONTENT and act.method == "[]" and read.kind is Kind.CONTENT and read.method == "in":
            same_key = act.key >= 0 and read.key >= 0 and self._flow.key(act.key) == self._flow.key(read.key)
            found = same_key and act.id not in self._misses and self._finds(read, test, negated)
            return Shape.CHECK if found else None
        if same_read and act.kind is Kind.CONTENT and read.kind is Kind.READ:
            return None
        if act.kind in (Kind.READ, Kind.CONTENT, Kind.ITERATE) and read.kind is Kind.READ and act.code is self._code:
            return Shape.DOUBLE_READ if self._is_presence(read, test, negated) and self._dereferenced(act) else None
        return None

    def _finds(self, read: Access, test: int, negated: bool) -> bool:
        """Whether the key was there if the test came out so."""
        match self._flow.operation(test):
            case facts.Compute(kind="not", operands=(inner,)):
                return self._finds(read, inner, not negated)
            case facts.Compute(kind="not in"):
                return negated and test == read.id
            case facts.Choice(kind="or", operands=operands):
                return negated and any(self._finds(read, each, True) for each in operands)
            case _:
                return not negated

    def _asks_for_none(self, load: int, test: int) -> bool:
        """Whether a test compares the loaded value with None, so asks for the object and not for what it holds."""
        match self._flow.operation(test):
            case facts.Compute(kind="is" | "is not" | "==" | "!=", operands=(left, right)):
                return left == load and self._flow.is_none(right)
            case facts.Compute(kind="not", operands=(inner,)):
                return self._asks_for_none(load, inner)
            case facts.Choice(operands=operands):
                return any(self._asks_for_none(load, each) for each in operands)
            case _:
                return False

    def _depends(self, read: Access, act: Access) -> bool:
        """Whether a mutation needs what the test found: same key, or the same container's size."""
        if act.id in self._misses and act.code is self._code:
            return False
        if read.method == "in" and act.method in ("[]", "setdefault"):
            # a `defaultdict` makes what is missing in one step, whatever the test has found
            return False
        if read.method == "in" and act.key >= 0 and act.code is self._code:
            return self._flow.key(read.key) == self._flow.key(act.key)
        if read.kind is Kind.READ and act.kind is Kind.MUTATE:
            return act.method in REMOVES or act.method in INSERTS
        return True

    def _is_absence(self, read: Access, test: int, negated: bool) -> bool:
        return self._polarity(read, test) is negated

    def _is_presence(self, read: Access, test: int, negated: bool) -> bool:
        present = self._polarity(read, test)
        return present is not None and present is not negated

    def _polarity(self, read: Access, test: int) -> bool | None:
        """True: the test is true when the value is there; False: when it is absent; None: it asks something else."""
        key = (read.load if read.load >= 0 else read.id, test)
        if key not in self._polarities:
            self._polarities[key] = polarity(self._flow, read, test)
        return self._polarities[key]

    def _dereferenced(self, act: Access) -> bool:
        """Whether None would make the use of the value fail: an attribute, a call, an item, a `with`."""
        load = act.load if act.load >= 0 else act.id
        return any(
            (isinstance(use, facts.LoadAttr | facts.LoadItem | facts.StoreAttr | facts.StoreItem) and use.base == load)
            or (isinstance(use, facts.Call) and use.callee == load)
            for use in self._flow.uses(load)
        ) or any(type(node) is facts.With and node.manager == load for node in self._code.controls)


def _awaits(nodes: Sequence[Node]) -> bool:
    return any(type(node) is facts.Await for node in walk(nodes))


def _leaves(nodes: Sequence[Node]) -> bool:
    """Whether a body ends by leaving the code after it."""
    while nodes and type(nodes[-1]) is facts.With:
        nodes = nodes[-1].body
    return bool(nodes) and isinstance(nodes[-1], facts.Return | facts.Raise | facts.Continue | facts.Break)


def handled_misses(code: Code, flow: Dataflow) -> set[int]:
    """The ids inside a `try` that expects what it looks for to be gone."""
    return handled(code, flow, MISSES)


def handled(code: Code, flow: Dataflow, names: Container[str], *, named: bool = False) -> set[int]:
    """The ids inside a `try` that expects an exception of one of these names; `named`: not by a bare `except`."""
    found: set[int] = set()
    for node in code.controls:
        if type(node) is facts.Try and any(
            _expects(handler, flow, names) for handler in node.handlers if handler.types or not named
        ):
            found.update(each.id for each in walk(node.body) if hasattr(each, "id"))
    return found


def _handles_misses(node: facts.Try, flow: Dataflow) -> list[facts.Handler]:
    return [handler for handler in node.handlers if handler.types and _expects(handler, flow, MISSES)]


def _expects(handler: facts.Handler, flow: Dataflow, names: Container[str]) -> bool:
    if not handler.types:
        return True
    pending = list(handler.types)
    while pending:
        match flow.operation(pending.pop()):
            case facts.LoadName(name=name) | facts.LoadAttr(name=name) if name in names:
                return True
            case facts.Build(items=items):
                pending.extend(items)
            case _:
                pass
    return False
