"""Part of the threads stage: which objects of the program does a server call for every request, in threads of its own?

PEP 3333 leaves it to the server to call one application in several threads at once. What only answers, such as a
response, has the same signature; so it must be middleware: it hands its request on to an application that it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.program.attributes import Attributes
from racelint.program.source import ClassInfo, Code

REQUEST: Final = ("environ", "start_response")
"""The parameters of a WSGI application, by the names that everybody gives them."""


def middleware(attributes: Attributes, cls: ClassInfo) -> Code | None:
    """The method of a class that a server calls for each request."""
    methods = [each.code for each in attributes.methods(cls)]
    entry = next((each for each in methods if each.name == "__call__" and _takes_request(each)), None)
    if entry is None or entry.function.is_async:
        return None
    names = {each.name for each in methods}
    return entry if any(name not in names for each in methods for name in _handed_on(each)) else None


def _takes_request(code: Code) -> bool:
    return tuple(each.name for each in code.function.parameters[1:3]) == REQUEST


def _handed_on(code: Code) -> Iterator[str]:
    """The attributes of the object that a method calls with the request which it was given."""
    if not _takes_request(code):
        return
    for each in code.operations:
        if type(each) is facts.Call and len(each.arguments) > 1 and each.arguments[0].value == 1:
            fetched = code.operations[each.callee] if 0 <= each.callee < len(code.operations) else None
            if type(fetched) is facts.LoadAttr and fetched.base == 0:
                yield fetched.name
