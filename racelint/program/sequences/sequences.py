"""Stage 7: which accesses of one Place belong together? Updates, tests with their acts, reads that are used twice.

A sequence is right only if nobody changes the Place between its first access and its last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from racelint import facts
from racelint.facts import Node, Span
from racelint.knowledge.containers import FORGIVING, INSERTS, REMOVES
from racelint.program.callgraph.calls import Calls
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind, Place, Places
from racelint.program.sequences import ways
from racelint.program.sequences.answers import answered, asked
from racelint.program.sequences.attempts import Attempts
from racelint.program.sequences.behind import Behind
from racelint.program.sequences.composites import PER_TEST, Answer, Composite, Flagged, Found, Sequences, Shape
from racelint.program.sequences.deciding import Deciding
from racelint.program.sequences.exclusive import Exclusive
from racelint.program.sequences.reach import Reach
from racelint.program.sequences.relayed import find_relayed
from racelint.program.sequences.replacing import find_replacing
from racelint.program.sequences.shapes import Shapes
from racelint.program.sequences.swaps import find_swaps
from racelint.program.sources.branching import decided, leaves, unnegated
from racelint.program.sources.nodes import extent, walk
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance


def link_sequences(places: Places, calls: Calls) -> Sequences:
    """The sequences of every function that touches shared memory, none of which is looked at yet."""
    return Sequences(places, calls, _found_in)


def _found_in(sequences: Sequences, code: Code) -> Found:
    found = Found([], [], [], [])
    if code.key in sequences.places.by_code or code.key in sequences.calls.out:
        for sequence in _Finder(sequences, code, found.flagged).find():
            (found.awaited if sequence.awaited else found.sequences).append(sequence)
        found.sequences.extend(find_replacing(sequences, code))
        found.sequences.extend(find_relayed(sequences, code))
        found.swaps.extend(find_swaps(sequences, code))
        sequences.places.forget(code)
    return found


class _Finder:
    """Finds the sequences of one function."""

    def __init__(self, sequences: Sequences, code: Code, flagged: list[Flagged]) -> None:
        self._sequences = sequences
        self._flagged = flagged
        self._code = code
        self._flow: Dataflow = sequences.places.dataflow(code)
        self._reach = Reach(sequences, code)
        self._accesses = self._reach.accesses
        self._inserts = [each for each in self._accesses if each.kind is Kind.MUTATE and each.method in INSERTS]
        self._exclusive = Exclusive(self._flow)
        self._deciding = Deciding(code, self._flow, self._accesses)
        self._shapes = Shapes(code, self._flow)
        self._behind = Behind(sequences, code, self._shapes)
        self._attempts = Attempts(code, self._flow, self._reach, self._deciding)
        self._answers: dict[int, list[Answer]] = {}

    def _is_asked(self, place: Place) -> bool:
        return self._sequences.is_asked(self._code, place)

    def _answers_to(self, test: int) -> list[Answer]:
        """What a test asks of functions that only answer; both arms of a branch, and what follows, hang on it."""
        found = self._answers.get(test)
        if found is None:
            answers = itertools.islice(asked(self._sequences, self._code, test), PER_TEST)
            found = self._answers[test] = list(answers)
        return found

    def find(self) -> Iterator[Composite]:
        """Updates in order, then tests with their acts."""
        yield from self._updates()
        yield from self._put_and_taken()
        yield from self._tests(self._code.function.body)

    # --- updates ---

    def _updates(self) -> Iterator[Composite]:
        for access in self._accesses:
            if access.kind not in (Kind.UPDATE, Kind.ITEM_UPDATE) or not self._is_asked(access.place):
                continue
            reads = self._reach.reads_of(access)
            lazy = self._is_default(access.value)
            first = next((each for id in reads for each in self._reach.by_id.get(id, ())), access)
            shape = Shape.LAZY if lazy else Shape.UPDATE
            tested = self._deciding.around(access.id, facts.NOTHING)
            yield Composite(self._code, shape, first, access, access.id, access.span, (*reads, access.id), tested)

    def _put_and_taken(self) -> Iterator[Composite]:
        """`self.waiting[key] = call`, and once it is over `del self.waiting[key]`, which fails if others took it."""
        puts = [each for each in self._accesses if each.method == "[]=" and each.kind is Kind.MUTATE]
        takes = [each for each in self._accesses if self._shapes.must_find(each)] if puts else []
        for last in takes:
            if any(isinstance(each, Instance) for each in self._sequences.places.values(last.place)):
                # what a class of the program does there is its own affair
                continue
            same = (each for each in puts if each.id < last.id and (each.place, each.base) == (last.place, last.base))
            named = (each for each in same if self._flow.key(each.key) == self._flow.key(last.key))
            put = next((each for each in named if self._is_waited_between(each.id, last.id)), None)
            if put is not None:
                between = (put.id, last.id)
                yield Composite(self._code, Shape.CHECK, put, last, last.id, last.span, between, wants=True)

    def _is_waited_between(self, first: int, last: int) -> bool:
        """Whether a call, or an `await`, is on the way from one operation to another."""
        operations = ways.between(self._code, first, last)
        return operations is not None and any(type(each) in (facts.Call, facts.Await) for each in operations)

    def _is_default(self, value: int) -> bool:
        """`self.x = self.x or make()`, or a literal where that comes to nothing."""
        operation = self._flow.operation(value)
        if type(operation) is facts.Phi and value not in operation.inputs:
            made = [each for each in operation.inputs if not self._flow.is_constant(each)]
            return (
                bool(made)
                and all(type(self._flow.operation(each)) is facts.Choice for each in made)
                and all(map(self._is_default, made))
            )
        return type(operation) is facts.Choice and operation.kind == "or"

    # --- tests ---

    def _tests(self, nodes: Sequence[Node], after: tuple[Node, ...] = ()) -> Iterator[Composite]:
        """The sequences of the tests in a body; `after` is what follows the `with` around it."""
        for index, node in enumerate(nodes):
            match node:
                case facts.Branch():
                    following = (*nodes[index + 1 :], *after)
                    yield from self._branch(node, following)
                    # who comes to what follows has been in the arm that does not leave, and passed the tests in there
                    past = following if leaves(node.orelse) else self._again(node, following)
                    yield from self._tests(node.body, past)
                    yield from self._tests(node.orelse, following if leaves(node.body) else ())
                case facts.Loop():
                    if node.kind == "while":
                        yield from self._guarded(node.test, node.span, node.body, negated=False)
                        yield from self._waited_for(node, (*nodes[index + 1 :], *after))
                    elif node.kind == "for":
                        yield from self._searched(node, (*nodes[index + 1 :], *after))
                    yield from self._tests(node.head)
                    yield from self._tests(node.body)
                    yield from self._tests(node.orelse)
                case facts.Try():
                    yield from self._attempts.items(node, (*nodes[index + 1 :], *after))
                    yield from self._attempts.names(node)
                    yield from self._tests(node.body)
                    for handler in node.handlers:
                        yield from self._tests(handler.body)
                    yield from self._tests(node.orelse)
                    yield from self._tests(node.final)
                case facts.With():
                    yield from self._tests(node.body, (*nodes[index + 1 :], *after))
                case _:
                    pass

    def _again(self, branch: facts.Branch, following: Sequence[Node]) -> tuple[Node, ...]:
        """What follows under the same condition: `if use_cache:`, and later `if use_cache:` once more.

        Who comes there has been in the body of the branch, if he comes out of it. What others can change is asked anew
        each time.
        """
        if leaves(branch.body):
            return ()
        later = (each for each in following if type(each) is facts.Branch)
        asked = unnegated(self._code, branch.test)
        again = (each for each in later if asked in decided(self._code, each.test, True))
        return tuple(node for each in again for node in each.body)

    def _branch(self, node: facts.Branch, following: Sequence[Node]) -> Iterator[Composite]:
        yield from self._guarded(node.test, node.span, node.body, negated=False)
        # `if present: return` decides about all that comes after it
        past = following if leaves(node.body) and not leaves(node.orelse) else ()
        yield from self._guarded(node.test, node.span, (*node.orelse, *past), negated=True)
        if not node.body and leaves(node.orelse):
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

    def _searched(self, loop: facts.Loop, following: Sequence[Node]) -> Iterator[Composite]:
        """`for each in items: if each.key == key: return each`, then `items.append(Item(key))`: put in if not found."""
        for branch in loop.body:
            last = branch.body[-1] if type(branch) is facts.Branch and branch.body else None
            if type(branch) is not facts.Branch or not isinstance(last, facts.Return | facts.Break):
                continue
            rest = (*loop.orelse, *following) if type(last) is facts.Return else loop.orelse
            wanted = self._shapes.looked_for(branch.test, loop.test)
            for read in self._reach.tested(loop.test) if wanted and rest else ():
                puts = (each for each in self._reach.inner(rest, read) if each[0].method in INSERTS)
                made = (each for each in puts if not each[0].claims and self._shapes.is_of(each[1], wanted))
                for act, where in itertools.islice(made, 1):
                    tested = self._deciding.around(where, branch.test)
                    between = (read.id, where)
                    yield Composite(self._code, Shape.CHECK, read, act, where, branch.span, between, tested, False)

    def _answered(self, test: int, span: Span, body: Sequence[Node]) -> Iterator[Composite]:
        """The sequences of what a test reads through properties."""
        seen: set[Place] = set()
        for read, fetch in answered(self._sequences, self._code, test) if self._code.function.is_async else ():
            for access, where in self._reach.inner(body, read):
                changes = access.kind.rebinds or access.method in INSERTS or access.method in REMOVES
                if where > fetch and access.kind.writes and changes and not access.claims and read.place not in seen:
                    seen.add(read.place)
                    tested = self._deciding.around(where, test)
                    yield Composite(
                        self._code, Shape.CHECK, read, access, where, span, (fetch, where), tested, awaited=True
                    )
            for item, where in self._reach.put_inside(body, read) if read.place not in seen else ():
                if where > fetch:
                    seen.add(read.place)
                    tested = self._deciding.around(where, test)
                    yield Composite(
                        self._code, Shape.CHECK, read, item, where, span, (fetch, where), tested, awaited=True
                    )

    def _note_flagged(
        self, reads: Sequence[Access], test: int, span: Span, body: Sequence[Node], negated: bool
    ) -> None:
        """Note what a body puts into containers on account of a flag beside them."""
        low, high = extent(body)
        inside = [each for each in self._inserts if low <= each.id <= high]
        for read, site, present in self._flags_of(reads, test) if inside else ():
            for put in inside:
                beside = put.base == read.base and put.place is not read.place and put.place.kind == read.place.kind
                if beside and put.id > site:
                    tested = self._deciding.inside(put.id, test)
                    wants = present is not negated
                    turns = self._deciding.in_turns(put.id)
                    self._flagged.append(Flagged(self._code, read, put, span, wants, tested, site, turns))

    def _flags_of(self, reads: Sequence[Access], test: int) -> Iterator[tuple[Access, int, bool]]:
        """The flags that a test looks at, itself or by properties and methods: where, and what a true test says."""
        fetched = [(read, read.id) for read in reads] + list(answered(self._sequences, self._code, test))
        for read, site in fetched:
            seen = (
                read
                if site == read.id and read.code is self._code
                else msgspec.structs.replace(read, id=site, load=site)
            )
            present = self._shapes.polarity(seen, test) if read.kind is Kind.READ else None
            if present is not None:
                yield read, site, present
        for answer in self._answers_to(test):
            read, site = answer.read, answer.site
            if read.kind is Kind.READ and type(self._flow.operation(site)) is facts.Call:
                truth = self._shapes.polarity(msgspec.structs.replace(read, id=site, load=site), test)
                if truth is not None and answer.present is not None:
                    yield read, site, truth is answer.present

    def _asked(self, test: int, span: Span, body: Sequence[Node], negated: bool) -> Iterator[Composite]:
        """The sequences of what a test asks of functions that only answer, and what is done on account of that."""
        seen: set[tuple[Place, Shape]] = set()
        for answer in self._answers_to(test):
            read, site = answer.read, answer.site
            if not self._is_asked(read.place) or not self._sequences.is_written(read.place):
                continue
            truth = self._shapes.polarity(msgspec.structs.replace(read, id=site, load=site), test)
            wants = None if truth is None or answer.present is None else (truth is not negated) is answer.present
            for act, where in self._reach.inner(body, read):
                found = truth is not None and answer.found is not None and (truth is not negated) is answer.found
                missed = truth is not None and answer.found is not None and not found
                shape = self._shape_asked(answer, act, where, False if missed else wants)
                if shape is None and found:
                    shape = self._shapes.of_found(answer.key, act)
                if shape is None and wants is True:
                    shape = self._shapes.of_there(read, act)
                if shape is None and answer.present is True:
                    shape = self._shapes.of_state(read, site, act, test)
                if where > site and shape is not None and (read.place, shape) not in seen:
                    seen.add((read.place, shape))
                    tested = self._deciding.around(where, test)
                    yield Composite(self._code, shape, read, act, where, span, (site, where), tested, wants)
            found = truth is not None and answer.found is not None and (truth is not negated) is answer.found
            is_kept = self._sequences.is_written(read.place)
            for shape, use, where in self._behind.uses_asked(body, answer, found, wants is True) if is_kept else ():
                if (read.place, shape) not in seen:
                    seen.add((read.place, shape))
                    tested = self._deciding.around(where, test)
                    yield Composite(self._code, shape, read, use, where, span, (site, where), tested, True)

    def _shape_asked(self, answer: Answer, act: Access, where: int, wants: bool | None) -> Shape | None:
        """What it is that a test of an answer leads to; `wants`: whether that is done where something is there."""
        if act.claims and not answer.picked:
            return None
        if act.method in REMOVES - FORGIVING and act.code is not self._code:
            # asked by one method, taken by another: it matters where the second fails when there is nothing left
            return Shape.CHECK
        if act.kind is Kind.WRITE and wants is False:
            return None if self._sequences.places.dataflow(act.code).is_constant(act.value) else Shape.LAZY
        if act.method in INSERTS and wants is False and self._shapes.are_about_the_same(answer.site, where):
            return Shape.CHECK
        return None

    def _guarded(self, test: int, span: Span, body: Sequence[Node], *, negated: bool) -> Iterator[Composite]:
        """The sequences of a test and what is done where it is true (`negated`: false)."""
        if not body or test < 0:
            return
        yield from self._answered(test, span, body)
        yield from self._asked(test, span, body, negated)
        first = itertools.islice(self._reach.tested(test), PER_TEST)
        reads = [read for read in first if self._sequences.is_written(read.place)]
        self._note_flagged(reads, test, span, body, negated)
        seen: set[tuple[object, str, Shape, bool]] = set()
        for read in reads:
            for access, where in self._reach.inner(body, read) if self._is_asked(read.place) else ():
                if where <= read.id or self._exclusive.exclude(read.id, where, test):
                    continue
                shape = self._shapes.of(read, access, test, negated)
                awaited = self._sequences.is_awaited(self._code, where)
                if shape is not None and (read.place, read.base, shape, awaited) in seen:
                    # others may have come in since what was done first on account of the test
                    awaited = True
                    shape = shape if self._code.function.is_async and access.kind.writes else None
                if shape is None:
                    continue
                seen.add((read.place, read.base, shape, awaited))
                load = read.read_id
                between = (read.id, where)
                tested = (*self._deciding.around(where, test), *self._deciding.beside(test, load))
                present = self._shapes.polarity(read, test)
                wants = None if present is None else present is not negated
                wants = False if shape is Shape.LAZY else wants
                yield Composite(self._code, shape, read, access, where, span, between, tested, wants, awaited)
            for shape, use, site in self._behind.uses(body, read, test, negated):
                if (read.place, read.base, shape, False) not in seen:
                    seen.add((read.place, read.base, shape, False))
                    tested = (*self._deciding.around(site, test), *self._deciding.beside(test, read.read_id))
                    yield Composite(self._code, shape, read, use, site, span, (read.id, site), tested, True)


def _awaits(nodes: Sequence[Node]) -> bool:
    return any(type(node) is facts.Await for node in walk(nodes))
