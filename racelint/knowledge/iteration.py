"""What an iterator over a container does not survive: methods that change the size, or move the items still to come."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Disturbance(Enum):
    """What an iteration does when the container is changed beside it: most raise, those over lists lose their place."""

    RAISES = "raises"
    SKIPS = "skips"


HIDES: Final = frozenset({"sort"})
"""Methods that leave a list empty for as long as they run."""

_DICT = "__setitem__ __delitem__ clear pop popitem setdefault update __ior__"
_SET = (
    "add discard remove pop clear update __ior__ __iand__ __isub__ __ixor__ "
    "intersection_update difference_update symmetric_difference_update"
)
_DEQUE = "append appendleft pop popleft extend extendleft insert remove rotate clear __delitem__ __iadd__ __imul__"

# A list that grows at its end, or is emptied, only makes a walk longer or shorter; while it is sorted it is empty.
_LIST = "remove insert __delitem__ sort reverse"

# class: what its methods do to those who iterate meanwhile; of a base class it holds for all that extend it
DISTURBANCES: dict[str, tuple[Disturbance, frozenset[str]]] = {
    "list": (Disturbance.SKIPS, frozenset(_LIST.split())),
    "collections.UserList": (Disturbance.SKIPS, frozenset(_LIST.split())),
    "dict": (Disturbance.RAISES, frozenset(_DICT.split())),
    "collections.OrderedDict": (Disturbance.RAISES, frozenset([*_DICT.split(), "move_to_end"])),
    "collections.defaultdict": (Disturbance.RAISES, frozenset([*_DICT.split(), "__getitem__", "__missing__"])),
    "collections.Counter": (Disturbance.RAISES, frozenset([*_DICT.split(), "subtract", "__iadd__", "__isub__"])),
    "collections.deque": (Disturbance.RAISES, frozenset(_DEQUE.split())),
    "set": (Disturbance.RAISES, frozenset(_SET.split())),
    "weakref.WeakSet": (Disturbance.RAISES, frozenset(_SET.split())),
    "collections.UserDict": (Disturbance.RAISES, frozenset(_DICT.split())),
    "collections.ChainMap": (Disturbance.RAISES, frozenset(_DICT.split())),
    "weakref.WeakValueDictionary": (Disturbance.RAISES, frozenset(_DICT.split())),
    "weakref.WeakKeyDictionary": (Disturbance.RAISES, frozenset(_DICT.split())),
}

GENERATOR = "generator"
"""The class of what a generator expression makes; calling a generator function makes one too."""

NEXT = "next"
"""What runs a generator on to its next `yield`, as a loop over it does. While one thread does, another one that tries
gets "ValueError: generator already executing", whether there is a GIL or not:
https://docs.python.org/3/library/threading.html#iterator-synchronization."""
