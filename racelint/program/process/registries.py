"""Which containers of the interpreter (`sys.modules`) does a thread walk over, while others fill them without knowing?

They are no state of the program, and nobody in it changes them: an `import` in any thread does.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.containers import VIEWS
from racelint.knowledge.process import FILLED_BY_ANYBODY
from racelint.program.contexts.contexts import OWN_THREADS, Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.iterations import Walk, Walks
from racelint.program.memory.places import Places
from racelint.program.sources.source import Code, InCode
from racelint.program.values.values import Library, LibraryObject


class RegistryWalk(InCode, frozen=True):
    """`context` walks over the container of this name, in more than one step; `by` is what fills it."""

    span: Span
    name: str
    by: str
    context: Context


def link_registries(threads: Threads, places: Places) -> list[RegistryWalk]:
    """Look at every function that a started thread runs; what is copied in one step is left out."""
    found: list[RegistryWalk] = []
    for code in places.types.names.sources.codes:
        context = next((each for each in threads.of(code) if each.runs_on in OWN_THREADS), None)
        if context is None:
            continue
        for load in (each for each in code.operations if isinstance(each, facts.LoadAttr | facts.LoadName)):
            name = _registry(places, code, load.id)
            walks = _walks(places, code, load.id) if name else ()
            spans = [each.span for each in walks if not each.one_step_with_gil]
            found.extend(RegistryWalk(code, span, name, FILLED_BY_ANYBODY[name], context) for span in spans)
    return found


def _registry(places: Places, code: Code, id: int) -> str:
    """The name of the container that is fetched, if it is one of the interpreter that others fill; else ""."""
    for value in places.types.of(code, id):
        if isinstance(value, Library | LibraryObject) and value.qualname in FILLED_BY_ANYBODY:
            return value.qualname
    return ""


def _walks(places: Places, code: Code, load: int) -> Iterator[Walk]:
    """What goes over the container that is fetched, or over a view of it."""
    flow = places.dataflow(code)
    walks = Walks(places.types, code, flow)
    for use in flow.uses(load):
        walk = walks.of(load, load, use)
        if walk is not None:
            yield walk
        if isinstance(use, facts.LoadAttr) and use.name in VIEWS:
            for call in flow.uses(use.id):
                if isinstance(call, facts.Call) and call.callee == use.id:
                    yield from walks.over_view(load, call, use.name)
