"""A short text form of facts for tests: one line per operation, blocks indented under their control node."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from racelint.extract import extract
from racelint.facts import Argument, Function, ModuleFacts, Span, TypeRef

BLOCKS = ("head", "body", "handlers", "orelse", "final")


def facts_of(source: str) -> ModuleFacts:
    """The facts of an indented piece of source that begins with an empty line."""
    return extract(dedent(source).lstrip("\n").encode())


def function(facts: ModuleFacts, qualname: str) -> Function:
    """The function of this qualified name; "" is the module."""
    return next(each for each in facts.functions if each.qualname == qualname)


def dump(source: str, qualname: str | None = None) -> str:
    """The body of one function: the named one, else the first that the source defines, else the module."""
    facts = facts_of(source)
    if qualname is None:
        return lines_of(facts.functions[min(1, len(facts.functions) - 1)].body)
    return lines_of(function(facts, qualname).body)


def lines_of(nodes: tuple[Any, ...]) -> str:
    """The lines of some nodes."""
    return "\n".join(line for node in nodes for line in _lines(node))


def same(actual: str, expected: str) -> bool:
    """Whether a dump is what a test expects, written as an indented block; pytest shows both where not."""
    assert actual.splitlines() == dedent(expected).strip("\n").splitlines()
    return True


def everything(nodes: tuple[Any, ...]) -> Iterator[Any]:
    """All nodes in the order of the source, blocks after the node that they belong to."""
    for node in nodes:
        yield node
        for name in BLOCKS:
            yield from everything(getattr(node, name, ()))


def place(span: Span) -> str:
    """A span as `line:column-line:column`."""
    return f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"


def _lines(node: Any) -> Iterator[str]:
    words = [type(node).__name__]
    blocks = []
    for name in node.__struct_fields__:
        part = getattr(node, name)
        if name in BLOCKS:
            blocks.append((name, part))
        elif name == "id":
            words.insert(0, str(part))
        elif name != "span" and part is not None and part is not False and (name != "keys" or part):
            words.append(name if part is True else _text(part))
    yield " ".join(words)
    for name, nodes in blocks:
        if nodes:
            yield f"  {name}:"
            yield from (f"    {line}" for each in nodes for line in _lines(each))


def _text(part: Any) -> str:
    if isinstance(part, Argument):
        return f"{part.name}={part.value}" if part.name else str(part.value)
    if isinstance(part, TypeRef):
        arguments = ", ".join(_text(argument) for argument in part.arguments)
        return (".".join(part.path) or "?") + (f"[{arguments}]" if arguments else "")
    if isinstance(part, tuple):
        return "(" + ", ".join(_text(each) for each in part) + ")"
    return str(part) if part != "" else "''"
