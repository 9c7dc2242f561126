"""Which special methods operators call, and the library classes that have them in Python: to use one is to call it."""

from __future__ import annotations

from typing import Final

ALL: Final = frozenset({"*"})

_CLASSES: Final = """
collections.UserDict collections.UserList collections.UserString collections.ChainMap
weakref.WeakSet weakref.WeakValueDictionary weakref.WeakKeyDictionary
os._Environ shelve.Shelf fractions.Fraction uuid.UUID pathlib.PurePath multiprocessing.managers.BaseProxy
"""

IN_PYTHON: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_CLASSES.split(), ALL),
    # a dict otherwise: what is there is found without a call
    "collections.Counter": frozenset({"__missing__", "__eq__", "__add__", "__sub__", "__and__", "__or__"}),
}
"""By class, the special methods: `ALL` or their names; classes that extend it have them too."""

SPECIAL_METHODS: Final = {
    "[]": "__getitem__",
    "[]=": "__setitem__",
    "del": "__delitem__",
    "in": "__contains__",
    "len": "__len__",
}
"""By operator or function."""

IN_PLACE: Final = {"+": "__iadd__", "|": "__ior__", "&": "__iand__", "-": "__isub__", "^": "__ixor__", "*": "__imul__"}
"""By operator, where what is on its left is changed: `+=`."""

PASSED_ON: Final = frozenset({"__getattr__", "__getitem__", "__setitem__"})
"""The methods by which an object passes all that is asked of it on to another one."""

TRUTH: Final = frozenset({"__bool__", "__len__"})
KEYS: Final = frozenset({"__eq__", "__hash__"})
ITEMS: Final = frozenset({"__getitem__", "__setitem__", "__delitem__", "__missing__"})
ITERATION: Final = frozenset({"__iter__", "__getitem__", "keys"})
ORDER: Final = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"})
_SIGNS: Final = "add sub mul truediv floordiv mod matmul pow lshift rshift and or xor"
ARITHMETIC: Final = frozenset(f"__{prefix}{name}__" for name in _SIGNS.split() for prefix in ("", "r", "i")) | {
    "__neg__",
    "__pos__",
    "__invert__",
}

OPERATORS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("is", "is not"), frozenset()),
    **dict.fromkeys(("in", "not in"), KEYS | ITERATION | {"__contains__"}),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), ORDER),
    **dict.fromkeys(("*", "**"), ARITHMETIC | ITERATION),
    "match": ORDER | ITERATION | {"__len__"},
    "not": TRUTH,
    'f""': frozenset({"__format__", "__str__", "__repr__"}),
}
"""The methods that an operator may call; all others call those of arithmetic."""

MEASURES: Final = frozenset({"+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="})
"""Operators that take both values to be of one moment; the union of two sets has what is in either."""
