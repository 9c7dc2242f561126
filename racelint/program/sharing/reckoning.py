"""Part of the sharing stage: which modules reckon with several threads at all?

Who writes a module for several threads says so somewhere in it: it imports what has to do with them, takes a lock, or
starts something. Where a module says nothing of the kind, its objects may still be shared by those that it is made for.
But that a thread comes to one over several attributes of others, of which some are set anew, is little evidence that it
is the same: most such objects belong to one connection, one task, one session.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from racelint import facts
from racelint.knowledge.threads import CONCURRENT
from racelint.program.contexts.threads import Threads
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Access
from racelint.program.sharing.name import Name
from racelint.program.sharing.naming import Naming
from racelint.program.sources.source import Code

CALLS: Final = 2
"""Over so many calls it is looked for a lock around a function."""

NEAR: Final = 1
"""Over so many attributes an object is known at first hand: to who has it, or to who has its owner."""


class Reckoning(msgspec.Struct, dict=True):
    """Tells of names whether they are evidence enough that an object is shared."""

    threads: Threads
    locksets: LockSets
    naming: Naming
    _said: dict[int, bool] = msgspec.field(default_factory=dict)
    _locked: dict[tuple[int, int], bool] = msgspec.field(default_factory=dict)

    def is_hearsay(self, name: Name, first: Access, second: Access) -> bool:
        """Whether a name leads over attributes that change, and no module that has to do with it expects threads."""
        if name.path.count(".") <= NEAR or any(map(self._says_so, self._modules(first, second))):
            return False
        if any(self._is_locked_around(access.code, CALLS) for access in (first, second)):
            return False
        classes = self.naming.shortening.classes(name.root)
        return not self.locksets.places.ties.is_steady(classes, name.path.split(".")[1:])

    def _is_locked_around(self, code: Code, depth: int) -> bool:
        """Whether a caller holds a lock when it calls a function, or one that calls it: it expects others there."""
        known = self._locked.get((code.key, depth))
        if known is None:
            known = self._locked[code.key, depth] = depth > 0 and any(
                self.locksets.held(edge.caller, edge.site) or self._is_locked_around(edge.caller, depth - 1)
                for edge in self.threads.calls.callers(code)
            )
        return known

    def _modules(self, *accesses: Access) -> set[int]:
        classes = self.threads.calls.types.names.sources.classes
        found = {access.code.module for access in accesses}
        owners = (classes[access.place.owner] for access in accesses if access.place.kind == "attribute")
        return found | {each.module for owner in owners for each in owner.mro}

    def _says_so(self, module: int) -> bool:
        known = self._said.get(module)
        if known is None:
            known = self._said[module] = module in self._busy or self._imports(module)
        return known

    @cached_property
    def _busy(self) -> set[int]:
        """The modules that start something, are where it begins, or take a lock."""
        started = {context.code.module for context in self.threads.contexts if context.code is not None}
        begun = {code.module for context in self.threads.contexts for code, _ in context.entries}
        return started | begun | {each.code.module for each in self.locksets.acquisitions()}

    def _imports(self, module: int) -> bool:
        sources = self.threads.calls.types.names.sources
        first = sources.module_bodies[module]
        codes = sources.codes[first.key : first.key + len(sources.modules[module].facts.functions)]
        imported = (each for code in codes for each in code.operations if type(each) is facts.Import)
        return any(not each.level and each.module.partition(".")[0] in CONCURRENT for each in imported)
