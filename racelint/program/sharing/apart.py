"""Part of the sharing stage: does a way to an object lead over what has its attributes for each thread by itself?

What is in an attribute of a `threading.local` is another object for each thread that comes there.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from racelint.program.memory.places import Places
from racelint.program.sharing.confined import is_class_of_thread, is_of_thread
from racelint.program.sharing.name import Name, Root, made_at
from racelint.program.sharing.shortening import Shortening
from racelint.program.sources.source import ClassInfo
from racelint.program.values.values import Value


class Apart(msgspec.Struct):
    """Tells which names mean another object in each thread."""

    places: Places
    shortening: Shortening
    _known: dict[Name, bool] = msgspec.field(default_factory=dict)

    def is_for_each(self, name: Name) -> bool:
        """Whether a name leads over an attribute of something of which each thread, or request, has its own."""
        if name.path[:1] != ".":
            return False
        if name not in self._known:
            self._known[name] = self._leads_over_own(name)
        return self._known[name]

    def _leads_over_own(self, name: Name) -> bool:
        """Whether the object at the root has its attributes so, or what any of the attributes but the last holds."""
        types, ties = self.places.types, self.places.ties
        values, classes = self._at_root(name.root), self.shortening.classes(name.root)
        for step in name.path.split(".")[1:]:
            is_own = self._is_own(values) or any(is_class_of_thread(types, cls) for cls in classes)
            if is_own and not any(self._is_given(cls, step) for cls in classes):
                return True
            attribute = step.partition("[")[0]
            values = [value for cls in classes for value in types.of_attribute(cls, attribute)]
            classes = ties.held(classes, [step])
        return False

    def _is_given(self, cls: ClassInfo, name: str) -> bool:
        """Whether an attribute holds what the object was given at its making: that is the same in all threads."""
        ties = self.places.ties
        return any(ties.argument(site, cls, name) is not None for site in ties.made(cls))

    def _is_own(self, values: Iterable[Value]) -> bool:
        return any(is_of_thread(self.places.types, value) for value in values)

    def _at_root(self, root: Root) -> Iterable[Value]:
        """What may be at the root of a name, of the program or of a library."""
        types, (kind, key, text) = self.places.types, root
        codes, classes = types.names.sources.codes, types.names.sources.classes
        if (made := made_at(root)) is not None:
            return types.of(codes[made.code], made.id)
        if kind == "global":
            return types.of_global(key, text)
        return types.of_class_level(classes[key], text) if kind == "class" else ()
