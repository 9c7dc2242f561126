"""Which attributes does a thread read that its starter sets only after the start?

A method that starts something and the function that is started are walked step by step (`steps`), as methods of each
class that has them: what a base class starts in its constructor meets what a subclass sets behind `super().__init__()`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.running import BlockingOn
from racelint.knowledge.threads import SET_BY_LIBRARY
from racelint.knowledge.waits import WAIT_NAMES
from racelint.program.callgraph.steps import Frame, Step, Walker, leads_to, of_class
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import operands
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Place
from racelint.program.sequences.misses import handled_misses
from racelint.program.sources.source import ClassInfo, Code, span_of
from racelint.program.starting.launches import Launch, Launches
from racelint.program.values.values import Library, LibraryMethod

CONSTRUCTORS: Final = frozenset({"__init__", "__post_init__"})


class Late(msgspec.Struct, frozen=True):
    """An attribute that is read (at the end of `read`, a chain of calls) and set (at `store`) after the start.

    `was_none`: it is None until then; else there is no such attribute.
    """

    place: Place
    store: Frame
    read: tuple[Frame, ...]
    was_none: bool


class EarlyStart(msgspec.Struct, frozen=True):
    """A start that comes too early: at `start`, in the function that also sets what is `late`, `label` is set running.

    `began` is the call that does so, which may be further down. `registers`: it runs already, and comes to know the
    object there.
    """

    label: str
    start: Frame
    began: Frame
    late: tuple[Late, ...]
    registers: bool = False

    @property
    def code(self) -> Code:
        """The function that both starts and sets."""
        return self.start[0]

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where the start is, seen from the function that also sets the attribute."""
        return span_of(*self.start)


def link_birth(threads: Threads, locksets: LockSets) -> list[EarlyStart]:
    """Find what starts too early, class by class; what several classes inherit is told once."""
    finder = _Finder(threads, locksets)
    found: dict[tuple[Frame, str], EarlyStart] = {}
    for cls in threads.calls.types.names.sources.classes:
        for birth in finder.of(cls):
            found.setdefault((birth.start, birth.label), birth)
    return list(found.values())


class _Finder:
    def __init__(self, threads: Threads, locksets: LockSets) -> None:
        self._locksets = locksets
        self._places = locksets.places
        self._types = threads.calls.types
        self._attributes = self._types.attributes
        self._launches = Launches(threads, locksets.places)
        self._asked: dict[int, set[str]] = {}

    def of(self, cls: ClassInfo) -> Iterator[EarlyStart]:
        """What starts too early in a method that the class has or inherits."""
        all_methods = self._attributes.all_methods(cls)
        methods = {ref.code.name: ref.code for each in reversed(cls.mro) for ref in self._attributes.methods(each)}
        launching = {code.key for code in all_methods if self._launches.may_launch(cls, code)}
        if not launching or any(name in methods for name in ("__getattr__", "__getattribute__")):
            return
        walker = Walker(self._types, cls)
        starting = {key for code in all_methods for key in self._launches.starting(cls, walker, code)}
        for code in methods.values() if starting else ():
            is_asked = code.name in CONSTRUCTORS or code.key in launching
            if is_asked and not starting.isdisjoint(walker.makers(code)):
                yield from self._of_method(cls, code, walker)

    def _of_method(self, cls: ClassInfo, method: Code, walker: Walker) -> Iterator[EarlyStart]:
        steps = list(walker.steps(method))
        registered: set[str] = set()
        for index, step in enumerate(steps):
            if _is_dynamic(step):
                return
            for launch in self._launches.of(cls, walker, step):
                if launch.registers and method.name not in CONSTRUCTORS:
                    continue
                late = self._late(cls, method, launch, steps[:index], steps[index + 1 :])
                if launch.registers:
                    late = {name: each for name, each in late.items() if name not in registered}
                found: dict[Frame, list[Late]] = defaultdict(list)
                for each, start in self._read_early(cls, walker, launch, late):
                    found[start].append(each)
                for start, lates in found.items():
                    registered.update(each.place.name for each in lates if launch.registers)
                    yield EarlyStart(launch.label, start, launch.step.chain[-1], tuple(lates), launch.registers)

    # --- what is set after the start ---

    def _late(
        self, cls: ClassInfo, method: Code, launch: Launch, before: Sequence[Step], after: Sequence[Step]
    ) -> dict[str, tuple[Step, bool]]:
        """What is set only behind the start: by name, the first store, and whether it is None before."""
        found: dict[str, tuple[Step, bool]] = {}
        for step in after:
            if type(step.operation) is not facts.StoreAttr or step.name in found:
                continue
            if (cls.library_bases and step.name in SET_BY_LIBRARY) or not _follows(launch.step, step):
                continue
            was_none = self._was_none(cls, method, step, before, after)
            if was_none is not None and not (was_none and self._is_none(step)):
                found[step.name] = (step, was_none)
        return found

    def _was_none(
        self, cls: ClassInfo, method: Code, store: Step, before: Sequence[Step], after: Sequence[Step]
    ) -> bool | None:
        """Whether the attribute is None at the start (True) or not there (False); None where it may well be set."""
        name = store.name
        if method.name == "__post_init__" or self._is_field(cls, name):
            return None
        defining = self._attributes.defining(cls, name)
        stores = self._attributes.class_level(defining)[name] if defining is not None else []
        if not all(self._places.dataflow(code).is_none(each.value) for code, each in stores):
            return None
        earlier = [step for step in before if type(step.operation) is facts.StoreAttr and step.name == name]
        if not all(self._is_none(step) for step in earlier):
            return None
        none = bool(stores or earlier)
        if method.name in CONSTRUCTORS:
            return none
        # another method may have set it long before
        own = {(step.code.key, step.id) for step in after}
        for access in self._places.by_place.get(self._place(cls, name), ()):
            if access.kind.rebinds and (access.code.key, access.id) not in own:
                if not self._places.dataflow(access.code).is_none(access.value):
                    return None
                none = True
        return none

    def _is_field(self, cls: ClassInfo, name: str) -> bool:
        """Whether a generated constructor sets the attribute."""
        return any(
            self._types.attributes.is_dataclass(each)
            for each in cls.mro
            if any(annotation.name == name for annotation in each.facts.annotations)
        )

    def _is_none(self, step: Step) -> bool:
        operation = step.operation
        return type(operation) is facts.StoreAttr and self._places.dataflow(step.code).is_none(operation.value)

    def _place(self, cls: ClassInfo, name: str) -> Place:
        return self._places.place("attribute", self._attributes.owner(cls, name).key, name)

    # --- what the started function reads ---

    def _read_early(
        self, cls: ClassInfo, walker: Walker, launch: Launch, late: dict[str, tuple[Step, bool]]
    ) -> Iterator[tuple[Late, Frame]]:
        """What is read before the started function waits for anything, and where the start is for who sets it."""
        told: set[str] = set()
        for entry in launch.entries if late else ():
            reader = walker
            if entry.elsewhere:
                reader = Walker(self._types, cls, of_class(self._types, cls), anywhere=True)
            steps = list(reader.steps(entry.code))
            if not launch.registers:
                steps = list(takewhile(lambda step: not self._waits(step), steps))
            for step in steps:
                if step.name not in late or step.name in told:
                    continue
                told.add(step.name)
                store, was_none = late[step.name]
                if type(step.operation) is facts.LoadAttr and self._fails(step, steps, was_none):
                    start, last = _parting(launch.step, store)
                    if not self._kept_out(launch, store, step, last):
                        yield Late(self._place(cls, step.name), last, step.chain, was_none), start

    def _fails(self, read: Step, steps: Sequence[Step], was_none: bool) -> bool:
        """Whether the read goes wrong if it comes too early, and nobody is prepared for that."""
        if any(id in handled_misses(code, self._places.dataflow(code)) for code, id in read.chain):
            return False
        codes = {code.key: code for step in steps for code, _ in step.chain}
        if any(read.name in self._asked_for(code) for code in codes.values()):
            return False
        return not was_none or any(
            (
                isinstance(use, facts.LoadAttr | facts.StoreAttr | facts.LoadItem | facts.StoreItem)
                and use.base == read.id
            )
            or (isinstance(use, facts.Call) and use.callee == read.id)
            or isinstance(use, facts.Element)
            for use in self._places.dataflow(read.code).uses(read.id)
        )

    def _asked_for(self, code: Code) -> set[str]:
        """The attributes of which the function asks whether they are there, or whether they are None."""
        found = self._asked.get(code.key)
        if found is None:
            flow = self._places.dataflow(code)
            found = self._asked[code.key] = set()
            for node in code.controls:
                if type(node) is facts.Branch or (type(node) is facts.Loop and node.kind == "while"):
                    test = flow.operation(node.test)
                    asked = [node.test, *(operands(test) if isinstance(test, facts.Compute) else ())]
                    found.update(each.name for id in asked if type(each := flow.operation(id)) is facts.LoadAttr)
            reflected = (self._types.reflected.get((code.key, id)) for id in range(len(code.operations)))
            found.update(each.name for each in reflected if type(each) is facts.LoadAttr)
        return found

    def _waits(self, step: Step) -> bool:
        """Whether a step may wait so long that the starter is through."""
        call = step.operation
        if type(call) is not facts.Call:
            return False
        if any(isinstance(use, facts.Await) for use in self._places.dataflow(step.code).uses(step.id)):
            return True
        values = self._types.of(step.code, call.callee)
        for value in values:
            if isinstance(value, Library | LibraryMethod):
                blocking = self._types.names.knowledge.blocking(value.qualname)
                if blocking is not None and blocking.what is not BlockingOn.LOCK:
                    return True
        fetched = step.code.operation(call.callee)
        return not values and type(fetched) is facts.LoadAttr and fetched.name in WAIT_NAMES

    def _kept_out(self, launch: Launch, store: Step, read: Step, last: Frame) -> bool:
        """Whether a lock keeps the reader out until the attribute is set, or the reader has ended by then."""
        sections = [
            {use.lock.key for frame in chain for use in self._locksets.held(*frame) if use.lock.excludes}
            for chain in (launch.step.chain, store.chain, read.chain)
        ]
        if set.intersection(*sections):
            return True
        context, (code, id) = launch.context, last
        return context is not None and context.ends is not None and context.code is code and context.ends[1] < id


def _is_dynamic(step: Step) -> bool:
    """Whether a step may set attributes that it does not name."""
    operation = step.operation
    if type(operation) is facts.LoadAttr:
        return operation.name == "__dict__"
    callee = step.code.fetched(operation)
    return type(callee) is facts.LoadName and callee.name in ("setattr", "vars")


def _parting(first: Step, second: Step) -> tuple[Frame, Frame]:
    """The operations of the innermost function that leads to both steps."""
    for one, two in zip(first.chain, second.chain, strict=False):
        if one != two:
            return one, two
    return first.chain[-1], second.chain[-1]


def _follows(start: Step, step: Step) -> bool:
    """Whether a run of the program can come from the start to the step."""
    (code, first), (_, second) = _parting(start, step)
    return leads_to(code.function.body, first, second)
