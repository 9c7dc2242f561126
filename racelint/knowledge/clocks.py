"""Which functions tell what time it is."""

from __future__ import annotations

from typing import Final

CLOCKS: Final = frozenset({"time.time", "time.monotonic", "time.perf_counter", "time.time_ns", "time.monotonic_ns"})
