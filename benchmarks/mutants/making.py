"""Mutants of a file: in each, one critical section of a class with a lock of its own has lost its lock."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

from racelint.knowledge.containers import CHANGES

METHODS = 3
"""In so many methods at least an attribute is accessed under the lock: it is meant to be guarded by it."""

LOCKS = ("lock", "condition")
"""The ends of the names of what makes a lock."""
NEEDING_THE_LOCK = {"wait", "wait_for", "notify", "notify_all"}
CONSTRUCTORS = {"__init__", "__new__", "__post_init__", "__del__", "__setstate__", "__getstate__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """The `with` at a line, of a method (`Class.method`, from `first` to `last`), without which state is not guarded.

    `attributes` are those that it shares with other methods, at least one of which is read and written: `kind` is
    `update` if that is done in one statement (`+=`), else `sequence`.
    """

    method: str
    lock: str
    attributes: tuple[str, ...]
    kind: str
    line: int
    first: int
    last: int


def mutants(source: str) -> list[Mutant]:
    """The mutants of a file that are worth a look, in order.

    Left out is what needs no lock: constructors, a single read or write, what runs with the lock held anyhow.
    """
    tree = ast.parse(source)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return sorted((each for node in classes for each in _of_class(node)), key=lambda each: each.line)


def without_lock(source: str, line: int) -> str:
    """The file without the `with` at this line; what it held stands in its place, and no other line moves."""
    wrapper = MetadataWrapper(libcst.parse_module(source))
    return wrapper.visit(_Unlocking(line)).code


class _Unlocking(libcst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line

    def leave_With(
        self, original_node: libcst.With, updated_node: libcst.With
    ) -> libcst.With | libcst.FlattenSentinel[libcst.BaseStatement]:
        if self.get_metadata(PositionProvider, original_node).start.line != self.line:
            return updated_node
        if isinstance(updated_node.body, libcst.SimpleStatementSuite):
            alone = libcst.SimpleStatementLine(updated_node.body.body, leading_lines=updated_node.leading_lines)
            return libcst.FlattenSentinel([alone])
        first, *others = (each for each in updated_node.body.body if isinstance(each, libcst.BaseStatement))
        above = (*updated_node.leading_lines, libcst.EmptyLine(indent=False), *getattr(first, "leading_lines", ()))
        return libcst.FlattenSentinel([first.with_changes(leading_lines=above), *others])


# --- what is worth a look ---


class _Access(NamedTuple):
    attribute: str
    line: int
    kind: str


@dataclass(slots=True)
class _Section:
    """A `with self.lock:`, and what it does with other attributes; `is_free` if no other lock is held around it."""

    method: Function
    lock: str
    node: ast.With
    is_free: bool
    accesses: list[_Access] = field(default_factory=list)

    def racy(self) -> dict[str, str]:
        """The attributes that are right only if nobody comes in between, each with the kind of that."""
        kinds = {each.attribute: "update" for each in self.accesses if each.kind == "update"}
        for write in self.accesses:
            before = (each for each in self.accesses if each.kind == "read" and each.line <= write.line)
            if write.kind == "write" and any(each.attribute == write.attribute for each in before):
                kinds.setdefault(write.attribute, "sequence")
        return kinds


def _of_class(node: ast.ClassDef) -> Iterator[Mutant]:
    methods = [each for each in node.body if isinstance(each, Function) and each.args.args]
    names = {method.name for method in methods}
    locks = {name for method in methods for name in _made_locks(method)}
    sections = [each for method in methods for each in _sections(method, method, locks)]
    users = defaultdict(set)
    for section in sections:
        for access in section.accesses:
            if access.attribute not in names:
                users[section.lock, access.attribute].add(section.method.name)
    state = {key for key, found in users.items() if len(found) >= METHODS}
    inner = _held_or_constructing(methods, sections)
    for section in sections:
        racy = {kind for attribute, kind in section.racy().items() if (section.lock, attribute) in state}
        if racy and section.is_free and not section.method.decorator_list and section.method.name not in inner:
            kind = "update" if "update" in racy else "sequence"
            used = {each.attribute for each in section.accesses}
            common = tuple(sorted(each for each in used if len(users[section.lock, each]) > 1))
            name, extent = f"{node.name}.{section.method.name}", (section.method.lineno, section.method.end_lineno or 0)
            yield Mutant(name, section.lock, common, kind, section.node.lineno, *extent)


def _made_locks(method: Function) -> Iterator[str]:
    for node in ast.walk(method):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = node.value.func
            name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")
            if name.lower().endswith(LOCKS):
                yield from filter(None, (_own(target, method) for target in node.targets))


def _own(node: ast.AST, method: Function) -> str:
    """The attribute of `self` that an expression names."""
    is_own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return node.attr if is_own and node.value.id == method.args.args[0].arg else ""


def _sections(node: ast.AST, method: Function, locks: set[str], *, is_free: bool = True) -> Iterator[_Section]:
    """The critical sections of a method, without those of functions in it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda | ast.ClassDef):
            continue
        lock = _own(child.items[0].context_expr, method) if isinstance(child, ast.With) else ""
        if isinstance(child, ast.With) and len(child.items) == 1 and lock in locks:
            accesses = [each for statement in child.body for each in _accesses(statement, method)]
            needs_it = any(each.attribute in locks or each.kind == "lock" for each in accesses)
            yield _Section(method, lock, child, is_free and not needs_it, accesses)
        holds = isinstance(child, ast.With | ast.AsyncWith)
        yield from _sections(child, method, locks, is_free=is_free and not holds)


def _accesses(statement: ast.stmt, method: Function) -> Iterator[_Access]:
    """What a statement does with attributes of `self`, or with what is in them."""
    seen: set[ast.AST] = set()
    for node in ast.walk(statement):
        target: ast.AST | None = None
        kind = "read"
        if isinstance(node, ast.AugAssign):
            target, kind = node.target, "update"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kind = "lock" if node.func.attr in NEEDING_THE_LOCK else "write"
            target = node.func.value if kind == "lock" or node.func.attr in CHANGES else None
        elif isinstance(node, ast.Attribute | ast.Subscript):
            target, kind = node, "read" if isinstance(node.ctx, ast.Load) else "write"
        while kind != "read" and isinstance(target, ast.Subscript):
            target = target.value
        if target is not None and target not in seen and (name := _own(target, method)):
            seen.add(target)
            yield _Access(name, target.lineno, kind)


def _held_or_constructing(methods: list[Function], sections: list[_Section]) -> set[str]:
    """The methods that run before anybody else knows the object, or are called with a lock held only."""
    held = {call for section in sections for call in ast.walk(section.node)}
    calls = defaultdict(list)
    for method in methods:
        for call in ast.walk(method):
            if isinstance(call, ast.Call) and (name := _own(call.func, method)):
                calls[name].append(method.name in CONSTRUCTORS or call in held)
    return CONSTRUCTORS | {name for name, safe in calls.items() if name.startswith("_") and all(safe)}
