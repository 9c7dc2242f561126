"""Part of the races stage: which keys a change of a dictionary is about: literals, and names of arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from racelint import facts
from racelint.knowledge.containers import INSERTS, ITEM_ACCESSES
from racelint.program.callgraph.calls import Calls
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Places
from racelint.program.sources.source import Code
from racelint.program.values.texts import literal_text

Keys = frozenset[str] | None
"""The keys that there may be, as they are written down; None where not all of them are known."""

NO_KEYS: Keys = frozenset()

Seen = set[tuple[int, int]]
"""The values that were looked at for one question, (code key, id of the operation): their keys are counted already."""

LOOKS: Final = (facts.Phi, facts.Compute, facts.LoadItem, facts.DeleteItem)
"""What may be done with a dictionary and puts nothing in."""


class LiteralKeys:
    """Which keys dictionaries get, followed through locals, `**` parameters and what functions give back."""

    def __init__(self, places: Places, calls: Calls) -> None:
        self._places = places
        self._calls = calls

    def of_change(self, change: Access) -> Keys:
        """The keys that a change of a container is about."""
        if change.method in ITEM_ACCESSES:
            return self._written(change.code, [change.key])
        call = change.code.operation(change.id)
        if type(call) is not facts.Call or change.method != "update":
            return None
        return self._of_update(change.code, call, set())

    def _of_update(self, code: Code, call: facts.Call, seen: Seen) -> Keys:
        """The keys that `update` puts in."""
        return _together(
            frozenset({each.name}) if each.name not in ("", "*", "**") else self._of_value(code, each.value, seen)
            for each in call.arguments
        )

    def _of_value(self, code: Code, id: int, seen: Seen) -> Keys:
        """The keys of a dictionary: of its display and all that the function does with it."""
        if (code.key, id) in seen:
            return NO_KEYS
        seen.add((code.key, id))
        match code.operation(id):
            case facts.Build(kind="dict", comprehension=False, keys=keys, items=items):
                parts = [self._of_value(code, each, seen) for each in _spread(code, items)]
                return _together([self._written(code, keys), *parts, self._put_in(code, id, seen)])
            case facts.Phi(inputs=inputs):
                return _together(self._of_value(code, each, seen) for each in inputs)
            case facts.Const(kind="none"):
                return NO_KEYS
            case facts.Call():
                return _together([self._given_back(code, id, seen), self._put_in(code, id, seen)])
            case None if 0 <= id < len(code.function.parameters) and code.function.parameters[id].kind == "kwarg":
                return _together([self._given(code, seen), self._put_in(code, id, seen)])
            case _:
                return None

    def _written(self, code: Code, keys: Iterable[int]) -> Keys:
        texts = [literal_text(code, key) for key in keys if key != facts.NOTHING]
        return None if None in texts else frozenset(each for each in texts if each is not None)

    def _put_in(self, code: Code, id: int, seen: Seen) -> Keys:
        """The keys that a function puts into a dictionary that it has made, or has got as `id`."""
        flow = self._places.dataflow(code)
        found: list[Keys] = []
        for known_as in _renamed(flow, id):
            for use in flow.uses(known_as):
                match use:
                    case facts.StoreItem(base=base, key=key) if base == known_as:
                        found.append(self._written(code, [key]))
                    case facts.LoadAttr():
                        found += [self._by_method(code, use, call, seen) for call in flow.uses(use.id)]
                    case facts.Call():
                        found.append(NO_KEYS if self._copies(code, use, known_as) else None)
                    case facts.Compute(kind="|"):
                        # it may be `|=`
                        return None
                    case _ if type(use) not in LOOKS:
                        return None
        return _together(found)

    def _by_method(self, code: Code, method: facts.LoadAttr, call: facts.Operation, seen: Seen) -> Keys:
        if type(call) is not facts.Call or call.callee != method.id:
            return None
        if method.name == "update":
            return self._of_update(code, call, seen)
        if method.name == "setdefault" and call.arguments:
            return self._written(code, [call.arguments[0].value])
        return None if method.name in INSERTS else NO_KEYS

    def _copies(self, code: Code, call: facts.Call, value: int) -> bool:
        """Whether a call only reads what is in a dictionary that it gets: `f(**given)`, `other.update(given)`."""
        method = code.operation(call.callee)
        if type(method) is facts.LoadAttr and method.name == "update":
            return not any(edge.site == call.id for edge in self._calls.calls(code))
        return all(each.name == "**" for each in call.arguments if each.value == value)

    def _given_back(self, code: Code, site: int, seen: Seen) -> Keys:
        """The keys of what the functions return that are called there."""
        called = [edge.callee for edge in self._calls.calls(code) if edge.site == site]
        if len(called) != 1 or not called[0].returns:
            return None
        return _together(self._of_value(called[0], each, seen) for each in called[0].returns)

    def _given(self, code: Code, seen: Seen) -> Keys:
        """The names of what callers give beyond the named parameters; None where not all callers are known."""
        edges = self._calls.callers(code)
        if not edges or code.key in self._calls.escaping:
            return None
        given: list[Keys] = []
        named = {each.name for each in code.function.parameters}
        for edge in edges:
            call = edge.caller.operations[edge.site]
            for each in call.arguments if type(call) is facts.Call else ():
                if each.name == "**":
                    given.append(self._of_value(edge.caller, each.value, seen))
                elif each.name not in ("", "*") and each.name not in named:
                    given.append(frozenset({each.name}))
        return _together(given)


def _renamed(flow: Dataflow, id: int) -> list[int]:
    """The ids under which a value goes in its function, where paths meet as well; itself first."""
    found = [id]
    for each in found:
        found += [use.id for use in flow.uses(each) if type(use) is facts.Phi and use.id not in found]
    return found


def _spread(code: Code, items: Iterable[int]) -> list[int]:
    """The dictionaries that a display takes over: `{**defaults}`."""
    found = map(code.operation, items)
    return [each.operands[0] for each in found if type(each) is facts.Compute and each.kind == "**"]


def _together(parts: Iterable[Keys]) -> Keys:
    found: set[str] = set()
    for each in parts:
        if each is None:
            return None
        found |= each
    return frozenset(found)
