"""What Python's standard library and well-known libraries mean for concurrency: tables, and one door to ask them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .arguments import LAZY
from .iteration import DISTURBANCES, Disturbance
from .lookup import Lookup
from .model import (
    Access,
    Attribute,
    Effect,
    Failure,
    LockDecorator,
    LockDomain,
    LockKind,
    LockMethod,
    LockModel,
    LockRole,
    ProcessState,
    Question,
    Safety,
    SafetyKind,
    Slot,
)
from .operators import ALL, IN_PYTHON
from .rows import KnowledgeRows, extended
from .running import (
    Blocking,
    BlockingOn,
    EntryDecorator,
    EntryMethod,
    Form,
    Many,
    Passing,
    RunsOn,
    Spawn,
    Starts,
    Transfer,
    Wait,
    WaitFor,
)
from .tables import standard_tables

__all__ = [
    "Access",
    "Attribute",
    "Blocking",
    "BlockingOn",
    "Disturbance",
    "Effect",
    "EntryDecorator",
    "EntryMethod",
    "Failure",
    "Form",
    "Knowledge",
    "KnowledgeRows",
    "LockDecorator",
    "LockDomain",
    "LockKind",
    "LockMethod",
    "LockModel",
    "LockRole",
    "Many",
    "Passing",
    "ProcessState",
    "Question",
    "RunsOn",
    "Safety",
    "SafetyKind",
    "Slot",
    "Spawn",
    "Starts",
    "Transfer",
    "Wait",
    "WaitFor",
]


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge(Lookup):
    """Answers what a qualified name means.

    Names are dotted; builtins have no prefix (`dict.pop`, `len`). Every look-up takes any spelling (aliases,
    re-exports) and finds what a class inherits from its bases.
    """

    @staticmethod
    @cache
    def standard() -> Knowledge:
        """What is known without any user rows."""

        return Knowledge(standard_tables())

    def with_rows(self, rows: KnowledgeRows) -> Knowledge:
        """This knowledge and the rows of a configuration, which win."""

        return Knowledge(extended(self.tables, rows))

    # --- locks ---

    def lock(self, qualname: str) -> LockModel | None:
        """What this constructor makes, where that is a lock or an event."""

        return self._find_class(self.tables.locks, qualname)

    def lock_method(self, class_qualname: str, method_name: str) -> LockMethod | None:
        """What a method does to the lock that it is called on."""

        return self._find(self.tables.lock_methods, f"{class_qualname}.{method_name}")

    def lock_method_names(self) -> frozenset[str]:
        """The names that any method of any lock has."""

        return frozenset(name.rpartition(".")[2] for name in self.tables.lock_methods)

    def lock_decorator(self, qualname: str) -> LockDecorator | None:
        """Which lock this decorator holds while the function runs."""

        return self._find(self.tables.lock_decorators, qualname)

    # --- contexts ---

    def spawns(self, qualname: str) -> tuple[Spawn, ...]:
        """Every callable that this function, constructor or method hands to another context, the main one first."""

        return self._find(self.tables.spawns, qualname) or self._find_class(self.tables.spawns, qualname) or ()

    def spawn(self, qualname: str) -> Spawn | None:
        """The main one of `spawns`."""

        return next(iter(self.spawns(qualname)), None)

    def keepers(self) -> frozenset[str]:
        """The attributes under which objects made by a library have the one that has made them: `server`."""

        return frozenset(row.keeper for rows in self.tables.spawns.values() for row in rows if row.keeper)

    def entry_methods(self, class_qualname: str) -> tuple[EntryMethod, ...]:
        """The methods of this class and of its subclasses that the library calls; the nearest row of a name wins."""

        rows: dict[str, EntryMethod] = {}
        for name in self.mro(class_qualname):
            for row in self.tables.entry_methods.get(name, ()):
                rows.setdefault(row.name, row)
        return tuple(rows.values())

    def entry_decorator(self, qualname: str) -> EntryDecorator | None:
        """Where functions with this decorator are run."""

        return self._find(self.tables.entry_decorators, qualname)

    # --- order ---

    def wait(self, qualname: str) -> Wait | None:
        """Which other context has ended when this call returns."""

        return self._find(self.tables.waits, qualname)

    def joins_on_exit(self, class_qualname: str) -> bool:
        """Whether leaving `with` over an object of this class waits for all that it has started."""

        return any(name in self.tables.joins_on_exit for name in self.mro(class_qualname))

    def enters_at_once(self, qualname: str) -> bool:
        """Whether `async with` over what this makes waits neither when it is entered nor when it is left."""

        return self._has(self.tables.entered_at_once, qualname)

    def leaves_at_once(self, qualname: str) -> bool:
        """Whether `async with` over an object of this class does not wait when it is left."""

        return self._has(self.tables.left_at_once, qualname)

    def is_for_loop_thread(self, qualname: str) -> bool:
        """Whether this method must be called on the thread of the loop to which its object belongs."""

        return self._has(self.tables.loop_thread_only, qualname)

    def runs_loop(self, qualname: str) -> bool:
        """Whether this call runs an event loop on the thread that makes it."""

        return self._has(self.tables.loop_runners, qualname)

    def transfer(self, qualname: str) -> Transfer | None:
        """Whether this call hands an item to another context, or receives one."""

        return self._find(self.tables.transfers, qualname)

    def blocking(self, qualname: str) -> Blocking | None:
        """What this call may stop its thread for."""

        return self._find(self.tables.blocking, qualname)

    def cannot_raise(self, qualname: str, arguments: int = 0) -> bool:
        """Whether this call practically never raises, used as meant (a `release` by who holds the lock)."""

        chooses = arguments > 1 and self._has(self.tables.chooses, qualname)
        room = self._find(self.tables.empty, qualname)
        is_empty = room is not None and arguments <= room
        return chooses or is_empty or self._has(self.tables.cannot_raise, qualname)

    # --- data ---

    def effect(self, class_qualname: str, method_name: str) -> Effect | None:
        """What a method does to its receiver; operators go by their special names (`d[k] = v` is `__setitem__`)."""

        effect = self._find(self.tables.effects, f"{class_qualname}.{method_name}")
        if effect is None and (safety := self.safety(class_qualname)) and safety.kind is SafetyKind.IMMUTABLE:
            return Effect(Access.READ, True, True, safety.reason, safety.source)
        return effect

    def builtin_effect(self, function_qualname: str, container: str = "", view: str = "") -> Effect | None:
        """What a function does to its argument `subject`, where that is of the class `container`, or a view of such."""

        function = self.canonical(function_qualname)
        for name in (view, *self.mro(container)) if container else ():
            found = self.tables.container_effects.get((function, name))
            if found is not None:
                return found
        return self.tables.builtin_effects.get(function)

    def question(self, class_qualname: str, method_name: str) -> Question | None:
        """What asking an object for its state means for what is done because of the answer."""

        return self._find(self.tables.questions, f"{class_qualname}.{method_name}")

    def carried(self, class_qualname: str, method_name: str) -> frozenset[str]:
        """The methods that go on from what this one leaves in the object; none if it leaves nothing."""

        return self._find(self.tables.carried, f"{class_qualname}.{method_name}") or frozenset()

    def disturbance(self, container: str, method_name: str) -> Disturbance | None:
        """What happens to those who iterate over a container while this method changes it; None: they do not mind."""

        disturbance, methods = self._find_class(DISTURBANCES, container) or (None, frozenset())
        return disturbance if method_name in methods else None

    def is_lazy(self, function_qualname: str) -> bool:
        """Whether a function only makes an iterator over its argument, which others drain later."""

        return self.canonical(function_qualname) in LAZY

    def safety(self, qualname: str) -> Safety | None:
        """What sharing objects of this class (or this library object, such as `flask.g`) between threads means."""

        return self._find_class(self.tables.safety, qualname)

    def runs_python(self, class_qualname: str, methods: frozenset[str]) -> bool:
        """Whether a class has one of these special methods written in Python: an operator then calls a function."""

        rows = (IN_PYTHON[name] for name in self.mro(class_qualname) if name in IN_PYTHON)
        return bool(methods) and any(row is ALL or not row.isdisjoint(methods) for row in rows)

    def callable_from_any_thread(self, qualname: str) -> bool:
        """Whether this method of an object that is confined to a loop may be called from other threads."""

        return self._has(self.tables.callable_from_any_thread, qualname)

    def process_state(self, qualname: str) -> ProcessState | None:
        """The state of the whole process that this call, or setting this variable, changes."""

        return self._find(self.tables.process_state, qualname)

    # --- types ---

    def returns(self, qualname: str) -> str | None:
        """The class of what a function or method returns; of what awaiting it gives, where it is a coroutine."""

        return self._find(self.tables.returns, qualname)

    def attribute(self, qualname: str) -> Attribute | None:
        """What a library attribute or module variable holds: `queue.Queue.mutex`, `os.environ`."""

        return self._find(self.tables.attributes, qualname)
