"""What functions do to the containers and objects that they are given as arguments."""

from __future__ import annotations

from msgspec.structs import replace

from .effects import BOTH, GIL, ITERATE, MUTATE, NO, READ, SNAPSHOT, VIEW, Row, row
from .model import Access, Effect, Slot

_FIRST, _SECOND, _ALL = Slot(0), Slot(1), Slot(0, rest=True)


def _on(subject: Slot, *rows: tuple[Row, ...]) -> dict[str, Effect]:
    """The rows of functions that do so to the argument `subject`."""

    return {function: replace(effect, subject=subject) for row in rows for function, effect in row}


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
    **_on(
        _FIRST,
        row("len bool", READ, BOTH),
        row("list sorted set copy.copy", SNAPSHOT, BOTH),
        row("dict.update list.extend set.update dict", SNAPSHOT, BOTH, "one call, when given the same class"),
        row("repr str", SNAPSHOT, BOTH, source="measured"),
        row("json.dumps", SNAPSHOT, BOTH, source="measured", spared_by=_SORTED, stepwise_by=_INDENT),
        row("pprint.pformat pprint.pprint", SNAPSHOT, BOTH, "sorts a list of the items", "source"),
        row("tuple frozenset sum any all pickle.dumps str.join", SNAPSHOT, GIL, _ONE_C_CALL, "measured"),
        row("min max", SNAPSHOT, GIL, _ONE_C_CALL, "measured", stepwise_by=_KEY),
        row("collections.deque collections.OrderedDict collections.deque.extend", SNAPSHOT, GIL, _ONE_C_CALL, "source"),
        row("math.fsum bytes bytearray collections.Counter", SNAPSHOT, GIL, _ONE_C_CALL, "source"),
        row("pickle.dump copy.deepcopy", ITERATE, NO, "step by step", "measured"),
        row("json.dump", ITERATE, NO, "step by step", "measured", spared_by=_SORTED),
        row("iter enumerate reversed itertools.islice itertools.cycle", ITERATE, NO, _DRAINED, "measured"),
        row("itertools.tee itertools.groupby itertools.accumulate", ITERATE, NO, _DRAINED, "measured"),
        row("itertools.chain.from_iterable", ITERATE, NO, _DRAINED, "measured"),
        row("next anext", MUTATE, GIL, "one call for iterators written in C", "measured", claims=True),
        row("vars six.iteritems six.itervalues six.iterkeys", VIEW, BOTH),
        row("six.viewitems six.viewvalues six.viewkeys", VIEW, BOTH),
        row("heapq.heappush heapq.heapify", MUTATE, GIL, _HEAP, "116738"),
        row("heapq.heappop heapq.heapreplace", MUTATE, GIL, _HEAP, "116738", claims=True, misses=True),
        row("heapq.heappushpop", MUTATE, GIL, _HEAP, "116738", claims=True),
        row("bisect.insort bisect.insort_left bisect.insort_right", MUTATE, NO, "documented as not thread-safe"),
        row("bisect.bisect bisect.bisect_left bisect.bisect_right", READ, GIL, "element by element", "source"),
        row("random.shuffle", MUTATE, NO, "swap by swap", "source"),
        row("random.choice random.sample random.choices", READ, NO, "the length first, then the items", "source"),
        row("operator.setitem", MUTATE, BOTH),
        row("operator.delitem", MUTATE, BOTH, misses=True),
        row("operator.getitem", READ, BOTH, misses=True),
        row("operator.contains operator.length_hint", READ, BOTH),
    ),
    **_on(
        _SECOND,
        row("map filter itertools.filterfalse", ITERATE, NO, _DRAINED),
        row("functools.reduce", SNAPSHOT, GIL, _ONE_C_CALL, "measured", stepwise_by=_FIRST),
        row("itertools.takewhile itertools.dropwhile itertools.starmap", ITERATE, NO, _DRAINED),
        row("heapq.nlargest heapq.nsmallest", ITERATE, NO, "step by step", "source"),
    ),
    **_on(
        _ALL,
        row("zip itertools.chain itertools.product itertools.zip_longest", ITERATE, NO, _DRAINED),
        row("heapq.merge", ITERATE, NO, _DRAINED, "source"),
    ),
    "getattr": _reflective("a read", READ, misses=True, spared_by=Slot(2)),
    "hasattr": _reflective("a read", READ),
    "setattr": _reflective("a store", MUTATE),
    "delattr": _reflective("a deletion", MUTATE, misses=True),
}

_SIZE_CHANGED = "raises RuntimeError when the size changes"
_WEAK = ("weakref.WeakSet", "weakref.WeakValueDictionary", "weakref.WeakKeyDictionary")
_PYTHON_MAPPINGS = ("collections.UserDict", "collections.ChainMap", "os._Environ", *_WEAK)
_SNAPSHOTS = "list sorted set tuple frozenset dict copy.copy repr str sum min max any all"


def _for(containers: tuple[str, ...], *rows: tuple[Row, ...]) -> dict[tuple[str, str], Effect]:
    """These rows hold where the first argument is one of these containers."""

    effects = _on(_FIRST, *rows)
    return {(function, container): effect for container in containers for function, effect in effects.items()}


LAZY: frozenset[str] = frozenset(name for name, effect in BUILTIN_EFFECTS.items() if effect.reason == _DRAINED)
"""The functions that only make an iterator."""

# (function, class of its argument): where that class makes a difference
CONTAINER_EFFECTS: dict[tuple[str, str], Effect] = {
    **_for(("list", "tuple"), row("tuple frozenset sum min max any all str.join", SNAPSHOT, BOTH, source="measured")),
    **_for(("list",), row("iter enumerate reversed zip", ITERATE, NO, "skips or repeats items, never raises")),
    **_for(("set",), row("frozenset", SNAPSHOT, BOTH, "one merge, as that into a set", "source")),
    **_for(("dict_items",), row("dict", SNAPSHOT, GIL, _SIZE_CHANGED, "measured")),
    **_for(("collections.deque",), row("list sorted set tuple copy.copy", SNAPSHOT, GIL, _SIZE_CHANGED, "measured")),
    **_for(("collections.OrderedDict",), row("list sorted set dict copy.copy", SNAPSHOT, GIL, _ONE_C_CALL, "source")),
    **_for(_PYTHON_MAPPINGS, row(_SNAPSHOTS, SNAPSHOT, NO, "its iterator is written in Python", "measured")),
    **_for(("itertools.count",), row("next", MUTATE, BOTH, "one call per number", "measured", claims=True)),
    **_for(
        ("collections.abc.Generator",),
        row("next", MUTATE, NO, "raises ValueError when it already runs", claims=True),
    ),
}
