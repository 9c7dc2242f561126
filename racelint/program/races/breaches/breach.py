"""Part of the breaches stage: one place where the program does not keep what is claimed."""

from __future__ import annotations

from enum import Enum

import msgspec

from racelint.facts import Span
from racelint.program.contexts.contexts import Context
from racelint.program.locking.claims import Claim, GuardClaim, Home, Requirement
from racelint.program.locking.locks import Lock
from racelint.program.memory.places import Access
from racelint.program.races.cases.case import Partner
from racelint.program.sources.source import Code


class How(Enum):
    """How a claim is broken."""

    ACCESS = "accessed without the lock"
    CALL = "called without the lock"
    START = "started, which holds no lock"
    ELSEWHERE = "run by another context"
    SHARED = "touched by another context"


class Breach(msgspec.Struct, frozen=True, eq=False):
    """One place that breaks a claim. `access` is what is touched, `callee` what is called, `context` who does it."""

    how: How
    claim: Claim
    code: Code
    span: Span
    access: Access | None = None
    callee: Code | None = None
    needed: Requirement | None = None
    guard: GuardClaim | None = None
    home: Home | None = None
    context: Context | None = None
    partner: Partner | None = None

    @property
    def path(self) -> str:
        """The file."""
        return self.code.path

    @property
    def lock(self) -> Lock | None:
        """The lock that is missing."""
        if self.guard is not None:
            return self.guard.lock
        return self.needed.use.lock if self.needed is not None else None

    @property
    def lock_name(self) -> str:
        """That lock as the claim names it."""
        if self.guard is not None:
            return self.guard.meant.name
        return self.needed.name if self.needed is not None else ""

    @property
    def symbol(self) -> str:
        """The dotted name of the variable or function that the claim is about."""
        if self.access is not None:
            return self.access.place.symbol
        return self.callee.qualname if self.callee is not None else ""
