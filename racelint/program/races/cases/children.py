"""Part of the races stage: what is only done in a forked process, of the one thread that is there, as its id tells."""

from __future__ import annotations

from racelint import facts
from racelint.knowledge.process import PROCESS_KEYS
from racelint.program.contexts.lifetimes import contains, last_id
from racelint.program.sequences.deciding import leaves
from racelint.program.sharing.sharing import Sharing
from racelint.program.sources.source import Code


def is_in_child(sharing: Sharing, code: Code, id: int) -> bool:
    """Whether an operation is behind a test that this is not the process that was noted: `getpid() != self.pid`."""
    for node in code.controls:
        if type(node) is not facts.Branch or node.test < 0:
            continue
        if any(contains(each, id) for each in node.body):
            found = _says_child(sharing, code, node.test, True)
        elif any(contains(each, id) for each in node.orelse) or (leaves(node.body) and id > last_id(node)):
            found = _says_child(sharing, code, node.test, False)
        else:
            continue
        if found:
            return True
    return False


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
