"""Part of the blocking stage: by which name does a function know a thread, a result or a queue, and what it hands over?

Here a container and what it holds go by one name: `self.threads` is each of the threads in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint import facts
from racelint.knowledge.containers import GIVES_ELEMENT, SAME_ELEMENTS, SHARES_ELEMENTS, TAKES_ELEMENT
from racelint.program.dataflow.dataflow import UNKNOWN, Dataflow
from racelint.program.sources.source import Code
from racelint.program.values.types import Spawned, Types
from racelint.program.values.values import Instance


def origin(flow: Dataflow, id: int) -> str:
    """The path of the object, or of the container from which it is drawn."""
    match flow.operation(id):
        case facts.Element(iterable=inner) | facts.LoadItem(base=inner) | facts.Entered(manager=inner):
            return origin(flow, inner)
        case facts.Build(items=(only,)):
            return origin(flow, only)
        case facts.Unpack(value=value, index=index):
            build = flow.operation(value)
            if type(build) is facts.Build and index < len(build.items):
                return origin(flow, build.items[index])
            return origin(flow, value)
        case facts.Call(callee=callee, arguments=arguments):
            fetched = flow.operation(callee)
            if type(fetched) is facts.LoadAttr and fetched.name in SHARES_ELEMENTS | TAKES_ELEMENT:
                return origin(flow, fetched.base)
            if type(fetched) is facts.LoadName and fetched.name in SAME_ELEMENTS and len(arguments) == 1:
                return origin(flow, arguments[0].value)
            return flow.path(id)
        case _:
            return flow.path(id)


def kept(flow: Dataflow, id: int) -> Iterator[str]:
    """Where a function puts what it has made: the paths of variables, attributes and containers."""
    seen: set[int] = set()
    pending = [id]
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        for use in flow.uses(each):
            match use:
                case facts.StoreAttr(base=base, name=name, value=value) if value == each:
                    yield f"{flow.path(base)}.{name}"
                case facts.StoreName(name=name, scope="global"):
                    yield f"g:{flow.code.module}:{name}"
                case facts.StoreName(name=name, owner=owner):
                    yield f"c:{flow.code.module}:{owner}:{name}"
                case facts.StoreItem(base=base, value=value) if value == each:
                    yield origin(flow, base)
                case facts.Call(callee=callee):
                    fetched = flow.operation(callee)
                    if type(fetched) is facts.LoadAttr and fetched.base != each and fetched.name in GIVES_ELEMENT:
                        yield origin(flow, fetched.base)
                        pending.append(fetched.base)
                case facts.Build(id=made) | facts.Choice(id=made) | facts.Phi(id=made):
                    pending.append(made)
                case _:
                    pass


def given_paths(types: Types, flow: Dataflow, spawned: Spawned, entry: Code, *, bound: bool) -> dict[str, str]:
    """For each parameter of a started function: the path of what it is given, in the function that starts it."""
    names = [each.name for each in entry.function.parameters if each.kind in ("positional", "keyword")]
    paths: dict[str, str] = {}
    if bound and names:
        paths[names.pop(0)] = _target(types, flow, spawned)
    sources = types.names.sources
    given = [*zip(names, spawned.given.positional, strict=False), *spawned.given.keywords]
    for name, node in given:
        if node < sources.size:
            code, _ = sources.operation_at(node)
            if code is flow.code:
                paths[name] = flow.path(node - code.offset)
    return paths


def _target(types: Types, flow: Dataflow, spawned: Spawned) -> str:
    """The object whose bound method is handed over."""
    call = flow.operation(spawned.site[1])
    for each in call.arguments if type(call) is facts.Call else ():
        if spawned.target in types.of(flow.code, each.value):
            fetched = flow.operation(each.value)
            if type(fetched) is facts.Call and fetched.arguments:
                # `partial(self.run, 1)`
                fetched = flow.operation(fetched.arguments[0].value)
            if type(fetched) is facts.LoadAttr:
                return flow.path(each.value) if isinstance(spawned.target, Instance) else flow.path(fetched.base)
    return UNKNOWN


def carried(starter: Code, path: str) -> str:
    """A path of a nested function in the terms of the function around it: what it captures of its parameters."""
    prefix = f"c:{starter.module}:{starter.function.index}:"
    if path.startswith(prefix):
        inner = path.removeprefix(prefix)
        if any(each.name == inner.partition(".")[0] for each in starter.function.parameters):
            return inner
    return path


def receiver_of(code: Code, call: facts.Call) -> int:
    """The id of the object whose method is called."""
    fetched = code.operation(call.callee)
    return fetched.base if type(fetched) is facts.LoadAttr else facts.NOTHING


def known(path: str) -> tuple[str, ...]:
    """The path, if it names an object."""
    return () if UNKNOWN in path or not path or path.startswith("%") else (path,)


def relative(place: str, base: str, where: str) -> str:
    """The object `base` for one who knows as `where` what the other side knows as `place`."""
    if base.startswith(("g:", "c:")):
        return base
    if base == place:
        return where
    if base.startswith(f"{place}."):
        return where + base[len(place) :]
    tail = place[len(base) :] if place.startswith(f"{base}.") else ""
    return where.removesuffix(tail) if tail and where.endswith(tail) else UNKNOWN
