"""Which attributes of a `threading.local` are set for one thread only, and read in others?"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from racelint import facts
from racelint.facts import Span
from racelint.knowledge.threads import LOCAL
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import as_written
from racelint.program.memory.places import Places
from racelint.program.sequences.misses import handled_misses
from racelint.program.sources.source import Code, span_of
from racelint.program.values.values import Instance, LibraryObject, Site, Value


class SetOnce(msgspec.Struct, frozen=True):
    """An attribute that is set at `store`, in `code`, for the thread that comes by there, and read at `read`.

    `path_of` is the object as the source spells it. `context` runs `reader` in another thread; None: whoever calls it.
    """

    name: str
    path_of: str
    code: Code
    store: int
    reader: Code
    read: int
    context: Context | None

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def span(self) -> Span:
        """Where the attribute is set."""
        return span_of(self.code, self.store)


class _Uses(msgspec.Struct):
    stores: list[tuple[Code, int]] = msgspec.field(default_factory=list)
    reads: list[tuple[Code, int]] = msgspec.field(default_factory=list)


def link_threadlocals(threads: Threads, places: Places) -> list[SetOnce]:
    """Find the attributes that are set only at import or by a constructor, one finding for each, in order."""
    finder = _Finder(threads, places)
    found = (finder.of(name, uses) for (_, name), uses in sorted(finder.uses.items(), key=lambda item: item[0]))
    return [each for each in found if each is not None]


class _Finder:
    def __init__(self, threads: Threads, places: Places) -> None:
        self._threads = threads
        self._places = places
        self._types = places.types
        self.uses: dict[tuple[Site, str], _Uses] = defaultdict(_Uses)
        """Stores and reads of attributes, by where the object is made and by name."""
        for code in self._types.names.sources.codes:
            for operation in code.operations:
                effective: facts.Operation | None = operation
                if type(operation) is facts.Call:
                    effective = self._types.reflected.get((code.key, operation.id))
                if type(effective) is facts.LoadAttr or type(effective) is facts.StoreAttr:
                    self._collect(code, effective)

    def _collect(self, code: Code, operation: facts.LoadAttr | facts.StoreAttr) -> None:
        for value in self._types.of(code, operation.base):
            site = self._made_at(value, operation.name)
            if site is not None:
                uses = self.uses[site, operation.name]
                if type(operation) is facts.LoadAttr:
                    uses.reads.append((code, operation.id))
                elif not self._builds_on_itself(code, operation):
                    uses.stores.append((code, operation.id))

    def _made_at(self, value: Value, name: str) -> Site | None:
        """Where a `threading.local` is made, if it has the attribute only in threads that set it from outside.

        What the methods of a subclass set, its `__init__` above all, they may set in each thread.
        """
        if isinstance(value, LibraryObject):
            return value.site if value.qualname == LOCAL else None
        if not isinstance(value, Instance) or LOCAL not in value.cls.library_bases:
            return None
        attributes = self._types.attributes
        own = {each.name for code in attributes.all_methods(value.cls) for each in code.own_stores()}
        return None if name in own or attributes.keeping(value.cls, name) is not None else value.site

    def _builds_on_itself(self, code: Code, operation: facts.LoadAttr | facts.StoreAttr) -> bool:
        """Whether a store needs the attribute to be there: `local.depth += 1`."""
        flow = self._places.dataflow(code)
        value = operation.value if type(operation) is facts.StoreAttr else facts.NOTHING
        reads = (flow.operation(id) for id in flow.sources(value))
        return any(type(read) is facts.LoadAttr and read.name == operation.name for read in reads)

    def of(self, name: str, uses: _Uses) -> SetOnce | None:
        """The finding about one attribute, if all that set it do so for one thread."""
        constructing = self._threads.calls.constructing
        at_import = all(code.function.kind in ("module", "class") for code, _ in uses.stores)
        made_once = all(
            code.function.kind in ("module", "class") or code.key in constructing for code, _ in uses.stores
        )
        if not uses.stores or not made_once:
            return None
        unprepared = [(code, id) for code, id in uses.reads if not self._is_prepared(code, id, name)]
        setters = {context.index for code, _ in uses.stores for context in self._threads.of(code)}
        for code, id in unprepared:
            others = [each for each in self._threads.of(code) if not each.is_main and each.index not in setters]
            if others or (at_import and code.function.kind in ("function", "lambda")) or self._is_only_offered(code):
                store, store_id = uses.stores[0]
                operation = store.operations[store_id]
                base = operation.base if type(operation) is facts.StoreAttr else facts.NOTHING
                spelled = as_written(self._places.dataflow(store).path(base))
                return SetOnce(name, spelled, store, store_id, code, id, others[0] if others else None)
        return None

    def _is_only_offered(self, code: Code) -> bool:
        """Whether a function is there for callers outside alone, in whatever thread of theirs."""
        calls = self._threads.calls
        return code.key in self._threads.offered - calls.constructing and not calls.callers(code)

    def _is_prepared(self, code: Code, id: int, name: str) -> bool:
        """Whether a read, or another in its function, is ready to find no attribute."""
        if (code.key, id) in self._types.reflected or id in handled_misses(code, self._places.dataflow(code)):
            return True
        return any(
            type(each) is facts.LoadAttr and each.name in ("__dict__", name) and key == code.key
            for (key, _), each in self._types.reflected.items()
        )
