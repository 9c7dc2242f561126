"""Part of the sharing stage: does a context run a method at all, on the objects that it knows?

A base class calls `self.step()`, of which it has one of its own; an object of a class that has another never runs that.
"""

from __future__ import annotations

import msgspec

from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.replaced import is_never_run
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Places
from racelint.program.sharing.name import Name
from racelint.program.sharing.naming import Naming
from racelint.program.sources.source import Code


class Overriding(msgspec.Struct):
    """Tells which methods the objects of a name have another one in place of."""

    places: Places
    calls: Calls
    naming: Naming
    _known: dict[tuple[Name, int], bool] = msgspec.field(default_factory=dict)
    _run: dict[tuple[int, int], bool] = msgspec.field(default_factory=dict)

    def runs(self, context: Context, code: Code) -> bool:
        """Whether any object on which a context is seen to call a method runs it."""
        if not code.is_method or code.cls is None or not code.own_name:
            return True
        key = (context.index, code.key)
        if key not in self._run:
            names = self.naming.names(context, code, code.own_name)
            self._run[key] = not names or not all(self.has_another(name, code) for name in names)
        return self._run[key]

    def has_another(self, name: Name, code: Code) -> bool:
        """Whether all that a name is known to mean has another method in place of this one, or of all that call it."""
        if name.path and name.path[:1] != ".":
            return False
        key = (name, code.key)
        if key not in self._known:
            at_root = self.naming.shortening.classes(name.root)
            classes = self.places.ties.held(at_root, name.path.split(".")[1:])
            self._known[key] = bool(classes) and all(is_never_run(self.calls, code, cls) for cls in classes)
        return self._known[key]
