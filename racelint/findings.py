"""What the user reads: findings, the places related to them, and the report of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from racelint.facts import Span
from racelint.remedies import AnyRemedy, Fix

Evidence = Literal["threads", "lock", "claim", "assumed"]
"""Why a place is taken to be shared.

threads  two contexts, or one with many instances, reach it, traced from where they start
lock     the program itself guards it elsewhere
claim    a comment or an annotation says so
assumed  `--assume-shared` says so
"""

Build = Literal["gil", "free-threaded"]
"""A kind of CPython build on which a finding can strike."""

Moment = Literal["start", "before", "after"]
"""When a side comes by a place: as it starts, or before or after the place of the finding."""

EVERY_BUILD: tuple[Build, ...] = ("gil", "free-threaded")
FREE_THREADED_ONLY: tuple[Build, ...] = ("free-threaded",)

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how many steps of it are over, and how many there are."""

FILE_START = Span(1, 1, 1, 1)
"""Where a finding about a whole file stands."""


class Located(Protocol):
    """Anything that is written somewhere: what a finding or a note can point to."""

    @property
    def path(self) -> str:
        """The file, as it is shown to the user."""

    @property
    def span(self) -> Span:
        """Where in that file."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bare `Located`, for what has no noun of its own."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Related:
    """Another end of a finding: the other access, the lock's definition, the start of a thread.

    `side` says whose it is: 0 is the side on which the finding stands, 1 and up are the others; None is for no side.
    """

    path: str
    span: Span
    message: str
    side: int | None = None
    moment: Moment = "after"


def note(at: Located, message: str, side: int | None = None, moment: Moment = "after") -> Related:
    """A related place at `at`, with what it has to do with the finding."""
    return Related(at.path, at.span, message, side, moment)


@dataclass(frozen=True, slots=True)
class Side:
    """Who takes part in a finding, in words; the locks that are held there, by name.

    `lacks` is the lock that should be held there, and `share` how consistently the program holds it elsewhere; both are
    "" where it has no such lock. `partly` are locks that are held at the end, and not all the time from the start.
    """

    runner: str
    holds: tuple[str, ...] = ()
    lacks: str = ""
    share: str = ""
    partly: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A step of one side (its index in `Finding.sides`) in an order of steps that goes wrong, and what comes of it.

    `holds` are the locks that are held at it, by name.
    """

    side: int
    path: str
    span: Span
    effect: str
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to change, at the line to change.

    `symbol` is the dotted name of the place that the finding is about (of the lock, for lock rules), `function` that of
    the function where it stands; both are "" where there is none. `evidence` is None where a rule needs none. `sides`
    are those who meet, the one on which the finding stands first, and `turns` an order of their steps that goes wrong.

    `remedy` says what would mend it. It has a `fix`, which says how, only where somebody has asked for that.
    """

    code: str
    name: str
    message: str
    path: str
    span: Span
    symbol: str = ""
    function: str = ""
    evidence: Evidence | None = None
    live_on: tuple[Build, ...] = EVERY_BUILD
    related: tuple[Related, ...] = ()
    sides: tuple[Side, ...] = ()
    turns: tuple[Turn, ...] = ()
    remedy: AnyRemedy | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class RunError:
    """Something that racelint could not do: what failed (`where`: a file, a rule or a stage) and why."""

    where: str
    message: str


def breakdown(where: str, error: BaseException) -> RunError:
    """An error of racelint's own in one line: what, and where in the code."""
    from traceback import extract_tb

    frame = extract_tb(error.__traceback__)[-1]
    code = f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
    return RunError(where, f"internal error: {type(error).__name__}: {error} ({code})")


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found: findings and errors in order, and the checked files by the path that is shown for them.

    `buffers` holds the text of those that were not read from the disk. `notes` are to be told beside the findings and
    are no failures; `suppressed` and `baselined` count the findings that comments and the baseline keep silent, `fixed`
    those that there were before they were mended.
    """

    findings: tuple[Finding, ...]
    errors: tuple[RunError, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    buffers: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    suppressed: int = 0
    baselined: int = 0
    fixed: int = 0


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by path, position and code, each once: the one order in which every door shows them."""
    return tuple(sorted(set(findings), key=_sort_key))


def _sort_key(finding: Finding) -> tuple[str, tuple[int, ...], str, str, str, str, str, str]:
    """A total order: findings that differ in anything are never equal here, so that no hash seed can be seen."""
    return (
        finding.path,
        _numbers(finding.span),
        finding.code,
        finding.symbol,
        finding.function,
        finding.message,
        finding.evidence or "",
        repr((finding.live_on, finding.related, finding.sides, finding.turns, finding.remedy, finding.fix)),
    )


def _numbers(span: Span) -> tuple[int, ...]:
    return (span.line, span.column, span.end_line, span.end_column)
