"""What the methods and operators of containers do, whether each is atomic, and why.

Sources: `docs` is Python's documentation (threadsafety, faq/library, library pages), `source` was read in CPython,
`measured` was run on many builds, a number stands for the change in CPython that made it so.
"""

from __future__ import annotations

from .effects import BOTH, DEFAULT, GIL, ITERATE, LOOPED, MUTATE, NO, READ, SNAPSHOT, STEPS, VIEW, of_class, row
from .model import Effect
from .python_containers import MAPPINGS, SEQUENCES, SETS

_LIST = of_class(
    "list",
    row("append clear reverse", MUTATE, BOTH),
    row("insert __imul__", MUTATE, BOTH, "one call; free-threaded readers may see it half done"),
    row("extend __iadd__", MUTATE, BOTH, "one call, when given a list, tuple, set or dict"),
    row("__setitem__", MUTATE, BOTH, "one store", misses=True),
    row("__delitem__ remove", MUTATE, BOTH, misses=True),
    row("pop", MUTATE, BOTH, claims=True, misses=True),
    row("sort", MUTATE, GIL, "the list is empty for others while it is sorted, unless C compares its items"),
    row("__getitem__", READ, BOTH, "one load; a negative index reads the length first", misses=True),
    row("__len__", READ, BOTH),
    row("__contains__ count", READ, GIL, "element by element"),
    row("index", READ, GIL, "element by element", misses=True),
    row("__eq__ __lt__ __le__ __gt__ __ge__", READ, GIL, "element by element"),
    row("copy __add__ __mul__ __rmul__", SNAPSHOT, BOTH),
    row("__iter__ __reversed__", ITERATE, NO, LOOPED),
)

_DICT = of_class(
    "dict",
    row("__setitem__ clear", MUTATE, BOTH),
    row("update __ior__", MUTATE, BOTH, "one call, when given a dict"),
    row("__delitem__", MUTATE, BOTH, misses=True),
    row("pop", MUTATE, BOTH, claims=True, misses=True, spared_by=DEFAULT),
    row("popitem", MUTATE, BOTH, claims=True, misses=True),
    row("setdefault", MUTATE, BOTH, "one winner; the default is made in any case", claims=True),
    row("__getitem__", READ, BOTH, misses=True),
    row("get __contains__ __len__ __eq__", READ, BOTH),
    row("copy __or__ __ror__", SNAPSHOT, BOTH),
    row("keys values items", VIEW, BOTH),
    row("__iter__ __reversed__", ITERATE, NO, LOOPED),
)

_SET_READS = (
    row("__contains__ __len__", READ, BOTH),
    row("isdisjoint issubset issuperset __le__ __lt__ __ge__ __gt__ __eq__", READ, BOTH),
    row("copy union intersection difference symmetric_difference", SNAPSHOT, BOTH),
    row("__or__ __and__ __sub__ __xor__ __ror__ __rand__ __rsub__ __rxor__", SNAPSHOT, BOTH),
)

_SET = of_class(
    "set",
    row("add discard clear", MUTATE, BOTH),
    row("remove", MUTATE, BOTH, misses=True),
    row("pop", MUTATE, BOTH, claims=True, misses=True),
    row("update __ior__", MUTATE, BOTH, "one call, when given a set or dict"),
    row("intersection_update difference_update symmetric_difference_update", MUTATE, BOTH),
    row("__iand__ __isub__ __ixor__", MUTATE, BOTH),
    *_SET_READS,
    row("__iter__", ITERATE, NO, LOOPED),
)

_FROZENSET = of_class("frozenset", *_SET_READS, row("__iter__", ITERATE, BOTH, "it never changes"))

_DEQUE = of_class(
    "collections.deque",
    row("append appendleft", MUTATE, BOTH, "documented as thread-safe"),
    row("pop popleft", MUTATE, BOTH, "documented as thread-safe", claims=True, misses=True),
    row("extend extendleft rotate insert reverse clear __iadd__ __imul__", MUTATE, BOTH, source="source"),
    row("remove __setitem__ __delitem__", MUTATE, BOTH, source="source", misses=True),
    row("__getitem__", READ, BOTH, source="measured", misses=True),
    row("__len__", READ, BOTH, source="source"),
    row("__contains__ count", READ, GIL, "element by element", "source"),
    row("index", READ, GIL, "element by element", "150750", misses=True),
    row("copy __copy__ __add__ __mul__", SNAPSHOT, GIL, "mutated while copied, before 3.14.4", "144809"),
    row("__iter__ __reversed__", ITERATE, NO, LOOPED),
)

_ODICT = "free-threaded builds before 3.14.1 lose order and items"

_ORDERED_DICT = of_class(
    "collections.OrderedDict",
    row("__setitem__ clear update __ior__", MUTATE, GIL, _ODICT, "125996"),
    row("__delitem__ move_to_end", MUTATE, GIL, _ODICT, "125996", misses=True),
    row("pop", MUTATE, GIL, _ODICT, "125996", claims=True, misses=True, spared_by=DEFAULT),
    row("popitem", MUTATE, GIL, _ODICT, "125996", claims=True, misses=True),
    row("setdefault", MUTATE, GIL, _ODICT, "125996", claims=True),
    row("copy __or__ __ror__", SNAPSHOT, GIL, "item by item", "source"),
    row("keys values items", VIEW, BOTH, source="source"),
)

_DEFAULTDICT = of_class(
    "collections.defaultdict",
    row("__getitem__ __missing__", MUTATE, GIL, "a factory written in Python may lose a value", "142495", claims=True),
)

_COUNTER = of_class(
    "collections.Counter",
    row("__getitem__", READ, BOTH, source="source"),
    row("update subtract __iadd__ __isub__ __iand__ __ior__", MUTATE, NO, "reads and writes key by key", "source"),
    row("most_common", SNAPSHOT, BOTH, "sorts a list of the items", "source"),
    row("total", SNAPSHOT, GIL, "sums in one call", "source"),
    row("copy", SNAPSHOT, BOTH, source="source"),
    row("elements __add__ __sub__ __and__ __or__", ITERATE, NO, LOOPED, "source"),
)

_BUFFER_ROWS = (
    ("append extend reverse insert __iadd__ __imul__", False),
    ("remove __setitem__ __delitem__", True),
)


def _buffer(name: str, builds: tuple[bool, bool], source: str) -> dict[str, Effect]:
    return of_class(
        name,
        *(row(methods, MUTATE, builds, source=source, misses=misses) for methods, misses in _BUFFER_ROWS),
        row("pop", MUTATE, builds, source=source, claims=True, misses=True),
        row("__getitem__ index", READ, builds, source=source, misses=True),
        row("__len__ __contains__ count", READ, builds, source=source),
        row("__iter__", ITERATE, NO, LOOPED),
    )


_BUFFERS = {
    **_buffer("bytearray", BOTH, "docs"),
    **of_class("bytearray", row("clear", MUTATE, BOTH), row("copy", SNAPSHOT, BOTH)),
    **_buffer("array.array", GIL, "source"),
}

_LOCKED = "under its own lock"

_QUEUES = {
    **of_class(
        "queue.Queue",
        row("put put_nowait", MUTATE, BOTH, _LOCKED, claims=True),
        row("task_done join", READ, BOTH, _LOCKED),
        row("get get_nowait", MUTATE, BOTH, _LOCKED, claims=True),
        row("qsize empty full", READ, BOTH, "true only for that moment"),
    ),
    **of_class(
        "queue.SimpleQueue",
        row("put put_nowait", MUTATE, BOTH, "reentrant", claims=True),
        row("get get_nowait", MUTATE, BOTH, "reentrant", claims=True),
        row("qsize empty", READ, BOTH, "true only for that moment"),
    ),
}

_OTHERS = {
    **of_class("itertools.count", row("__next__", MUTATE, BOTH, "one call per number", "measured", claims=True)),
    **of_class("random.Random", row("gauss", MUTATE, NO, "two threads may get the same value")),
    **of_class(
        "io.TextIOWrapper",
        row("write writelines read readline readlines flush seek truncate __next__", MUTATE, NO, "not thread-safe"),
        row("tell", READ, NO, "not thread-safe"),
    ),
    **of_class(
        "sqlite3.Cursor",
        row("execute executemany executescript", MUTATE, NO, "the results of the last call are dropped"),
        row("fetchone fetchmany fetchall", READ, NO, "the results of whatever was executed last"),
    ),
    **of_class(
        "select.poll",
        row("register modify unregister", MUTATE, BOTH, source="source"),
        row("poll", READ, NO, "raises RuntimeError when it already runs", "source"),
    ),
    **of_class(
        "contextlib.ExitStack",
        row("enter_context callback push", MUTATE, NO, STEPS, "source"),
        row("close pop_all", MUTATE, NO, STEPS, "source"),
    ),
    **of_class("io.StringIO", row("write read seek truncate", MUTATE, BOTH, source="measured")),
    **of_class("io.BytesIO", row("write read seek truncate", MUTATE, BOTH)),
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
    **MAPPINGS,
    **SEQUENCES,
    **SETS,
    **_BUFFERS,
    **_QUEUES,
    **_OTHERS,
}
