"""A thread changes a setting of the whole process, which all other threads get as well.

*What it does*: reports what [RL705](RL705.md) leaves out: changes of the working directory, the environment, the
filters of warnings, the random generator and the like that are made in a started thread, or by several at once, without
a lock, be it for a while or for good.

*Why is this bad?*: it is right if it is meant for all and made before they look. Made in the middle of a run it reaches
each thread at another moment, and with `warnings.catch_warnings` the filters may stay changed.

*Known false alarms*: settings that nobody else depends on. Often that cannot be seen in the source, so this rule is off
unless it is selected.

*References*: [CWE-362](https://cwe.mitre.org/data/definitions/362.html) (race condition); [concurrent safety of
context managers](https://docs.python.org/3/library/warnings.html#concurrent-safety-of-context-managers).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import disturbance_details
from racelint.explaining.phrases import disturbs
from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL706", default=False)
def check(program: Program) -> Iterator[Finding]:
    """Ask for the other changes that are made beside threads."""
    for found in program.processwide:
        if not found.gets_mixed_up:
            message = f"{disturbs(program, found, '')}: that belongs to the whole process, "
            message += f"and all threads get it. {found.change.state.instead}"
            yield check.finding(found.change, message, **disturbance_details(program, found))
