"""An attribute of a `threading.local` is set for one thread only, and other threads read it.

*What it does*: reports an attribute of a `threading.local()`, or of a subclass that does not set it itself, that is set
only where the module is imported, or only in a constructor, and read elsewhere with no default.

*Why is this bad?*: each thread has attributes of its own. What the importing thread sets, only that thread finds; all
others fail with an `AttributeError`. It works in every test that has one thread. No thread has to be in sight for a
report: whoever makes a `threading.local` expects several.

*Known false alarms*: functions that are called only in the thread that imports the module or makes the object.

*References*: [CWE-908](https://cwe.mitre.org/data/definitions/908.html) (use of uninitialized resource); [thread-local
data](https://docs.python.org/3/library/threading.html#thread-local-data).
"""

from __future__ import annotations

from collections.abc import Iterator

from racelint.explaining.notes import start
from racelint.explaining.phrases import called
from racelint.findings import Finding, Location, note
from racelint.program import Program
from racelint.program.sources.source import span_of
from racelint.rule import rule


@rule("RL704")
def check(program: Program) -> Iterator[Finding]:
    """Ask for the attributes that one thread has and others read."""
    for found in program.threadlocals:
        name = f"{found.path_of}.{found.name}"
        reader = f"`{called(found.reader)}`"
        message = f"`{name}` is set here for the current thread only: in others, {reader} fails with an "
        message += "`AttributeError`. Set it in the `__init__` of a subclass of `threading.local`, or read it by "
        message += f'`getattr({found.path_of}, "{found.name}", default)`.'
        read = Location(found.reader.path, span_of(found.reader, found.read))
        starts = start(program, found.context, found.reader, 1) if found.context is not None else ()
        yield check.finding(
            found,
            message,
            symbol=name,
            function=found.code.qualname,
            evidence="threads",
            related=[note(read, f"`{name}` is read here", 1), *starts],
        )
