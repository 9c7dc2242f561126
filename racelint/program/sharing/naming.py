"""Part of the sharing stage: which object does a function work on when this context runs it?

Types tell the class of an object, not which one it is. So each context carries names of objects from where it starts
down its calls: `self` of a method that anybody may call, the object made at a site, a global, and attributes of these.
Two contexts share an object only if they come to it by the same name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Final

from racelint import facts
from racelint.program.callgraph.edges import Edge
from racelint.program.contexts.admitted import Admitted
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.frames import operation_of
from racelint.program.memory.places import Places
from racelint.program.sharing.aliases import Aliases
from racelint.program.sharing.drawn import split_item
from racelint.program.sharing.giving import Giving
from racelint.program.sharing.keepers import ITEM, Keepers
from racelint.program.sharing.name import Bindings, Name, NameSet, Root, made_root, owners, stores_cell
from racelint.program.sharing.passing_calls import PassingCalls
from racelint.program.sharing.shortening import Shortening
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import Instance

PER_PARAMETER: Final = 8
"""A parameter that may be more objects than this is given no further names."""

GIVEN_DEEP: Final = 3
"""So many objects deep it is followed what each was made with."""


class Naming:
    """The names of objects in each context."""

    def __init__(self, threads: Threads, places: Places, name_all: Callable[[Naming], None]) -> None:
        """`name_all` enters all contexts, once somebody asks for a name."""
        self._name_all = name_all
        self._is_begun = False
        self._threads = threads
        self._places = places
        self._sources = places.types.names.sources
        self.learned = 0
        """How many names all contexts know."""
        self.news: dict[int, int] = defaultdict(int)
        """For each context what `learned` was when it got its last name."""
        self.asked: set[int] = set()
        """The contexts of which a name was asked for; whoever wants to know empties it before."""
        self.heard: Collection[int] | None = None
        """The functions of which it matters what is known in them, if not of all."""
        self._answers: dict[tuple[int, int, str], NameSet] | None = None
        """What was asked once all names are known; until then they may come to be more."""
        self._known: dict[str, NameSet] = {}
        """The names of what is reached from globals: they are the same in all functions."""
        self.shortening = Shortening(threads, places, self._find_names)
        self._keepers = Keepers(places)
        self._aliases = Aliases(places, self._keepers, self.shortening.classes)
        self.giving = Giving(threads, places)
        self.admitted = Admitted(threads, places.dataflow)
        self._bindings: dict[int, Bindings] = {context.index: {} for context in threads.contexts}
        self._left_out: dict[tuple[int, str], NameSet] = {}
        """The names of parameters in the main context that are too many."""
        self._met: frozenset[Name] = frozenset()
        """The names by which started contexts know objects; collected when all of these are named."""
        self._given: dict[int, dict[Root, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
        """For each context and root: the functions that are given what is there. A dict takes less than a set."""
        self.stable: dict[int, set[Root]] = defaultdict(set)
        """For each context: the roots of what it is given that are the same objects for all its instances."""
        self._open: set[tuple[int, int, str]] = set()
        """The variables of closures, by context and function, of which the names are just being looked for."""
        self._kept: dict[tuple[int, str], Code | str | None] = {}
        """By function and value: the path by which it goes from then on, or who gives all callers the same."""
        self.calls = PassingCalls(threads, places)

    @property
    def carrying(self) -> list[Code]:
        """The functions from which names were carried on."""
        self.conclude()
        return self.calls.asked

    def names(self, context: Context, code: Code, path: str) -> NameSet:
        """The names of the object at a path (as in `Dataflow.path`) of a function that the context runs.

        Started contexts know what a global holds by whatever module or attribute they come to it. Callers outside know
        it by the way that they take: most of what they might come to they have set up before.
        """
        if self._answers is None:
            self.conclude()
        if self._answers is None:
            return self._find_names(context, code, path)
        asked = context.index, code.key, path
        found = self._answers.get(asked)
        if found is None:
            found = self._find_names(context, code, path)
            if not context.is_main:
                found = {**found, **self.shortening.settled(self._aliases.of(found))}
            self._answers[asked] = found
        return found

    def conclude(self) -> None:
        """Name all that contexts work on, if that is not done: what is asked from then on has one answer."""
        if not self._is_begun:
            self._is_begun = True
            self._name_all(self)
            self._answers = {}

    def _find_names(self, context: Context, code: Code, path: str) -> NameSet:
        if not path or "?" in path:
            return {}
        if "[" in path:
            outer, item, rest = split_item(path)
            return self._items(context, code, outer, item + rest)
        known = self._known.get(path) if path.startswith("g:") else None
        if known is not None:
            return known
        root, dot, rest = path.partition(".")
        rest = dot + rest
        if root.startswith("g:"):
            _, module, name = root.split(":")
            known = self._known[path] = self._global(int(module), name, rest)
            return known
        if root.startswith("c:"):
            return self._of_closure(context, code, root, rest)
        if root.startswith("%"):
            return self._of_value(context, code, root, rest)
        self.asked.add(context.index)
        known = self._bindings[context.index].get(code.key, {}).get(root, {})
        return self.shortening.settled([Name(name.root, name.path + rest) for name in known] if rest else known)

    def _of_value(self, context: Context, code: Code, root: str, rest: str) -> NameSet:
        """The names of what is reached from a value that an operation of the function gives."""
        asked = code.key, root
        if asked not in self._kept:
            self._kept[asked] = self._keepers.keeper(code, root, operation_of(root))
        match self._kept[asked]:
            case None:
                return self.shortening.settled([Name(made_root(code.key, operation_of(root), context.index), rest)])
            case Code(module=module, name=name):
                return {Name(("global", module, name), f"(){rest}"): None}
            case path if path.endswith(ITEM):
                return self._items(context, code, path.removesuffix(ITEM), ITEM + rest)
            case path:
                return self._find_names(context, code, path + rest)

    def _items(self, context: Context, code: Code, outer: str, rest: str) -> NameSet:
        """The names of what a container holds: whichever of it is meant, it may be the same for two who look."""
        found = self._find_names(context, code, outer) if "[" not in rest[1:] else {}
        return {Name(each.root, each.path + rest): None for each in found if not each.is_item}

    def _global(self, module: int, name: str, rest: str) -> NameSet:
        target = self._places.types.names.variable(module, name)
        return self.shortening.settled([Name(("global", *target), rest)]) if isinstance(target, tuple) else {}

    def _of_closure(self, asking: Context, code: Code, root: str, rest: str) -> NameSet:
        """A closure variable is what its function has put there: a parameter, or an object of its own.

        Of what each call of the function makes for a function that it returns, it is not known which one is meant.
        """
        _, module, index, name = root.split(":")
        owner = self._sources.function(int(module), int(index))
        runners = self._threads.of(owner)
        handed = asking not in runners and code.key in self._threads.calls.handed_out
        found: NameSet = {}
        # what a context starts with was made by who starts it, though it may come to make such again
        for context in sorted(runners, key=lambda each: each is not asking):
            if found and runners and asking in runners:
                break
            self.asked.add(context.index)
            bound = self._bindings[context.index].get(owner.key, {}).get(name, {})
            found.update(self.shortening.settled([Name(each.root, each.path + rest) for each in bound]))
            variable = context.index, owner.key, name
            if variable in self._open:
                # `for each in each`: what it is made of has no names but its own
                continue
            self._open.add(variable)
            for operation in owner.operations:
                if stores_cell(operation, name):
                    path = self._places.dataflow(owner).path(operation.value)
                    if not path.startswith(("c:", "%") if handed else "c:"):
                        found.update(self._find_names(context, owner, path + rest))
            self._open.discard(variable)
        return found

    def given_at_making(self, names: NameSet) -> NameSet:
        """The names of what objects were given at their making, as their makers know it, and of what that was given."""
        found: NameSet = {}
        asked = [name for name in names if not name.path or name.is_item]
        for _ in range(GIVEN_DEEP):
            kept = [each for name in asked for each in self.shortening.kept(name)]
            shorter = [short for name in kept for short in self.shortening.settled([name]) if short != name]
            asked = [each for each in shorter if each not in found and not each.is_item]
            found.update(dict.fromkeys(asked))
        return found

    # --- carrying names along ---

    def bind(self, context: Context, code: Code, parameter: str, names: NameSet) -> bool:
        """Note what a parameter is in a context; whether that is new."""
        if not names:
            return False
        if code.cls is not None and not context.is_main and parameter == code.first_name:
            names = _with_own_class(names, code.cls)
        bound = self._bindings[context.index].setdefault(code.key, {}).setdefault(parameter, {})
        if names.keys() <= bound.keys():
            return False
        before, given = len(bound), self._given[context.index]
        for name in names:
            if len(bound) < PER_PARAMETER or name in self._met:
                bound[name] = None
                given[name.root][code.key] = None
            elif context.is_main:
                self._left_out.setdefault((code.key, parameter), {})[name] = None
        if len(bound) == before:
            return False
        self.learned += len(bound) - before
        self.news[context.index] = self.learned
        return True

    def make_room(self, main: Context) -> None:
        """Give the main context the names that were too many, where a started one knows the object by them as well."""
        self._met = frozenset(
            name
            for index, bindings in self._bindings.items()
            for bound in bindings.values()
            for names in bound.values()
            for name in names
            if index != main.index
        )
        pending: dict[int, Code] = {}
        for (key, parameter), names in self._left_out.items():
            met = {name: None for name in names if name in self._met}
            if met and self.bind(main, self._sources.codes[key], parameter, met):
                pending[key] = self._sources.codes[key]
        self.carry(main, list(pending.values()))

    def knows(self, context: int, code: Code, root: Root) -> bool:
        """Whether a function is given in a context, by its number, what is at a root; inner ones may have it anyway."""
        self.conclude()
        inner = code.parent is not None and code.parent.function.kind in ("function", "lambda")
        return inner or code.key in self._given[context].get(root, ())

    def knowing(self, context: int, root: Root) -> int:
        """How many functions are given in a context what is at a root: they only grow more."""
        return len(self._given[context].get(root, ()))

    def carry(self, context: Context, pending: list[Code]) -> None:
        """Carry the names that a context knows in some functions down its calls."""
        passed_on: dict[int, dict[str, int]] = {}
        waiting = {code.key for code in pending}
        seen = set(waiting)
        while pending:
            code = pending.pop()
            waiting.discard(code.key)
            if self.heard is not None and code.key not in self.heard:
                continue
            handed = passed_on.setdefault(code.key, {})
            now: dict[str, int] = {}
            found: dict[str, NameSet | None] = {}
            learned = self.learned
            for edge, passed in self.calls.of(code):
                if self.admitted.is_kept_away(context, code, edge.site):
                    continue
                changed = False
                for parameter, path in passed.items():
                    if learned != self.learned:
                        found, learned = {}, self.learned
                    if path not in found:
                        found[path] = self._news_at(context, code, path, handed, now)
                    known = found[path]
                    if known is not None:
                        names = self._passed_on(context, edge, parameter, path, known)
                        changed |= self.bind(context, edge.callee, parameter, names)
                # what is given nothing may know objects by closures and globals, and hands them on
                if (changed or edge.callee.key not in seen) and edge.callee.key not in waiting:
                    waiting.add(edge.callee.key)
                    seen.add(edge.callee.key)
                    pending.append(edge.callee)
            handed.update(now)

    def _news_at(
        self, context: Context, code: Code, path: str, handed: dict[str, int], now: dict[str, int]
    ) -> NameSet | None:
        """The names of the object at a path; None if all calls have been given just these before.

        `handed` tells of what that was how many names its root had, `now` is for what is given now.
        """
        count = self._count(context, code, path)
        if count and handed.get(path) == count:
            return None
        looked = self.shortening.looked
        names = self._find_names(context, code, path)
        if count and names and looked == self.shortening.looked:
            now.setdefault(path, count)
        return names

    def _count(self, context: Context, code: Code, path: str) -> int:
        """How many names are known of what a path begins with, if it hangs on nothing else what it leads to; else 0."""
        if "[" in path or path.startswith("c:"):
            return 0
        if path.startswith("g:"):
            return 1
        root = path.partition(".")[0]
        if root.startswith("%"):
            return not isinstance(self._kept.get((code.key, root), ""), str)
        return len(self._bindings[context.index].get(code.key, {}).get(root, ()))

    def given(self, context: Context, edge: Edge, parameter: str, path: str) -> NameSet:
        """The names that a call gives its callee as a parameter: of a path of the caller, or of a bound method."""
        return self._passed_on(context, edge, parameter, path, self.names(context, edge.caller, path))

    def _passed_on(self, context: Context, edge: Edge, parameter: str, path: str, known: NameSet) -> NameSet:
        """The names that a call gives its callee, of a path by which the caller knows them, or of a bound method."""
        names = known or self._of_callback(context, edge, parameter)
        return {**names, **self._of_receiver(context, edge, parameter)} if not names or "[" in path else names

    def _of_callback(self, context: Context, edge: Edge, parameter: str) -> NameSet:
        """The names of the object whose bound method a call fetched by another name: `self._on_change(...)`."""
        call = edge.caller.operations[edge.site]
        is_own = edge.receiver is not None and parameter == edge.callee.first_name
        if not is_own or type(call) is not facts.Call or edge.lent >= 0:
            return {}
        path = self._places.dataflow(edge.caller).path(call.callee)
        return owners(self.names(context, edge.caller, path), edge.callee)

    def _of_receiver(self, context: Context, edge: Edge, parameter: str) -> NameSet:
        """The names of the object that a method was bound to elsewhere, as far as this context has it at all.

        Where objects that many calls have made may stand there, that it is this one is not known.
        """
        receiver = edge.receiver
        if not isinstance(receiver, Instance) or parameter != edge.callee.first_name or self.calls.is_any(edge):
            return {}
        names: NameSet = {}
        if receiver.site is None:
            names[Name(("self", (edge.callee.cls or receiver.cls).key, ""), "")] = None
        else:
            maker = self._sources.codes[receiver.site[0]]
            for runner in self._threads.of(maker):
                names.update(self.names(runner, maker, f"%{receiver.site[1]}"))
        known = self._given[context.index]
        return {name: None for name in names if name.root in known}


def _with_own_class(names: NameSet, cls: ClassInfo) -> NameSet:
    """The names of an object that runs a method of this class: who calls it by a base class has an object of this."""
    bases = [base.key for base in cls.mro[1:]]
    if not any(name.root[0] == "self" and name.root[1] in bases and not name.path for name in names):
        return names
    return {**names, Name(("self", cls.key, ""), ""): None}
