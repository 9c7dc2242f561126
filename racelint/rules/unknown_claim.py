"""A comment that should claim something claims nothing.

*What it does*: reports [claims](../claims.md) (`# guarded-by: _lock`, `# requires: _lock`, `# runs-on: NAME`,
`# owned-by: NAME`, `# confined`, and the same as strings in `typing.Annotated`) that cannot be understood: misspelt,
with the name of a lock or a function that is not there, with something that is no lock or keeps nobody out (a
semaphore, an event), on a line where there is nothing that they can be about.

*Why is this bad?*: whoever reads it believes that it is checked.

*Known false alarms*: prose that happens to begin like a claim. `# requires: numpy` and `# owned-by: payments` are left
alone where no lock, no function and no thread can be meant. Locks that are made where racelint does not look, such as
by `setattr` with a computed name.

*References*: [CWE-1116](https://cwe.mitre.org/data/definitions/1116.html) (inaccurate comments).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.findings import Finding
from racelint.program import Program
from racelint.rule import rule


@rule("RL903")
def check(program: Program) -> Iterator[Finding]:
    """Ask for what looks like a claim and is none."""
    for flaw in program.claims.flaws:
        yield check.finding(flaw, f"`{flaw.text}` claims nothing: {flaw.reason}", evidence="claim")
