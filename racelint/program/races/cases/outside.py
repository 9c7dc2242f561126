"""Part of the races stage: which accesses of a Place may callers outside the program make, in whatever thread?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.locking.locksets import LockSets
from racelint.program.locking.waived import waives_lock
from racelint.program.memory.places import Access
from racelint.program.sharing.name import Made, made_at
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code
from racelint.program.values.values import Instance


class Outside:
    """Answers what callers outside do to one Place with these accesses, of which it may be said that it is shared."""

    def __init__(
        self,
        sharing: Sharing,
        locksets: LockSets,
        accesses: Sequence[Access],
        *,
        is_assumed: bool,
        between_tasks: bool,
    ) -> None:
        self._sharing = sharing
        self._threads = sharing.threads
        self._locksets = locksets
        self._accesses = accesses
        self._is_assumed = is_assumed
        self._between_tasks = between_tasks

    def makes(self, access: Access) -> bool:
        """Whether callers outside may make the access in any thread (what is async stays in its loop's) or task.

        They may call what is public although a started context does so too, but that may be the only one to know the
        object: then no other access is theirs. What is said to be shared is so between the threads of one start, too.
        """
        code = access.code
        if code.function.kind == "module":
            return False
        if not self._between_tasks and (code.function.is_async or self._stays_in_loop(code)):
            return False
        if any(each.is_main for each in self._threads.of(code)):
            return not waives_lock(self._locksets, code)
        if self._is_assumed and any(self._is_given_by_others(access, each) for each in self._threads.of(code)):
            return True
        return code.key in self._threads.offered and self._is_known

    def _is_given_by_others(self, access: Access, context: Context) -> bool:
        """Whether one of several threads may have got the object wherever it comes from, and others have got it too."""
        several = context.many and not context.own_instance
        return several and not self._is_made_for_each(context, access)

    def _is_made_for_each(self, context: Context, access: Access) -> bool:
        """Whether each run of a context has made the object of an access, or was given one that was made for it.

        What it has taken out of somewhere may have been put there twice.
        """
        if not self._sharing.is_own(context, access.code, access.base):
            return False
        found = [made_at(name.root) for name in self._sharing.naming.names(context, access.code, access.base)]
        return all(self._makes(each) for each in found if each is not None)

    def _makes(self, made: Made) -> bool:
        """Whether an operation makes an object, or each does of which its value comes."""
        types = self._sharing.places.types
        code = types.names.sources.codes[made.code]
        operation = code.operation(made.id)
        ways = operation.inputs if type(operation) is facts.Phi else (made.id,)
        values = ((id, value) for id in ways for value in types.of(code, id) if isinstance(value, Instance))
        return {id for id, value in values if value.site == (code.key, id)} == set(ways)

    def _stays_in_loop(self, code: Code) -> bool:
        return code.cls is not None and self._sharing.users.is_of_loop(code.cls)

    @cached_property
    def _is_known(self) -> bool:
        """Whether callers outside come to the Place where no started context does."""
        return any(each.is_main for access in self._accesses for each in self._threads.of(access.code))
