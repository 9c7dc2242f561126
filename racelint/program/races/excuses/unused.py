"""Part of the races stage: what the program offers and never uses itself: its users know when it suits."""

from __future__ import annotations

from collections.abc import Iterable

from racelint.knowledge.definitions import BINDING
from racelint.program.callgraph.calls import Calls
from racelint.program.memory.places import Access, Kind
from racelint.program.races.cases.case import Case
from racelint.program.races.excuses.runs import is_anew
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code


def is_left_to_users(case: Case, access: Access, guarded: Iterable[Access]) -> bool:
    """Whether an access is in what the program never uses: the store of a setter, or a function that begins anew, and
    all of the `guarded` ones it does use.

    Where it leaves out others as well they are there for its users together, who may call any at any time.
    """
    code, calls = access.code, case.threads.calls
    if "setter" in calls.types.attributes.shape(code):
        return access.kind is Kind.WRITE and not calls.callers(code)
    if not is_anew(access) or not _is_unused(case.sharing, code):
        return False
    return not any(_is_unused(case.sharing, each.code) for each in guarded)


def _is_unused(sharing: Sharing, code: Code) -> bool:
    """Whether nothing in the program calls a function or hands it to anybody, for all that one can see."""
    calls = sharing.threads.calls
    if code.function.kind != "function" or code.name.startswith("__") or not _is_plain(calls, code):
        return False
    if calls.callers(code) or code.key in calls.escaping | calls.handed_out or code.name in calls.types.loose_names:
        return False
    entries = (entry for context in sharing.threads.contexts for entry, _ in context.entries)
    return not any(entry is code for entry in entries)


def _is_plain(calls: Calls, code: Code) -> bool:
    """Whether no decorator, library or base class may call a function, or have it called."""
    attributes, cls = calls.types.attributes, code.cls
    if len(attributes.shape(code) & BINDING) < len(code.function.decorators):
        return False
    if cls is None or code.parent is not cls.body:
        return cls is None and code.parent is not None and code.parent.function.kind == "module"
    is_override = attributes.defining(cls, code.name, after=cls) is not None
    return not is_override and not any(each.library_bases for each in cls.mro)
