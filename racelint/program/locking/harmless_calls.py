"""Part of the locksets stage: which calls surely come back, so that what follows them is not skipped?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from racelint import facts
from racelint.facts import Node
from racelint.knowledge.annotations import ANY_FUNCTION
from racelint.knowledge.containers import REMOVES, TAKES_ELEMENT
from racelint.knowledge.raising import CATCH_ALL
from racelint.knowledge.records import ERRORS, RECORDS
from racelint.knowledge.texts import JOINS
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.branching import conditions, named_by, turns
from racelint.program.sources.nodes import parts
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.texts import literal_text, makes_text
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, FunctionRef, Library, LibraryMethod, LibraryObject, Value

CONSTRUCTORS: Final = ("__new__", "__init__", "__post_init__")
"""The methods that make an object."""

DEPTH: Final = 5
"""So many calls deep it is asked what a function of the program does."""


def comes_back(types: Types, code: Code, call: facts.Call, depth: int = DEPTH) -> bool:
    """Whether a call raises nothing, whatever it is known to run."""
    callees = types.of(code, call.callee)
    if not callees:
        return _is_about_text(types, code, call)
    # beside the function that is really given, as by default, an annotation says nothing of what is run
    given = [each for each in callees if not _is_any_function(each)]
    return all(_comes_back(types, each, len(call.arguments), depth) for each in given or callees)


def finds_one(flow: Dataflow, call: facts.Call) -> bool:
    """Whether a call takes one from an end of what was found not to be empty: `while self.queue: self.queue.pop()`."""
    code = flow.code
    method = code.fetched(call)
    if type(method) is not facts.LoadAttr or method.name not in TAKES_ELEMENT & REMOVES:
        return False
    if any(code.literal(each.value) != "0" for each in call.arguments):
        return False
    asked = itertools.chain(conditions(code, call.id), turns(code, call.id))
    taken_from = flow.path(method.base)
    return any(truth and taken_from in map(flow.path, flow.sources(test)) for test, truth in asked)


def catching(code: Code, node: facts.Try) -> facts.Handler | None:
    """The handler of a `try` that catches whatever is raised there, and does not raise it again."""
    broad = next((each for each in node.handlers if not each.types or CATCH_ALL & named_by(code, each)), None)
    return None if broad is None or any(type(each) is facts.Raise for each in broad.body) else broad


def exposed(code: Code, nodes: Sequence[Node] | None = None, *, foreseen: bool = False) -> Iterator[Node]:
    """The nodes of a function, but those of which nothing comes out as whatever they raise is caught around them.

    With `foreseen` it is enough that what its author expects is caught.
    """
    for node in code.function.body if nodes is None else nodes:
        yield node
        is_caught = type(node) is facts.Try and (catching(code, node) is not None or (foreseen and _is_handled(node)))
        for index, part in enumerate(parts(node)):
            if index > 0 or not is_caught:
                yield from exposed(code, part, foreseen=foreseen)


def _is_handled(node: facts.Try) -> bool:
    """Whether a `try` goes on after what it catches, whichever that is."""
    return bool(node.handlers) and not any(
        type(each) is facts.Raise for handler in node.handlers for each in handler.body
    )


def _is_about_text(types: Types, code: Code, call: facts.Call) -> bool:
    """Whether a call is a method of a text that raises nothing: `", ".join(str(name) for name in names)`."""
    method = code.operation(call.callee)
    if type(method) is not facts.LoadAttr or not _is_text(types, code, method.base):
        return False
    if method.name not in JOINS:
        return types.names.knowledge.cannot_raise(f"str.{method.name}")
    joined = code.operation(call.arguments[0].value) if call.arguments else None
    return type(joined) is facts.Build and all(_is_text(types, code, each) for each in joined.items)


def _is_text(types: Types, code: Code, id: int) -> bool:
    return literal_text(code, id) is not None or makes_text(types, code, code.operation(id))


def _is_any_function(callee: Value) -> bool:
    return isinstance(callee, LibraryObject) and callee.qualname == ANY_FUNCTION


def _comes_back(types: Types, callee: Value, arguments: int, depth: int) -> bool:
    match callee:
        case Library(qualname=qualname) | LibraryMethod(qualname=qualname):
            return types.names.knowledge.cannot_raise(qualname, arguments)
        case FunctionRef(code=code):
            return depth > 0 and _has_no_raise(types, code, depth)
        case ClassRef(cls=cls):
            return depth > 0 and _is_simply_made(types, cls, depth)
        case _:
            return False


def _has_no_raise(types: Types, code: Code, depth: int) -> bool:
    """Whether a function raises nothing itself, and calls only what does not, or what it is prepared for."""
    if code.function.is_async or code.function.is_generator or code.function.kind == "class":
        return False
    return all(
        type(node) is not facts.Raise and (type(node) is not facts.Call or comes_back(types, code, node, depth - 1))
        for node in exposed(code, foreseen=True)
    )


def _is_simply_made(types: Types, cls: ClassInfo, depth: int) -> bool:
    """Whether all that makes an object of a class is known, and raises nothing: it stores what it is given, mostly."""
    for each in cls.mro:
        known = len(each.bases) + len(each.library_bases) == len(each.facts.bases)
        if not known or each.facts.keywords or not (RECORDS | ERRORS).issuperset(each.library_bases):
            return False
    makers = (types.attributes.defining(cls, name) for name in CONSTRUCTORS)
    methods = {ref.code.key: ref.code for each in makers if each is not None for ref in types.attributes.methods(each)}
    return all(_has_no_raise(types, code, depth) for code in methods.values() if code.name in CONSTRUCTORS)
