"""What a race is: what is wrong, where, both sides, and why it is believed."""

from __future__ import annotations

from enum import Enum

import msgspec

from racelint.facts import Span
from racelint.findings import Evidence
from racelint.program.contexts.contexts import Context
from racelint.program.locking.guards import Guard
from racelint.program.locking.holding import Acquisition
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access, Place
from racelint.program.races.cases.disturbances import Harm
from racelint.program.sources.source import Code


class Problem(Enum):
    """What is wrong with a racing access."""

    UPDATE = "update"
    INCONSISTENT = "inconsistent"
    DIFFERENT_LOCKS = "different locks"
    NO_EXCLUSION = "no exclusion"
    WRITE = "write"
    LEFT = "left"
    UNDONE = "undone"
    CHECK = "check"
    LAZY = "lazy"
    SPLIT = "split"
    TORN = "torn"
    DOUBLE_READ = "double read"
    ITERATION = "iteration"
    HANDED_OUT = "handed out"
    ADVANCE = "advance"
    EMPTIED = "emptied"
    REPLACED = "replaced"


class Race(msgspec.Struct, frozen=True, eq=False):
    """One racing access (or sequence), the other side, and why it is believed.

    The finding stands at `span` in `code`. `one` runs this side and `other_context` the other, where contexts are the
    evidence, which is None where calls within each other are enough; `guard` is the program's own lock for the Place;
    `lock` the wrong one that is held here.
    """

    problem: Problem
    code: Code
    span: Span
    access: Access
    evidence: Evidence | None
    other: Access | None = None
    one: Context | None = None
    other_context: Context | None = None
    guard: Guard | None = None
    lock: Lock | None = None
    first: Access | None = None
    needs_no_gil: bool = False
    """It strikes only where threads run without the GIL, or with that of CPython up to 3.10: see `switching`."""
    harm: Harm | None = None
    """What becomes of an iteration."""
    taken: Access | None = None
    """Where the container that is changed on account of a flag is looked at by who has set the flag; of a split
    section where it is changed."""
    between: tuple[int, ...] = ()
    """Of a sequence: the operations of `code` that must lie in one critical section."""
    beside: Acquisition | Access | None = None
    """What alone shows that others come here: a lock is taken that guards other state, or a thread puts in its item."""
    again: Access | None = None
    """Where this side fetches again what it has stored, while the other side takes it away."""

    filled_late: bool = False
    """What is made on first use is tested again under the lock, but others see it before it is filled."""

    begun: bool = False
    """The other side is the thread that is started on account of the test."""

    undone_by_update: bool = False
    """The other side is an update that holds the guard, and takes back what is stored here without it."""

    clears: Access | None = None
    """What is used on account of the test of something else is taken away here together with that."""

    slight: bool = False
    """What speaks for it is too little, or does too little harm, to be told of; it counts where one object is raced for
    everywhere."""

    @property
    def path(self) -> str:
        """The file of the finding."""
        return self.code.path

    @property
    def place(self) -> Place:
        """The memory that is raced for."""
        return self.access.place
