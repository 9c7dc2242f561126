"""Part of the interleavings stage: what only callers outside the program run, and nothing that belongs to its loop.

A plain method that no coroutine, callback or library calls sets an object up before the loop has it, mostly: that
somebody may call it is no evidence that a task does so while another one waits.
"""

from __future__ import annotations

from typing import Final

import msgspec

from racelint.knowledge.definitions import BINDING
from racelint.program.contexts.contexts import library_decorators
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code

UNCALLED: Final = BINDING | {"property"}
"""Decorators that have no loop call a function."""


class Outsiders(msgspec.Struct):
    """Tells the functions that tasks run from those that only callers outside do, as far as one can see."""

    sharing: Sharing
    _of_loop: frozenset[int] | None = None

    def is_run_by_tasks(self, code: Code) -> bool:
        """Whether a task, or what a loop calls back, comes to a function."""
        tasks = self.sharing.threads
        if any(not context.is_main for context in tasks.of(code)):
            return True
        if self._of_loop is None:
            roots = [each for each in tasks.calls.types.names.sources.codes if self._is_called_by_loop(each)]
            self._of_loop = frozenset(tasks.calls.reachable(roots))
        return code.key in self._of_loop

    def _is_called_by_loop(self, code: Code) -> bool:
        """Whether a function is a coroutine, or one that others are given, or may know by name, base or decorator."""
        calls = self.sharing.threads.calls
        if code.function.is_async or code.key in calls.escaping or code.key in calls.handed_out:
            return True
        if code.name in calls.types.loose_names or library_decorators(calls.types, code) - UNCALLED:
            return True
        return code.cls is not None and any(each.library_bases for each in code.cls.mro)
