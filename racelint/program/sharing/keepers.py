"""Part of the sharing stage: what keeps the value of an operation, so that this is its name from then on."""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.knowledge.definitions import KEEPS_ANSWERS
from racelint.program.dataflow.frames import operation_of, outward, split_path
from racelint.program.memory.places import Places
from racelint.program.sharing.drawn import container
from racelint.program.sources.source import Code
from racelint.program.values.values import ClassRef, FunctionRef

NEW: Final = "__new__"

ITEM: Final = "[]"
"""The step from a container to what it holds."""

DEPTH: Final = 3
"""So many calls deep it is looked for where that comes from which a function gives back."""


class Keepers:
    """The questions are `keeper` and `kept_as`."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._returned: dict[tuple[int, int], str] = {}
        """By function, and how many calls deep that was looked for: the path of what it gives back, in its terms."""

    def keeper(self, code: Code, root: str, id: int) -> Code | str | None:
        """What keeps the value of operation `id`, which is the `root` of paths: who gives all callers the same, or a
        path.

        The path is that of the variable in which it is stored, of the container from which it is drawn, or of what the
        called function gives back.
        """
        return (
            self._fetched(code, id)
            or self._stored_in(code, root)
            or self._giving_all(code, id)
            or self._drawn_from(code, id)
            or self._given_back(code, id, DEPTH)
        )

    def kept_as(self, code: Code, id: int) -> set[str]:
        """The paths of the variables or attributes that a value is in, in the terms of its function; "" for one in
        none.

        `None` is no object.
        """
        return self._kept_as(code, id, DEPTH, set())

    def _stored_in(self, code: Code, root: str) -> str | None:
        """The variable or attribute in which the function keeps what it has just made."""
        flow = self._places.dataflow(code)
        for use in flow.uses(int(root[1:])) if root[1:].isdigit() else ():
            match use:
                case facts.StoreName(scope="global", name=name):
                    return f"g:{code.module}:{name}"
                case facts.StoreAttr(base=base, name=name) if not (path := flow.path(base)).startswith("%"):
                    return f"{path}.{name}"
                case _:
                    pass
        return None

    def _fetched(self, code: Code, id: int) -> str | None:
        """The path of the attribute that `getattr(owner, "name", None)` gives, unless it may give something else."""
        load, call = self._places.types.reflected.get((code.key, id)), code.operation(id)
        if type(load) is not facts.LoadAttr or type(call) is not facts.Call:
            return None
        # what else is given in its place may be one for each who asks
        others = (code.operation(each.value) for each in call.arguments[2:])
        is_only = all(type(each) is facts.Const for each in others)
        base = self._places.dataflow(code).path(load.base)
        return f"{base}.{load.name}" if is_only and not base.startswith("%") else None

    def _giving_all(self, code: Code, id: int) -> Code | None:
        """The function of a module that an operation calls, and that gives all callers the same: `@cache`."""
        call = code.operation(id)
        if type(call) is not facts.Call or call.arguments:
            return None
        match list(self._places.types.of(code, call.callee)):
            case [FunctionRef(code=callee, receiver=None)] if callee.parent is not None:
                is_kept = not KEEPS_ANSWERS.isdisjoint(self._places.types.attributes.shape(callee))
                return callee if is_kept and callee.parent.function.kind == "module" else None
            case _:
                return None

    def _drawn_from(self, code: Code, id: int) -> str | None:
        """The path of what is drawn from a container."""
        drawn_from = container(self._places.types, self._places.dataflow(code), id)
        return None if drawn_from is None else drawn_from + ITEM

    def _given_back(self, code: Code, id: int, depth: int) -> str | None:
        """The path, for who calls, of the one variable or attribute of which a called function gives back the object.

        `registry()` that does `return _registry` gives the global, `self.pool()` that does `return self._pool` the
        attribute, `Registry()` what its `__new__` gives back. What is in a container, or made anew on some way, is not
        known to be the same; nor is what each call makes, and keeps only as the last.
        """
        call = code.operation(id)
        if type(call) is not facts.Call or not depth:
            return None
        callee = self._only_callee(code, call)
        path = self._returned_by(callee.code, depth - 1) if callee is not None else ""
        if callee is None or not path:
            return None
        given = self._places.passed(code, callee.code, id, callee.receiver)
        if callee.code.name == NEW:
            given = {callee.code.first_name: self._places.dataflow(code).path(call.callee)}
        found = outward(path, given)
        # in a loop, what is called may be of what it has given in the turn before
        leads_back = operation_of(split_path(found)[0]) >= id
        return found if found and "?" not in found and not leads_back else None

    def _returned_by(self, code: Code, depth: int) -> str:
        """The path of the one thing that a function gives back, in its own terms; "" if it makes it for each caller."""
        found = self._returned.get((code.key, depth))
        if found is None:
            is_new = all(self._is_made_now(code, each, depth) for each in code.returns)
            paths = (
                {""} if is_new else {path for each in code.returns for path in self._kept_as(code, each, depth, set())}
            )
            found = self._returned[code.key, depth] = paths.pop() if len(paths) == 1 else ""
        return found

    def _is_made_now(self, code: Code, id: int, depth: int) -> bool:
        """Whether a function makes what it gives back for each who calls it, be it that it also keeps the last."""
        made = operation_of(split_path(self._places.dataflow(code).path(id))[0])
        is_call = type(code.operation(made)) is facts.Call and self._fetched(code, made) is None
        return is_call and self._given_back(code, made, depth) is None

    def _only_callee(self, code: Code, call: facts.Call) -> FunctionRef | None:
        """The one function that a call may run, be it that of a class which makes its objects itself."""
        types = self._places.types
        callees = types.of(code, call.callee)
        if len(callees) == 1 and all(isinstance(each, ClassRef) for each in callees):
            implicit = types.implicit.get((code.key, call.id), {})
            callees = {each: None for each in implicit if isinstance(each, FunctionRef) and each.code.name == NEW}
        functions = {each.code.key: each for each in callees if isinstance(each, FunctionRef)}
        is_known = len(functions) == 1 and all(isinstance(each, FunctionRef) for each in callees)
        return next(iter(functions.values())) if is_known else None

    def _kept_as(self, code: Code, id: int, depth: int, seen: set[int]) -> set[str]:
        """The same; what has been `seen` is asked for already."""
        flow = self._places.dataflow(code)
        operation, path = flow.operation(id), flow.path(id)
        if id in seen or (type(operation) is facts.Const and operation.kind == "none"):
            return set()
        seen.add(id)
        if path.startswith("%"):
            root, rest = split_path(path)
            made = operation_of(root)
            stored = self._fetched(code, made) or self._given_back(code, made, depth) or self._stored_in(code, root)
            if stored is None and type(operation) is facts.Phi:
                return {path for each in operation.inputs for path in self._kept_as(code, each, depth, seen)}
            path = "" if stored is None else stored + rest
        return {"" if path.startswith("c:") or "[" in path or "?" in path else path}
