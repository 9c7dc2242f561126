"""Part of the places stage: by which names does a function know what is in a container?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.containers import LOOKS_UP
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.sources.source import Code

STAYS: Final = LOOKS_UP | {"setdefault"}
"""The methods that give an item which stays where it is."""


def uses_of_items(code: Code, flow: Dataflow, load: facts.LoadName | facts.LoadAttr) -> Iterator[tuple[int, Operation]]:
    """What is done to an item of the loaded container, as long as it is in there: each with the value that it is."""
    found: dict[int, None] = {}
    pending = list(_drawn(flow, load.id))
    while pending:
        id = pending.pop(0)
        if id not in found:
            found[id] = None
            pending.extend(use.id for use in flow.uses(id) if isinstance(use, facts.Phi | facts.Choice))
    if not found:
        return
    # who has an item that is taken out, or replaced, has it for himself from there on
    changes = flow.item_changes(flow.path(load.id))
    removals = [each.id for each in changes if isinstance(each, facts.DeleteItem) or each.value not in found]
    for id in found:
        end = min((each for each in removals if each > id), default=len(code.operations))
        yield from ((id, use) for use in flow.uses(id) if use.id < end)


def _drawn(flow: Dataflow, id: int) -> Iterator[int]:
    for use in flow.uses(id):
        match use:
            case facts.LoadItem(base=base) if base == id:
                yield use.id
            case facts.LoadAttr(base=base, name=name) if base == id and name in STAYS:
                yield from (
                    each.id for each in flow.uses(use.id) if isinstance(each, facts.Call) and each.callee == use.id
                )
            case facts.LoadAttr(base=base, name="values" | "items" as name) if base == id:
                views = [each.id for each in flow.uses(use.id) if isinstance(each, facts.Call)]
                drawn = [each.id for view in views for each in flow.uses(view) if isinstance(each, facts.Element)]
                pairs = (each for item in drawn for each in flow.uses(item) if isinstance(each, facts.Unpack))
                yield from drawn if name == "values" else (each.id for each in pairs if each.index == 1)
            case _:
                pass
