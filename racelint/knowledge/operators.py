"""Library classes whose operators are written in Python: to use one is to call a Python function."""

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
