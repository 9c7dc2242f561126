"""Places and races: what walks over a container in how many steps, and what upsets the walk."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from builders import program

from racelint.knowledge import Disturbance, Knowledge
from racelint.program.memory.places import Kind
from racelint.program.races.kinds.race import Problem

MANY_STEPS, ONE_STEP, SNAPSHOT = "many", "one with the GIL", "none"


def walks(made: str, expression: str) -> str:
    """In how many steps an expression over `d`, a container made by `made`, walks over it."""
    linked = program(f"import collections, copy, json, weakref\nd = {made}\ndef f(key):\n    return {expression}\n")
    found = [each for accesses in linked.places.by_place.values() for each in accesses if each.kind is Kind.ITERATE]
    if not found:
        return SNAPSHOT
    return ONE_STEP if all(each.one_step_with_gil for each in found) else MANY_STEPS


@pytest.mark.parametrize(
    ("made", "expression", "steps"),
    [
        ("{}", "[k for k in d]", MANY_STEPS),
        ("{}", "any(v for v in d.values())", MANY_STEPS),
        ("{}", "list(map(str, d.items()))", MANY_STEPS),
        ("{}", "dict(zip('ab', d))", MANY_STEPS),
        ("{}", "next(iter(d))", MANY_STEPS),
        ("{}", "max(d, key=lambda k: k)", MANY_STEPS),
        ("{}", "max(d, key=len)", ONE_STEP),
        ("{}", "min(d.values())", ONE_STEP),
        ("{}", "','.join(d)", ONE_STEP),
        ("{}", "tuple(d)", ONE_STEP),
        ("{}", "dict(d.items())", ONE_STEP),
        ("{}", "json.dumps(d, indent=2)", MANY_STEPS),
        ("{}", "json.dumps(d, indent=None)", SNAPSHOT),
        ("{}", "json.dumps(d, indent=2, sort_keys=True)", SNAPSHOT),
        ("{}", "copy.deepcopy(d)", MANY_STEPS),
        ("{}", "list(d), sorted(d.items()), d.copy(), {**d}, [*d], set(d), len(d), key in d", SNAPSHOT),
        ("set()", "list(d), sorted(d), d | {1}, d.copy()", SNAPSHOT),
        ("collections.deque()", "list(d)", ONE_STEP),
        ("collections.deque()", "d.copy()", ONE_STEP),
        ("collections.deque()", "[x for x in d]", MANY_STEPS),
        ("collections.OrderedDict()", "list(d.items())", ONE_STEP),
        ("weakref.WeakSet()", "list(d)", MANY_STEPS),
        ("weakref.WeakValueDictionary()", "list(d.values())", MANY_STEPS),
        ("[]", "sum(d), tuple(d), list(d), d[:]", SNAPSHOT),
        ("[]", "[x for x in reversed(d)]", MANY_STEPS),
    ],
)
def test_a_walk_takes_as_many_steps_as_its_container_and_its_function_need(
    made: str, expression: str, steps: str
) -> None:
    assert walks(made, expression) == steps


@pytest.mark.parametrize(
    ("container", "method", "disturbance"),
    [
        ("dict", "__setitem__", Disturbance.RAISES),
        ("dict", "get", None),
        ("set", "discard", Disturbance.RAISES),
        ("collections.deque", "append", Disturbance.RAISES),
        ("collections.deque", "__setitem__", None),
        ("collections.OrderedDict", "move_to_end", Disturbance.RAISES),
        ("collections.defaultdict", "__getitem__", Disturbance.RAISES),
        ("collections.Counter", "pop", Disturbance.RAISES),
        ("weakref.WeakSet", "add", Disturbance.RAISES),
        ("list", "remove", Disturbance.SKIPS),
        ("list", "append", None),
        ("tuple", "__getitem__", None),
    ],
)
def test_a_method_upsets_those_who_walk_or_does_not(
    container: str, method: str, disturbance: Disturbance | None
) -> None:
    assert Knowledge.standard().disturbance(container, method) is disturbance


def is_upset(made: str, change: str) -> bool:
    """Whether a loop over `self.d` races with a thread that runs `change`."""
    source = f"""
        import collections, threading
        class C:
            def __init__(self):
                self.d = {made}
            def change(self, k):
{indent(dedent(change), " " * 16)}
            def walk(self):
                for x in self.d:
                    print(x)
        c = C()
        threading.Thread(target=c.change, args=(1,)).start()
        c.walk()
        """
    return bool(program(dedent(source)).races.of(Problem.ITERATION))


@pytest.mark.parametrize(
    ("made", "change", "upset"),
    [
        ("{}", "self.d[k] = 1", True),
        ("{}", "del self.d[k]", True),
        ("{}", "self.d |= {k: 1}", True),
        ("{}", "self.d[k] += 1", False),
        ("{}", "self.d[k] = self.d[k] + 1", False),
        ("{}", "self.d[k] = self.d.get(k, 0) + 1", True),
        ("{}", "for k in self.d: self.d[k] = 0", False),
        ("{}", "for k, v in self.d.items(): self.d[k] = v + 1", False),
        ("{}", "self.d = {k: 1}", False),
        ("{1: 2}", "self.d[k] = 3", False),
        ("{'a': 2}", "self.d['a'] = 3", False),
        ("{'a': 2}", "self.d['b'] = 3", True),
        ("collections.Counter()", "self.d[k] += 1", True),
        ("collections.defaultdict(list)", "self.d[k].append(1)", True),
        ("{}", "self.d[k]['x'] = 1", False),
        ("set()", "self.d -= {k}", True),
        ("[]", "self.d.pop(0)", True),
        ("[]", "self.d.pop()", False),
        ("[]", "self.d += [k]", False),
    ],
)
def test_a_change_upsets_a_walk_if_it_may_change_the_size(made: str, change: str, upset: bool) -> None:
    assert is_upset(made, change) is upset
