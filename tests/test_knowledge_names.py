"""Names: one spelling each, what is known, base classes, and the classes of results and attributes."""

from __future__ import annotations

import pytest

from racelint.knowledge import Knowledge

KNOWLEDGE = Knowledge.standard()


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("_thread.allocate_lock", "threading.Lock"),
        ("thread.allocate_lock", "threading.Lock"),
        ("threading._RLock", "threading.RLock"),
        ("dummy_threading.Condition", "threading.Condition"),
        ("six.moves._thread.allocate_lock", "threading.Lock"),
        ("six.moves.queue.Queue", "queue.Queue"),
        ("Queue.Queue.put", "queue.Queue.put"),
        ("multiprocessing.dummy.Pool", "multiprocessing.pool.ThreadPool"),
        ("multiprocessing.dummy.Pool.map", "multiprocessing.pool.ThreadPool.map"),
        ("multiprocessing.dummy.Process", "threading.Thread"),
        ("multiprocessing.dummy.dict", "dict"),
        ("multiprocessing.synchronize.Lock", "multiprocessing.Lock"),
        ("multiprocessing.context.SpawnContext.Lock", "multiprocessing.Lock"),
        ("multiprocessing.context.SpawnContext", "multiprocessing.context.BaseContext"),
        ("concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.ThreadPoolExecutor"),
        ("concurrent.futures._base.Future.result", "concurrent.futures.Future.result"),
        ("asyncio.locks.Lock", "asyncio.Lock"),
        ("collections.MutableMapping", "collections.abc.MutableMapping"),
        ("typing.Dict", "dict"),
        ("builtins.dict.pop", "dict.pop"),
        ("eventlet.green.threading.Lock", "threading.Lock"),
        ("PyQt5.QtCore.QMutex", "PySide6.QtCore.QMutex"),
        ("a.name.of.the.project", "a.name.of.the.project"),
    ],
)
def test_every_spelling_has_one_canonical_name(spelling: str, name: str) -> None:
    assert KNOWLEDGE.canonical(spelling) == name


def test_canonical_names_are_their_own_canonical_names() -> None:
    tables = KNOWLEDGE.tables
    names = {
        *map(KNOWLEDGE.canonical, tables.aliases),
        *tables.bases,
        *tables.spawns,
        *tables.effects,
        *tables.returns.values(),
    }
    names |= {*tables.lock_methods, *tables.waits, *tables.safety, *tables.entry_methods, *tables.blocking}

    assert {name for name in names if KNOWLEDGE.canonical(name) != name} == set()


def test_every_named_class_is_a_class() -> None:
    tables = KNOWLEDGE.tables
    bases = {base for each in tables.bases.values() for base in each}
    owners = {name.rpartition(".")[0] for name in (*tables.lock_methods, *tables.effects, *tables.transfers)}

    assert {name for name in bases | owners | set(tables.returns.values()) if not KNOWLEDGE.is_class(name)} == set()
    assert {each.type for each in tables.attributes.values() if not KNOWLEDGE.is_class(each.type)} == set()


def test_bases_and_order_of_look_up() -> None:
    assert KNOWLEDGE.bases("threading.Timer") == ("threading.Thread",)
    assert KNOWLEDGE.mro("http.server.ThreadingHTTPServer") == (
        "http.server.ThreadingHTTPServer",
        "socketserver.ThreadingMixIn",
        "http.server.HTTPServer",
        "socketserver.TCPServer",
        "socketserver.BaseServer",
        "object",
    )
    assert KNOWLEDGE.mro("pkg.Unknown") == ("pkg.Unknown", "object")


@pytest.mark.parametrize(
    "name", ["threading.Timer", "threading.Timer.start_later", "len", "queue.LifoQueue.put", "time.sleep", "os.chdir"]
)
def test_known_names(name: str) -> None:
    assert KNOWLEDGE.known(name) == (name != "threading.Timer.start_later")


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("logging.getLogger", "logging.Logger"),
        ("concurrent.futures.ThreadPoolExecutor.submit", "concurrent.futures.Future"),
        ("multiprocessing.get_context", "multiprocessing.context.BaseContext"),
        ("multiprocessing.dummy.Pool.map_async", "multiprocessing.pool.AsyncResult"),
        ("asyncio.events.get_event_loop", "asyncio.AbstractEventLoop"),
        ("collections.defaultdict.items", "dict_items"),
        ("collections.OrderedDict.copy", "collections.OrderedDict"),
    ],
)
def test_classes_of_results(call: str, result: str) -> None:
    assert KNOWLEDGE.returns(call) == result


def test_library_attributes() -> None:
    mutex, condition = KNOWLEDGE.attribute("queue.LifoQueue.mutex"), KNOWLEDGE.attribute("queue.LifoQueue.not_empty")

    assert mutex is not None
    assert mutex.type == "threading.Lock"
    assert condition is not None
    assert (condition.type, condition.lock) == ("threading.Condition", "mutex")


def test_standard_knowledge_is_made_once() -> None:
    assert Knowledge.standard() is KNOWLEDGE
