"""Part of the places stage: out of which container does a function draw a value, and what does it put in?

A container is known by where it is made, so it does not matter by which names functions come to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT, GOES_OVER, SHARES_ELEMENTS, SNAPSHOTS, TAKES_ELEMENT
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.types import Types
from racelint.program.values.values import LibraryObject, Value


def containers_behind(types: Types, flow: Dataflow, id: int) -> Iterator[tuple[Value, bool]]:
    """The containers out of which a value is drawn; True: not by a walk over the very container."""
    code, aside = flow.code, True
    seen: set[int] = set()
    while id not in seen:
        seen.add(id)
        match flow.operation(id):
            case facts.Element(iterable=inner):
                aside, id = False, inner
            case facts.LoadItem(base=inner) | facts.Unpack(value=inner):
                id = inner
            case facts.Call(callee=callee, arguments=arguments):
                fetched = flow.operation(callee)
                if type(fetched) is facts.LoadAttr and fetched.name in SHARES_ELEMENTS | TAKES_ELEMENT:
                    aside, id = aside or fetched.name in SNAPSHOTS, fetched.base
                elif type(fetched) is facts.LoadName and fetched.name in GOES_OVER and len(arguments) == 1:
                    aside, id = aside or fetched.name in SNAPSHOTS, arguments[0].value
                else:
                    return
            case _:
                pass
        for value in types.of(code, id):
            yield value, aside


def put_in(code: Code) -> Iterator[tuple[int, int, int]]:
    """What a function puts into containers: the operation, the container and what is put in."""
    for operation in code.operations:
        if type(operation) is facts.StoreItem:
            yield operation.id, operation.base, operation.value
        elif type(operation) is facts.Call:
            fetched = code.operation(operation.callee)
            if type(fetched) is facts.LoadAttr and fetched.name in GIVES_ELEMENT:
                for each in operation.arguments:
                    yield operation.id, fetched.base, each.value


def is_made(value: Value) -> bool:
    """Whether it is known where an object of a library is made."""
    return isinstance(value, LibraryObject) and value.site is not None
