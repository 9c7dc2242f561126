"""Part of the sharing stage: names by the shortest way, so that one object has one name.

What an object was given at its making goes by the name that its maker has for it: `self.owner.stats` of a part that
`Whole.__init__` makes with `Part(self)` is the `self.stats` of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from racelint import facts
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.dataflow.dataflow import UNKNOWN
from racelint.program.memory.lending import settled
from racelint.program.memory.places import Places
from racelint.program.memory.ties import classes_of
from racelint.program.sharing.name import Made, Name, NameSet, Root, made_at
from racelint.program.sources.source import ClassInfo, Code
from racelint.program.values.values import ClassRef, Instance, Site

ATTRIBUTES: Final = 3
"""A name leads through at most this many attributes."""

GIVERS: Final = 4
"""So often an object's name is taken from that of who gave it."""

MAKERS: Final = 2
"""What more calls than this make is no evidence of whose it is."""

Gift = tuple[list[Context], Code, str]
"""What an object was given: who makes the object in which function, and the path by which that knows the gift."""


class Shortening:
    """Shortens names; `names` tells those of the object at a path of a function that a context runs."""

    def __init__(self, threads: Threads, places: Places, names: Callable[[Context, Code, str], NameSet]) -> None:
        self._threads = threads
        self._places = places
        self._sources = places.types.names.sources
        self._names = names
        self._settling: list[Name] = []
        self._tied: dict[str, bool] = {}
        self.looked = 0
        """How often it hung on other names what a name is for short."""
        self._looked_up: dict[Name, tuple[Name | None, tuple[Name, ...]]] = {}
        self._ends: dict[str, str | None] = {}
        self._kept_by: dict[tuple[Root, str], ClassInfo | None] = {}
        self._gifts: dict[tuple[Root, int, str], list[Gift]] = {}
        self._kept: dict[Name, list[Name]] = {}
        self._short: dict[Name, tuple[tuple[ClassInfo, ...], list[str], Name]] = {}

    def settled(self, names: Collection[Name]) -> NameSet:
        """The names by the shortest way: what an object was given goes by the name that its maker has for it."""
        found: NameSet = {}
        for name in names:
            tied, ends = self._looked_up.get(name) or self._look_up(name)
            for each in ends if tied is None else self._ended(self._shortest(tied)):
                found[each] = None
        return found

    def _look_up(self, name: Name) -> tuple[Name | None, tuple[Name, ...]]:
        """What is to be made shorter, if it hangs on other names what that is; else what the name is for short."""
        of_class = self._of_class(name)
        found = (of_class, ()) if self._is_tied(of_class.path) else (None, self._ended((of_class,)))
        self._looked_up[name] = found
        return found

    def _ended(self, names: Iterable[Name]) -> tuple[Name, ...]:
        """The names with each step to an owner taken back, but for those that lead nowhere."""
        ends = ((name.root, self._end(name.path)) for name in names)
        return tuple(Name(root, end) for root, end in ends if end is not None)

    def _of_class(self, name: Name) -> Name:
        """What a class has for all its objects goes by the name of the class, whoever of them is asked for it."""
        # of what a container holds the way begins with `[]`
        _, step, *rest = name.path.split(".") if name.path.startswith(".") else ("", "")
        key = name.root, step
        if key not in self._kept_by:
            classes = self.classes(name.root) or self._named(name.root) if step else ()
            keepers = {self._keeper(cls, step) for cls in classes}
            self._kept_by[key] = keepers.pop() if len(keepers) == 1 else None
        keeper = self._kept_by[key]
        return name if keeper is None else Name(("class", keeper.key, step), "".join(f".{each}" for each in rest))

    def _named(self, root: Root) -> tuple[ClassInfo, ...]:
        """The classes that a global is a name of."""
        kind, module, name = root
        held = self._places.types.of_global(module, name) if kind == "global" else ()
        return tuple(each.cls for each in held if isinstance(each, ClassRef))

    def _keeper(self, cls: ClassInfo, name: str) -> ClassInfo | None:
        """The class that has made one object for all its objects, which none of them has otherwise."""
        types = self._places.types
        keeper, kind = self._places.owners.of(cls, name, of_instance=True)
        if kind != "class" or any(types.attributes.declares(each, name) for each in keeper.subclasses):
            return None
        held = types.of_class_level(keeper, name)
        own = all(
            isinstance(each, Instance) and types.attributes.defining(each.cls, "__get__") is None for each in held
        )
        return keeper if held and own else None

    def _end(self, path: str) -> str | None:
        """A path with each step to an owner taken back; None for one that leads nowhere, or too far."""
        if path not in self._ends:
            end = settled(path)
            self._ends[path] = end if end is not None and end.count(".") <= ATTRIBUTES else None
        return self._ends[path]

    def _is_tied(self, path: str) -> bool:
        """Whether a way leads over an attribute that may make it longer than it need be."""
        known = self._tied.get(path)
        if known is None:
            known = self._tied[path] = not self._places.ties.names.isdisjoint(path.split("."))
        return known

    def _shortest(self, name: Name) -> NameSet:
        self.looked += 1
        classes, steps, short = self._shortened(name)
        if not steps or short in self._settling or len(self._settling) > GIVERS:
            return {short: None}
        found: NameSet = {}
        self._settling.append(short)
        for cls in classes:
            given = self._given(name.root, cls, steps)
            if not given:
                found = {}
                break
            found.update(given)
        self._settling.pop()
        return found or {short: None}

    def _shortened(self, name: Name) -> tuple[tuple[ClassInfo, ...], list[str], Name]:
        """The classes of the object at the root, and the shortest way from there: in steps, and as a name."""
        known = self._short.get(name)
        if known is None:
            classes = self.classes(name.root)
            steps = self._places.ties.walk(classes, name.path.split(".")[1:])
            known = self._short[name] = classes, steps, Name(name.root, "".join(f".{step}" for step in steps))
        return known

    def _given(self, root: Root, cls: ClassInfo, steps: list[str]) -> NameSet:
        """The names of what an object of the class was given by its makers."""
        asked = root, cls.key, steps[0]
        if asked not in self._gifts:
            self._gifts[asked] = self._find_gifts(root, cls, steps[0])
        found: NameSet = {}
        for runners, maker, path in self._gifts[asked]:
            whole = ".".join([path, *steps[1:]])
            for runner in runners:
                found.update(self._names(runner, maker, whole))
        return found

    def _find_gifts(self, root: Root, cls: ClassInfo, name: str) -> list[Gift]:
        """What an object of the class was given as its attribute `name`; none if one of its makers does not tell."""
        found: list[Gift] = []
        made = self._made(root, cls)
        for site, runners in made if len(made) <= MAKERS else ():
            path = self._places.ties.argument(site, cls, name) or self._given_by_factory(site, cls, name)
            if path is None:
                return []
            found.append((runners, self._sources.codes[site[0]], path))
        return found

    def _made(self, root: Root, cls: ClassInfo) -> list[tuple[Site, list[Context]]]:
        """Where an object of the class is made, and by whom."""
        at = made_at(root)
        if at is not None:
            return [(site, [self._threads.contexts[at.context]]) for site in self._makers(at)]
        if root[0] not in ("self", "own"):
            return []
        made = [(site, self._threads.of(self._sources.codes[site[0]])) for site in self._places.ties.made(cls)]
        if root[0] == "self":
            # callers outside have no object that a started context makes for itself
            return [(site, [each for each in runners if each.is_main]) for site, runners in made]
        return made

    def _makers(self, at: Made) -> list[Site]:
        """The call that makes an object; of one drawn from what the function has filled itself, all that may be it."""
        code = self._sources.codes[at.code]
        held = self._places.types.of(code, at.id) if type(code.operation(at.id)) is facts.Element else ()
        sites = [each.site for each in held if isinstance(each, Instance) and each.site is not None]
        is_own = len(sites) == len(held) and all(key == at.code for key, _ in sites)
        return sites if sites and is_own else [(at.code, at.id)]

    def _given_by_factory(self, site: Site, cls: ClassInfo, name: str) -> str | None:
        """The path, in the function of a call, of what the object that comes of it was given as its attribute `name`.

        That is what the called function has made it with, as its caller knows it: `self.owner` of `self.make_part()`.
        """
        caller = self._sources.codes[site[0]]
        made = [each.site for each in self._places.types.of(caller, site[1]) if isinstance(each, Instance)]
        edges = [each for each in self._threads.calls.calls(caller) if each.site == site[1]]
        if len(made) != 1 or made[0] is None or not edges or any(each.callee.key != made[0][0] for each in edges):
            return None
        path = self._places.ties.argument(made[0], cls, name)
        if path is None:
            return None
        root, dot, rest = path.partition(".")
        if root.startswith("g:"):
            return path
        passed = self._places.passed(caller, edges[0].callee, site[1], edges[0].receiver).get(root, UNKNOWN)
        return None if passed.startswith(UNKNOWN) or "[" in passed else passed + dot + rest

    def kept(self, name: Name) -> list[Name]:
        """What the constructor of an object was given and has kept, by the way over the object."""
        known = self._kept.get(name)
        if known is None:
            ties = self._places.ties
            classes = ties.held(self.classes(name.root), name.path.split(".")[1:])
            kept = sorted({kept for cls in classes for kept in ties.kept_by(cls)})
            known = self._kept[name] = [Name(name.root, f"{name.path}.{each}") for each in kept]
        return known

    def classes(self, root: Root) -> tuple[ClassInfo, ...]:
        """The classes of the object at the root of a name."""
        kind, key, text = root
        if kind == "self":
            return (self._sources.classes[key],)
        if (made := made_at(root)) is not None:
            return classes_of(self._places.types.of(self._sources.codes[made.code], made.id))
        if kind == "own":
            return classes_of(receiver for _, receiver in self._threads.contexts[key].entries if receiver is not None)
        if kind == "class":
            return classes_of(self._places.types.of_class_level(self._sources.classes[key], text))
        return classes_of(self._places.types.of_global(key, text))
