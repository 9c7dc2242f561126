"""Part of the sharing stage: does each of a context have an object of its own, since that has started it?"""

from __future__ import annotations

from collections import Counter

import msgspec

from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.memory.places import Places
from racelint.program.sharing.name import Name
from racelint.program.sharing.shortening import Shortening
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import ClassInfo
from racelint.program.values.values import Instance


class OneEach(msgspec.Struct):
    """Tells whether a name leads over an object of which each has one of a context."""

    threads: Threads
    places: Places
    shortening: Shortening

    def is_for_one(self, name: Name, context: Context) -> bool:
        """Whether a way leads over the object that has started a context, of which each object has one."""
        homes = self._starting(context)
        if not homes:
            return False
        steps = name.path.split(".")[1:]
        classes = self.shortening.classes(name.root)
        ways = (self.places.ties.held(classes, steps[:length]) for length in range(len(steps) + 1))
        led_over = [cls for held in ways for cls in held]
        return any(cls.is_related(home) for cls in led_over for home in homes)

    def _starting(self, context: Context) -> list[ClassInfo]:
        """The classes of which each object has started one of a context: by a method, or with its making.

        Of a class of threads that several others use these are the ones whose constructor makes one, and nobody else.
        """
        if context.for_each and context.code is not None and context.code.home is not None:
            return [context.code.home]
        receivers = (receiver for _, receiver in context.entries) if context.own_instance else ()
        sites = {each.site for each in receivers if isinstance(each, Instance) and each.site is not None}
        makers = [(self.places.types.names.sources.codes[key], id) for key, id in sites]
        homes = Counter(code.home for code, _ in makers)
        return [
            code.home
            for code, id in makers
            if code.home is not None and homes[code.home] == 1
            if code.key in self.threads.calls.constructing and loop_around(code, id) is None
        ]
