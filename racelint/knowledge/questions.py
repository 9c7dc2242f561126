"""Questions to objects that are thread-safe one call at a time: the answer may be old when it is acted upon."""

from __future__ import annotations

from typing import Final

from .model import Question

GETS: Final = frozenset({"get", "get_nowait"})
"""The methods of a queue that take an item away."""

_PUT = frozenset({"put", "put_nowait"})

_EMPTY = Question(False, GETS, GETS, "was not empty", "take from it", waits=frozenset({"get"}))
_SIZE = Question(None, GETS, GETS, "was not empty", "take from it", waits=frozenset({"get"}))
_FULL = Question(False, frozenset({"put_nowait"}), _PUT, "was not full", "put into it")
_LOCKED = Question(False, frozenset({"acquire"}), frozenset({"acquire"}), "was free", "take it", frozenset({"acquire"}))
_IS_SET = Question(False, frozenset({"set"}), frozenset({"set"}), "was not set", "set it")

# class.method: what is asked, and what is done because of the answer
QUESTIONS: dict[str, Question] = {
    "queue.Queue.empty": _EMPTY,
    "queue.Queue.qsize": _SIZE,
    "queue.Queue.full": _FULL,
    "queue.SimpleQueue.empty": _EMPTY,
    "queue.SimpleQueue.qsize": _SIZE,
    "threading.Lock.locked": _LOCKED,
    "threading.RLock.locked": _LOCKED,
    "threading.Event.is_set": _IS_SET,
    "threading.Event.isSet": _IS_SET,
}
