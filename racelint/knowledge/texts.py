"""Which functions make text of what they are given, and which methods of text put more into it."""

from __future__ import annotations

from typing import Final

MAKES_TEXT: Final = frozenset({"str", "repr"})
"""Functions that make text of anything."""

FILLS_IN: Final = frozenset({"format"})
"""Methods that put what they are given into a text, as `%` does."""

JOINS: Final = frozenset({"join"})
"""Methods that put texts together: they raise where one of them is none."""

TELLS: Final = frozenset({"__repr__", "__str__", "__format__", "__unicode__"})
"""The methods by which an object tells people what is in it: nothing goes on with what they say."""
