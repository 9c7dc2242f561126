"""Part of the threads stage: which functions of the program does a context run first, and on which objects?"""

from __future__ import annotations

from collections.abc import Sequence

from racelint import facts
from racelint.knowledge.running import EntryMethod, Form, Many, Spawn
from racelint.program.callgraph.calls import Calls
from racelint.program.callgraph.protocols import method_refs
from racelint.program.contexts.contexts import NAMED
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.attributes import Attributes
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import ClassRef, FunctionRef, Instance, Partial, Value

Entry = tuple[Code, Value | None]


def entries_of(calls: Calls, group: Sequence[Spawned], spawn: Spawn) -> list[Entry]:
    """What runs where a call hands these over to be run, with the wrappers of decorators around it."""
    entries: dict[Entry, None] = {}
    for spawned in group:
        for code, receiver in _runnable(calls.types, spawned.target, spawn):
            if not code.function.is_async:
                entries[code, receiver] = None
                entries.update(dict.fromkeys((wrapper, receiver) for wrapper, _ in calls.wrappers.get(code.key, ())))
    return list(entries)


def _runnable(types: Types, target: Value, spawn: Spawn) -> list[Entry]:
    """What is run at last: a partial stands for the function that it was made of, which may be a partial as well."""
    seen = {target}
    pending = [target]
    found: list[Entry] = []
    while pending:
        match pending.pop(0):
            case FunctionRef(code=code, receiver=receiver):
                found.append((code, receiver))
            case Instance() as called if spawn.form is Form.FUNCTION:
                found.extend((code, called) for code in method_refs(types, called, ("__call__",)))
            case Partial(site=site):
                code = types.names.sources.codes[site[0]]
                call = code.operations[site[1]]
                given = types.of(code, call.arguments[0].value) if type(call) is facts.Call and call.arguments else ()
                # a partial may be made of itself: `f = partial(f, x)` in a loop
                pending.extend(each for each in given if each not in seen)
                seen.update(given)
            case ClassRef(cls=cls) if spawn.form is Form.CLASS:
                made = types.names.values.instance(cls, None)
                found.extend((code, made) for code in _called_of(types, cls))
            case Instance(cls=cls) as listener if spawn.form is Form.OBJECT and spawn.many is Many.NEVER:
                found.extend((code, listener) for code in _called_of(types, cls))
            case _:
                pass
    return found


def _called_of(types: Types, cls: ClassInfo) -> list[Code]:
    """The methods of a class that libraries call, by what it extends of them."""
    rows = [row for base in cls.library_bases for row in types.names.knowledge.entry_methods(base)]
    return [code for row in rows for code in entry_codes(types.attributes, cls, row)]


def label(calls: Calls, entries: Sequence[Entry]) -> str:
    """The entries by name; the wrapper of a decorator goes by the name of what it wraps."""
    wrappers = {wrapper for each in calls.wrappers.values() for wrapper, _ in each}
    told = [entry for entry, _ in entries if entry not in wrappers] or [entry for entry, _ in entries]
    names = dict.fromkeys(entry.function.qualname.replace("<locals>.", "") for entry in told)
    return " or ".join(list(names)[:NAMED])


def entry_codes(attributes: Attributes, cls: ClassInfo, row: EntryMethod) -> list[Code]:
    """The methods of a class, its own or inherited, that the library calls on account of a row."""
    found: dict[str, Code] = {}
    for each in cls.mro:
        for method in attributes.methods(each):
            if row.matches(method.code.name):
                found.setdefault(method.code.name, method.code)
    return list(found.values())
