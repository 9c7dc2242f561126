"""Part of the sequences stage: where a program expects that what it looks for is not there."""

from __future__ import annotations

from collections.abc import Container, Sequence

from racelint import facts
from racelint.knowledge.containers import MISSES
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access
from racelint.program.sources.nodes import ids_in
from racelint.program.sources.source import Code


def handled_misses(code: Code, flow: Dataflow) -> set[int]:
    """The ids inside a `try` that expects what it looks for to be gone."""
    return handled(code, flow, MISSES)


def handled(code: Code, flow: Dataflow, names: Container[str], *, named: bool = False) -> set[int]:
    """The ids inside a `try` that expects an exception of one of these names; `named`: not by a bare `except`."""
    found: set[int] = set()
    for node in code.controls:
        if type(node) is facts.Try and any(
            expects(handler, flow, names) for handler in node.handlers if handler.types or not named
        ):
            found |= ids_in(node.body)
    return found


def takes_what_it_names(code: Code, access: Access, *methods: str) -> bool:
    """Whether an access takes out the one item that it names, by `del` or one of some methods, and gives no default."""
    call = code.operation(access.id)
    by_method = access.method in methods and type(call) is facts.Call and len(call.arguments) == 1
    return access.key >= 0 and (access.method == "del" or by_method)


def handles_misses(node: facts.Try, flow: Dataflow) -> list[facts.Handler]:
    """The handlers of a `try` that name what is raised where something is missing."""
    return [handler for handler in node.handlers if handler.types and expects(handler, flow, MISSES)]


def expects(handler: facts.Handler, flow: Dataflow, names: Container[str]) -> bool:
    """Whether a handler takes an exception of one of these names, or all that there are."""
    if not handler.types:
        return True
    pending = list(handler.types)
    while pending:
        match flow.operation(pending.pop()):
            case facts.LoadName(name=name) | facts.LoadAttr(name=name) if name in names:
                return True
            case facts.LoadName(name=name) if any(each in names for each in _other_names(flow.code, name)):
                return True
            case facts.Build(items=items):
                pending.extend(items)
            case _:
                pass
    return False


def _other_names(code: Code, name: str) -> Sequence[str]:
    """What a name of the module stands for: `from queue import Empty as NothingLeft`, `Gone = queue.Empty`."""
    while code.parent is not None:
        code = code.parent
    if code.aliases is None:
        code.aliases = {}
        for each in code.operations:
            value = code.operation(each.value) if type(each) is facts.StoreName else None
            if type(each) is facts.StoreName and isinstance(value, facts.Import | facts.LoadAttr | facts.LoadName):
                code.aliases.setdefault(each.name, []).append(value.name)
    return code.aliases.get(name, ())
