"""The tables name what exists: each name of the standard library, its base classes and its argument positions."""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import inspect
import logging
import logging.handlers
import multiprocessing.managers
import multiprocessing.queues
import multiprocessing.sharedctypes
import queue
import socketserver
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import msgspec

from racelint.knowledge import Knowledge, Slot

KNOWLEDGE = Knowledge.standard()
TABLES = KNOWLEDGE.tables

# Names that not every supported version of Python has, and the first one that does.
SINCE = {
    "_thread.start_joinable_thread": (3, 13),
    "concurrent.futures.InterpreterPoolExecutor": (3, 14),
    "http.server.HTTPSServer": (3, 14),
    "http.server.ThreadingHTTPSServer": (3, 14),
    "multiprocessing.Lock.locked": (3, 14),
    "multiprocessing.RLock.locked": (3, 14),
    "multiprocessing.Semaphore.locked": (3, 14),
    "os.reload_environ": (3, 14),
    "sys.monitoring": (3, 12),
    "threading.Condition.locked": (3, 14),
    "threading.RLock.locked": (3, 14),
    "threading.setprofile_all_threads": (3, 12),
    "threading.settrace_all_threads": (3, 12),
}

# Names that end, and the last version that has them.
UNTIL = {"http.server.CGIHTTPRequestHandler": (3, 14)}

ELSEWHERE = {"asyncio.ProactorEventLoop": "Windows", "object.__del__": "a hook that classes may define"}

_MANAGERS = multiprocessing.managers


class _Request:
    """What a request handler is given."""

    def makefile(self, *_: object) -> None: ...


def _stand_ins() -> dict[str, Any]:
    """Objects that show the members of factories, and the attributes that only instances have."""

    types: dict[str, Any] = {
        "dict_keys": type({}.keys()),
        "dict_values": type({}.values()),
        "dict_items": type({}.items()),
        "multiprocessing.Queue": multiprocessing.queues.Queue,
        "multiprocessing.SimpleQueue": multiprocessing.queues.SimpleQueue,
        "multiprocessing.JoinableQueue": multiprocessing.queues.JoinableQueue,
        "multiprocessing.managers.SyncManager.Lock": _MANAGERS.AcquirerProxy,  # type: ignore[attr-defined]
        "multiprocessing.managers.SyncManager.RLock": _MANAGERS.AcquirerProxy,  # type: ignore[attr-defined]
        "multiprocessing.managers.SyncManager.Semaphore": _MANAGERS.AcquirerProxy,  # type: ignore[attr-defined]
        "multiprocessing.managers.SyncManager.Condition": _MANAGERS.ConditionProxy,  # type: ignore[attr-defined]
        "multiprocessing.managers.SyncManager.Event": _MANAGERS.EventProxy,  # type: ignore[attr-defined]
        "multiprocessing.managers.SyncManager.Barrier": _MANAGERS.BarrierProxy,  # type: ignore[attr-defined]
        "socketserver.ThreadingMixIn": socketserver.ThreadingTCPServer,
        "socketserver.ForkingMixIn": socketserver.ForkingTCPServer,
        "socketserver.BaseServer": socketserver.TCPServer,
    }
    made = {
        name: getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])()
        for name in (
            *(f"threading.{kind}" for kind in ("Lock", "RLock", "Condition", "Semaphore")),
            *(f"multiprocessing.{kind}" for kind in ("Lock", "RLock", "Condition", "Semaphore", "Event")),
            *("queue.Queue", "queue.LifoQueue", "queue.PriorityQueue", "logging.Handler", "asyncio.Condition"),
            *("collections.UserDict", "collections.UserList", "collections.ChainMap", "select.poll"),
        )
    }
    instances: dict[str, Any] = {
        "logging.Logger": logging.Logger("stand-in"),
        "logging.Manager": logging.Manager(logging.root),
        "logging.handlers.BufferingHandler": logging.handlers.BufferingHandler(1),
        "logging.handlers.QueueHandler": logging.handlers.QueueHandler(queue.Queue()),
        "logging.handlers.QueueListener": logging.handlers.QueueListener(queue.Queue()),
        "multiprocessing.Barrier": multiprocessing.Barrier(1),
        "multiprocessing.Value": multiprocessing.Value("i"),
        "multiprocessing.Array": multiprocessing.Array("i", 1),
        "socketserver.BaseRequestHandler": socketserver.BaseRequestHandler(_Request(), None, None),  # type: ignore[arg-type]
    }
    return {**types, **made, **instances}


STAND_INS = _stand_ins()


def _is_standard(name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or hasattr(builtins, top) or "." not in name


def _find(name: str) -> Any:
    """The object of that name, or the one that shows its members; `AttributeError` where there is none."""

    return STAND_INS[name] if name in STAND_INS else _find_itself(name)


def _find_itself(name: str) -> Any:
    owner, _, member = name.rpartition(".")
    if not owner:
        return getattr(builtins, name, None) or importlib.import_module(name)
    if owner.partition(".")[0] in sys.stdlib_module_names:
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    return getattr(_find(owner), member)


def _exists(name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _find(name)
        except (AttributeError, ImportError):
            return False
    return True


def _standard_names() -> set[str]:
    """Every name of the standard library that stands in any table, as a key or in a row."""

    names: set[str] = set()
    for field in (each for each in dataclasses.fields(TABLES) if each.init):
        if field.name == "container_effects":
            names.update(name for key in TABLES.container_effects for name in key)
        elif field.name != "aliases":
            names.update(getattr(TABLES, field.name))
    names.update(TABLES.returns.values())
    names.update(attribute.type for attribute in TABLES.attributes.values())
    names.update(base for bases in TABLES.bases.values() for base in bases)
    for owner, methods in TABLES.entry_methods.items():
        names.update(f"{owner}.{method.name}" for method in methods if not method.name.endswith("*"))
    return {name for name in names if _is_standard(name) and name not in ELSEWHERE}


def _expected(name: str) -> bool:
    """Whether the running version should have the name."""

    version = sys.version_info[:2]
    since = [first for owner, first in SINCE.items() if f"{name}.".startswith(f"{owner}.")]
    until = [last for owner, last in UNTIL.items() if f"{name}.".startswith(f"{owner}.")]
    return all(first <= version for first in since) and all(version <= last for last in until)


def test_each_name_of_the_standard_library_exists() -> None:
    wrong = sorted(name for name in _standard_names() if _exists(name) != _expected(name))

    assert wrong == []


def test_each_listed_version_is_about_a_name_in_the_tables() -> None:
    names = _standard_names() | set(ELSEWHERE)

    listed = {*SINCE, *UNTIL, *ELSEWHERE}
    assert {owner for owner in listed if not any(f"{name}.".startswith(f"{owner}.") for name in names)} == {
        "asyncio.ProactorEventLoop",
        "object.__del__",
    } - names


def test_library_classes_have_the_bases_that_the_tables_say() -> None:
    wrong = []
    for name in sorted(filter(_expected, set(TABLES.bases) & _standard_names())):
        cls = _find(name)
        if not isinstance(cls, type) or name in STAND_INS:
            continue
        real = [KNOWLEDGE.canonical(f"{base.__module__}.{base.__qualname__}") for base in cls.__mro__[1:]]
        told = [base for base in KNOWLEDGE.mro(name)[1:] if base != "object"]
        if [base for base in dict.fromkeys(real) if base in told and base != name] != told:
            wrong.append((name, told, real))

    assert wrong == []


def _slots() -> Iterator[tuple[str, Slot]]:
    """Every argument slot of a standard library call: the name of what is called, and the slot."""

    rows: list[tuple[str, object]] = []
    for field in ("locks", "lock_methods", "spawns", "waits", "transfers", "blocking", "effects", "builtin_effects"):
        for name, row in getattr(TABLES, field).items():
            rows.extend((name, each) for each in (row if isinstance(row, tuple) else (row,)))
    for name, row in rows:
        assert isinstance(row, msgspec.Struct)
        for attribute in msgspec.structs.fields(row):
            slot = getattr(row, attribute.name)
            if not isinstance(slot, Slot) or (slot.position is None and not slot.keyword):
                continue
            owner = name.rpartition(".")[0] if attribute.name == "workers" and name not in TABLES.bases else name
            yield owner, slot


def _parameters(name: str) -> list[inspect.Parameter] | None:
    """The parameters of a call without the receiver; None where Python does not tell."""

    # A mixin takes what the class that it is mixed into takes.
    called = STAND_INS[name] if name.endswith("MixIn") else _find_itself(name)
    try:
        parameters = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):
        return None
    owner = name.rpartition(".")[0]
    is_method = isinstance(_find(owner), type) if owner else False
    if is_method and not isinstance(called, type) and not isinstance(getattr(called, "__self__", None), type):
        parameters = parameters[1:]
    return parameters


def _agrees(slot: Slot, parameters: list[inspect.Parameter]) -> bool:
    kinds = {parameter.kind for parameter in parameters}
    named = {parameter.name: index for index, parameter in enumerate(parameters)}
    if slot.keyword in named:
        parameter = parameters[named[slot.keyword]]
        same_position = slot.position is None or named[slot.keyword] == slot.position
        return same_position and (slot.default is None or parameter.default == slot.default)
    if slot.keyword and inspect.Parameter.VAR_KEYWORD not in kinds:
        return False
    if slot.position is None:
        return True
    return slot.position < len(parameters) or inspect.Parameter.VAR_POSITIONAL in kinds


def test_argument_slots_agree_with_the_signatures_of_the_standard_library() -> None:
    wrong = []
    checked = 0
    for name, slot in _slots():
        if not _is_standard(name) or not _expected(name) or name in ELSEWHERE:
            continue
        parameters = _parameters(name)
        if parameters is not None:
            checked += 1
            if not _agrees(slot, parameters):
                wrong.append((name, slot, [str(parameter) for parameter in parameters]))

    assert wrong == []
    assert checked > 300
