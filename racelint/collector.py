"""Python's collector of cycles, off where there are none to be found."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """For what makes millions of objects and hardly a cycle: to look for cycles would take half of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # all that was made counts as old: else the next object would have the collector look through it
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def leave_all_behind() -> None:
    """For a process of one's own: nothing is looked through when it ends, as the system takes it all back."""
    atexit.register(gc.freeze)
