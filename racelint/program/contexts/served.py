"""Part of the threads stage: which objects of the program does a server call for every request, in threads of its own?

They are no instances of a class that the server knows, so that it is told by what such objects have in common.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.servers import DJANGO, FACTORY, GREENLETS, GRPC, WSGI
from racelint.program.sources.source import ClassInfo, Code, Sources
from racelint.program.values.attributes import Attributes


def request_methods(attributes: Attributes, cls: ClassInfo) -> list[Code]:
    """The methods of a class that a server calls on one object for all requests, if that is what it is there for."""
    methods = [each.code for each in attributes.methods(cls)]
    found = [each for each in methods if each.name == "__call__" and _is_middleware(each, methods)]
    if any(base.rpartition(".")[2].endswith("Servicer") for base in _bases(cls)):
        found += [each for each in methods if _parameters(each) in GRPC]
    return [each for each in found if not each.function.is_async]


def _is_middleware(entry: Code, methods: list[Code]) -> bool:
    """Whether it hands its request on to an application that it keeps.

    PEP 3333 and Django let one such object serve several threads at once. What only answers, such as a response, has
    the same signature.
    """
    if _parameters(entry) == DJANGO:
        made = (parameter.name for each in methods if each.name == "__init__" for parameter in each.function.parameters)
        return FACTORY in made and FACTORY in {name.lstrip("_") for name in _handed_on(entry)}
    names = {each.name for each in methods}
    takers = [each for each in methods if _parameters(each)[:2] == WSGI]
    return entry in takers and any(name not in names for each in takers for name in _handed_on(each))


def _parameters(code: Code) -> tuple[str, ...]:
    return tuple(each.name for each in code.function.parameters[1:])


def _handed_on(code: Code) -> Iterator[str]:
    """The attributes of the object that a method calls with the first argument which it was given."""
    for each in code.operations:
        if type(each) is facts.Call and each.arguments and each.arguments[0].value == 1:
            name = code.own_attribute(code.fetched(each))
            if name:
                yield name


def _bases(cls: ClassInfo) -> Iterator[str]:
    yield from cls.library_bases
    yield from (each.facts.name for each in cls.mro if each is not cls)


def serves_greenlets(sources: Sources, code: Code) -> bool:
    """Whether requests are served by greenlets there: the module imports what makes them."""
    body = sources.module_bodies[code.module].function.body
    imported = (node.module.partition(".")[0] for node in body if type(node) is facts.Import and node.level == 0)
    return any(name in GREENLETS for name in imported)
