"""What functions do to their arguments, and the names of methods that change any builtin container."""

from __future__ import annotations

from .atomics import EFFECTS
from .model import Access, Effect, Slot

_READ, _MUTATE, _ITERATE = Access.READ, Access.MUTATE, Access.ITERATE
_SNAPSHOT, _VIEW = Access.SNAPSHOT, Access.VIEW

_FIRST, _SECOND, _ALL = Slot(0), Slot(1), Slot(0, rest=True)
_BOTH, _GIL, _NO = (True, True), (True, False), (False, False)


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
    **_row("len bool", _READ, _BOTH),
    **_row("list sorted set copy.copy", _SNAPSHOT, _BOTH),
    **_row("dict.update list.extend set.update dict", _SNAPSHOT, _BOTH, "one call, when given the same class"),
    **_row("repr str", _SNAPSHOT, _BOTH, source="measured"),
    **_row("json.dumps", _SNAPSHOT, _BOTH, source="measured", spared_by=_SORTED, stepwise_by=_INDENT),
    **_row("pprint.pformat pprint.pprint", _SNAPSHOT, _BOTH, "sorts a list of the items", "source"),
    **_row("tuple frozenset sum any all pickle.dumps str.join", _SNAPSHOT, _GIL, _ONE_C_CALL, "measured"),
    **_row("min max", _SNAPSHOT, _GIL, _ONE_C_CALL, "measured", stepwise_by=_KEY),
    **_row(
        "collections.deque collections.OrderedDict collections.deque.extend", _SNAPSHOT, _GIL, _ONE_C_CALL, "source"
    ),
    **_row("math.fsum bytes bytearray collections.Counter", _SNAPSHOT, _GIL, _ONE_C_CALL, "source"),
    **_row("pickle.dump copy.deepcopy", _ITERATE, _NO, "step by step", "measured"),
    **_row("json.dump", _ITERATE, _NO, "step by step", "measured", spared_by=_SORTED),
    **_row(
        "iter enumerate reversed itertools.islice itertools.cycle itertools.tee", _ITERATE, _NO, _DRAINED, "measured"
    ),
    **_row("itertools.chain.from_iterable itertools.groupby itertools.accumulate", _ITERATE, _NO, _DRAINED, "measured"),
    **_row("zip itertools.chain itertools.product itertools.zip_longest", _ITERATE, _NO, _DRAINED, subject=_ALL),
    **_row("map filter functools.reduce itertools.filterfalse", _ITERATE, _NO, _DRAINED, subject=_SECOND),
    **_row("itertools.takewhile itertools.dropwhile itertools.starmap", _ITERATE, _NO, _DRAINED, subject=_SECOND),
    **_row("next anext", _MUTATE, _GIL, "one call for iterators written in C", "measured", claims=True),
    **_row("vars six.iteritems six.itervalues six.iterkeys", _VIEW, _BOTH),
    **_row("six.viewitems six.viewvalues six.viewkeys", _VIEW, _BOTH),
    **_row("heapq.heappush heapq.heapify", _MUTATE, _GIL, _HEAP, "116738"),
    **_row("heapq.heappop heapq.heapreplace", _MUTATE, _GIL, _HEAP, "116738", claims=True, misses=True),
    **_row("heapq.heappushpop", _MUTATE, _GIL, _HEAP, "116738", claims=True),
    **_row("heapq.nlargest heapq.nsmallest", _ITERATE, _NO, "step by step", "source", subject=_SECOND),
    **_row("heapq.merge", _ITERATE, _NO, _DRAINED, "source", subject=_ALL),
    **_row("bisect.insort bisect.insort_left bisect.insort_right", _MUTATE, _NO, "documented as not thread-safe"),
    **_row("bisect.bisect bisect.bisect_left bisect.bisect_right", _READ, _GIL, "element by element", "source"),
    **_row("random.shuffle", _MUTATE, _NO, "swap by swap", "source"),
    **_row("random.choice random.sample random.choices", _READ, _NO, "the length first, then the items", "source"),
    **_row("operator.setitem", _MUTATE, _BOTH),
    **_row("operator.delitem", _MUTATE, _BOTH, misses=True),
    **_row("operator.getitem", _READ, _BOTH, misses=True),
    **_row("operator.contains operator.length_hint", _READ, _BOTH),
    "getattr": _reflective("a read", _READ, misses=True, spared_by=Slot(2)),
    "hasattr": _reflective("a read", _READ),
    "setattr": _reflective("a store", _MUTATE),
    "delattr": _reflective("a deletion", _MUTATE, misses=True),
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
    **_for(
        ("list", "tuple"), _row("tuple frozenset sum min max any all str.join", _SNAPSHOT, _BOTH, source="measured")
    ),
    **_for(("list",), _row("iter enumerate reversed zip", _ITERATE, _NO, "skips or repeats items, never raises")),
    **_for(("dict_items",), _row("dict", _SNAPSHOT, _GIL, _SIZE_CHANGED, "measured")),
    **_for(("collections.deque",), _row("list sorted set tuple copy.copy", _SNAPSHOT, _GIL, _SIZE_CHANGED, "measured")),
    **_for(
        ("collections.OrderedDict",), _row("list sorted set dict copy.copy", _SNAPSHOT, _GIL, _ONE_C_CALL, "source")
    ),
    **_for(_PYTHON_MAPPINGS, _row(_SNAPSHOTS, _SNAPSHOT, _NO, "its iterator is written in Python", "measured")),
    **_for(("itertools.count",), _row("next", _MUTATE, _BOTH, "one call per number", "measured", claims=True)),
    **_for(
        ("collections.abc.Generator",),
        _row("next", _MUTATE, _NO, "raises ValueError when it already runs", claims=True),
    ),
}

_BUILTIN_CONTAINERS = (
    "list",
    "dict",
    "set",
    "bytearray",
    "array.array",
    "collections.deque",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
)


def _mutator_names() -> frozenset[str]:
    """The public methods of builtin containers that change every one of them that has the method."""

    accesses: dict[str, set[Access]] = {}
    for key, effect in EFFECTS.items():
        container, _, method = key.rpartition(".")
        if container in _BUILTIN_CONTAINERS and not method.startswith("__"):
            accesses.setdefault(method, set()).add(effect.access)
    return frozenset(method for method, found in accesses.items() if found == {Access.MUTATE})


MUTATOR_NAMES: frozenset[str] = _mutator_names()
