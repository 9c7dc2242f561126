"""What makes one object of a class from another, and tells whether one is as good as another that is made alike."""

from __future__ import annotations

from typing import Final

RECORDS: Final = frozenset({"object", "typing.NamedTuple", "typing.Generic", "typing.Protocol", "abc.ABC"})
"""Classes of libraries that add no state of their own."""

_ERRORS = """
BaseException Exception ArithmeticError AssertionError AttributeError ConnectionError IndexError KeyError LookupError
NotImplementedError OSError RuntimeError TimeoutError TypeError ValueError
"""

ERRORS: Final = frozenset(_ERRORS.split())
"""Exceptions of Python that keep whatever they are given."""

COPYING: Final = frozenset({"__setstate__", "__getstate__", "__copy__", "__deepcopy__", "__reduce__", "copy", "clone"})
"""Methods that make another object of the same class, or fill in one that is being made."""

ENDS: Final = frozenset(
    {"__del__", "__exit__", "__aexit__", "close", "disconnect", "shutdown", "stop", "teardown", "terminate"}
)
"""Methods of what has to be ended: of two that were made one is never ended."""

CAUGHT: Final = frozenset({"sys.exc_info", "sys.exception", "traceback.format_exc"})
"""Functions that tell of the exception that is being handled."""
