"""Claims: what a text claims, what it is about and means, and where the program does not keep it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from builders import program

from racelint.program import Program
from racelint.program.locking.wording import Keyword, wordings

# --- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "keyword", "names"),
    [
        ("# guarded-by: _lock", Keyword.GUARDED_BY, ("_lock",)),
        ("#guarded-by:self._lock", Keyword.GUARDED_BY, ("self._lock",)),
        ("# guarded-by : a.b.C", Keyword.GUARDED_BY, ("a.b.C",)),
        ("# guarded-by: _lock -- so is the file", Keyword.GUARDED_BY, ("_lock",)),
        ("# noqa: E501 # guarded-by: _lock # too", Keyword.GUARDED_BY, ("_lock",)),
        ("# requires: _a, mod.B", Keyword.REQUIRES, ("_a", "mod.B")),
        ("# requires: schlüssel", Keyword.REQUIRES, ("schlüssel",)),
        ("# runs-on: main", Keyword.RUNS_ON, ("main",)),
        ("# owned-by: Poller.run", Keyword.OWNED_BY, ("Poller.run",)),
        ("# confined", Keyword.CONFINED, ()),
        ("# confined -- to the reader", Keyword.CONFINED, ()),
        ("guarded-by: _lock", Keyword.GUARDED_BY, ("_lock",)),
    ],
)
def test_a_claim(text: str, keyword: Keyword, names: tuple[str, ...]) -> None:
    [found] = wordings(text)

    assert (found.keyword, found.names, found.mistake) == (keyword, names, "")
    assert text[found.start : found.end].lstrip("# \t") == found.text


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("# guarded_by: _lock", "there is no claim `guarded_by`; did you mean `guarded-by`?"),
        ("# GuardedBy: _lock", "there is no claim `GuardedBy`; did you mean `guarded-by`?"),
        ("# Guarded-By: _lock", "there is no claim `Guarded-By`; did you mean `guarded-by`?"),
        ("# gaurded-by: _lock", "there is no claim `gaurded-by`; did you mean `guarded-by`?"),
        ("# run-on: main", "there is no claim `run-on`; did you mean `runs-on`?"),
        ("# owned_by: main", "there is no claim `owned_by`; did you mean `owned-by`?"),
        ("# reqires: _lock", "there is no claim `reqires`; did you mean `requires`?"),
        ("# guarded-by _lock", "a colon is missing after `guarded-by`"),
        ("# runs-on main", "a colon is missing after `runs-on`"),
        ("# guarded-by: _a, _b", "`guarded-by` takes one name"),
        ("# guarded-by: the lock", "`the lock` is no name of a lock, such as `_lock`, `Class.lock` or `module.LOCK`"),
        ("# guarded-by:", "after the colon a lock is named, such as `_lock`, `Class.lock` or `module.LOCK`"),
        ("# confined: main", "no name follows `confined`; `owned-by: NAME` says to which context it is confined"),
    ],
)
def test_what_nearly_is_a_claim(text: str, mistake: str) -> None:
    assert [found.mistake for found in wordings(text)] == [mistake]


@pytest.mark.parametrize(
    "text",
    [
        "# requires a lock",
        "# requires: numpy >= 3",
        "# Requires: numpy",
        "# required: numpy",
        "# requires numpy",
        "# requires:",
        "# guarded-by the lock",
        "# guarded by: _lock",
        "# it is guarded-by: _lock",
        "# runs-on: ubuntu-latest",
        "# owned-by: the team",
        "# confined to one thread",
        "# noqa: RL106",
        "#: guarded-by: _lock",
        "",
    ],
)
def test_prose(text: str) -> None:
    assert list(wordings(text)) == []


# --- what is claimed -----------------------------------------------------------------------------------------------

POOL = """
import threading
from typing import Annotated, ClassVar
import other
from other import SHARED

LOCK = threading.Lock()

class Base:
    def __init__(self):
        self.inherited = threading.Lock()

class Pool(Base):
    class_lock = threading.Lock()
    shared: ClassVar[int] = 0

    def __init__(self, other_pool: "Pool"):
        super().__init__()
        self._lock = threading.Lock()
        self._till = threading.Condition(self._lock)
        self.next = Base()
        self.other = other_pool
        self.size = 0{claim}
"""


def guards(source: str) -> list[str]:
    """The variables with a claimed guard, each with the lock and whose it is."""
    linked = program(source, {"other": "import threading\nLOCK = threading.RLock()\nSHARED = threading.Lock()\n"})
    assert [f"{each.span.line}: {each.reason}" for each in linked.claims.flaws] == []
    return [f"{place.symbol}: {each.lock.symbol} {each.relation}" for place, each in linked.claims.guards.items()]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_lock", "main.Pool._lock own"),
        ("self._lock", "main.Pool._lock own"),
        ("_till", "main.Pool._lock own"),
        ("inherited", "main.Base.inherited own"),
        ("next.inherited", "main.Base.inherited .next"),
        ("self.other._lock", "main.Pool._lock .other"),
        ("class_lock", "main.Pool.class_lock global"),
        ("Pool.class_lock", "main.Pool.class_lock global"),
        ("cls.class_lock", "main.Pool.class_lock global"),
        ("LOCK", "main.LOCK global"),
        ("SHARED", "other.SHARED global"),
        ("other.LOCK", "main.Pool.other"),
    ],
)
def test_the_lock_that_a_name_means(name: str, expected: str) -> None:
    claim = f"  # guarded-by: {name}"
    if name == "other.LOCK":
        # an attribute of the object hides the module
        flaws = program(POOL.replace("{claim}", claim), {"other": "LOCK = SHARED = 1"}).claims.flaws
        assert [flaw.reason for flaw in flaws] == ["`Pool` has no `LOCK`"]
        return
    assert guards(POOL.replace("{claim}", claim)) == [f"main.Pool.size: {expected}"]


@pytest.mark.parametrize(
    "store",
    [
        "self.size = 0  # guarded-by: _lock",
        "# guarded-by: _lock\n        self.size = 0",
        "# guarded-by: _lock\n\n        # the size\n        self.size = 0",
        "self.size = (  # guarded-by: _lock\n            0)",
        "self.size = (\n            0)  # guarded-by: _lock",
        "self.size: Annotated[int, 'guarded-by: _lock'] = 0",
        "self.size: 'Annotated[int | None, 3, \"guarded-by: _lock\"]' = 0",
        "self.size += 1  # guarded-by: _lock",
        "for self.size in range(3):  # guarded-by: _lock\n            pass",
    ],
)
def test_where_a_claim_about_an_attribute_stands(store: str) -> None:
    source = POOL.replace("self.size = 0{claim}", store)

    assert guards(source) == ["main.Pool.size: main.Pool._lock own"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 0  # guarded-by: LOCK", ["main.x: main.LOCK global"]),
        ("x = y = 0  # guarded-by: LOCK", ["main.x: main.LOCK global", "main.y: main.LOCK global"]),
        ("x: Annotated[int, 'guarded-by: LOCK'] = 0", ["main.x: main.LOCK global"]),
        ("class A:\n    x: int  # guarded-by: LOCK", ["main.A.x: main.LOCK global"]),
        ("class A:\n    x: Annotated[int, 'guarded-by: LOCK']", ["main.A.x: main.LOCK global"]),
        ("class A:\n    x = 0  # guarded-by: LOCK", ["main.A.x: main.LOCK global"]),
        ("def f():\n    x = 0  # guarded-by: LOCK\n    return lambda: x", ["main.f.x: main.LOCK global"]),
        ("def f():\n    global x\n    x = 0  # guarded-by: LOCK", ["main.x: main.LOCK global"]),
    ],
)
def test_variables_of_all_kinds(source: str, expected: list[str]) -> None:
    assert guards(f"import threading\nfrom typing import Annotated\nLOCK = threading.Lock()\n{source}\n") == expected


@pytest.mark.parametrize(
    "definition",
    [
        "def f(self):  # requires: lock\n        pass",
        "# requires: lock\n    def f(self):\n        pass",
        "# requires: lock\n    @property\n    def f(self):\n        pass",
        "@property\n    # requires: lock\n    def f(self):\n        pass",
        "@property  # requires: lock\n    def f(self):\n        pass",
        "def f(\n        self,  # requires: lock\n    ):\n        pass",
        "def f(self) -> Annotated[None, 'requires: lock']:\n        pass",
    ],
)
def test_where_a_claim_about_a_function_stands(definition: str) -> None:
    linked = program(f"""
import threading
from typing import Annotated

class Box:
    def __init__(self):
        self.lock = threading.Lock()

    {definition}
""")
    required = [(each.code.qualname, each.use.base) for needed in linked.claims.required.values() for each in needed]

    assert linked.claims.flaws == []
    assert required == [("main.Box.f", "self")]


def flaws(source: str) -> list[str]:
    linked = program(f"import threading, asyncio\nLOCK = threading.Lock()\n{dedent(source)}")
    return [f"{flaw.text}: {flaw.reason}" for flaw in linked.claims.flaws]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 0  # guarded-by: LOKC", "there is no `LOKC` here; did you mean `LOCK`?"),
        ("x = 0  # guarded-by: self.lock", "there is no `self` here"),
        ("x = 0  # guarded-by: threading", "`threading` is no lock"),
        ("x = 0  # guarded-by: len", "`len` is no lock"),
        ("size = 3\nx = 0  # guarded-by: size", "`size` is no lock"),
        ("e = threading.Event()\nx = 0  # guarded-by: e", "`e` keeps nobody out: it is an event"),
        ("x = 0  # guarded-by: LOCK.more", "what `LOCK` is cannot be told"),
        ("def f(lock):  # requires: lock\n    pass", "`lock` is a parameter: which lock it is cannot be told"),
        (
            "def f(x):\n    x.y = 0  # guarded-by: LOCK",
            "`guarded-by` is not checked here: whose attribute this is cannot be told",
        ),
        (
            "class A:\n    pass\n\nclass B:\n    def f(self, a: A):  # requires: a.lock\n        pass",
            "`A` has no `lock`",
        ),
        ("x = 0  # runs-on: main", "`runs-on` is about a function: it stands on the line of its `def`, or above it"),
        ("x = 0  # owned-by: _f", "there is no function `_f` here"),
        ("def f(): pass\nx = 0  # owned-by: f", "nothing is seen to start `f` in a thread"),
    ],
)
def test_what_is_wrong_with_a_claim(source: str, reason: str) -> None:
    assert [flaw.partition(": ")[2].partition(": ")[2] for flaw in flaws(source)] == [reason]


@pytest.mark.parametrize(
    "source",
    [
        "x = 0  # requires: LOCK2\n",
        "# owned-by: payments\nx = 0",
        "def f():  # requires: numpy\n    pass",
        "def f():  # runs-on: windows\n    pass",
        "import json  # requires: json",
        "def f(request):  # request: GET\n    pass",
        "# guarded-by",
    ],
)
def test_what_may_be_prose_is_no_mistake(source: str) -> None:
    assert flaws(source) == []


# --- what is broken ------------------------------------------------------------------------------------------------


def broken(linked: Program) -> list[str]:
    return sorted(f"{each.span.line} {each.how.name}" for each in linked.breaches.found)


def marked(source: str) -> tuple[list[str], list[str]]:
    """The breaches in a program, and those that its comments promise: `# broken: ACCESS`."""
    linked = program(source)
    assert linked.claims.flaws == []
    lines = enumerate(dedent(source).split("\n"), 1)
    promised = sorted(f"{number} {line.partition('# broken: ')[2]}" for number, line in lines if "# broken: " in line)
    return broken(linked), promised


ACCESSES = """
import threading

class Box:
    def __init__(self):
        self.lock = threading.Lock()
        self.event = threading.Event()
        self.items = []  # guarded-by: lock
        self.items.append(0)
        threading.Thread(target=lambda: self.items.clear()).start()  # broken: ACCESS

    def all_ways(self):
        with self.lock:
            items = self.items
        items.append(1)  # broken: ACCESS
        self.items  # broken: ACCESS
        del self.items  # broken: ACCESS
        self.items += self.items  # broken: ACCESS
        self.lock.acquire()
        self.items.pop()
        self.lock.release()
        self.items.pop()  # broken: ACCESS

    def tried(self):
        if self.lock.acquire(blocking=False):
            self.items.pop()
            self.lock.release()
        else:
            self.items.pop()  # broken: ACCESS

    def nested(self):
        with self.lock:
            later = lambda: self.items.pop()
        return later

    def other(self, box: "Box"):
        with self.lock:
            box.items.pop()  # broken: ACCESS
        with box.lock:
            box.items.pop()

    def __del__(self):
        self.items.clear()

def fresh():
    box = Box()
    box.items.append(1)
    return box
"""


def test_accesses() -> None:
    found, promised = marked(ACCESSES)

    assert found == promised


def test_calls() -> None:
    found, promised = marked("""
        import threading

        LOCK = threading.Lock()

        class Box:
            def __init__(self):
                self.lock = threading.Lock()
                self._fill()

            def _fill(self):  # requires: lock, LOCK
                self._inside()

            def _inside(self):  # requires: lock
                pass

            def one(self):
                with self.lock:
                    self._fill()  # broken: CALL
                    self._inside()

            def both(self):
                with self.lock, LOCK:
                    self._fill()

            @property
            def size(self):  # requires: lock
                return 0

            def show(self):
                return self.size  # broken: CALL

            def later(self):
                threading.Timer(1, self._inside).start()  # broken: START

        def fresh():
            box = Box()
            box._inside()

        def given(box: Box):
            box._inside()  # broken: CALL
            with box.lock:
                box._inside()
        """)

    assert found == promised


def test_a_breach_is_told_once_and_a_kept_claim_is_a_guard() -> None:
    linked = program("""
        import threading

        class Box:
            def __init__(self):
                self.lock = threading.Lock()
                self.count = 0  # guarded-by: lock

            def add(self):
                self.count += 1

            def reset(self):
                with self.lock:
                    if self.count > 10:
                        pass
                with self.lock:
                    self.count = 0

        box = Box()
        for _ in range(3):
            threading.Thread(target=box.add).start()
        """)

    assert broken(linked) == ["10 ACCESS"]
    assert [race.code.qualname for race in linked.races.found if race.span.line == 10] == []


def test_contexts() -> None:
    found, promised = marked("""
        import threading

        class Feed:
            def __init__(self):
                self.seen = 0  # owned-by: _read
                self.kept = 0  # confined

            def _read(self):
                self.seen += 1
                self._count()

            def _watch(self):
                self._count()  # broken: ELSEWHERE
                self.seen = 0  # broken: SHARED
                self.kept += 1

            def _count(self):  # runs-on: _read
                pass

            def start(self):
                threading.Thread(target=self._read).start()
                threading.Thread(target=self._watch).start()
        """)

    assert found == promised
