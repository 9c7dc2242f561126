"""Part of the calls stage: calls that are never made: the object is there on one system, the caller on another."""

from __future__ import annotations

import msgspec

from racelint import facts
from racelint.knowledge.systems import NAMES, SYSTEMS
from racelint.program.sources.nodes import is_within
from racelint.program.sources.source import Code, Sources
from racelint.program.values.texts import literal_text
from racelint.program.values.values import Instance, Site, Value


class Platforms(msgspec.Struct):
    """Tells on which systems objects are made and functions run."""

    sources: Sources
    _made: dict[Site, str] = msgspec.field(default_factory=dict)
    """For places where objects are made: the system on which that is done; "" if it is not said."""

    def are_apart(self, caller: Code, site: int, receiver: Value | None) -> bool:
        """Whether the object of a call is made on one system only, and its caller has imported what another one has."""
        if not isinstance(receiver, Instance) or receiver.site is None:
            return False
        made = self._made.get(receiver.site)
        if made is None:
            made = self._made[receiver.site] = _asked(self.sources.codes[receiver.site[0]], receiver.site[1])
        return made != "" and any(SYSTEMS[each.module] != made for each in self._imported(caller, site))

    def _imported(self, caller: Code, site: int) -> list[facts.Import]:
        """What a function has surely imported at an operation of its own, itself or its module, of one system only."""
        module = self.sources.module_bodies[caller.module]
        own = [each for each in caller.function.body if type(each) is facts.Import and each.id < site]
        around = [each for each in module.function.body if type(each) is facts.Import]
        return [each for each in (*own, *around) if not each.level and each.module in SYSTEMS]


def _asked(code: Code, id: int) -> str:
    """The system for which a branch around an operation asks; "" if none does."""
    for node in code.controls:
        system = _compared(code, node.test) if type(node) is facts.Branch else ""
        if system and type(node) is facts.Branch and is_within(node.body, id):
            return system
    return ""


def _compared(code: Code, test: int) -> str:
    """The system that a test asks for: `sys.platform == "win32"`."""
    compared = code.operation(test)
    if type(compared) is not facts.Compute or compared.kind != "==":
        return ""
    value, name = compared.operands
    asked, given = code.operation(value), literal_text(code, name)
    return NAMES.get((asked.name, given), "") if type(asked) is facts.LoadAttr and given is not None else ""
