"""Every noun of one file: what the source says, without a syntax tree and without knowing any library.

A file becomes one `ModuleFacts`: its functions and classes. A function body is a small structured program in
static single assignment form: *operations* in evaluation order, each with an `id` that is unique in its function,
inside *control* nodes (branch, loop, try, with) that keep the structure. An operation names its inputs by the ids of
the operations that produced them, so "which earlier read did this value come from, through locals" is answered by
following ids. Reads of plain local variables are no operations at all: the id of the reaching definition stands in
their place. Names that other functions can see (module globals, closure variables, class attributes) are never
folded away like this: each read is a `LoadName`, each write a `StoreName`.

Ids: parameter `i` of a function has id `i`; operations count on from there in the order of their evaluation.
`NOTHING` (-1) stands for "no value": an absent operand, an unbound local.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

NOTHING: Final = -1


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where something is written: lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class TypeRef(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An annotation as written: `Optional[pkg.Foo]` is `TypeRef(("Optional",), (TypeRef(("pkg", "Foo"), ()),))`.

    `A | B` is `TypeRef(("|",), (A, B))`; strings are read as the annotation that they hold; anything that is no
    dotted name (a literal, a list of argument types) is `TypeRef((), ())`. `notes` are the strings in the metadata of
    an `Annotated`.
    """

    path: tuple[str, ...]
    arguments: tuple[TypeRef, ...]
    notes: tuple[str, ...] = ()


# --- operations ----------------------------------------------------------------------------------------------------

NameScope = Literal["global", "free", "cell", "class"]
"""Where a name that is visible to other functions lives.

global  the module (also every name that the file never binds: builtins and star imports)
free    a variable of an enclosing function; `owner` is that function's index
cell    a variable of this function that a nested function reads or rebinds; `owner` is this function's index
class   an attribute of the class whose body this is; `owner` is the class body's function index
"""


class Const(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=1):
    """A literal: kind is none, bool, int, float, str, bytes or ellipsis; `text` its value as Python writes it."""

    id: int
    kind: str
    text: str


class LoadName(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=2):
    """A read of a name that other functions can see."""

    id: int
    span: Span
    name: str
    scope: NameScope
    owner: int


class StoreName(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=3):
    """A write of a name that other functions can see; `augmented` for `x += ...` (value is then a `Compute`).

    The span of a store is the whole statement where that has this one target, else the target alone.
    """

    id: int
    span: Span
    name: str
    scope: NameScope
    owner: int
    value: int
    augmented: bool
    annotation: TypeRef | None


class DeleteName(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=4):
    """`del x` of a name that other functions can see."""

    id: int
    span: Span
    name: str
    scope: NameScope
    owner: int


class LoadAttr(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=5):
    """`base.name` read; the span covers the whole expression."""

    id: int
    span: Span
    base: int
    name: str


class StoreAttr(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=6):
    """`base.name = value`, or `base.name += ...` when augmented (then value is a `Compute` over the `LoadAttr`)."""

    id: int
    span: Span
    base: int
    name: str
    value: int
    augmented: bool
    annotation: TypeRef | None


class DeleteAttr(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=7):
    """`del base.name`."""

    id: int
    span: Span
    base: int
    name: str


class LoadItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=8):
    """`base[key]` read; a slice is a key made by `Build` of kind slice."""

    id: int
    span: Span
    base: int
    key: int


class StoreItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=9):
    """`base[key] = value`, or `base[key] += ...` when augmented (then value is a `Compute` over the `LoadItem`)."""

    id: int
    span: Span
    base: int
    key: int
    value: int
    augmented: bool


class DeleteItem(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=10):
    """`del base[key]`."""

    id: int
    span: Span
    base: int
    key: int


class Argument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One argument of a call: `name` is "" (positional), "*", "**" or the keyword."""

    name: str
    value: int


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=11):
    """A call; the callee and the arguments were evaluated by earlier operations."""

    id: int
    span: Span
    callee: int
    arguments: tuple[Argument, ...]


class Build(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=12):
    """A container display or comprehension result: list, tuple, dict, set, slice or generator.

    `items` are the element ids (dict: the values; comprehension: the one element), `keys` the key ids of a dict.
    A starred or double-starred element stands in `items` as a `Compute` of kind `*` or `**`.
    """

    id: int
    kind: str
    items: tuple[int, ...]
    keys: tuple[int, ...]
    comprehension: bool


class Compute(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=13):
    """A value computed from others: kind is the operator as written (`+`, `in`, `is not`, `not`, `==`, `f""`, ...)."""

    id: int
    kind: str
    operands: tuple[int, ...]


class Choice(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=14):
    """The value of `a and b`, `a or b` (kind and, or) or `a if test else b` (kind if, operands a, b).

    It comes right after the `Branch` that evaluates the second operand only where it is needed.
    """

    id: int
    kind: str
    operands: tuple[int, ...]


class Phi(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=15):
    """A local variable where paths meet: one of `inputs`. A loop's own variables have theirs at the head of the loop.

    In a loop an input may have a higher id than the Phi itself; `NOTHING` among them means: may be unbound.
    """

    id: int
    name: str
    inputs: tuple[int, ...]


class MakeFunction(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=16):
    """A `def` or `lambda` evaluated: `function` is an index into `ModuleFacts.functions`.

    The value is what the name is bound to, decorators applied (`Function.decorators` tells them): applying one is no
    `Call` of its own.
    """

    id: int
    span: Span
    function: int


class MakeClass(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=17):
    """A `class` statement evaluated: `cls` is an index into `ModuleFacts.classes`. The class body runs here."""

    id: int
    span: Span
    cls: int


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=18):
    """What one import clause binds.

    `import a.b` -> module "a.b", name "" and the value is the top package `a`; `import a.b as x` -> the same with
    `leaf` true, the value is `a.b` itself; `from a import b` -> module "a", name "b"; `from a import *` -> name "*".
    `level` counts leading dots.
    """

    id: int
    span: Span
    module: str
    name: str
    level: int
    leaf: bool


class Await(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=19):
    """`await value`; also the implicit ones of `async with` (enter, exit) and of each step of `async for`."""

    id: int
    span: Span
    value: int


class Yield(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=20):
    """`yield value` or, when `delegates`, `yield from value`."""

    id: int
    span: Span
    value: int
    delegates: bool


class Element(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=21):
    """One element of iterating over `iterable`, drawn at the head of a for loop or comprehension."""

    id: int
    span: Span
    iterable: int


class Unpack(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=22):
    """Element `index` of unpacking `value`; a starred target takes its own index."""

    id: int
    value: int
    index: int


class Entered(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=23):
    """What `manager.__enter__()` returned: the value bound by `with manager as ...`."""

    id: int
    manager: int


class Caught(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=24):
    """The exception bound by `except ... as name`."""

    id: int
    types: tuple[int, ...]


class Cast(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=25):
    """A local with an annotation: `x: T = value`, which says of the value what it is; or what a bare `x: T` stands for,
    which has none (`NOTHING`)."""

    id: int
    value: int
    annotation: TypeRef


Operation = (
    Const
    | LoadName
    | StoreName
    | DeleteName
    | LoadAttr
    | StoreAttr
    | DeleteAttr
    | LoadItem
    | StoreItem
    | DeleteItem
    | Call
    | Build
    | Compute
    | Choice
    | Phi
    | MakeFunction
    | MakeClass
    | Import
    | Await
    | Yield
    | Element
    | Unpack
    | Entered
    | Caught
    | Cast
)

# --- control -------------------------------------------------------------------------------------------------------


class Branch(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=101):
    """`if`, `elif`, a match case, `assert`, and the lazy half of `and`, `or` and conditional expressions."""

    span: Span
    test: int
    body: tuple[Node, ...]
    orelse: tuple[Node, ...]


class Loop(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=102):
    """A loop. `head` runs before each turn: the test of a while, the `Element` and target binding of a for.

    kind is while, for or comprehension. `test` is the id of the while test, the iterable's id otherwise.
    """

    span: Span
    kind: str
    test: int
    head: tuple[Node, ...]
    body: tuple[Node, ...]
    orelse: tuple[Node, ...]


class Handler(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One `except` clause: the ids of the exception types (none: catches all) and its body.

    `body` begins with the operations that evaluate the types.
    """

    span: Span
    types: tuple[int, ...]
    body: tuple[Node, ...]


class Try(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=103):
    """`try`: body, handlers, else, finally."""

    span: Span
    body: tuple[Node, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Node, ...]
    final: tuple[Node, ...]


class With(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=104):
    """One item of a `with`; `with a, b` is two nested ones. The span is the manager expression's."""

    span: Span
    manager: int
    is_async: bool
    body: tuple[Node, ...]


class Return(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=105):
    """`return`; `value` is `NOTHING` for a bare one."""

    span: Span
    value: int


class Raise(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=106):
    """`raise`; `value` is `NOTHING` for a bare one."""

    span: Span
    value: int


class Break(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=107):
    """`break`."""

    span: Span


class Continue(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=108):
    """`continue`."""

    span: Span


Control = Branch | Loop | Try | With | Return | Raise | Break | Continue
Node = Operation | Control

# --- definitions ---------------------------------------------------------------------------------------------------


class Parameter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A parameter: kind is positional (positional-only too), vararg, keyword (keyword-only) or kwarg.

    `default` is an id in the *enclosing* function, where defaults are evaluated.
    """

    name: str
    kind: str
    annotation: TypeRef | None
    default: int


class Function(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One scope with code: the module body (index 0), a class body, a `def` or a `lambda`.

    kind is module, class, function or lambda. `parent` is the index of the enclosing scope's function (`NOTHING` for
    the module), `cls` the index of the class in whose body a method stands directly (`NOTHING` otherwise), and for a
    class body its own class. `decorators` are ids in the parent, as written from top to bottom. `qualname` is as in
    Python: `Class.method`, `outer.<locals>.inner`, `<lambda>`; "" for the module. `span` is that of the name
    (lambda: of the whole expression; module: of nothing, 1:1).
    """

    index: int
    parent: int
    cls: int
    name: str
    qualname: str
    kind: str
    is_async: bool
    is_generator: bool
    parameters: tuple[Parameter, ...]
    decorators: tuple[int, ...]
    returns: TypeRef | None
    span: Span
    body: tuple[Node, ...]


class Annotation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`name: type` or `name: type = value` in a class body; `span` is that of the name."""

    name: str
    type: TypeRef
    has_value: bool
    span: Span


class Class(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A class. `bases`, values of `keywords` and `decorators` are ids in the function `parent`; `body` is its index."""

    index: int
    parent: int
    name: str
    qualname: str
    bases: tuple[int, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[int, ...]
    annotations: tuple[Annotation, ...]
    body: int
    span: Span


REMARK: Final = re.compile(
    r"(?:\b(?:no|not|never|avoid\w*|without|unnecessary|unneeded)\b|n't\b)[^#]{0,100}\b(?:lock|mutex)(?:s|es|ed|ing)?\b"
    r"|\b(?:lock|mutex)(?:s|es|ed|ing)?\b[^#]{0,100}(?:\b(?:not|never|unnecessary|unneeded)\b|n't\b)"
    r"|\brac(?:e|es|y)\b|\batomic(?:ally)?\b|\bthread-?safe\b",
    re.IGNORECASE,
)
"""What a comment says to people of a lock that is left out on purpose: it is not needed, or the race is known."""


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A comment that speaks to a checker, or is a `REMARK`: `text` is what is written, from the `#` on.

    It is `alone` if there is no code on its line. `first_line` to `last_line` is the logical line that holds it (a
    simple statement, or the header of a compound one); for one alone between statements the logical line that follows,
    and 0 to 0 if none does.
    """

    span: Span
    text: str
    alone: bool
    first_line: int
    last_line: int


class ModuleFacts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that one file says. `functions[0]` is the module body. `lines` counts the lines of the source."""

    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    lines: int
    comments: tuple[Comment, ...] = ()


class Unreadable(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a file says nothing, and the line and column where reading it stopped; 0 where it never began."""

    reason: str
    line: int = 0
    column: int = 0
