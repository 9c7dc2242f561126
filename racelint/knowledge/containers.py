"""What is in containers and references, and which calls and methods put it in, give it out or copy it."""

from __future__ import annotations

from typing import Final

DEFAULTDICT: Final = "collections.defaultdict"

KEEPS_WEAKLY: Final = "weakref.WeakValueDictionary"
"""The mapping whose entries go once nobody else has the value."""

MAPPINGS: Final = frozenset(
    {
        "dict",
        "collections.OrderedDict",
        DEFAULTDICT,
        "collections.abc.Mapping",
        "collections.abc.MutableMapping",
        "types.MappingProxyType",
        "weakref.WeakKeyDictionary",
        KEEPS_WEAKLY,
    }
)
"""Iterating over them gives their keys, a subscript what stands under one."""

MAKES_ITEMS: Final = frozenset({DEFAULTDICT, "collections.Counter"})
"""Mappings that have an item for any key."""

DEFAULTS_FIRST: Final = frozenset({DEFAULTDICT})
"""Containers that are told first what to make where something is missing."""

REFERENCES: Final = frozenset({"weakref.ref", "weakref.WeakMethod"})
"""Objects that refer to another without keeping it."""

CALLED: Final = REFERENCES | {"collections.abc.Callable"}
"""Objects that give what they hold when they are called."""

CAST: Final = "typing.cast"
"""What gives its second argument back as it is: only type checkers see another type."""

GIVES_ARGUMENT: Final = {"weakref.proxy": 0, CAST: 1}
"""Functions that give one of their arguments back, and which."""

ROWS: Final = frozenset({"zip", "itertools.zip_longest"})
"""Functions that give one of what is in each of their arguments at a time."""

PAIRS: Final = frozenset({"zip"})
"""Those that end with the shortest, so that there is one of each every time."""

NUMBERS: Final = frozenset({"range"})
"""What gives each number once."""

NUMBERED: Final = frozenset({"enumerate"})
"""Functions that give what they go over with its number."""

UNLIKE: Final = frozenset({"dict", "set", "frozenset", "collections.OrderedDict"})
"""Containers that give each value, or each of their keys, once."""

DRAWS: Final = {
    **dict.fromkeys(("sorted", "iter", "enumerate", "reversed", *ROWS), 0),
    **dict.fromkeys(("filter", "itertools.filterfalse", "itertools.takewhile", "itertools.dropwhile"), 1),
}
"""Functions whose result has what is in their arguments, from which position on."""

EXCHANGES: Final = frozenset({"heapq.heappushpop", "heapq.heapreplace"})
"""Functions that put something into a container and take something out of it."""

TAKES_ONE: Final = EXCHANGES | {"next", "min", "max", "random.choice", "heapq.heappop"}
"""Functions that give one of what is in their first argument."""

PUTS_ONE: Final = EXCHANGES | {"heapq.heappush", "bisect.insort", "bisect.insort_left", "bisect.insort_right"}
"""Functions that put their second argument into the first."""

TAKES_ELEMENT: Final = frozenset(
    {"get", "get_nowait", "pop", "popleft", "popitem", "setdefault", "__next__", "__getitem__"}
)
"""Methods that give an element of their container."""

ITEM_METHODS: Final = frozenset({"__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__"})
"""What makes a class another container than the one that it extends."""

GIVES_ELEMENT: Final = frozenset(
    {"append", "appendleft", "add", "put", "put_nowait", "insert", "setdefault", "__setitem__"}
)
"""Methods that put what they are given into their container."""

SHARES_VALUES: Final = frozenset({"values", "items", "copy"})
"""Methods that give another container with all that stands in this one."""

SHARES_ELEMENTS: Final = SHARES_VALUES | {"keys", "__iter__"}
"""Methods that give another container with the same elements."""

SAME_ELEMENTS: Final = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter"})
"""Functions that give the elements of their argument, and nothing else."""

REORDERS: Final = SAME_ELEMENTS - {"set"}
"""Those that give all of them, and each as often, in whatever order."""

GOES_OVER: Final = SAME_ELEMENTS | {"enumerate"}
"""The same, be it that each element comes with its number."""

LOOKS_UP: Final = frozenset({"get", "setdefault"})
"""Methods of a mapping that give what stays in it."""

INSERTS: Final = frozenset({"[]=", "append", "appendleft", "add", "insert", "extend", "update", "setdefault"})
"""Methods and operators that put something in, or something else."""

REMOVES: Final = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear", "del"})
"""Methods and operators that take something out."""

MOVES_OTHERS: Final = frozenset({"pop", "del"})
"""Those by which the items behind it in a list get other numbers."""

FORGIVING: Final = frozenset({"clear", "discard"})
"""Those that do not fail where nothing is left."""

CHANGES: Final = INSERTS | REMOVES | {"sort", "reverse"}
"""All that leaves a container otherwise than it was."""

ADDS: Final = frozenset({"add", "append", "appendleft"})
"""Methods that put one more thing in."""

APPENDS: Final = frozenset({"append", "extend", "appendleft"})
"""Methods that put something to one end."""

CLEARS: Final = frozenset({"clear"})
"""Methods that take everything out."""

EMPTIES: Final = frozenset({"clear", "popitem"})
"""Methods that take something out whatever it is."""

FROM_ENDS: Final = frozenset({"pop", "popleft", "popitem"})
"""Methods that take out what is at one end, if they are not told which one."""

SEQUENCES: Final = frozenset({"list", "collections.deque"})
"""Containers with two ends to put something to."""

PLAIN: Final = frozenset({"list", "tuple", "dict", "set", "frozenset"})
"""Containers that are made by being written down."""

TYPED: Final = frozenset({"typing.TypedDict", "typing_extensions.TypedDict"})
"""Bases of classes whose objects are dictionaries."""

PEEKS: Final = frozenset({"len", "bool", "in", "get", "items", "keys", "values", "copy"})
"""How one looks at a container that may still grow."""

KEEPS: Final = frozenset({"put", "put_nowait", "submit", "append", "appendleft", "send_nowait", "call_soon_threadsafe"})
"""Methods that keep the object that they are given, or hand it on."""

MISSES: Final = frozenset(
    {"KeyError", "IndexError", "AttributeError", "LookupError", "Exception", "BaseException", "Empty"}
)
"""What is raised, or covers what is raised, where something is not there."""

NOT_IN_LIST: Final = frozenset({"ValueError"})
"""What `remove` raises of a list that has not what it is to take out."""

SNAPSHOTS: Final = frozenset({"copy", "list", "sorted", "set", "frozenset", "dict", "tuple"})
"""The method and the functions that copy a container, or put all of it into a new one."""

ITEM_ACCESSES: Final = frozenset({"[]", "[]=", "del", "get", "pop", "setdefault", "in"})
"""Accesses of one item by its key."""

DUPLICATES: Final = frozenset({"copy.copy", "copy.deepcopy"})
"""Functions that give a new object of the class of their first argument."""

COPIES: Final = SNAPSHOTS | DUPLICATES
"""What copies any object, beside these."""

VIEWS: Final = frozenset({"items", "values", "keys"})
"""The methods of a mapping that give a live view of it."""

DRAINS: Final = frozenset({"list", "tuple", "set", "frozenset", "dict", "sum", "any", "all", "max", "min", "sorted"})
"""Functions that take all elements of what they are given, and so wait for them."""

CALL_AT_ONCE: Final = frozenset({"sorted", "min", "max", "list.sort"})
"""What calls the function that it is given before it returns, and keeps nothing of it."""

IN_ORDER: Final = frozenset({"sorted", "min", "max", "list.sort", "itertools.combinations"})
"""What gives, or leaves, its elements in an order that says which of two comes first."""
