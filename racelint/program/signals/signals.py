"""Stage 10: where do threads wait for a condition or an event, who wakes them, and how can that go wrong?

Beside it what else goes wrong between calls that are right one at a time: an answer that is old when it is acted upon.
"""

from __future__ import annotations

import msgspec

from racelint.program.locking.locksets import LockSets
from racelint.program.sharing.sharing import Sharing
from racelint.program.signals.notifying import LostSignal, Notifying
from racelint.program.signals.overtaken import Overtaken, find_overtaken
from racelint.program.signals.questions import OldAnswer, Questions
from racelint.program.signals.waiting import BadWait, Waiting
from racelint.program.signals.waits import Collector, Signal


class Signals(msgspec.Struct, frozen=True):
    """All waits and notifies, and what is wrong with them: tested too little, made without the lock, lost."""

    found: list[Signal]
    waits: list[BadWait]
    unheld: list[Signal]
    lost: list[LostSignal]
    answers: list[OldAnswer]
    overtaken: list[Overtaken]


def link_signals(locksets: LockSets, sharing: Sharing) -> Signals:
    """Collect the signals of all functions, and judge them."""
    found = Collector(locksets).collect()
    notifying = Notifying(locksets, found)
    return Signals(
        found,
        list(Waiting(locksets, found).bad()),
        list(notifying.unheld()),
        list(notifying.lost()),
        list(Questions(locksets, sharing).old()),
        list(find_overtaken(locksets, found)),
    )
