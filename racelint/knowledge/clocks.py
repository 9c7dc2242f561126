"""Which functions tell what time it is."""

from __future__ import annotations

from typing import Final

CLOCKS: Final = frozenset(
    {
        *(
            f"time.{name}{unit}"
            for name in ("time", "monotonic", "perf_counter", "process_time")
            for unit in ("", "_ns")
        ),
        *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    }
)
