"""Part of the sharing stage: which objects is a context given where it is started?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from racelint import facts
from racelint.knowledge.running import Form, RunsOn
from racelint.program.callgraph.calls import is_public, unpickles
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.locking.locksets import LockSets
from racelint.program.memory.places import Places
from racelint.program.sharing.name import FOR_ALL, Name, NameSet, Root, made_at, made_root, owners, stores_cell
from racelint.program.sharing.naming import Naming
from racelint.program.sharing.waiting_tasks import WaitingTasks
from racelint.program.sources.loops import loop_around
from racelint.program.sources.source import Code
from racelint.program.values.types import Spawned
from racelint.program.values.values import FunctionRef, Instance, Partial, Value

ROUNDS: Final = 3
"""A context that starts another hands on what it was given itself: so often."""


def name_objects(
    threads: Threads, locksets: LockSets, concerned: Collection[Code] | None = None, tasks: Threads | None = None
) -> Naming:
    """Name the objects that every function works on, in each context that runs it.

    As far as some functions are `concerned`, if any are given: in those and where what these know comes from, and of
    started contexts only in those that run one of them. That is done when a name is asked for. `tasks` are those of
    event loops, where the contexts are threads.
    """
    places = locksets.places

    def name_all(naming: Naming) -> None:
        waiting = None if tasks is None else WaitingTasks(tasks, threads.contexts[0], naming, locksets)
        _name_all(naming, _Entering(naming, threads, places, waiting), concerned)

    return Naming(threads, places, name_all)


def _name_all(naming: Naming, entering: _Entering, concerned: Collection[Code] | None) -> None:
    threads, places = entering.threads, entering.places
    main, *started = threads.contexts
    codes = places.types.names.sources.codes
    entering.enter_main(main, codes)
    naming.heard = None if concerned is None else _hearing(naming, threads, places, concerned)
    naming.carry(main, [code for code in codes if any(each is main for each in threads.of(code))])
    needed = {each.index for each in started} if concerned is None else _needed(threads, concerned)
    begun: dict[int, int] = {}
    asked: dict[int, set[int]] = {}
    for _ in range(ROUNDS):
        for context in started:
            if context.index not in needed:
                continue
            # what comes of it hangs on nothing but names: where none of those is new, the same would come again
            known = asked.get(context.index)
            if known is not None and all(naming.news[each] <= begun[context.index] for each in known):
                continue
            begun[context.index] = naming.learned
            naming.asked = asked[context.index] = {context.index}
            entering.enter(context)
            naming.carry(context, [code for code, _ in context.entries])
            needed |= naming.asked
        naming.carry(main, entering.enter_called_back(main))
    naming.make_room(main)


def _needed(threads: Threads, concerned: Iterable[Code]) -> set[int]:
    """The contexts that run one of some functions, and those that start them."""
    needed: set[int] = set()
    pending = [context for code in concerned for context in threads.of(code)]
    while pending:
        context = pending.pop()
        if context.index not in needed:
            needed.add(context.index)
            pending.extend(threads.of(context.code) if context.code is not None else ())
    return needed


def _hearing(naming: Naming, threads: Threads, places: Places, concerned: Iterable[Code]) -> set[int]:
    """The functions, by their keys, on which it hangs what contexts know in those that are `concerned`.

    They start one, make what is worked on, or call who does.
    """
    sources, ties = places.types.names.sources, places.ties
    found = {code.key for code in concerned}
    for spawned in places.types.spawned:
        found.update(sources.operation_at(node)[0].key for node in spawned.given.nodes if node < sources.size)
        found.update([spawned.target.site[0]] if isinstance(spawned.target, Partial) else ())
    for context in threads.contexts[1:]:
        found.update(_makers(receiver for _, receiver in context.entries))
        found.update(code.key for code, _ in context.entries)
        found.update([context.code.key] if context.code is not None else ())
    found.update(key for cls in sources.classes if ties.made(cls) and ties.kept_by(cls) for key, _ in ties.made(cls))
    pending = list(found)
    while pending:
        code = sources.codes[pending.pop()]
        before = {edge.caller.key for edge in threads.calls.callers(code)}
        before |= _makers(edge.receiver for edge, _ in naming.calls.of(code))
        before |= {code.parent.key} if code.parent is not None else set()
        pending.extend(before - found)
        found |= before
    return found


def _makers(values: Iterable[Value | None]) -> set[int]:
    """The functions that make objects of the program, by their keys."""
    return {each.site[0] for each in values if isinstance(each, Instance) and each.site is not None}


class _Entering:
    """Names what contexts start with."""

    def __init__(self, naming: Naming, threads: Threads, places: Places, waiting: WaitingTasks | None) -> None:
        self._waiting = waiting
        self._naming = naming
        self.threads = threads
        self.places = places
        self._sources = places.types.names.sources
        self._spawned: dict[tuple[int, int], list[Spawned]] = defaultdict(list)
        for spawned in places.types.spawned:
            self._spawned[spawned.site].append(spawned)
        self._again: dict[tuple[int, Root, int], bool] = {}
        """By context, root, and how many functions were known then to be given what is there."""
        self._told: dict[tuple[int, str, Code, int], int] = {}
        """What parameters of functions, by their keys, the context that is being entered was told to be: how much all
        contexts knew then. Many starts at one place give the same."""

    def enter_main(self, main: Context, codes: Iterable[Code]) -> None:
        """Anybody may have an object, and call what is public of it, but for one that is just being unpickled."""
        for code in codes:
            if code.is_method and is_public(code) and code.cls is not None and not unpickles(code):
                receiver = self.places.types.attributes.receiver_of(code)
                if receiver is not None:
                    names = {Name(("self", code.cls.key, ""), ""): None}
                    self._naming.bind(main, code, code.own_name, names)

    def enter_called_back(self, main: Context) -> list[Code]:
        """Name the objects whose methods a loop of the main thread calls; the methods that have got a name."""
        found = []
        entries = {entry for context in self.threads.contexts for entry, _ in context.entries}
        for spawned, code in self.threads.other_loops.called_in_main.items():
            target = self._target(spawned, self._sources.codes[spawned.site[0]])
            if target is None or code in entries:
                continue
            where, id = target
            path = self.places.dataflow(where).path(id)
            named = (self._naming.names(runner, where, path) for runner in self.threads.of(where))
            names = {name: None for each in named for name in each}
            if self._naming.bind(main, code, code.first_name, names):
                found.append(code)
        return found

    def enter(self, context: Context) -> None:
        """Name what the context gets where it is started."""
        self._told.clear()
        spawning = self._spawned.get((context.code.key, context.site), []) if context.code is not None else []
        for spawned in spawning:
            self._enter_spawned(context, spawned)
        for code, receiver in context.entries:
            # what a library calls in many threads begins where the one object for all of them is made
            if context.own_instance or context.site < 0 or (context.many and not spawning):
                self._enter_own(context, code, receiver)
            # what starts itself anew for the same object is there once for that
            again = context.code is not None and context in self.threads.of(context.code)
            for path in self._captured(context, code) if not again else ():
                names = self._naming.names(context, code, path)
                self._note_stable(context, names)
                self._note_stable(context, self._naming.given_at_making(names))

    def _captured(self, context: Context, code: Code) -> list[str]:
        """The closure variables of an entry that hold the same object at each start."""
        found = []
        for operation in code.operations:
            if type(operation) is facts.LoadName and operation.scope == "free":
                owner = self._sources.function(code.module, operation.owner)
                stores = [each for each in owner.operations if stores_cell(each, operation.name)]
                paths = [self.places.dataflow(owner).path(each.value) for each in stores]
                if not any(self._varies(context, owner, path) for path in paths):
                    found.append(self.places.dataflow(code).path(operation.id))
        return found

    def _enter_own(self, context: Context, code: Code, receiver: Value | None) -> None:
        if not isinstance(receiver, Instance) or not code.first_name:
            return
        names: NameSet = {}
        if context.runs_on is RunsOn.SERVER and not context.own_instance:
            # the server has one object, which it calls for every request
            names[Name(("self", (code.cls or receiver.cls).key, ""), "")] = None
            self._note_stable(context, names)
        elif context.runs_on in (RunsOn.SERVER, RunsOn.LOOP):
            names[Name(("own", context.index, ""), "")] = None
        elif receiver.site is None:
            names[Name(("self", (code.cls or receiver.cls).key, ""), "")] = None
        else:
            maker = self._sources.codes[receiver.site[0]]
            for each in self.threads.of(maker):
                if context.many:
                    names[Name(made_root(maker.key, receiver.site[1], each.index), "")] = None
                else:
                    # a thread that its maker keeps in a global is known to others by that
                    names.update(self._naming.names(each, maker, f"%{receiver.site[1]}"))
        if context.many and not context.own_instance:
            self._note_stable(context, names)
        self._naming.bind(context, code, code.first_name, names)

    def _enter_spawned(self, context: Context, spawned: Spawned) -> None:
        starter = context.code
        if starter is None or context.own_instance:
            return
        for code, receiver in context.entries:
            parameters = [each for each in code.function.parameters if each.kind in ("positional", "keyword")]
            if receiver is not None and parameters:
                first = parameters.pop(0).name
                target = self._target(spawned, starter)
                if target is not None:
                    self._give(context, code, first, target)
                elif not self._give_callback(context, code, first, spawned, starter):
                    self._give_receiver(context, code, first, spawned)
            preset = self._preset(spawned)
            given = [*(node for name, node in preset if not name), *spawned.given.positional]
            for parameter, node in zip(parameters, given, strict=False):
                self._give(context, code, parameter.name, self._at(node))
            for name, node in (*((name, node) for name, node in preset if name), *spawned.given.keywords):
                self._give(context, code, name, self._at(node))

    def _preset(self, spawned: Spawned) -> list[tuple[str, int]]:
        """The arguments that a partial carries, by their names if they have one."""
        if not isinstance(spawned.target, Partial):
            return []
        code = self._sources.codes[spawned.target.site[0]]
        call = code.operations[spawned.target.site[1]]
        if type(call) is not facts.Call:
            return []
        given = (each for each in call.arguments[1:] if each.value >= 0 and not each.name.startswith("*"))
        return [(each.name, code.offset + each.value) for each in given]

    def _at(self, node: int) -> tuple[Code, int] | None:
        if node >= self._sources.size:
            return None
        code, _ = self._sources.operation_at(node)
        return code, node - code.offset

    def _target(self, spawned: Spawned, starter: Code) -> tuple[Code, int] | None:
        """The object whose bound method is handed over."""
        if isinstance(spawned.target, Partial):
            return self._carried(spawned.target)
        call = starter.operations[spawned.site[1]]
        if type(call) is not facts.Call:
            return None
        given = [each.value for each in call.arguments]
        # of what a decorator starts in a thread, the call is that of the method; a coroutine is called to be handed on
        for handed in (call.callee, *given) if spawned.spawn.form is Form.FUNCTION else given:
            fetched = starter.operation(handed)
            if handed < 0 or spawned.target not in self.places.types.of(starter, handed):
                continue
            if isinstance(spawned.target, Instance):
                return starter, handed
            if type(fetched) is facts.LoadAttr:
                return starter, fetched.base
        return None

    def _carried(self, partial: Partial) -> tuple[Code, int] | None:
        """The object whose bound method a partial carries: that of `partial(self.work, item)`."""
        code = self._sources.codes[partial.site[0]]
        call = code.operations[partial.site[1]]
        fetched = code.operation(call.arguments[0].value) if type(call) is facts.Call and call.arguments else None
        return (code, fetched.base) if type(fetched) is facts.LoadAttr else None

    def _give(self, context: Context, code: Code, parameter: str, what: tuple[Code, int] | None) -> None:
        if what is None:
            return
        where, id = what
        if self._told.get((code.key, parameter, where, id)) == self._naming.learned:
            return
        self._told[code.key, parameter, where, id] = self._naming.learned
        path = self.places.dataflow(where).path(id)
        names: NameSet = {}
        for runner in self.threads.of(where):
            names.update(self._naming.names(runner, where, path))
        self._naming.bind(context, code, parameter, names)
        self._note_given(context, names, varies=self._varies(context, where, path))

    def _give_callback(self, context: Context, code: Code, parameter: str, spawned: Spawned, starter: Code) -> bool:
        """Name the object of a bound method that is handed over by another name; whether it could be told."""
        call = starter.operations[spawned.site[1]]
        found = False
        for argument in call.arguments if type(call) is facts.Call else ():
            if argument.value < 0 or spawned.target not in self.places.types.of(starter, argument.value):
                continue
            path = self.places.dataflow(starter).path(argument.value)
            for runner in self.threads.of(starter):
                names = owners(self._naming.names(runner, starter, path), code)
                self._naming.bind(context, code, parameter, names)
                found |= bool(names)
                if not self._varies(context, starter, path):
                    self._note_stable(context, names)
        return found

    def _give_receiver(self, context: Context, code: Code, parameter: str, spawned: Spawned) -> None:
        """The object of a bound method that came to the start by way of variables, lists or parameters."""
        receiver = spawned.target.receiver if isinstance(spawned.target, FunctionRef) else spawned.target
        if not isinstance(receiver, Instance):
            return
        names: NameSet = {}
        varies = self._is_drawn(context, spawned)
        if receiver.site is None:
            names[Name(("self", (code.cls or receiver.cls).key, ""), "")] = None
        else:
            maker = self._sources.codes[receiver.site[0]]
            path = f"%{receiver.site[1]}"
            varies |= self._varies(context, maker, path)
            for runner in self.threads.of(maker):
                names.update(self._naming.names(runner, maker, path))
        self._naming.bind(context, code, parameter, names)
        self._note_given(context, names, varies=varies)

    def _is_drawn(self, context: Context, spawned: Spawned) -> bool:
        """Whether what is started comes out of a container, element by element."""
        starter, repeated = context.code, context.repeated
        call = starter.operations[spawned.site[1]] if starter is not None else None
        if starter is None or repeated is None or type(call) is not facts.Call:
            return False
        flow, types = self.places.dataflow(starter), self.places.types
        given = [each.value for each in call.arguments if spawned.target in types.of(starter, each.value)]
        around = starter.operations[repeated[0] : repeated[1] + 1]
        drawn = [each.id for each in around if type(each) is facts.Element]
        return any(flow.comes_from(value, each) for value in given for each in drawn)

    def _note_given(self, context: Context, names: NameSet, *, varies: bool) -> None:
        """What is given is one object for all instances, and what it was made with; or at least the latter."""
        if not varies:
            self._note_stable(context, names)
        given = self._naming.given_at_making(names)
        self._note_stable(context, {name: None for name in given if not (varies and self._is_for_each(name))})

    def _is_for_each(self, name: Name) -> bool:
        """Whether an object is made in a loop: of all that are, each may be for one of several others."""
        made = made_at(name.root)
        return made is not None and loop_around(self._sources.codes[made.code], made.id) is not None

    def _note_stable(self, context: Context, names: NameSet) -> None:
        """What is given is one object for all instances; of awaited ones that is sure only if all starters share it."""
        stable = self._naming.stable[context.index]
        for name in (each for each in names if not each.is_item):
            root = name.root
            if root in stable:
                continue
            may_be = not context.awaited or root[0] in FOR_ALL
            beside = context.awaited and self._waiting is not None and self._waiting.are_several(context, root)
            if beside or (may_be and self._is_given_again(context, root)):
                stable.add(root)

    def _is_given_again(self, context: Context, root: Root) -> bool:
        """Whether two instances may get the object, not each one that was made for it."""
        made, naming = made_at(root), self._naming
        if made is None:
            return True
        asked = context.index, root, naming.knowing(made.context, root)
        known = self._again.get(asked)
        if known is None:
            maker = self._sources.codes[made.code]
            known = naming.giving.again(context, maker, made.id, lambda code: naming.knows(made.context, code, root))
            self._again[asked] = known
        return known

    @staticmethod
    def _varies(context: Context, where: Code, path: str) -> bool:
        """Whether it is another object at each start: made, or drawn from something, inside the repeated range."""
        root = path.split(".", maxsplit=1)[0]
        if not root.startswith("%") or context.repeated is None or where is not context.code:
            return False
        return root[1:].isdigit() and context.repeated[0] <= int(root[1:]) <= context.repeated[1]
