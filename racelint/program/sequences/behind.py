"""Part of the sequences stage: what a test has found is there, and a called function uses at once, and asks no more.

`if self.wire is not None: self._send(line)`, where `_send` begins with `self.wire.write(line)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.containers import FORGIVING, REMOVES
from racelint.program.callgraph.edges import Edge, passed
from racelint.program.dataflow.frames import outward
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.composites import Answer, Sequences, Shape
from racelint.program.sequences.shapes import USES, Shapes
from racelint.program.sources.branching import conditions
from racelint.program.sources.nodes import extent
from racelint.program.sources.source import Code


class Behind:
    """The uses behind the calls of one function."""

    def __init__(self, sequences: Sequences, code: Code, shapes: Shapes) -> None:
        self._sequences = sequences
        self._code = code
        self._shapes = shapes

    def uses(self, body: Sequence[Node], read: Access, test: int, negated: bool) -> Iterator[tuple[Shape, Access, int]]:
        """What the calls of a body need to be as `read` has found it: each with what they make up, and the call."""
        present = read.kind is Kind.READ and self._shapes.is_presence(read, test, negated)
        for use, edge in self._uses(body, read, read.id) if read.code is self._code else ():
            if present and self._is_used(use):
                yield Shape.DOUBLE_READ, use, edge.site
            given = self._key(edge, use) if read.method == "in" else None
            if given is not None and self._shapes.has_found(read, given, test, negated):
                yield Shape.CHECK, use, edge.site

    def uses_asked(
        self, body: Sequence[Node], answer: Answer, found: bool, present: bool
    ) -> Iterator[tuple[Shape, Access, int]]:
        """The same of what a call has answered: that there is such a key (`found`), or that it is there (`present`)."""
        read, flow = answer.read, self._sequences.places.dataflow(self._code)
        for use, edge in self._uses(body, read, answer.site) if found or present else ():
            if present and read.kind is Kind.READ and self._is_used(use):
                yield Shape.DOUBLE_READ, use, edge.site
            given = self._key(edge, use) if found else None
            if given is not None and answer.key in (flow.key(given), flow.path(given)):
                yield Shape.CHECK, use, edge.site

    def _uses(self, body: Sequence[Node], read: Access, after: int) -> Iterator[tuple[Access, Edge]]:
        """What called functions do first to what was tested, whatever else there is."""
        low, high = extent(body)
        for edge in self._sequences.calls.sure_calls(self._code):
            if low <= edge.site <= high and edge.site > after and self._is_plain(edge):
                use = self._first_use(edge, read)
                if use is not None and not self._is_stored(read, after, edge.site):
                    yield use, edge

    def _is_plain(self, edge: Edge) -> bool:
        """Whether a call surely runs this function alone, at once."""
        callee, is_call = edge.callee, type(self._code.operation(edge.site)) is facts.Call
        runs_later = callee.function.is_async or callee.function.is_generator or callee is self._code
        callees = {each.callee.key for each in self._sequences.edges_at(self._code, edge.site)}
        return is_call and not runs_later and len(callees) == 1

    def _first_use(self, edge: Edge, read: Access) -> Access | None:
        """What a called function does in any case to what was tested, if that is the first that it does to it."""
        accesses = [each for each in self._sequences.places.of(edge.callee) if each.place is read.place]
        if not accesses:
            return None
        paths = self._sequences.places.passed(edge.caller, edge.callee, edge.site, edge.receiver)
        own = [each for each in accesses if outward(each.base, paths) == read.base]
        use = own[0] if own else None
        return use if use is not None and not self._is_tested(use) else None

    def _is_tested(self, use: Access) -> bool:
        """Whether a use hangs on a test, or what it has fetched is tested again, if only as a local variable."""
        code = use.code
        if any(True for _ in conditions(code, use.id)):
            return True
        flow = self._sequences.places.dataflow(code)
        tests = (each.test for each in code.controls if type(each) is facts.Branch or type(each) is facts.Loop)
        return any(use.read_id in flow.sources(test) for test in tests if test >= 0)

    def _is_stored(self, read: Access, after: int, site: int) -> bool:
        """Whether the function itself has stored something else before the call."""
        accesses = self._sequences.places.of(self._code)
        return any(each.place is read.place and each.kind.rebinds and after < each.id < site for each in accesses)

    def _is_used(self, use: Access) -> bool:
        """Whether a use fails where there is None."""
        return use.kind in USES and self._shapes_of(use).is_dereferenced(use)

    def _key(self, edge: Edge, use: Access) -> int | None:
        """What a call gives as the key that is looked up, if it gives that, and it is not expected to be missing."""
        looks_up = use.method in ("[]", "del", *REMOVES - FORGIVING) and self._shapes_of(use).is_needed(use)
        return passed(edge, use.key) if looks_up and 0 <= use.key < len(edge.callee.function.parameters) else None

    def _shapes_of(self, use: Access) -> Shapes:
        return Shapes(use.code, self._sequences.places.dataflow(use.code))
