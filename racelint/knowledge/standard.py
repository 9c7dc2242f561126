"""What the standard library has in every supported version of Python, and lacked once: code still makes its own."""

from __future__ import annotations

from typing import Final

_OF_MODULES = {
    "_thread": "allocate_lock get_ident RLock start_new_thread",
    "collections": "ChainMap Counter OrderedDict UserDict defaultdict deque namedtuple",
    "concurrent.futures": "Future ProcessPoolExecutor ThreadPoolExecutor as_completed wait",
    "contextlib": "AbstractContextManager AsyncExitStack ExitStack asynccontextmanager nullcontext suppress",
    "functools": "cached_property lru_cache partialmethod singledispatch total_ordering wraps",
    "io": "BytesIO StringIO",
    "queue": "Empty Full LifoQueue PriorityQueue Queue SimpleQueue",
    "threading": "Barrier Condition Event Lock RLock Semaphore Thread Timer get_ident local",
    "time": "monotonic perf_counter",
    "types": "MappingProxyType SimpleNamespace",
    "weakref": "WeakKeyDictionary WeakMethod WeakSet WeakValueDictionary finalize proxy ref",
}

ALWAYS_THERE: Final = frozenset(
    f"{module}.{name}" for module, names in _OF_MODULES.items() for name in names.split()
) | {"queue", "concurrent.futures", "contextvars", "dataclasses", "threading", "weakref"}
"""Names, and modules, of which the import never fails."""
