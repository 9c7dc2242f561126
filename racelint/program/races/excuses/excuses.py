"""Part of the races stage: the shapes that are right without one lock over the whole sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.containers import ADDS, INSERTS, REMOVES
from racelint.knowledge.records import CAUGHT
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.cases.closed import is_closed_to
from racelint.program.races.excuses.alike import is_stored_alike
from racelint.program.races.excuses.apart import is_apart
from racelint.program.races.excuses.asked_for import is_asked_for
from racelint.program.races.excuses.beforehand import is_made_before_start
from racelint.program.races.excuses.caches import is_cache, is_kept_by_methods
from racelint.program.races.excuses.emptied import has_room, is_capped, is_emptied_twice, is_evened_out
from racelint.program.races.excuses.flags import (
    acts_once,
    is_only_raised,
    is_only_settled,
    is_set_alike,
    is_set_at_the_end,
)
from racelint.program.races.excuses.kept import is_put_in_form
from racelint.program.races.excuses.marks import is_failure, is_mark, is_unmarked
from racelint.program.races.excuses.memos import is_memo
from racelint.program.races.excuses.named import is_kept_by_fixed_name
from racelint.program.races.excuses.once import is_announced, is_claimed, is_done_once, is_left_to_one, is_put_in_before
from racelint.program.races.excuses.refreshed import is_only_refreshed
from racelint.program.races.excuses.rough import is_estimate, is_reset_unseen, is_time
from racelint.program.races.excuses.runs import is_taken_back
from racelint.program.races.excuses.swallowed import is_let_go_alike, swallowed
from racelint.program.sequences.answers import polarity
from racelint.program.sequences.composites import Composite, Shape
from racelint.program.sequences.misses import handled
from racelint.program.sequences.swaps import SWAPS, adds
from racelint.program.sharing.slots import is_of_running_thread
from racelint.program.sources.branching import conditions, is_handling, leaves, turns
from racelint.program.sources.nodes import contains, is_within, parts, walk

NONE_FOUND: Final = frozenset({"AttributeError"})
"""What is raised where None is found instead of an object."""


def is_excused(case: Case, sequence: Composite) -> bool:
    """Whether a sequence is right although others may come in between."""
    return bool(excuse(case, sequence))


def excuse(case: Case, sequence: Composite) -> str:
    """Why a sequence is right although others may come in between, in words; "" if it is not."""
    if sequence.shape is Shape.DOUBLE_READ:
        if _is_prepared(case, sequence):
            return "that it is gone is expected"
        return "" if any(case.clears(access) for access in case.accesses) else "what is read twice is never taken away"
    if sequence.puts_in and not case.is_assumed:
        return "who has put it in is taken to be the one who takes it out"
    reason = next((reason for is_so, reason in REASONS if is_so(case, sequence)), "")
    return reason or _excuse_of_flag(case, sequence)


def _excuse_of_flag(case: Case, sequence: Composite) -> str:
    """The same for a flag that is tested and stored."""
    if sequence.shape not in (Shape.CHECK, Shape.LAZY) or sequence.last.kind is not Kind.WRITE:
        return ""
    if not case.is_constant(sequence.last) or sequence.first.kind is not Kind.READ:
        return ""
    if sequence.last.code is sequence.code and not acts_once(case, sequence):
        return "a flag may be raised twice where nothing else depends on it"
    if _is_asked_each_turn(sequence):
        return "a loop looks at the flag again in each turn"
    if is_asked_for(case, sequence):
        return "what is asked for takes the flag back before it begins, so it may be asked for twice"
    if not is_only_raised(case, sequence):
        return ""
    if is_set_at_the_end(case, sequence):
        return "who sets the flag ends the program"
    return "what is done with the flag may as well be done twice" if is_only_settled(case, sequence) else ""


def _is_prepared(case: Case, sequence: Composite) -> bool:
    """Whether the second read is in a `try` that expects to find None: `except AttributeError`; or that goes on
    without a word, whatever fails."""
    ends = (sequence.code, sequence.act), (sequence.last.code, sequence.last.id)
    flows = [(code, id, case.sharing.places.dataflow(code)) for code, id in ends]
    return any(
        id in handled(code, flow, NONE_FOUND, named=True) or id in swallowed(case, code) for code, id, flow in flows
    )


def _is_swapped_before(case: Case, sequence: Composite) -> bool:
    """Whether a container is kept in a local and replaced, then tested and changed: `old, self.new = self.new, []`."""
    code, first, last = sequence.code, sequence.first, sequence.last
    if first.code is not code or last.code is not code or not 0 <= first.read_id == last.load < last.id:
        return False
    given = set(conditions(code, sequence.act))
    return any(
        each.code is code
        and each.kind is Kind.WRITE
        and each.base == first.base
        and first.read_id < each.id
        and (each.span.line, each.span.column) < (sequence.test.line, sequence.test.column)
        and given.issuperset(conditions(code, each.id))
        for each in case.accesses
    )


def _is_about_itself(case: Case, sequence: Composite) -> bool:
    """Whether the test compares with the running thread: the others store only themselves, or take back their own."""
    code, first = sequence.first.code, sequence.first
    flow = case.sharing.places.dataflow(code)
    types = case.sharing.places.types
    for use in flow.uses(first.id):
        if type(use) is not facts.Compute or use.kind not in ("==", "!=", "is", "is not"):
            continue
        if any(is_of_running_thread(types, code, id) for id in use.operands):
            return True
    return False


def _is_asked_each_turn(sequence: Composite) -> bool:
    """Whether a loop looks at the flag before each turn: who else sets it meanwhile ends the loop just the same.

    `for turn in range(3): if self.stopped: return` is such a look; not where who comes past it goes on to note that,
    and to do what is to be done once.
    """
    loops = [node for node in sequence.code.controls if type(node) is facts.Loop]
    if any(loop.kind == "while" and is_within(loop.head, sequence.first.id) for loop in loops):
        return True
    return any(_is_look(sequence, loop, each) for loop in loops for each in loop.body)


def _is_look(sequence: Composite, loop: facts.Loop, node: Node) -> bool:
    """Whether a statement leaves a loop on account of the test, and the act is no part of that."""
    if type(node) is not facts.Branch or node.span != sequence.test or not leaves(node.body):
        return False
    if contains(node, sequence.act):
        return False
    return loop.kind != "for" or not is_within(loop.body, sequence.act) or not _is_claimed_in(sequence, loop)


def _is_claimed_in(sequence: Composite, loop: facts.Loop) -> bool:
    """Whether a turn goes on after the act, or calls anybody before it leaves the loop."""
    block: Sequence[Node] = loop.body
    while inner := next((part for node in block for part in parts(node) if is_within(part, sequence.act)), None):
        block = inner
    after = [node for each in block for node in walk((each,)) if getattr(node, "id", -1) > sequence.act]
    return not leaves(block) or any(type(node) is facts.Call for node in after)


def _is_failure_that_ends_it(case: Case, sequence: Composite) -> bool:
    """Whether each turn of a loop asks whether anything has failed, and who fails notes that: `while not errors`.

    What is made instead of what has failed is no such note.
    """
    first, last = sequence.first, sequence.last
    if first.code is not sequence.code or last.method not in ADDS or not is_handling(last.code, last.id):
        return False
    if not _tells_error(case, last):
        return False
    return (first.read_id, False) in turns(sequence.code, sequence.act)


def _tells_error(case: Case, note: Access) -> bool:
    """Whether what is noted where an exception is handled tells of it, or was there before that."""
    code, types = note.code, case.sharing.places.types
    flow, call = case.sharing.places.dataflow(code), code.operation(note.id)
    given = [each.value for each in call.arguments] if type(call) is facts.Call else [note.value]
    behind = [each for id in given for each in flow.behind(id)]
    if any(type(each) is facts.Caught or types.surely_calls(code, each, CAUGHT) for each in behind):
        return True
    return not any(type(each) is facts.Call and is_handling(code, each.id) for each in behind)


def can_outdate(case: Case, sequence: Composite, other: Access) -> bool:
    """Whether a write makes stale what the sequence has found out."""
    if sequence.shape is Shape.DOUBLE_READ:
        return case.clears(other)
    if sequence.shape in SWAPS:
        is_added = adds(case.sharing.places.dataflow(other.code), sequence, other)
        return is_added and not is_closed_to(case, sequence.first, other)
    if any(is_so(case, sequence, other) for is_so in (is_apart, is_reset_unseen, is_emptied_twice)):
        return False
    act = sequence.last
    if sequence.puts_in:
        # others who do the same have keys of their own, mostly
        return other.code is not sequence.code and (other.kind.rebinds or other.method in REMOVES)
    if act.kind is Kind.CONTENT or act.method in REMOVES:
        # one read, kept in a local: whatever is stored meanwhile, test and act are about the same container
        kept = act.load >= 0 and act.load == sequence.first.load and act.code is sequence.first.code
        return other.method in REMOVES or (other.kind.rebinds and not kept)
    if not other.kind.rebinds and _asks_which(case, sequence):
        return False
    if sequence.wants is True and other in case.lazy_stores:
        return False
    if sequence.wants is False and _is_about_absence(sequence) and other.method in REMOVES:
        return False
    if other is sequence.last and _is_replaced_anyway(case, sequence):
        return False
    if any(is_alike(case, sequence, other) for is_alike in (is_set_alike, is_stored_alike, is_let_go_alike)):
        return False
    if sequence.wants is not None and other.kind is Kind.WRITE and sequence.first.kind is Kind.READ:
        truth = case.sharing.places.dataflow(other.code).truth(other.value)
        return truth is None or truth is not sequence.wants
    return True


def _asks_which(case: Case, sequence: Composite) -> bool:
    """Whether the test only asks which object is there, whatever may be in it."""
    first = sequence.first
    if sequence.shape is not Shape.CHECK or first.kind is not Kind.READ:
        return False
    return case.sharing.places.dataflow(first.code).is_told_apart(first.id)


def _is_replaced_anyway(case: Case, sequence: Composite) -> bool:
    """Whether what is stored is stored as well where something is there, whatever else is asked.

    `if not self.wanted and not self.gauge: return`, and then `self.gauge = make()`: the test keeps no second one out.
    """
    code, first, last = sequence.code, sequence.first, sequence.last
    if last.code is not code or last.kind is not Kind.WRITE or first.kind is not Kind.READ or case.is_constant(last):
        return False
    flow = case.sharing.places.dataflow(code)
    asked = ((flow.operation(test), truth) for test, truth in conditions(code, sequence.act))
    return any(
        polarity(flow, first, each) is truth
        for choice, truth in asked
        if type(choice) is facts.Choice and choice.kind == ("or" if truth else "and")
        for each in choice.operands
    )


def _is_about_absence(sequence: Composite) -> bool:
    """Whether something is put into a container because it is not there: that more is taken out changes nothing."""
    return sequence.last.method in INSERTS and sequence.first.kind is Kind.CONTENT


def _is_good_enough(case: Case, sequence: Composite) -> bool:
    """Whether what the Place holds is about right at best, or a time that is asked for roughly."""
    return is_estimate(case) or is_time(case, sequence)


REASONS: Final[tuple[tuple[Callable[[Case, Composite], bool], str], ...]] = (
    (_is_swapped_before, "what was replaced before is nobody else's any more"),
    (_is_about_itself, "whether it is the running thread, only that thread can change"),
    (is_done_once, "a flag that is tested and set under a lock lets it happen once"),
    (is_left_to_one, "the barrier picks one of those who wait at it"),
    (is_put_in_before, "what the section of the test has put in is the thread's own"),
    (is_announced, "the section of the test has told the others to wait for it"),
    (is_claimed, "a flag that is read and set under a lock lets one go on"),
    (is_memo, "what is kept there may be computed twice without harm"),
    (is_made_before_start, "it is there before the threads that look for it are started"),
    (is_cache, "what is kept there spares work, and one is as good as another"),
    (is_kept_by_methods, "what is asked for and kept by methods may be worked out twice without harm"),
    (is_kept_by_fixed_name, "what is kept there may be made twice without harm"),
    (is_put_in_form, "whoever puts it in another form makes the same of it, for good"),
    (_is_good_enough, "nobody needs to know it exactly"),
    (is_only_refreshed, "to leave out a store of what is there already is as good as the store"),
    (is_taken_back, "where it fails, what was there before is put back"),
    (is_failure, "who tries it at the same time fails alike"),
    (_is_failure_that_ends_it, "a loop looks in each turn whether anything has failed"),
    (is_mark, "what is noted twice is noted"),
    (is_unmarked, "what is taken out twice is gone"),
    (has_room, "what only grows up to a limit may as well grow a little further"),
    (is_evened_out, "who takes one out has put one in before"),
    (is_capped, "what has grown too large may as well be emptied twice"),
)
"""What makes a sequence right, by what asks for it: the first that holds is told."""
