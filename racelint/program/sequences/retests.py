"""Part of the sequences stage: how does a test come out after a write, if it is asked once more?"""

from __future__ import annotations

from typing import Final

from racelint import facts
from racelint.program.dataflow.dataflow import Dataflow
from racelint.program.memory.places import Access, Kind
from racelint.program.sequences.answers import polarity

COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})


def comes_out(flow: Dataflow, test: int, tested: Access, written: Dataflow, write: Access) -> bool | None:
    """How a test of what is there or not comes out after a write of a literal; None if that is not known.

    `flow` is that of the function with the test, `written` that of the one with the write.
    """
    present = polarity(flow, tested, test)
    stored = written.truth(write.value) if write.kind is Kind.WRITE else None
    return None if present is None or stored is None else present is stored


def is_compared(flow: Dataflow, test: int, tested: Access) -> bool:
    """Whether a test, or a part of it, compares what was read: how many there are with how many there may be."""
    match flow.operation(test):
        case facts.Compute(kind=kind, operands=operands) if kind in COMPARISONS:
            return tested.id in operands or tested.load in operands
        case facts.Compute(kind="not", operands=operands) | facts.Choice(operands=operands):
            return any(is_compared(flow, each, tested) for each in operands)
        case _:
            return False
