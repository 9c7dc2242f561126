"""What the methods and operators of containers do, whether each is atomic, and why.

Sources: `docs` is Python's documentation (threadsafety, faq/library, library pages), `source` was read in CPython,
`measured` was run on many builds, a number stands for the change in CPython that made it so.
"""

from __future__ import annotations

from .model import Access, Effect, Slot

_READ, _MUTATE, _ITERATE = Access.READ, Access.MUTATE, Access.ITERATE
_SNAPSHOT, _VIEW = Access.SNAPSHOT, Access.VIEW

# On which builds the whole operation is one step: with the GIL, and free-threaded.
_BOTH, _GIL, _NO = (True, True), (True, False), (False, False)

_Row = tuple[str, Effect]


def _row(
    methods: str,
    access: Access,
    builds: tuple[bool, bool],
    reason: str = "one call",
    source: str = "docs",
    *,
    claims: bool = False,
    misses: bool = False,
    spared_by: Slot | None = None,
) -> tuple[_Row, ...]:
    """The same effect for each of these methods."""

    effect = Effect(access, *builds, reason, source, claims, misses, spared_by)
    return tuple((method, effect) for method in methods.split())


def _class(name: str, *rows: tuple[_Row, ...]) -> dict[str, Effect]:
    return {f"{name}.{method}": effect for row in rows for method, effect in row}


_LOOPED = "it is an iteration, step by step"
_CHECKED_FIRST = "a check and then an act, written in Python"
_STEPS = "several steps, written in Python"
_DEFAULT = Slot(1, "default")

_LIST = _class(
    "list",
    _row("append clear reverse", _MUTATE, _BOTH),
    _row("insert __imul__", _MUTATE, _BOTH, "one call; free-threaded readers may see it half done"),
    _row("extend __iadd__", _MUTATE, _BOTH, "one call, when given a list, tuple, set or dict"),
    _row("__setitem__", _MUTATE, _BOTH, "one store", misses=True),
    _row("__delitem__ remove", _MUTATE, _BOTH, misses=True),
    _row("pop", _MUTATE, _BOTH, claims=True, misses=True),
    _row("sort", _MUTATE, _GIL, "the list is empty for others while it is sorted, unless C compares its items"),
    _row("__getitem__", _READ, _BOTH, "one load; a negative index reads the length first", misses=True),
    _row("__len__", _READ, _BOTH),
    _row("__contains__ count", _READ, _GIL, "element by element"),
    _row("index", _READ, _GIL, "element by element", misses=True),
    _row("__eq__ __lt__ __le__ __gt__ __ge__", _READ, _GIL, "element by element"),
    _row("copy __add__ __mul__ __rmul__", _SNAPSHOT, _BOTH),
    _row("__iter__ __reversed__", _ITERATE, _NO, _LOOPED),
)

_DICT = _class(
    "dict",
    _row("__setitem__ clear", _MUTATE, _BOTH),
    _row("update __ior__", _MUTATE, _BOTH, "one call, when given a dict"),
    _row("__delitem__", _MUTATE, _BOTH, misses=True),
    _row("pop", _MUTATE, _BOTH, claims=True, misses=True, spared_by=_DEFAULT),
    _row("popitem", _MUTATE, _BOTH, claims=True, misses=True),
    _row("setdefault", _MUTATE, _BOTH, "one winner; the default is made in any case", claims=True),
    _row("__getitem__", _READ, _BOTH, misses=True),
    _row("get __contains__ __len__ __eq__", _READ, _BOTH),
    _row("copy __or__ __ror__", _SNAPSHOT, _BOTH),
    _row("keys values items", _VIEW, _BOTH),
    _row("__iter__ __reversed__", _ITERATE, _NO, _LOOPED),
)

_SET_READS = (
    _row("__contains__ __len__", _READ, _BOTH),
    _row("isdisjoint issubset issuperset __le__ __lt__ __ge__ __gt__ __eq__", _READ, _BOTH),
    _row("copy union intersection difference symmetric_difference", _SNAPSHOT, _BOTH),
    _row("__or__ __and__ __sub__ __xor__ __ror__ __rand__ __rsub__ __rxor__", _SNAPSHOT, _BOTH),
)

_SET = _class(
    "set",
    _row("add discard clear", _MUTATE, _BOTH),
    _row("remove", _MUTATE, _BOTH, misses=True),
    _row("pop", _MUTATE, _BOTH, claims=True, misses=True),
    _row("update __ior__", _MUTATE, _BOTH, "one call, when given a set or dict"),
    _row("intersection_update difference_update symmetric_difference_update", _MUTATE, _BOTH),
    _row("__iand__ __isub__ __ixor__", _MUTATE, _BOTH),
    *_SET_READS,
    _row("__iter__", _ITERATE, _NO, _LOOPED),
)

_FROZENSET = _class("frozenset", *_SET_READS, _row("__iter__", _ITERATE, _BOTH, "it never changes"))

_DEQUE = _class(
    "collections.deque",
    _row("append appendleft", _MUTATE, _BOTH, "documented as thread-safe"),
    _row("pop popleft", _MUTATE, _BOTH, "documented as thread-safe", claims=True, misses=True),
    _row("extend extendleft rotate insert reverse clear __iadd__ __imul__", _MUTATE, _BOTH, source="source"),
    _row("remove __setitem__ __delitem__", _MUTATE, _BOTH, source="source", misses=True),
    _row("__getitem__", _READ, _BOTH, source="measured", misses=True),
    _row("__len__", _READ, _BOTH, source="source"),
    _row("__contains__ count", _READ, _GIL, "element by element", "source"),
    _row("index", _READ, _GIL, "element by element", "150750", misses=True),
    _row("copy __copy__ __add__ __mul__", _SNAPSHOT, _GIL, "mutated while copied, before 3.14.4", "144809"),
    _row("__iter__ __reversed__", _ITERATE, _NO, _LOOPED),
)

_ODICT = "free-threaded builds before 3.14.1 lose order and items"

_ORDERED_DICT = _class(
    "collections.OrderedDict",
    _row("__setitem__ clear update __ior__", _MUTATE, _GIL, _ODICT, "125996"),
    _row("__delitem__ move_to_end", _MUTATE, _GIL, _ODICT, "125996", misses=True),
    _row("pop", _MUTATE, _GIL, _ODICT, "125996", claims=True, misses=True, spared_by=_DEFAULT),
    _row("popitem", _MUTATE, _GIL, _ODICT, "125996", claims=True, misses=True),
    _row("setdefault", _MUTATE, _GIL, _ODICT, "125996", claims=True),
    _row("copy __or__ __ror__", _SNAPSHOT, _GIL, "item by item", "source"),
    _row("keys values items", _VIEW, _BOTH, source="source"),
)

_DEFAULTDICT = _class(
    "collections.defaultdict",
    _row(
        "__getitem__ __missing__", _MUTATE, _GIL, "a factory written in Python may lose a value", "142495", claims=True
    ),
)

_COUNTER = _class(
    "collections.Counter",
    _row("__getitem__", _READ, _BOTH, source="source"),
    _row("update subtract __iadd__ __isub__ __iand__ __ior__", _MUTATE, _NO, "reads and writes key by key", "source"),
    _row("most_common", _SNAPSHOT, _BOTH, "sorts a list of the items", "source"),
    _row("total", _SNAPSHOT, _GIL, "sums in one call", "source"),
    _row("copy", _SNAPSHOT, _BOTH, source="source"),
    _row("elements __add__ __sub__ __and__ __or__", _ITERATE, _NO, _LOOPED, "source"),
)

_MAPPING = _class(
    "collections.abc.Mapping",
    _row("__getitem__", _READ, _BOTH, source="source", misses=True),
    _row("get __contains__ __len__", _READ, _BOTH, source="source"),
    _row("keys values items", _VIEW, _BOTH, source="source"),
    _row("__iter__", _ITERATE, _NO, _LOOPED),
)

_MUTABLE_MAPPING = _class(
    "collections.abc.MutableMapping",
    _row("__setitem__", _MUTATE, _BOTH, source="source"),
    _row("__delitem__", _MUTATE, _BOTH, source="source", misses=True),
    _row("pop", _MUTATE, _NO, _CHECKED_FIRST, "source", claims=True, misses=True, spared_by=_DEFAULT),
    _row("popitem", _MUTATE, _NO, _CHECKED_FIRST, "source", claims=True, misses=True),
    _row("setdefault", _MUTATE, _NO, _CHECKED_FIRST, "source", claims=True),
    _row("update clear", _MUTATE, _NO, _STEPS, "source"),
)

_COPIED = _row("copy", _SNAPSHOT, _NO, _STEPS, "source")

_MAPPINGS = {
    **_MAPPING,
    **_MUTABLE_MAPPING,
    **_class("collections.UserDict", _COPIED),
    **_class("collections.ChainMap", _COPIED),
    **_class("weakref.WeakValueDictionary", _COPIED),
    **_class("weakref.WeakKeyDictionary", _COPIED),
    **_class(
        "os._Environ",
        _row("__setitem__ __delitem__", _MUTATE, _NO, "the process environment, then the dict", "source"),
        _row("copy", _SNAPSHOT, _NO, "raises KeyError beside a deletion", "measured"),
    ),
}

_MUTABLE_SEQUENCE = {
    **_class(
        "collections.abc.MutableSequence",
        _row("__setitem__ __delitem__ remove", _MUTATE, _NO, _STEPS, "source", misses=True),
        _row("pop", _MUTATE, _NO, _STEPS, "source", claims=True, misses=True),
        _row("append insert extend reverse clear __iadd__", _MUTATE, _NO, _STEPS, "source"),
    ),
    **_class(
        "collections.UserList",
        _row("append insert extend reverse clear __iadd__", _MUTATE, _BOTH, "as a list", "source"),
        _row("__setitem__ __delitem__ remove", _MUTATE, _BOTH, "as a list", "source", misses=True),
        _row("pop", _MUTATE, _BOTH, "as a list", "source", claims=True, misses=True),
        _row("sort", _MUTATE, _GIL, "as a list", "source"),
        _row("__getitem__ index", _READ, _BOTH, "as a list", "source", misses=True),
        _row("__len__ __contains__ count", _READ, _BOTH, "as a list", "source"),
        _row("copy __add__", _SNAPSHOT, _NO, _STEPS, "source"),
        _row("__iter__", _ITERATE, _NO, _LOOPED),
    ),
}

_WEAK_AND_ABSTRACT_SETS = {
    **_class(
        "collections.abc.MutableSet",
        _row("add discard", _MUTATE, _BOTH, source="source"),
        _row("remove", _MUTATE, _NO, _CHECKED_FIRST, "source", misses=True),
        _row("pop", _MUTATE, _NO, _CHECKED_FIRST, "source", claims=True, misses=True),
        _row("clear __ior__ __iand__ __isub__ __ixor__", _MUTATE, _NO, _STEPS, "source"),
        _row("__contains__ __len__", _READ, _BOTH, source="source"),
        _row("__iter__", _ITERATE, _NO, _LOOPED),
    ),
    **_class(
        "weakref.WeakSet",
        _row("add discard clear", _MUTATE, _BOTH, source="source"),
        _row("remove", _MUTATE, _BOTH, source="source", misses=True),
        _row("pop", _MUTATE, _NO, _STEPS, "source", claims=True, misses=True),
        _row("update difference_update intersection_update __ior__ __isub__", _MUTATE, _NO, _STEPS, "source"),
        _row("__contains__ __len__", _READ, _BOTH, source="source"),
        _row("copy union difference intersection __or__ __and__ __sub__", _SNAPSHOT, _NO, _LOOPED, "measured"),
        _row(
            "__iter__", _ITERATE, _NO, "it guards against the garbage collector, not against other threads", "measured"
        ),
    ),
}

_BUFFER_ROWS = (
    ("append extend reverse insert __iadd__ __imul__", False),
    ("remove __setitem__ __delitem__", True),
)


def _buffer(name: str, builds: tuple[bool, bool], source: str) -> dict[str, Effect]:
    return _class(
        name,
        *(_row(methods, _MUTATE, builds, source=source, misses=misses) for methods, misses in _BUFFER_ROWS),
        _row("pop", _MUTATE, builds, source=source, claims=True, misses=True),
        _row("__getitem__ index", _READ, builds, source=source, misses=True),
        _row("__len__ __contains__ count", _READ, builds, source=source),
        _row("__iter__", _ITERATE, _NO, _LOOPED),
    )


_BUFFERS = {
    **_buffer("bytearray", _BOTH, "docs"),
    **_class("bytearray", _row("clear", _MUTATE, _BOTH), _row("copy", _SNAPSHOT, _BOTH)),
    **_buffer("array.array", _GIL, "source"),
}

_LOCKED = "under its own lock"

_QUEUES = {
    **_class(
        "queue.Queue",
        _row("put put_nowait", _MUTATE, _BOTH, _LOCKED, claims=True),
        _row("task_done join", _READ, _BOTH, _LOCKED),
        _row("get get_nowait", _MUTATE, _BOTH, _LOCKED, claims=True),
        _row("qsize empty full", _READ, _BOTH, "true only for that moment"),
    ),
    **_class(
        "queue.SimpleQueue",
        _row("put put_nowait", _MUTATE, _BOTH, "reentrant", claims=True),
        _row("get get_nowait", _MUTATE, _BOTH, "reentrant", claims=True),
        _row("qsize empty", _READ, _BOTH, "true only for that moment"),
    ),
}

_OTHERS = {
    **_class("itertools.count", _row("__next__", _MUTATE, _BOTH, "one call per number", "measured", claims=True)),
    **_class("random.Random", _row("gauss", _MUTATE, _NO, "two threads may get the same value")),
    **_class(
        "io.TextIOWrapper",
        _row("write writelines read readline readlines flush seek truncate __next__", _MUTATE, _NO, "not thread-safe"),
        _row("tell", _READ, _NO, "not thread-safe"),
    ),
    **_class(
        "sqlite3.Cursor",
        _row("execute executemany executescript", _MUTATE, _NO, "the results of the last call are dropped"),
        _row("fetchone fetchmany fetchall", _READ, _NO, "the results of whatever was executed last"),
    ),
    **_class(
        "select.poll",
        _row("register modify unregister", _MUTATE, _BOTH, source="source"),
        _row("poll", _READ, _NO, "raises RuntimeError when it already runs", "source"),
    ),
    **_class(
        "contextlib.ExitStack",
        _row("enter_context callback push", _MUTATE, _NO, _STEPS, "source"),
        _row("close pop_all", _MUTATE, _NO, _STEPS, "source"),
    ),
    **_class("io.StringIO", _row("write read seek truncate", _MUTATE, _BOTH, source="measured")),
    **_class("io.BytesIO", _row("write read seek truncate", _MUTATE, _BOTH)),
}

# class.method: what it does to its receiver
EFFECTS: dict[str, Effect] = {
    **_LIST,
    **_DICT,
    **_SET,
    **_FROZENSET,
    **_DEQUE,
    **_ORDERED_DICT,
    **_DEFAULTDICT,
    **_COUNTER,
    **_MAPPINGS,
    **_MUTABLE_SEQUENCE,
    **_WEAK_AND_ABSTRACT_SETS,
    **_BUFFERS,
    **_QUEUES,
    **_OTHERS,
}
