"""Part of the signals stage: an object that is safe one call at a time is asked, and others act before the asker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from racelint import facts
from racelint.facts import Node, Span
from racelint.findings import Evidence
from racelint.knowledge.model import LockRole, Question
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locks import LockKey
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access
from racelint.program.sequences.misses import handled_misses
from racelint.program.sharing.sharing import Sharing
from racelint.program.signals.around import surroundings
from racelint.program.sources.branching import decided, is_handling, leaves, loops_ended
from racelint.program.sources.nodes import contains, ids_in, is_within
from racelint.program.sources.source import Code, InCode
from racelint.program.values.passing import argument
from racelint.program.values.texts import is_record
from racelint.program.values.values import LibraryMethod, LibraryObject, Site


class Step(InCode, frozen=True, eq=False):
    """One call of a method on such an object; `access` is the read of the Place that holds it, if one does."""

    id: int
    span: Span
    method: str
    library: str
    receiver: int
    sites: frozenset[Site]
    access: Access | None


class OldAnswer(msgspec.Struct, frozen=True, eq=False):
    """`asked` was answered, `act` relies on it, and `rival`, run by `other` while `one` is here, makes it untrue.

    `waits`: the act then waits for ever, else it raises, or is done twice.
    """

    question: Question
    asked: Step
    act: Step
    rival: Step
    one: Context
    other: Context
    evidence: Evidence
    waits: bool

    @property
    def path(self) -> str:
        """The file."""
        return self.asked.path

    @property
    def span(self) -> Span:
        """The question."""
        return self.asked.span


class Questions:
    """Finds the answers that are old when they are acted upon."""

    def __init__(self, locksets: LockSets, sharing: Sharing) -> None:
        self._locksets = locksets
        self._sharing = sharing
        self._threads = locksets.threads
        self._places = locksets.places
        self._types = locksets.places.types
        self._knowledge = self._types.names.knowledge
        self._steps: dict[int, list[Step]] = {}
        self._collect()

    def _collect(self) -> None:
        names = {name.rpartition(".")[2] for name in self._knowledge.tables.questions}
        rows = self._knowledge.tables.questions.values()
        names |= {name for row in rows for name in (*row.acts, *row.rivals)}
        codes = self._types.names.sources.codes
        for key, id in self._types.library_calls(lambda each: each.qualname.rpartition(".")[2] in names):
            for value in self._types.callees[key, id]:
                if isinstance(value, LibraryMethod) and isinstance(value.receiver, LibraryObject):
                    method = value.qualname.rpartition(".")[2]
                    if method in names and value.receiver.site is not None:
                        self._note(codes[key], id, method, value.receiver)
        for code in codes:
            for node in code.controls:
                if type(node) is facts.With:
                    self._note_with(code, node)

    def _note(self, code: Code, id: int, method: str, receiver: LibraryObject) -> None:
        call = code.operations[id]
        fetched = code.fetched(call)
        if type(call) is facts.Call and type(fetched) is facts.LoadAttr and receiver.site is not None:
            self._add(code, id, call.span, method, receiver.qualname, fetched.base, receiver.site)

    def _note_with(self, code: Code, node: facts.With) -> None:
        """`with lock:` acquires it."""
        for value in self._types.of(code, node.manager):
            if isinstance(value, LibraryObject) and value.site is not None and not node.is_async:
                method = self._knowledge.lock_method(value.qualname, "acquire")
                if method is not None and method.role is LockRole.ACQUIRE:
                    self._add(code, node.manager, node.span, "acquire", value.qualname, node.manager, value.site)

    def _add(self, code: Code, id: int, span: Span, method: str, library: str, receiver: int, site: Site) -> None:
        known = self._steps.setdefault(code.key, [])
        sites = frozenset({site}).union(*(each.sites for each in known if each.id == id))
        known[:] = [each for each in known if each.id != id]
        reads = (each for each in self._places.of(code) if receiver in (each.id, each.load))
        known.append(Step(code, id, span, method, library, receiver, sites, next(reads, None)))

    # --- questions and acts ---

    def old(self) -> Iterator[OldAnswer]:
        """One for each question that is asked in vain."""
        for key in sorted(self._steps):
            steps = sorted(self._steps[key], key=lambda step: step.id)
            asked = [
                (step, question)
                for step in steps
                if (question := self._knowledge.question(step.library, step.method)) is not None
            ]
            for step, question in asked:
                found = next(self._of(step, question, steps), None)
                if found is not None:
                    yield found

    def _of(self, asked: Step, question: Question, steps: list[Step]) -> Iterator[OldAnswer]:
        code = asked.code
        path = self._places.dataflow(code).path(asked.receiver)
        handled = handled_misses(code, self._places.dataflow(code))
        for act in steps:
            if act.method not in question.acts or act.id <= asked.id or not act.sites & asked.sites:
                continue
            if self._places.dataflow(code).path(act.receiver) != path or not self._depends(act, asked, question):
                continue
            waits = act.method in question.waits and self._waits(act)
            if not waits and act.id in handled:
                continue
            if (act.method == "acquire" and not waits) or (act.method == "set" and not self._claims(asked, act)):
                continue
            yield from self._met(asked, act, question, waits)

    def _claims(self, asked: Step, act: Step) -> bool:
        """Whether to set the event is to say that one was the first, and does what else depends on the answer.

        It is not where something has failed, nor in the loop that the event ends.
        """
        code = act.code
        if is_handling(code, act.id):
            return False
        flow = self._places.dataflow(code)
        loops = [node for node in code.controls if type(node) is facts.Loop and is_within(node.body, act.id)]
        looks = [each for node in loops for each in node.body if type(each) is facts.Branch and leaves(each.body)]
        tests = [*(each.test for each in loops), *(each.test for each in looks if not contains(each, act.id))]
        if any(flow.comes_from(test, asked.id) for test in tests):
            return False
        on_account = ids_in(self._arm_around(asked, act)) or {*range(asked.id, len(code.operations))}
        calls = (each for each in code.operations if type(each) is facts.Call and each.id in on_account)
        return any(each.id > asked.id and each.id != act.id and not is_record(code, each) for each in calls)

    def _arm_around(self, asked: Step, act: Step) -> Sequence[Node]:
        """The arm of the test that asks in which the act is; nothing if it follows after a way out."""
        flow = self._places.dataflow(asked.code)
        branches = (node for node in asked.code.controls if type(node) is facts.Branch)
        arms = (arm for node in branches if flow.comes_from(node.test, asked.id) for arm in (node.body, node.orelse))
        return next((arm for arm in arms if is_within(arm, act.id)), ())

    def _waits(self, act: Step) -> bool:
        """Whether the act has no limit of time: it stops for what it does not find."""
        call = act.code.operations[act.id]
        return type(call) is not facts.Call or (
            argument(call, 0, "block") is None
            and argument(call, 0, "blocking") is None
            and argument(call, 1, "timeout") is None
        )

    def _depends(self, act: Step, asked: Step, question: Question) -> bool:
        """Whether the act is done because of the answer: in the arm of the test that asks, or after a way out."""
        code = asked.code
        flow = self._places.dataflow(code)
        around = surroundings(code).get(act.id)
        ended = loops_ended(code.function.body, act.id)
        for test in (*around.tests, *ended) if around is not None else ():
            if not flow.comes_from(test, asked.id):
                continue
            truth = self._arm(code, test, act.id)
            if question.wants is None or (
                truth is not None and (asked.id, question.wants) in decided(code, test, truth)
            ):
                return True
        return False

    def _arm(self, code: Code, test: int, act: int) -> bool | None:
        """The truth of the test where the act is done; what follows a way out has the other one."""
        for node in code.controls:
            if isinstance(node, facts.Branch | facts.Loop) and node.test == test:
                if is_within(node.body, act):
                    return True
                if is_within(node.orelse, act):
                    return False if type(node) is facts.Branch else None
                if type(node) is facts.Loop:
                    return False
                return False if leaves(node.body) else None
        return None

    # --- the others ---

    def _met(self, asked: Step, act: Step, question: Question, waits: bool) -> Iterator[OldAnswer]:
        held = self._keys(asked.code, asked.id) & self._keys(act.code, act.id)
        rivals = [step for steps in self._steps.values() for step in steps if step.method in question.rivals]
        for rival in sorted(rivals, key=lambda step: step is not act):
            if not rival.sites & act.sites or held & self._keys(rival.code, rival.id):
                continue
            for one in self._threads.of(act.code):
                for other in self._threads.of(rival.code):
                    evidence = self._evidence(act, one, rival, other)
                    if evidence is not None:
                        yield OldAnswer(question, asked, act, rival, one, other, evidence, waits)

    def _keys(self, code: Code, id: int) -> set[LockKey]:
        return {use.lock.key for use in self._locksets.held(code, id)}

    def _evidence(self, act: Step, one: Context, rival: Step, other: Context) -> Evidence | None:
        if act.code.function.is_async or rival.code.function.is_async:
            return None
        if one.is_main and other.is_main:
            place = act.access.place if act.access is not None else None
            return "assumed" if place is not None and self._sharing.assumed.covers(place) else None
        if not self._threads.overlap(one, act.code, act.id, other, rival.code, rival.id):
            return None
        if act.access is not None and rival.access is not None:
            same = act.access.place is rival.access.place
            return "threads" if same and self._sharing.in_common(act.access, one, rival.access, other) else None
        return "threads" if self._is_one(act, one) and self._is_one(rival, other) else None

    def _is_one(self, step: Step, context: Context) -> bool:
        """Whether what was handed to a context is one object for all of its instances, made elsewhere."""
        if len(step.sites) != 1:
            return False
        [(key, id)] = step.sites
        maker = self._types.names.sources.codes[key]
        if maker.function.kind == "module":
            return True
        if any(each is context for each in self._threads.of(maker)) and not context.is_main:
            return False
        repeated = context.repeated
        return not (context.code is maker and repeated is not None and repeated[0] <= id <= repeated[1])
