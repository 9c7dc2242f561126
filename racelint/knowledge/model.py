"""The nouns of the knowledge tables about things: argument slots, locks, and what operations do to data."""

from __future__ import annotations

from enum import Enum

import msgspec


class Slot(msgspec.Struct, frozen=True):
    """Where an argument stands in a call.

    `position` counts from 0 without the receiver (None: keyword only), `keyword` is its name ("": positional only),
    `default` is what holds when it is left out, `rest` means this position and all later ones.
    """

    position: int | None
    keyword: str = ""
    default: bool | int | str | None = None
    rest: bool = False


# --- locks ---------------------------------------------------------------------------------------------------------


class LockKind(Enum):
    """What a lock excludes: SEMAPHORE only with a count of 1, READER only writers; EVENT, BARRIER and NONE nothing."""

    MUTEX = "mutex"
    REENTRANT = "reentrant"
    SEMAPHORE = "semaphore"
    CONDITION = "condition"
    EVENT = "event"
    READER = "reader"
    WRITER = "writer"
    READ_WRITE = "read-write"
    BARRIER = "barrier"
    NONE = "none"


class LockDomain(Enum):
    """Between whom a lock excludes: threads, tasks of one loop, processes and threads, processes only, greenlets."""

    THREAD = "thread"
    TASK = "task"
    PROCESS = "process"
    PROCESS_ONLY = "process-only"
    GREENLET = "greenlet"


class LockModel(msgspec.Struct, frozen=True):
    """What calling a lock's constructor makes.

    `count` is the argument with a semaphore's value, `shares` the argument with the lock that a condition uses,
    `default_kind` the kind of the lock that it makes itself when that is left out. `identity` is the argument that
    names the lock (a path): two objects of the same name are one lock. `owned`: only who acquired it may release it.
    """

    kind: LockKind
    domain: LockDomain = LockDomain.THREAD
    count: Slot | None = None
    shares: Slot | None = None
    default_kind: LockKind | None = None
    identity: Slot | None = None
    sync_with: bool = True
    async_with: bool = False
    owned: bool = False


class LockRole(Enum):
    """What a method does to its lock. QUERY asks for its state, CLEAR resets an event, SIDE returns another lock."""

    ACQUIRE = "acquire"
    RELEASE = "release"
    WAIT = "wait"
    NOTIFY = "notify"
    CLEAR = "clear"
    QUERY = "query"
    SIDE = "side"


class Failure(Enum):
    """How an acquire or wait that did not succeed is told: it cannot fail, by a false result, by an exception."""

    NEVER = "never"
    RESULT = "result"
    EXCEPTION = "exception"


class LockMethod(msgspec.Struct, frozen=True):
    """One method of a lock. `blocking` and `timeout` are the arguments that let it fail, `failure` says how it tells.

    `predicate` is set where a wait tests its predicate itself. `side` is the lock that a SIDE method returns, or the
    side of a readers-writer lock that is acquired or released. `awaited` methods return an awaitable and do nothing
    before it is awaited. `attribute` keeps the lock of an object that is none itself.
    """

    role: LockRole
    blocking: Slot | None = None
    timeout: Slot | None = None
    failure: Failure = Failure.NEVER
    predicate: Slot | None = None
    side: LockModel | None = None
    awaited: bool = False
    attribute: str = ""


class LockDecorator(msgspec.Struct, frozen=True):
    """A decorator that runs the function with a lock held.

    The lock is the argument `lock`, or the attribute of the receiver that the argument `attribute` names, or the one
    that has the argument `identity` as its name, or (none given) one of the decorator's own: one per instance.
    `covers_body` is false where only the decorator's own state is guarded.
    """

    kind: LockKind
    lock: Slot | None = None
    attribute: Slot | None = None
    identity: Slot | None = None
    covers_body: bool = True


# --- data ----------------------------------------------------------------------------------------------------------


class Access(Enum):
    """What an operation does to its object. SNAPSHOT copies all of it, VIEW hands out a live view of it."""

    READ = "read"
    MUTATE = "mutate"
    ITERATE = "iterate"
    SNAPSHOT = "snapshot"
    VIEW = "view"


class Effect(msgspec.Struct, frozen=True):
    """What a method does to its receiver, or a function to the argument `subject`.

    Atomic means as a whole, with keys and elements of builtin types. `claims`: the result belongs to one caller only
    (`pop`, `setdefault`). `can_miss`: where there is nothing it raises (`KeyError`, `IndexError`, `ValueError`,
    `AttributeError`), unless `spared_by` is given. `attribute` is the argument that names an attribute (`getattr`).
    `stepwise_by` is an argument that makes a single step into many, unless `spared_by` is given (`max` by a key).
    `source` is where the guarantee stands: docs, source, measured, or the number of the change in CPython.
    """

    access: Access
    atomic_gil: bool
    atomic_free_threaded: bool
    reason: str = ""
    source: str = ""
    claims: bool = False
    can_miss: bool = False
    spared_by: Slot | None = None
    subject: Slot | None = None
    attribute: Slot | None = None
    stepwise_by: Slot | None = None


class Question(msgspec.Struct, frozen=True):
    """A method that asks for the state of an object which other threads may change as soon as it has answered.

    The `acts` are right only if the answer, its truth being `wants` (None: any), still holds; one of the `rivals` by
    another thread makes it old. Of the acts those in `waits` wait for ever in place of raising. `found` and `verb` say
    in words what was answered, and what the rivals do.
    """

    wants: bool | None
    acts: frozenset[str]
    rivals: frozenset[str]
    found: str
    verb: str
    waits: frozenset[str] = frozenset()


class SafetyKind(Enum):
    """Why objects of a class may be shared, or that they may not.

    SYNCHRONIZED inside, CONFINED to a thread, task or request, IMMUTABLE, COUNTER (one call per number), PROCESS
    (shared between processes), LOOP (only for its own event loop's thread), UNSAFE (documented as not for sharing).
    """

    SYNCHRONIZED = "synchronized"
    CONFINED = "confined"
    IMMUTABLE = "immutable"
    COUNTER = "counter"
    PROCESS = "process"
    LOOP = "loop"
    UNSAFE = "unsafe"


class Safety(msgspec.Struct, frozen=True):
    """What sharing objects of a class between threads means, why, and where that stands (as in `Effect`).

    It is about what the library keeps in them: of the attributes that a subclass adds only CONFINED says something.
    """

    kind: SafetyKind
    reason: str = ""
    source: str = ""


class ProcessState(msgspec.Struct, frozen=True):
    """State of the whole process: what it is in words, and what to do instead of changing it.

    `quiet`: threads that meet a change of it go on, only not quite as meant. `variable`: where the interpreter keeps
    it, if it has a name.
    """

    what: str
    instead: str
    quiet: bool = False
    variable: str = ""


class Attribute(msgspec.Struct, frozen=True):
    """A library attribute: the class of its value and, for a lock that uses another's, that other attribute."""

    type: str
    lock: str = ""
