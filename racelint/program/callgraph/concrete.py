"""Part of the calls stage: does a test of its class keep an object from an operation?

`make()` runs `Engine.__init__` on an `OwnEngine`, and that does nothing `if isinstance(self, OwnEngine)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from racelint import facts
from racelint.knowledge.definitions import PLAIN_BASES
from racelint.program.callgraph.edges import Edge, on_own_object, passed
from racelint.program.sources.branching import conditions
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.texts import literal_text
from racelint.program.values.types import Types
from racelint.program.values.values import ClassRef, Instance, Value

Exact = Mapping[int, ClassRef | Instance]
"""For parameters: of which class the object surely is, and of none of its subclasses; or which class it is itself."""

NOTHING_KNOWN: Exact = {}


def turns_back(types: Types, chain: Iterable[Edge], code: Code, id: int) -> bool:
    """Whether a chain of calls never gets to an operation of its last function, for the class of what it is given."""
    known = NOTHING_KNOWN
    for edge in chain:
        if refuses(types, edge.caller, edge.site, known):
            return True
        known = handed(types, edge, known)
    return refuses(types, code, id, known)


def handed(types: Types, edge: Edge, known: Exact = NOTHING_KNOWN) -> Exact:
    """What a callee is given of which the class is known, where its caller knows so much."""
    found: dict[int, ClassRef | Instance] = {}
    first = 0 if edge.receiver is None else 1
    if isinstance(edge.receiver, Instance | ClassRef) and _is_made_by(edge):
        found[0] = edge.receiver
    elif first and 0 in known and on_own_object(edge):
        found[0] = known[0]
    for index in range(first, len(edge.callee.function.parameters)):
        given = passed(edge, index)
        exact = None if given is None else _exact(types, edge.caller, given, known)
        if exact is not None:
            found[index] = exact
    return found


def refuses(types: Types, code: Code, id: int, known: Exact) -> bool:
    """Whether a test on the way to an operation surely comes out otherwise for what is known of the parameters."""
    return bool(known) and any(_answer(types, code, test, known) is (not truth) for test, truth in conditions(code, id))


def _is_made_by(edge: Edge) -> bool:
    """Whether the call makes the object on which it runs a constructor."""
    if isinstance(edge.receiver, ClassRef):
        return edge.callee.name == "__new__"
    made = edge.receiver.site if isinstance(edge.receiver, Instance) else None
    return made == (edge.caller.key, edge.site) and edge.callee.name == "__init__"


def _exact(types: Types, code: Code, id: int, known: Exact) -> ClassRef | Instance | None:
    """What is known of a value: it is a parameter of which it is known, or made on the spot."""
    if code.given(id) in known:
        return known[code.given(id)]
    values: tuple[Value, ...] = tuple(types.of(code, id)) if type(code.operation(id)) is facts.Call else ()
    one = values[0] if len(values) == 1 else None
    return one if isinstance(one, Instance) and one.site == (code.key, id) else None


def _answer(types: Types, code: Code, test: int, known: Exact) -> bool | None:
    """What a test of the class of a parameter comes to; None where that is open, or it is about something else."""
    call = code.operation(test)
    if type(call) is not facts.Call or len(call.arguments) != 2 or any(each.name for each in call.arguments):
        return None
    asked, other = (each.value for each in call.arguments)
    value = known.get(code.given(asked))
    if value is None:
        return None
    if isinstance(value, Instance) and types.surely_calls(code, call, ("isinstance",)):
        return _is_of(types, code, value.cls, other)
    name = literal_text(code, other) if types.surely_calls(code, call, ("hasattr",)) else None
    return None if name is None else _has(types, code, test, value, name)


def _is_of(types: Types, code: Code, cls: ClassInfo, id: int) -> bool | None:
    """Whether a class is the one asked for, or extends it; of several, one of them."""
    named = code.operation(id)
    if type(named) is facts.Build and named.kind == "tuple":
        answers = [_is_of(types, code, cls, each) for each in named.items]
        return True if True in answers else None if None in answers else False
    classes = [each.cls if isinstance(each, ClassRef) else None for each in types.of(code, id)]
    if not classes or None in classes:
        return None
    among = {each in cls.mro for each in classes}
    return among.pop() if len(among) == 1 else None


def _has(types: Types, code: Code, test: int, value: ClassRef | Instance, name: str) -> bool | None:
    """Whether objects of a class, or the class itself, have an attribute: its body or that of a base binds it."""
    cls, attributes = value.cls, types.attributes
    if attributes.defining(cls, name) is not None:
        return True
    is_open = not PLAIN_BASES.issuperset(name for each in cls.mro for name in each.library_bases)
    is_open |= attributes.defining(cls, "__getattr__") is not None or bool(list(types.names.metaclasses(cls)))
    is_open |= any(each.name == name for base in cls.mro for each in base.facts.annotations)
    return None if is_open or _is_stored(types, code, test, name) else False


def _is_stored(types: Types, code: Code, test: int, name: str) -> bool:
    """Whether an attribute of a name is stored anywhere, but behind the test that asks for it."""
    stores = types.attribute_stores.get(name, ())
    return any(not (inner is code and (test, True) in conditions(code, id)) for inner, id in stores)
