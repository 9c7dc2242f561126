"""Part of the sharing stage: who has started a context with an object, does he go on with that object himself?

What a call makes is known to it alone until it gives it away. Where it runs a function either itself or in a thread of
its own, or does its part before the start, the two never have the object at the same time.
"""

from __future__ import annotations

from typing import Final

import msgspec

from racelint import facts
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access, Places
from racelint.program.sequences.exclusive import Exclusive
from racelint.program.sharing.giving import Giving, Knows, Ways
from racelint.program.sharing.name import Root, made_at
from racelint.program.sharing.naming import Naming
from racelint.program.sources.branching import is_last_word
from racelint.program.sources.loops import turns_with
from racelint.program.sources.nodes import ids_in, is_within
from racelint.program.sources.source import Code

ENOUGH: Final = 200
"""Where so many functions may be on the way, it is not known what happens later."""


class Afterwards(msgspec.Struct):
    """The questions are `is_given_away`, of an object by its name, and `goes_on`."""

    places: Places
    naming: Naming
    _exclusive: dict[int, Exclusive] = msgspec.field(default_factory=dict)

    @property
    def giving(self) -> Giving:
        """How often a run of a function starts a context."""
        return self.naming.giving

    def is_given_away(self, root: Root, context: Context, access: Access, started: Context) -> bool:
        """Whether a context has made an object only to start another with it, and comes to the access before, if so."""
        made = made_at(root)
        if made is None or made.context != context.index or started.is_main:
            return False
        maker = self.places.types.names.sources.codes[made.code]

        def knows(code: Code) -> bool:
            return self.naming.knows(context.index, code, root)

        return not self.goes_on(started, maker, made.id, access, knows)

    def goes_on(self, context: Context, maker: Code, made: int, access: Access, knows: Knows) -> bool:
        """Whether a run of `maker` may come to an access after it has started a context with what its operation made.

        It counts what functions do that know of it; no operation (`facts.NOTHING`) is the run itself.
        """
        if context.code is None or self.giving.again(context, maker, made, knows):
            return True
        ways = self.giving.ways(context, maker, knows)
        return maker.key not in ways or any(
            self._comes_to(code, start, made if code is maker else facts.NOTHING, access, knows)
            for code in self._between(maker, ways)
            for start in ways[code.key]
        )

    def _between(self, maker: Code, ways: Ways) -> list[Code]:
        """The functions on the way from a run of `maker` down to the start."""
        sources = self.places.types.names.sources
        found, pending = {maker.key: maker}, [maker]
        while pending:
            code = pending.pop()
            below = [edge.callee for edge in self.giving.threads.calls.calls(code) if edge.site in ways[code.key]]
            for each in (*below, *sources.children(code)):
                if each.key in ways and each.key not in found:
                    found[each.key] = each
                    pending.append(each)
        return [*found.values()]

    def _comes_to(self, code: Code, start: int, made: int, access: Access, knows: Knows) -> bool:
        """Whether a function comes to an access when it has gone one of the ways to the start, or calls who does.

        If it has made the object itself, by the operation `made`, it is about that object.
        """
        later = [edge for edge in self._calls(code) if self._is_later(code, start, edge.site, made)]
        if access.code is code and self._is_later(code, start, access.id, made):
            return True
        pending = [edge.callee for edge in later]
        seen = {each.key for each in pending}
        while pending:
            each = pending.pop()
            if each is access.code or len(seen) > ENOUGH:
                return True
            for edge in self._calls(each) if knows(each) else ():
                if edge.callee.key not in seen:
                    seen.add(edge.callee.key)
                    pending.append(edge.callee)
        return False

    def _calls(self, code: Code) -> list[Edge]:
        """The calls of a function, with those that others make for it of what it has given them to run."""
        calls = self.giving.threads.calls
        return [*calls.calls(code), *calls.lent_calls(code)]

    def _has_failed(self, code: Code, start: int, id: int) -> bool:
        """Whether an operation is in a handler that only runs where the start has failed, as the last of what is tried.

        A thread may be made first, and then be started.
        """
        tries = (node for node in code.controls if type(node) is facts.Try and is_within(node.body, start))
        for node in tries:
            if any(is_within(handler.body, id) for handler in node.handlers):
                later = [each for each in sorted(ids_in(node.body)) if each > start]
                calls = [call for each in later if type(call := code.operation(each)) is facts.Call]
                return all(self.giving.starts_what_is_made(code, call, start) for call in calls)
        return False

    def _is_later(self, code: Code, start: int, id: int, made: int) -> bool:
        """Whether an operation may come after a start; a turn of a loop that makes the object anew is about another."""
        if code.key not in self._exclusive:
            self._exclusive[code.key] = Exclusive(self.places.dataflow(code))
        if id == start or self._exclusive[code.key].exclude(start, id):
            return False
        if is_last_word(code, start, id) or self._has_failed(code, start, id):
            return False
        return id > start or any(low <= id <= high for low, high in turns_with(code, made, start))
