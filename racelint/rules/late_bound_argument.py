"""A function that is started in a loop reads the loop's variable, which may be further by the time it runs.

*What it does*: reports a lambda, an inner function or a generator that is given to a thread, a pool, a callback or a
task in a loop, and reads a variable that the loop sets anew in each turn, where the turn does not wait for it.

*Why is this bad?*: functions share the variables around them, they do not copy them. If the loop is faster than the
start of the thread, several threads work on the same item and others on none, and it rarely happens in a test. Hand
the value over: as an argument of `submit` or `Thread(args=...)`, by `functools.partial`, or by a default `item=item`.

*Known false alarms*: turns that wait for what they have started in a way that racelint cannot follow.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition), [why do lambdas defined in a
loop all return the same
result](https://docs.python.org/3/faq/programming.html#why-do-lambdas-defined-in-a-loop-with-different-values-all-return-the-same-result).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.phrases import called, listed
from racelint.findings import Finding, Location, Related, note
from racelint.program import Program
from racelint.program.sources.source import span_of
from racelint.program.starting.captures import Capture
from racelint.rule import rule


@rule("RL703")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what reads the variables of a loop too late."""
    for capture in program.captures:
        names = [each.place.name for each in capture.variables]
        message = f"{_who(capture)} reads {listed([f'`{name}`' for name in names])} only when it runs, and the loop "
        message += "may have moved on by then: it can see the value of a later turn. Hand the value over as an "
        message += f"argument, or bind it by a default: `{', '.join(f'{name}={name}' for name in names)}`."
        yield check.finding(
            capture,
            message,
            symbol=capture.variables[0].place.symbol,
            function=capture.code.qualname,
            evidence="threads",
            related=_related(capture),
        )


def _who(capture: Capture) -> str:
    """What runs, as a reader of the source calls it."""
    if capture.runs.function.kind == "lambda":
        return "The lambda"
    return f"The generator `{called(capture.runs)}`" if capture.handed_over else f"`{called(capture.runs)}`"


def _related(capture: Capture) -> Iterator[Related]:
    """Where each variable is read, and where the loop moves it on."""
    for each in capture.variables:
        read = Location(each.reader.path, span_of(each.reader, each.read))
        yield note(read, f"`{each.place.name}` is read here when it runs", 1)
        moves = Location(capture.path, span_of(capture.code, each.moves))
        yield note(moves, f"the loop gives `{each.place.name}` its next value here", 0)
