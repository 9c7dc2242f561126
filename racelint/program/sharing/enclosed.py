"""Part of the sharing stage: a variable of a function, which inner ones have too: is it the same for two contexts?

It is one for all that run inside the same call. `runner = self.make_runner(work)` and `runner.start()` run `work` in a
thread, or in a pool, as the class of the runner is, but not both in one call.
"""

from __future__ import annotations

import msgspec

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.memory.places import Access
from racelint.program.sharing.afterwards import Afterwards
from racelint.program.sharing.giving import Giving, always
from racelint.program.sharing.preparing import Preparing
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code, makings

Way = tuple[int, int]
"""An operation of a function by which a context is started, and what it calls for that: a function, or a library."""


class Enclosed(msgspec.Struct):
    """Tells of variables that inner functions have in common with the one around them."""

    giving: Giving
    preparing: Preparing
    afterwards: Afterwards

    def in_common(self, first: Access, one: Context, second: Access, other: Context) -> bool:
        """A closure variable is one for all that run inside the call of its function, not for several such calls."""
        owner = self.giving.places.types.names.sources.codes[first.place.owner]
        for context in {one.index: one, other.index: other}.values():
            if not context.is_main and any(each is context for each in self.giving.threads.of(owner)):
                return False
        if self._is_lent_to_others(one, first, owner) or self._is_lent_to_others(other, second, owner):
            return False
        if one is other:
            given = _inner(first.code, owner) if first.code is second.code else None
            if self.giving.again(one, owner, facts.NOTHING, given=given):
                return True
            is_own = not self._is_left_behind(first, owner) and self._is_started_by(one, owner)
            return not is_own and self.giving.is_made_before(one, owner)
        if self._is_either(one, other, owner):
            return False
        pairs = ((one, first, other), (other, second, one))
        calls = self.giving.threads.calls
        return all(
            started.is_main
            or access.code.key in calls.escaping | calls.handed_out
            or context not in self.giving.threads.of(owner)
            or self.afterwards.goes_on(started, owner, facts.NOTHING, access, always)
            for context, access, started in pairs
        )

    def _is_lent_to_others(self, context: Context, access: Access, owner: Code) -> bool:
        """Whether an inner function is only given to calls, and no call of its owner starts the context that runs it.

        What runs whatever it is given is run by others as well, with functions of their own.
        """
        if self._is_left_behind(access, owner):
            return False
        return not context.is_main and not self._is_started_by(context, owner)

    def _is_left_behind(self, access: Access, owner: Code) -> bool:
        """Whether an inner function is for others when the call of its owner is over."""
        code: Code | None = access.code
        while code is not None and code is not owner:
            if code.key in self.giving.threads.calls.handed_out:
                return True
            code = code.parent
        return False

    def _is_started_by(self, context: Context, owner: Code) -> bool:
        """Whether a call of a function starts a context, itself or by what it calls."""
        return owner.key in self.giving.ways(context, owner, always)

    def _is_either(self, one: Context, other: Context, owner: Code) -> bool:
        """Whether a function starts two contexts by one and the same call only, which never runs what starts both."""
        mine, theirs = self._ways(one, owner), self._ways(other, owner)
        sites = {site for site, _ in mine | theirs}
        if not (mine and theirs) or len(sites) > 1 or mine & theirs:
            return False
        return loop_around(owner, sites.pop()) is None

    def _ways(self, context: Context, owner: Code) -> set[Way]:
        """How a function starts a context, itself or by a call."""
        found = {(id, facts.NOTHING) for starter, id in context.starts if starter is owner}
        edges = self.giving.threads.calls.calls(owner)
        return found | {
            (edge.site, edge.callee.key) for edge in edges if self.preparing.leads_to_start(edge.callee, context)
        }


def _inner(code: Code, owner: Code) -> int | None:
    """The operation of a function that makes an inner one, or the one that this is in; None where it is not there."""
    while code.parent is not None and code.parent is not owner:
        code = code.parent
    return next(iter(makings(owner, code)), None)
