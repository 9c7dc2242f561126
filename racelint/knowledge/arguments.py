"""What functions do to the containers and objects that they are given as arguments."""

from __future__ import annotations

from .effects import BOTH, GIL, ITERATE, MUTATE, NO, READ, SNAPSHOT, VIEW
from .model import Access, Effect, Slot

_FIRST, _SECOND, _ALL = Slot(0), Slot(1), Slot(0, rest=True)


def _row(
    functions: str,
    access: Access,
    builds: tuple[bool, bool],
    reason: str = "one call",
    source: str = "docs",
    *,
    subject: Slot = _FIRST,
    claims: bool = False,
    misses: bool = False,
    spared_by: Slot | None = None,
    stepwise_by: Slot | None = None,
) -> dict[str, Effect]:
    """The same effect on the argument `subject` for each of these functions."""

    effect = Effect(
        access, *builds, reason, source, claims, misses, spared_by, subject=subject, stepwise_by=stepwise_by
    )
    return dict.fromkeys(functions.split(), effect)


def _reflective(function: str, access: Access, *, misses: bool = False, spared_by: Slot | None = None) -> Effect:
    return Effect(
        access,
        True,
        True,
        f"{function} of the attribute that it names",
        "docs",
        can_miss=misses,
        spared_by=spared_by,
        subject=_FIRST,
        attribute=_SECOND,
    )


_DRAINED = "the iterator is made in one call and drained in others"
_ONE_C_CALL = "one call with the GIL, element by element without"
_KEY, _INDENT, _SORTED = Slot(None, "key"), Slot(None, "indent"), Slot(None, "sort_keys")
_HEAP = "one call with the GIL, when C compares the items"

# function: what it does to the argument `subject`, whatever container that is
BUILTIN_EFFECTS: dict[str, Effect] = {
    **_row("len bool", READ, BOTH),
    **_row("list sorted set copy.copy", SNAPSHOT, BOTH),
    **_row("dict.update list.extend set.update dict", SNAPSHOT, BOTH, "one call, when given the same class"),
    **_row("repr str", SNAPSHOT, BOTH, source="measured"),
    **_row("json.dumps", SNAPSHOT, BOTH, source="measured", spared_by=_SORTED, stepwise_by=_INDENT),
    **_row("pprint.pformat pprint.pprint", SNAPSHOT, BOTH, "sorts a list of the items", "source"),
    **_row("tuple frozenset sum any all pickle.dumps str.join", SNAPSHOT, GIL, _ONE_C_CALL, "measured"),
    **_row("min max", SNAPSHOT, GIL, _ONE_C_CALL, "measured", stepwise_by=_KEY),
    **_row("collections.deque collections.OrderedDict collections.deque.extend", SNAPSHOT, GIL, _ONE_C_CALL, "source"),
    **_row("math.fsum bytes bytearray collections.Counter", SNAPSHOT, GIL, _ONE_C_CALL, "source"),
    **_row("pickle.dump copy.deepcopy", ITERATE, NO, "step by step", "measured"),
    **_row("json.dump", ITERATE, NO, "step by step", "measured", spared_by=_SORTED),
    **_row("iter enumerate reversed itertools.islice itertools.cycle itertools.tee", ITERATE, NO, _DRAINED, "measured"),
    **_row("itertools.chain.from_iterable itertools.groupby itertools.accumulate", ITERATE, NO, _DRAINED, "measured"),
    **_row("zip itertools.chain itertools.product itertools.zip_longest", ITERATE, NO, _DRAINED, subject=_ALL),
    **_row("map filter functools.reduce itertools.filterfalse", ITERATE, NO, _DRAINED, subject=_SECOND),
    **_row("itertools.takewhile itertools.dropwhile itertools.starmap", ITERATE, NO, _DRAINED, subject=_SECOND),
    **_row("next anext", MUTATE, GIL, "one call for iterators written in C", "measured", claims=True),
    **_row("vars six.iteritems six.itervalues six.iterkeys", VIEW, BOTH),
    **_row("six.viewitems six.viewvalues six.viewkeys", VIEW, BOTH),
    **_row("heapq.heappush heapq.heapify", MUTATE, GIL, _HEAP, "116738"),
    **_row("heapq.heappop heapq.heapreplace", MUTATE, GIL, _HEAP, "116738", claims=True, misses=True),
    **_row("heapq.heappushpop", MUTATE, GIL, _HEAP, "116738", claims=True),
    **_row("heapq.nlargest heapq.nsmallest", ITERATE, NO, "step by step", "source", subject=_SECOND),
    **_row("heapq.merge", ITERATE, NO, _DRAINED, "source", subject=_ALL),
    **_row("bisect.insort bisect.insort_left bisect.insort_right", MUTATE, NO, "documented as not thread-safe"),
    **_row("bisect.bisect bisect.bisect_left bisect.bisect_right", READ, GIL, "element by element", "source"),
    **_row("random.shuffle", MUTATE, NO, "swap by swap", "source"),
    **_row("random.choice random.sample random.choices", READ, NO, "the length first, then the items", "source"),
    **_row("operator.setitem", MUTATE, BOTH),
    **_row("operator.delitem", MUTATE, BOTH, misses=True),
    **_row("operator.getitem", READ, BOTH, misses=True),
    **_row("operator.contains operator.length_hint", READ, BOTH),
    "getattr": _reflective("a read", READ, misses=True, spared_by=Slot(2)),
    "hasattr": _reflective("a read", READ),
    "setattr": _reflective("a store", MUTATE),
    "delattr": _reflective("a deletion", MUTATE, misses=True),
}

_SIZE_CHANGED = "raises RuntimeError when the size changes"
_WEAK = ("weakref.WeakSet", "weakref.WeakValueDictionary", "weakref.WeakKeyDictionary")
_PYTHON_MAPPINGS = ("collections.UserDict", "collections.ChainMap", "os._Environ", *_WEAK)
_SNAPSHOTS = "list sorted set tuple frozenset dict copy.copy repr str sum min max any all"


def _for(containers: tuple[str, ...], rows: dict[str, Effect]) -> dict[tuple[str, str], Effect]:
    """These rows hold where the argument is one of these containers."""

    return {(function, container): effect for container in containers for function, effect in rows.items()}


LAZY: frozenset[str] = frozenset(name for name, effect in BUILTIN_EFFECTS.items() if effect.reason == _DRAINED)
"""The functions that only make an iterator."""

# (function, class of its argument): where that class makes a difference
CONTAINER_EFFECTS: dict[tuple[str, str], Effect] = {
    **_for(("list", "tuple"), _row("tuple frozenset sum min max any all str.join", SNAPSHOT, BOTH, source="measured")),
    **_for(("list",), _row("iter enumerate reversed zip", ITERATE, NO, "skips or repeats items, never raises")),
    **_for(("dict_items",), _row("dict", SNAPSHOT, GIL, _SIZE_CHANGED, "measured")),
    **_for(("collections.deque",), _row("list sorted set tuple copy.copy", SNAPSHOT, GIL, _SIZE_CHANGED, "measured")),
    **_for(("collections.OrderedDict",), _row("list sorted set dict copy.copy", SNAPSHOT, GIL, _ONE_C_CALL, "source")),
    **_for(_PYTHON_MAPPINGS, _row(_SNAPSHOTS, SNAPSHOT, NO, "its iterator is written in Python", "measured")),
    **_for(("itertools.count",), _row("next", MUTATE, BOTH, "one call per number", "measured", claims=True)),
    **_for(
        ("collections.abc.Generator",),
        _row("next", MUTATE, NO, "raises ValueError when it already runs", claims=True),
    ),
}
