"""Part of the sequences stage: what a test asks, by calls and properties that only answer, and what that says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import msgspec

from racelint import facts
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.dataflow.frames import outward
from racelint.program.memory.places import Access
from racelint.program.sequences.composites import DEPTH, PER_TEST, Answer, Sequences
from racelint.program.sources.nodes import walk
from racelint.program.sources.source import Code

PROPERTIES: Final = 2
"""How many properties deep it is looked what a test reads."""


class Decisive(msgspec.Struct, frozen=True):
    """A value that decides about the answer of a function: it is the answer, or a test that `chooses` one.

    `true` is what a true value makes of the answer; None if that cannot be told.
    """

    value: int
    true: bool | None
    chooses: bool


def asked(sequences: Sequences, code: Code, test: int) -> Iterator[Answer]:
    """The reads that a test makes by calling what only answers: `if self.has(key)`, `if self.find(key) is None`.

    To fetch a property is such a call.
    """
    flow = sequences.places.dataflow(code)
    fetched = {id for id in flow.sources(test) if type(flow.operation(id)) is facts.LoadAttr}
    for site in sorted(flow.calls(test) | fetched):
        yield from _answers(sequences, code, site, DEPTH)


def _answers(sequences: Sequences, code: Code, site: int, depth: int) -> Iterator[Answer]:
    """What a call has read to answer as it does."""
    edges = sequences.edges_at(code, site)
    if len({edge.callee.key for edge in edges}) != 1 or edges[0].callee.function.is_async:
        return
    callee = edges[0].callee
    known = sequences.answers.get((callee.key, depth))
    if known is None:
        found = itertools.islice(_answers_of(sequences, callee, depth), PER_TEST)
        known = sequences.answers[callee.key, depth] = list(found)
    if known:
        paths = sequences.places.passed(code, callee, site, edges[0].receiver)
        for each in known:
            read = _rebased(each.read, outward(each.read.base, paths))
            yield Answer(read, site, each.present, outward(each.key, paths), each.found, each.picked)


def _answers_of(sequences: Sequences, code: Code, depth: int) -> Iterator[Answer]:
    """What a function has read to answer as it does, in its own terms: `site` is the read, or the call that reads."""
    accesses = sequences.places.of(code)
    written = {access.place for access in accesses if access.kind.writes}
    flow = sequences.places.dataflow(code)
    for decisive in _decisive(code, flow):
        id, true = decisive.value, decisive.true
        sources = flow.sources(id)
        for each in accesses:
            if each.place not in written and (each.load in sources or each.id in sources):
                present = polarity(flow, each, id)
                answer = None if present is None or true is None else present is true
                picked = _is_picked(code, flow, each.read_id)
                found = _told_by(_looked_up(flow, each, id), decisive)
                key = UNKNOWN if found is None else flow.key(each.key)
                yield Answer(each, each.id, True if picked else answer, key, found, picked)
        for inner in sorted(flow.calls(id)) if depth > 1 else ():
            for deeper in _answers(sequences, code, inner, depth - 1):
                if deeper.read.place not in written:
                    answer = deeper.present if id == inner and true else None
                    picked = _is_picked(code, flow, inner)
                    came = (
                        polarity(flow, msgspec.structs.replace(deeper.read, load=inner), id) if deeper.found else None
                    )
                    found = _told_by(came, decisive)
                    key = UNKNOWN if found is None else deeper.key
                    yield Answer(deeper.read, inner, True if picked else answer, key, found, picked)


def _is_picked(code: Code, flow: Dataflow, id: int) -> bool:
    """Whether a function answers with something out of what it goes over, or with None where there is no such thing."""
    ways: set[int] = set()
    pending = list(code.returns)
    while pending:
        each = pending.pop()
        if each not in ways:
            ways.add(each)
            operation = flow.operation(each)
            pending.extend(operation.inputs if type(operation) is facts.Phi else ())
    ends = [flow.operation(each) for each in ways if type(flow.operation(each)) is not facts.Phi]
    drawn = [each for each in ends if type(each) is facts.Element]
    rest = [each for each in ends if type(each) is not facts.Element]
    return (
        bool(drawn)
        and all(flow.comes_from(each.iterable, id) for each in drawn)
        and all(each is not None and flow.is_none(each.id) for each in rest)
    )


def _looked_up(flow: Dataflow, look: Access, id: int) -> bool | None:
    """What the value `id` came to if it is sure of it that the key was there; None if that cannot be told."""
    if look.method not in ("in", "get") or look.key < 0:
        return None
    there = polarity(flow, msgspec.structs.replace(look, load=look.id), id)
    looked = flow.operation(look.id)
    is_absence = type(looked) is facts.Compute and looked.kind == "not in"
    return there if there is None else there is not is_absence


def _told_by(came: bool | None, decisive: Decisive) -> bool | None:
    """The answer that tells that a decisive value came to `came`; None if none does."""
    if not decisive.chooses:
        return came
    # where the test is false, only the other answers are left
    return not decisive.true if came is False and decisive.true is not None else None


def answered(sequences: Sequences, code: Code, test: int) -> Iterator[tuple[Access, int]]:
    """The reads that a test makes through properties (`if self.full`), each with the fetch of the property."""
    flow = sequences.places.dataflow(code)
    for id in sorted(flow.sources(test)):
        if type(flow.operation(id)) is facts.LoadAttr:
            for access in _read_by_properties(sequences, code, id, PROPERTIES):
                yield access, id


def _read_by_properties(sequences: Sequences, code: Code, id: int, depth: int) -> Iterator[Access]:
    edges = sequences.edges_at(code, id)
    if depth == 0 or len({edge.callee.key for edge in edges}) != 1 or len(edges[0].callee.returns) != 1:
        return
    callee = edges[0].callee
    paths = sequences.places.passed(code, callee, id, edges[0].receiver)
    sources = sequences.places.dataflow(callee).sources(callee.returns[0])
    for each in sequences.places.of(callee):
        if not each.kind.writes and (each.load in sources or each.id in sources):
            yield _rebased(each, outward(each.base, paths))
    for inner in sorted(sources):
        for deeper in _read_by_properties(sequences, callee, inner, depth - 1):
            yield _rebased(deeper, outward(deeper.base, paths))


def _decisive(callee: Code, flow: Dataflow) -> list[Decisive]:
    """The values that decide about the answer of a function: what it returns, and the tests that choose between."""
    returned = list(dict.fromkeys(callee.returns))
    if len(returned) == 1:
        return [Decisive(returned[0], true=True, chooses=False)]
    found = [Decisive(id, true=None, chooses=True) for id in returned]
    if any(map(flow.is_constant, returned)):
        for node in walk(callee.function.body):
            last = node.body[-1] if type(node) is facts.Branch and node.body else None
            if type(node) is facts.Branch and type(last) is facts.Return:
                found.append(Decisive(node.test, flow.truth(last.value), chooses=True))
    return found


def polarity(flow: Dataflow, read: Access, test: int) -> bool | None:
    """True: the test is true when the value is there; False: when it is absent; None: it asks something else."""
    load = read.read_id
    if test == load:
        return True
    match flow.operation(test):
        case facts.Compute(kind="not", operands=(inner,)):
            present = polarity(flow, read, inner)
            return None if present is None else not present
        case facts.Compute(kind="is" | "==" | "is not" | "!=" as kind, operands=(left, right)):
            if left == load and flow.is_nothing(right):
                return kind in ("is not", "!=")
            return None
        case facts.Choice(kind="and", operands=operands):
            return True if any(polarity(flow, read, each) is True for each in operands) else None
        case facts.Choice(kind="or", operands=operands):
            return False if any(polarity(flow, read, each) is False for each in operands) else None
        case facts.Call() if test == read.id:
            return True
        case _:
            return None


def _rebased(access: Access, base: str) -> Access:
    return msgspec.structs.replace(access, base=base)
