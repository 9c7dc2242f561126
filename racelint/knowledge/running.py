"""The nouns of the knowledge tables about running: what starts other contexts, what waits for them, what blocks."""

from __future__ import annotations

from enum import Enum

import msgspec

from .model import Slot

# --- contexts ------------------------------------------------------------------------------------------------------


class RunsOn(Enum):
    """Where a callable is run.

    HANDLER is one library thread that calls all its callbacks in turn, SERVER the thread of a request, CALLER the
    thread that triggers it, FINALIZER any thread at any point, PROCESS a process or interpreter of its own.
    """

    THREAD = "thread"
    POOL = "pool"
    PROCESS = "process"
    LOOP = "loop"
    GREENLET = "greenlet"
    HANDLER = "handler"
    SERVER = "server"
    SIGNAL = "signal"
    FINALIZER = "finalizer"
    EXIT = "exit"
    CALLER = "caller"


class Many(Enum):
    """How many runs of a callable may overlap with each other.

    ALWAYS several, NEVER (serial), PER_SITE as many as the starting call is executed, WORKERS as many as the pool has,
    BY_SPAWNER as the `Spawn` says that is given the class or object.
    """

    ALWAYS = "always"
    NEVER = "never"
    PER_SITE = "per-site"
    WORKERS = "workers"
    BY_SPAWNER = "by-spawner"


class Starts(Enum):
    """When the callable starts: NOW (at once or soon after the call), ON_START of the returned object, or LATER."""

    NOW = "now"
    ON_START = "on-start"
    LATER = "later"


class Form(Enum):
    """What stands in the callee's slot. CLASS and OBJECT mean: the entry methods of that class run."""

    FUNCTION = "function"
    COROUTINE_FUNCTION = "coroutine-function"
    COROUTINE = "coroutine"
    COROUTINES = "coroutines"
    CLASS = "class"
    OBJECT = "object"


class Passing(Enum):
    """How the callee gets its arguments.

    REST: the positionals after the callee and all unclaimed keywords. ARGS_KWARGS: one tuple and one dict.
    EACH: one element of each iterable; STAR_EACH: one element, unpacked. RESULT: a value that the library makes.
    """

    NONE = "none"
    REST = "rest"
    ARGS_KWARGS = "args-kwargs"
    EACH = "each"
    STAR_EACH = "star-each"
    RESULT = "result"


class Spawn(msgspec.Struct, frozen=True):
    """One callable that a call hands to another context of execution.

    `args` is the tuple (ARGS_KWARGS) or the iterables (EACH, STAR_EACH), `kwargs` the dict; `start_method` is what
    starts an object of kind ON_START; `workers` is the argument of the pool's constructor that limits WORKERS.
    `only_sync`: an `async def` callee runs on the event loop instead. `keeper`: the attribute under which an object of
    a CLASS finds the object that made it. `executor` is the argument that is the pool, where it is not the receiver.
    """

    callee: Slot
    runs_on: RunsOn
    many: Many
    form: Form = Form.FUNCTION
    passing: Passing = Passing.NONE
    args: Slot | None = None
    kwargs: Slot | None = None
    starts: Starts = Starts.NOW
    start_method: str = ""
    workers: Slot | None = None
    only_sync: bool = False
    keeper: str = ""
    executor: Slot | None = None


class EntryMethod(msgspec.Struct, frozen=True):
    """A method of subclasses, or an attribute set by users, that the library calls.

    `name` may end in `*`. `started_by` is the method that starts the context ("": the library decides). `holding` is
    the attribute with the lock that is held. `instance_per_call`: each run has an object of its own. `only_sync`:
    the row is about `def`, an `async def` of the same name runs on the event loop.
    """

    name: str
    runs_on: RunsOn
    many: Many
    started_by: str = ""
    holding: str = ""
    instance_per_call: bool = False
    only_sync: bool = False

    def matches(self, method: str) -> bool:
        """Whether this row is about the method of that name."""

        return method.startswith(self.name[:-1]) if self.name.endswith("*") else method == self.name


class EntryDecorator(msgspec.Struct, frozen=True):
    """A decorator whose function the library runs; `only_sync` as in `EntryMethod`.

    `one_object`: if it is a method, all runs are on one and the same object.
    """

    runs_on: RunsOn
    many: Many
    only_sync: bool = False
    one_object: bool = False


# --- order ---------------------------------------------------------------------------------------------------------


class WaitFor(Enum):
    """Whose end a call waits for: a thread or process, one result, all the work of a pool, its callbacks alone, every
    item of a queue, or the work that this same call starts."""

    THREAD = "thread"
    RESULT = "result"
    WORKERS = "workers"
    CALLBACKS = "callbacks"
    ITEMS = "items"
    CALL = "call"


class Wait(msgspec.Struct, frozen=True):
    """A call after which another context has ended.

    `subject` is the argument waited for (None: the receiver). A `timeout` may cut the wait short; `timeout_raises`
    says that it then does not return. `only_if` is the argument that must be true for it to wait. `lazy`: it returns
    at once, and drawing an element from what it returns waits for the result that this element is.
    """

    what: WaitFor
    subject: Slot | None = None
    timeout: Slot | None = None
    lazy: bool = False
    timeout_raises: bool = False
    only_if: Slot | None = None
    awaited: bool = False


class Transfer(msgspec.Struct, frozen=True):
    """Hands an item from one context to another: `item` is the argument sent, or None where the item is returned."""

    sends: bool
    item: Slot | None = None


class BlockingOn(Enum):
    """What a blocking call waits for."""

    LOCK = "lock"
    CONDITION = "condition"
    EVENT = "event"
    QUEUE = "queue"
    THREAD = "thread"
    RESULT = "result"
    PROCESS = "process"
    IO = "i/o"
    SLEEP = "sleep"


class Blocking(msgspec.Struct, frozen=True):
    """A call that may stop its thread. It does not when `only_if` (an argument) is false; `timeout` bounds it.

    `answers` are the methods of the same object by which another thread lets it go on.
    """

    what: BlockingOn
    timeout: Slot | None = None
    only_if: Slot | None = None
    answers: tuple[str, ...] = ()
