"""Part of the races stage: what is only done in a forked process, of the one thread that is there, as its id tells."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.process import PROCESS_KEYS
from racelint.program.sequences.deciding import conditions
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code


def is_in_child(sharing: Sharing, code: Code, id: int) -> bool:
    """Whether an operation is behind a test that this is not the process that was noted: `getpid() != self.pid`."""
    tests = conditions(code.function.body, id)
    return any(_says_child(sharing, code, test, truth) for test, truth in tests if test >= 0)


def _says_child(sharing: Sharing, code: Code, test: int, truth: bool) -> bool:
    """Whether it is another process where a test comes out so."""
    match code.operation(test):
        case facts.Compute(kind="not", operands=(inner,)):
            return _says_child(sharing, code, inner, not truth)
        case facts.Choice(kind="and" | "or" as kind, operands=operands) if truth is (kind == "and"):
            return any(_says_child(sharing, code, each, truth) for each in operands)
        case facts.Compute(kind="==" | "!=" as kind, operands=operands):
            return truth is (kind == "!=") and _compares_process(sharing, code, operands)
        case facts.Call():
            edges = [each for each in sharing.threads.calls.sure_calls(code) if each.site == test]
            return bool(edges) and all(
                len(each.callee.returns) == 1
                and type(each.callee.operation(each.callee.returns[0])) is facts.Compute
                and _says_child(sharing, each.callee, each.callee.returns[0], truth)
                for each in edges
            )
        case _:
            return False


def _compares_process(sharing: Sharing, code: Code, operands: tuple[int, ...]) -> bool:
    """Whether the running process is compared with one that was noted before."""
    types = sharing.places.types
    asked = [each for each in operands if types.may_call(code, code.operation(each), PROCESS_KEYS)]
    noted = [each for each in operands if isinstance(code.operation(each), facts.LoadAttr | facts.LoadName)]
    return bool(asked) and bool(noted)
