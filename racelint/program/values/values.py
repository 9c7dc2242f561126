"""What a name or an expression may stand for: the abstract values of the types stage.

Values are interned: two equal values are one object, so sets of them compare by identity. Wherever order can reach
the output they are kept in dictionaries, whose order is that of insertion.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from racelint.program.sources.source import ClassInfo, Code

Site = tuple[int, int]
"""Where an object is made: (code key, id of the operation)."""


class Instance(msgspec.Struct, frozen=True, eq=False):
    """An object of a class of the program, made at `site`; site None: some instance, made by code out of sight."""

    cls: ClassInfo
    site: Site | None


class LibraryObject(msgspec.Struct, frozen=True, eq=False):
    """An object of a library class (`threading.Lock`, `builtins.dict`), made at `site`, or somewhere.

    `holds` is what an annotation says of its contents: values for each of the type's arguments.
    """

    qualname: str
    site: Site | None
    holds: tuple[tuple[Value, ...], ...] = ()


class Library(msgspec.Struct, frozen=True, eq=False):
    """A library's module, class or function itself, by its canonical dotted name."""

    qualname: str


class LibraryMethod(msgspec.Struct, frozen=True, eq=False):
    """A method of a library class, bound to the object `receiver`; `qualname` names the class and the method."""

    qualname: str
    receiver: Value


class FunctionRef(msgspec.Struct, frozen=True, eq=False):
    """A function of the program, bound to `receiver` when it was fetched as a method."""

    code: Code
    receiver: Value | None


class ClassRef(msgspec.Struct, frozen=True, eq=False):
    """A class of the program itself."""

    cls: ClassInfo


class ModuleRef(msgspec.Struct, frozen=True, eq=False):
    """A module of the program."""

    module: int


class Super(msgspec.Struct, frozen=True, eq=False):
    """What `super()` gives in a method of `cls` that runs on `receiver`."""

    cls: ClassInfo
    receiver: Value


class Partial(msgspec.Struct, frozen=True, eq=False):
    """`functools.partial(...)` made at `site`: the call there holds the callee and the first arguments."""

    site: Site


class Pair(msgspec.Struct, frozen=True, eq=False):
    """A key or number with what `container` holds there, as iterating over `items()` or `enumerate()` gives."""

    container: Value


class Row(msgspec.Struct, frozen=True, eq=False):
    """One of what each of the iterables at some nodes holds, as iterating over `zip()` gives."""

    iterables: tuple[int, ...]


class Generator(msgspec.Struct, frozen=True, eq=False):
    """What calling the generator function (or context manager function) `code` returns."""

    code: Code


Value = (
    Instance
    | LibraryObject
    | Library
    | LibraryMethod
    | FunctionRef
    | ClassRef
    | ModuleRef
    | Super
    | Partial
    | Pair
    | Row
    | Generator
)

ValueSet = dict[Value, None]
"""An ordered set."""

NO_VALUES: Final[ValueSet] = {}


V = TypeVar("V", bound=Value)


class Interner:
    """Makes each value once."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], Value] = {}

    def instance(self, cls: ClassInfo, site: Site | None) -> Instance:
        return self._intern(Instance, cls, site)

    def library_object(
        self, qualname: str, site: Site | None, holds: tuple[tuple[Value, ...], ...] = ()
    ) -> LibraryObject:
        return self._intern(LibraryObject, qualname, site, holds)

    def library(self, qualname: str) -> Library:
        return self._intern(Library, qualname)

    def library_method(self, qualname: str, receiver: Value) -> LibraryMethod:
        return self._intern(LibraryMethod, qualname, receiver)

    def function(self, code: Code, receiver: Value | None) -> FunctionRef:
        return self._intern(FunctionRef, code, receiver)

    def cls(self, cls: ClassInfo) -> ClassRef:
        return self._intern(ClassRef, cls)

    def module(self, module: int) -> ModuleRef:
        return self._intern(ModuleRef, module)

    def super(self, cls: ClassInfo, receiver: Value) -> Super:
        return self._intern(Super, cls, receiver)

    def partial(self, site: Site) -> Partial:
        return self._intern(Partial, site)

    def pair(self, container: Value) -> Pair:
        return self._intern(Pair, container)

    def row(self, iterables: tuple[int, ...]) -> Row:
        return self._intern(Row, iterables)

    def generator(self, code: Code) -> Generator:
        return self._intern(Generator, code)

    def _intern(self, kind: type[V], *parts: object) -> V:
        key = (kind, *parts)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = kind(*parts)  # type: ignore[arg-type]  # each caller above gives its kind's fields
        return made  # type: ignore[return-value]  # the kind is in the key
