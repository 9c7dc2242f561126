"""Part of the threads stage: who waits for all that is in a container: `wait(tasks)`."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.running import Wait
from racelint.program.sources.source import Code
from racelint.program.values.passing import argument
from racelint.program.values.types import Types
from racelint.program.values.values import Library, LibraryObject, Site

ALL: Final = "ALL_COMPLETED"
"""What is waited for if nothing else is said."""


def waits_for_all_in(types: Types, code: Code, call: facts.Call, made: Site) -> bool:
    """Whether a call waits without a limit for all that a container holds, what is made at a site among it."""
    for callee in types.of(code, call.callee):
        wait = types.names.knowledge.wait(callee.qualname) if isinstance(callee, Library) else None
        if wait is None or wait.subject is None or wait.lazy or wait.awaited or not _is_for_all(code, call, wait):
            continue
        given = argument(call, wait.subject.position, wait.subject.keyword)
        for each in types.of(code, given) if given is not None else ():
            held = types.elements(each.site) if isinstance(each, LibraryObject) and each.site is not None else ()
            if any(isinstance(one, LibraryObject) and one.site == made for one in held):
                return True
    return False


def _is_for_all(code: Code, call: facts.Call, wait: Wait) -> bool:
    """Whether it is not asked to go on when the first has ended, or after some time."""
    limit = argument(call, wait.timeout.position, wait.timeout.keyword) if wait.timeout is not None else None
    if limit is not None and not code.is_none(limit):
        return False
    until = argument(call, 2, "return_when")
    asked = None if until is None else code.operation(until)
    return until is None or (isinstance(asked, facts.LoadName | facts.LoadAttr) and asked.name == ALL)
