"""Part of the types stage: which values are text, written down or made by formatting, and which go into the log?"""

from __future__ import annotations

import ast

from racelint import facts
from racelint.facts import Operation
from racelint.knowledge.logs import TELLS
from racelint.knowledge.texts import FILLS_IN, MAKES_TEXT
from racelint.program.sources.source import Code
from racelint.program.values.types import Types


def literal_text(code: Code, id: int) -> str | None:
    """The value of a string literal; None for all else."""
    operation = code.operation(id)
    if type(operation) is not facts.Const or operation.kind != "str":
        return None
    value = ast.literal_eval(operation.text)
    return value if isinstance(value, str) else None


def makes_text(types: Types, code: Code, made: Operation | None) -> bool:
    """Whether an operation makes text: `f"{number}"`, `"%d" % number`, `form % (number, name)`, `str(number)`."""
    match made:
        case facts.Compute(kind='f""'):
            return True
        case facts.Compute(kind="%", operands=(form, value)):
            given = code.operation(value)
            return literal_text(code, form) is not None or (type(given) is facts.Build and given.kind == "tuple")
        case _:
            return types.surely_calls(code, made, MAKES_TEXT)


def is_filled_in(code: Code, use: Operation) -> bool:
    """Whether a text is filled in: `"{}".format(number)`."""
    method = code.fetched(use)
    return type(method) is facts.LoadAttr and method.name in FILLS_IN and literal_text(code, method.base) is not None


def is_record(code: Code, use: Operation | None) -> bool:
    """Whether a call writes a log record: `logger.info("%d", number)`."""
    method = code.fetched(use)
    return type(method) is facts.LoadAttr and method.name in TELLS
