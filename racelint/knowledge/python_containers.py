"""What the methods of containers do that are written in Python: abstract ones, those of `collections`, weak ones."""

from __future__ import annotations

from .effects import BOTH, DEFAULT, GIL, ITERATE, LOOPED, MUTATE, NO, READ, SNAPSHOT, STEPS, VIEW, of_class, row

_CHECKED_FIRST = "a check and then an act, written in Python"

_MAPPING = of_class(
    "collections.abc.Mapping",
    row("__getitem__", READ, BOTH, source="source", misses=True),
    row("get __contains__ __len__", READ, BOTH, source="source"),
    row("keys values items", VIEW, BOTH, source="source"),
    row("__iter__", ITERATE, NO, LOOPED),
)

_MUTABLE_MAPPING = of_class(
    "collections.abc.MutableMapping",
    row("__setitem__", MUTATE, BOTH, source="source"),
    row("__delitem__", MUTATE, BOTH, source="source", misses=True),
    row("pop", MUTATE, NO, _CHECKED_FIRST, "source", claims=True, misses=True, spared_by=DEFAULT),
    row("popitem", MUTATE, NO, _CHECKED_FIRST, "source", claims=True, misses=True),
    row("setdefault", MUTATE, NO, _CHECKED_FIRST, "source", claims=True),
    row("update clear", MUTATE, NO, STEPS, "source"),
)

_COPIED = row("copy", SNAPSHOT, NO, STEPS, "source")

MAPPINGS = {
    **_MAPPING,
    **_MUTABLE_MAPPING,
    **of_class("collections.UserDict", _COPIED),
    **of_class("collections.ChainMap", _COPIED),
    **of_class("weakref.WeakValueDictionary", _COPIED),
    **of_class("weakref.WeakKeyDictionary", _COPIED),
    **of_class(
        "os._Environ",
        row("__setitem__ __delitem__", MUTATE, NO, "the process environment, then the dict", "source"),
        row("copy", SNAPSHOT, NO, "raises KeyError beside a deletion", "measured"),
    ),
}

SEQUENCES = {
    **of_class(
        "collections.abc.MutableSequence",
        row("__setitem__ __delitem__ remove", MUTATE, NO, STEPS, "source", misses=True),
        row("pop", MUTATE, NO, STEPS, "source", claims=True, misses=True),
        row("append insert extend reverse clear __iadd__", MUTATE, NO, STEPS, "source"),
    ),
    **of_class(
        "collections.UserList",
        row("append insert extend reverse clear __iadd__", MUTATE, BOTH, "as a list", "source"),
        row("__setitem__ __delitem__ remove", MUTATE, BOTH, "as a list", "source", misses=True),
        row("pop", MUTATE, BOTH, "as a list", "source", claims=True, misses=True),
        row("sort", MUTATE, GIL, "as a list", "source"),
        row("__getitem__ index", READ, BOTH, "as a list", "source", misses=True),
        row("__len__ __contains__ count", READ, BOTH, "as a list", "source"),
        row("copy __add__", SNAPSHOT, NO, STEPS, "source"),
        row("__iter__", ITERATE, NO, LOOPED),
    ),
}

SETS = {
    **of_class(
        "collections.abc.MutableSet",
        row("add discard", MUTATE, BOTH, source="source"),
        row("remove", MUTATE, NO, _CHECKED_FIRST, "source", misses=True),
        row("pop", MUTATE, NO, _CHECKED_FIRST, "source", claims=True, misses=True),
        row("clear __ior__ __iand__ __isub__ __ixor__", MUTATE, NO, STEPS, "source"),
        row("__contains__ __len__", READ, BOTH, source="source"),
        row("__iter__", ITERATE, NO, LOOPED),
    ),
    **of_class(
        "weakref.WeakSet",
        row("add discard clear", MUTATE, BOTH, source="source"),
        row("remove", MUTATE, BOTH, source="source", misses=True),
        row("pop", MUTATE, NO, STEPS, "source", claims=True, misses=True),
        row("update difference_update intersection_update __ior__ __isub__", MUTATE, NO, STEPS, "source"),
        row("__contains__ __len__", READ, BOTH, source="source"),
        row("copy union difference intersection __or__ __and__ __sub__", SNAPSHOT, NO, LOOPED, "measured"),
        row("__iter__", ITERATE, NO, "it guards against the garbage collector, not against other threads", "measured"),
    ),
}
