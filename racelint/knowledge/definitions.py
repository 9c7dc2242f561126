"""What decorators and bases of the libraries make of a definition."""

from __future__ import annotations

from typing import Final

DATACLASSES: Final = frozenset(
    {"dataclasses.dataclass", "attr.s", "attr.attrs", "attr.define", "attr.dataclass", "attrs.define", "attrs.frozen"}
)
NAMED_TUPLE: Final = "typing.NamedTuple"
"""The decorators and the base by which the annotated fields of a class become the parameters of its constructor."""

FIELD_FACTORIES: Final = {
    "dataclasses.field": "default_factory",
    "pydantic.Field": "default_factory",
    "attr.ib": "factory",
    "attr.field": "factory",
    "attrs.field": "factory",
}
"""What describes a field of such a class, and the argument that makes a value for each object."""

PROPERTIES: Final = frozenset({"property", "functools.cached_property", "abc.abstractproperty"})
"""Decorators by which reading an attribute calls the function."""

CONTEXT_MANAGERS: Final = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
"""Decorators that make a context manager of a generator."""

OVERLOADS: Final = frozenset({"typing.overload", "typing_extensions.overload"})
"""Decorators of definitions that are for type checkers only."""

PROTOCOL: Final = "typing.Protocol"
"""The base of classes that say what an object can do, and never make one."""

PLAIN_BASES: Final = frozenset({"object", "abc.ABC", "typing.Generic", PROTOCOL})
"""Bases that add no attribute to a class."""

KEEPS_ANSWERS: Final = frozenset({"functools.cache", "functools.lru_cache"})
"""Decorators of functions that give whoever asks the same again."""

BINDING: Final = frozenset({"classmethod", "staticmethod"})
"""Decorators that say what a function is bound to, and have nobody call it."""

TESTS: Final = "unittest."
"""How the names of all bases of tests begin."""

PASSING_ON: Final = frozenset(
    {
        "functools.wraps",
        "functools.update_wrapper",
        "functools.partial",
        "staticmethod",
        "classmethod",
        "property",
        "contextlib.contextmanager",
    }
)
"""What gives back a function that runs the one which it is given, or is given next."""

PLAIN_DECORATORS: Final = frozenset({"property", "staticmethod", "classmethod", "override", "abstractmethod", "setter"})
"""Decorators that take no lock."""

CONTEXT_DECORATORS: Final = frozenset({"contextlib.ContextDecorator"})
"""Library classes whose objects, put before a function, are entered anew at each of its calls."""

MADE_FOR_EACH_CALL: Final = "_recreate_cm"
"""The method by which such a class has an object made anew for each call."""
