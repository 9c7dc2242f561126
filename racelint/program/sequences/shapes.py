"""Part of the sequences stage: what is it that a test and what is done on its account make up together?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from racelint import facts
from racelint.knowledge.containers import FORGIVING, INSERTS, NOT_IN_LIST, REMOVES
from racelint.program.dataflow.dataflow import Dataflow, operands
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.answers import polarity
from racelint.program.sequences.composites import Shape
from racelint.program.sequences.misses import handled, handled_misses, takes_what_it_names
from racelint.program.sources.branching import found_something
from racelint.program.sources.source import Code

USES: Final = (Kind.READ, Kind.CONTENT, Kind.ITERATE, Kind.MUTATE)
"""What is done with what an attribute holds."""

EQUALITIES: Final = frozenset({"is", "==", "is not", "!="})
"""Comparisons that ask whether something is what is meant."""


class Shapes:
    """The shapes of the sequences of one function."""

    def __init__(self, code: Code, flow: Dataflow) -> None:
        self._code = code
        self._flow = flow
        self._misses = handled_misses(code, flow)
        self._not_in_list = handled(code, flow, NOT_IN_LIST)
        self._polarities: dict[tuple[int, int], bool | None] = {}

    def of(self, read: Access, act: Access, test: int, negated: bool) -> Shape | None:
        """What a read in a test and an act make up, where the test is true (`negated`: false); None: they do not."""
        if act.claims:
            return None
        same_read = act.load >= 0 and act.load == read.read_id
        if same_read and self._asks_for_none(act.load, test):
            # one read, kept in a local: what is tested is what is used
            return None
        if act.kind.writes and read.method == "[]" and not self._asks_itself(read, test):
            return None
        if act.kind.rebinds:
            if act.kind is Kind.WRITE and (
                self.polarity(read, test) is negated or (self._makes(act) and self._is_absence(read, test, negated))
            ):
                return Shape.LAZY
            return Shape.CHECK
        if act.kind.writes and self._depends(read, act):
            return Shape.CHECK
        if act.kind is Kind.CONTENT and act.method == "[]" and read.kind is Kind.CONTENT and read.method == "in":
            same_key = act.key >= 0 and read.key >= 0 and self._flow.key(act.key) == self._flow.key(read.key)
            found = same_key and act.id not in self._misses and self._finds(read, test, negated)
            return Shape.CHECK if found else None
        if same_read and act.kind is Kind.CONTENT and read.kind is Kind.READ:
            return None
        if act.kind in USES and read.kind is Kind.READ and act.code is self._code:
            return Shape.DOUBLE_READ if self.is_presence(read, test, negated) and self.is_dereferenced(act) else None
        return None

    def has_found(self, read: Access, key: int, test: int, negated: bool) -> bool:
        """Whether a test has come out so because there was what is under this key."""
        return self._flow.key(read.key) == self._flow.key(key) and self._finds(read, test, negated)

    def is_needed(self, act: Access) -> bool:
        """Whether an access fails where there is nothing under its key, which is not expected."""
        return not act.claims and act.id not in self._misses

    def of_found(self, key: str, act: Access) -> Shape | None:
        """What it makes up with an act that somebody has said that there is such a key."""
        needs_it = act.code is self._code and act.method in ("[]", *REMOVES) and act.id not in self._misses
        is_that = key in (self._flow.key(act.key), self._flow.path(act.key))
        return Shape.CHECK if needs_it and not act.claims and is_that else None

    def of_there(self, read: Access, act: Access) -> Shape | None:
        """What it makes up with an act that somebody has said that there is something."""
        if act.code is not self._code or read.kind is not Kind.READ:
            return None
        if act.method in REMOVES - FORGIVING and act.key < 0:
            return Shape.CHECK if act.id not in self._misses else None
        return Shape.DOUBLE_READ if act.kind in USES and self.is_dereferenced(act) else None

    def of_state(self, read: Access, site: int, act: Access, test: int) -> Shape | None:
        """What it makes up with an act that the answer at `site` was a state which is compared with another one."""
        compared = self._flow.operation(test)
        if type(compared) is not facts.Compute or compared.kind not in EQUALITIES or site not in compared.operands:
            return None
        is_set = act.kind is Kind.WRITE and act.code is self._code and read.kind is Kind.READ
        return Shape.CHECK if is_set and not any(map(self._flow.is_nothing, compared.operands)) else None

    def are_about_the_same(self, site: int, where: int) -> bool:
        """Whether what is put in under a key, or is put in, is what was asked for, or was made of it."""
        return self.is_of(where, [id for id in self._given(site) if not self._flow.is_constant(id)])

    def is_of(self, where: int, asked: Sequence[int]) -> bool:
        """Whether what is put in under a key, or is put in, is one of some values, or was made of it."""
        put = self._given(where)
        keys = {self._flow.key(id) for id in asked}
        return any(self._flow.key(id) in keys or any(self._flow.comes_from(id, each) for each in asked) for id in put)

    def must_find(self, act: Access) -> bool:
        """Whether an access takes an item out by its key, and fails where there is none: with no default, and no `try`.

        What is tested for is told with its test.
        """
        return takes_what_it_names(self._code, act, "pop") and act.id not in self._misses

    def looked_for(self, test: int, iterable: int) -> list[int]:
        """What a test compares with parts of what is drawn from an iterable."""
        ends: list[int] = []

        def through(operation: facts.Operation) -> tuple[int, ...]:
            drawn = tuple(each for each in operands(operation) if self._flow.comes_from(each, iterable))
            ends.extend(set(operands(operation)).difference(drawn))
            return drawn

        drawn = [each.id for each in self._flow.behind(test, through)]
        left = (each for each in dict.fromkeys(ends) if each >= 0 and each not in drawn)
        return [each for each in left if not self._flow.is_constant(each)]

    def _given(self, id: int) -> list[int]:
        match self._flow.operation(id):
            case facts.Call(arguments=arguments):
                return [each.value for each in arguments]
            case facts.StoreItem(key=key):
                return [key]
            case _:
                return []

    def _asks_itself(self, read: Access, test: int) -> bool:
        """Whether a test asks for the item that was read, and not for a part of what was made for it.

        `task = Task(self.items[0])`, and later `if task.failed`
        """
        seen: set[int] = set()
        pending = [(test, False)]
        while pending:
            id, is_whole = pending.pop()
            operation = self._flow.operation(id)
            if id in (read.load, read.id):
                return True
            if id in seen or operation is None:
                continue
            seen.add(id)
            match operation:
                case facts.LoadAttr(base=base):
                    pending.append((base, True))
                case facts.Call(callee=callee) if is_whole:
                    pending.append((callee, False))
                case facts.Phi(inputs=inputs):
                    pending.extend((each, is_whole) for each in inputs)
                case _:
                    pending.extend((each, False) for each in operands(operation))
        return False

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
        missed = act.id in self._misses or (act.method == "remove" and act.id in self._not_in_list)
        if missed and act.code is self._code:
            return False
        if act.method in ("[]", "setdefault") and read.method != "len":
            # a `defaultdict` makes what is missing in one step, whatever was asked about its keys, but how many
            return False
        if read.method == "in" and act.key >= 0 and act.code is self._code:
            return self._flow.key(read.key) == self._flow.key(act.key)
        if read.kind is Kind.READ and act.kind is Kind.MUTATE:
            return act.method in REMOVES or act.method in INSERTS
        return True

    def _makes(self, act: Access) -> bool:
        """Whether the function itself stores what it makes: a flag may be set for whatever else was asked."""
        return act.code is self._code and not self._flow.is_constant(act.value)

    def _is_absence(self, read: Access, test: int, negated: bool) -> bool:
        """Whether a test came out so because nothing was there, if not for that alone: `if x is None and wanted`."""
        if self.polarity(read, test) is negated:
            return True
        operation = self._flow.operation(test)
        parts = operation.operands if type(operation) is facts.Choice else ()
        all_hold = type(operation) is facts.Choice and operation.kind == ("or" if negated else "and")
        return all_hold and any(self._is_absence(read, each, negated) for each in parts)

    def is_presence(self, read: Access, test: int, negated: bool) -> bool:
        """Whether a test has come out so because the value was there."""
        present = self.polarity(read, test)
        return present is not None and present is not negated

    def polarity(self, read: Access, test: int) -> bool | None:
        """True: the test is true when the value is there; False: when it is absent; None: it asks something else."""
        key = (read.read_id, test)
        if key not in self._polarities:
            self._polarities[key] = polarity(self._flow, read, test)
        return self._polarities[key]

    def is_dereferenced(self, act: Access) -> bool:
        """Whether None would make the use of the value fail: an attribute, a call, an item, a `with`."""
        load = act.read_id
        return any(
            (isinstance(use, facts.LoadAttr | facts.LoadItem | facts.StoreAttr | facts.StoreItem) and use.base == load)
            or (isinstance(use, facts.Call) and use.callee == load)
            for use in self._flow.uses(load)
            # what is kept in a local may have been tested there
            if load not in found_something(self._code, use.id)
        ) or any(type(node) is facts.With and node.manager == load for node in self._code.controls)
