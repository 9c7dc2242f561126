"""State of the whole process is changed for a while, and other threads change it at the same time.

*What it does*: reports a function that changes the working directory, the environment, the standard streams, the
locale, the file mode mask or the like and sets it back afterwards (`contextlib.chdir`, `redirect_stdout`, `os.chdir`
and back), if several threads run it at once, or it meets another function that changes the same, without one lock. What
`--assume-shared` names is taken to be run by several; there `warnings.catch_warnings` is reported as well.

*Why is this bad?*: there is one such state for all threads. One thread works in the directory of another; and when two
set it back in the wrong order, the process is left with what was meant for a while.

*Known false alarms*: threads that never come there at the same time for reasons that are not in the source.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition),
[CWE-820](https://cwe.mitre.org/data/definitions/820.html) (missing synchronization);
[contextlib.chdir](https://docs.python.org/3/library/contextlib.html#contextlib.chdir),
[contextlib.redirect_stdout](https://docs.python.org/3/library/contextlib.html#contextlib.redirect_stdout).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import disturbance_details
from racelint.explaining.phrases import disturbs
from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL705")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what is changed for a while and meets other changes."""
    for found in program.processwide:
        if found.gets_mixed_up:
            message = f"{disturbs(program, found, ' for a while')}: that belongs to the whole process, "
            message += f"and they get in each other's way. {found.change.state.instead}"
            yield check.finding(found.change, message, **disturbance_details(program, found))
