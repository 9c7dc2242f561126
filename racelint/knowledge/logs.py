"""Which calls write a log record, and what of the program's own classes runs inside of them."""

from __future__ import annotations

from typing import Final

_NAMES: Final = ("debug", "info", "warning", "error", "exception", "critical", "log")

WRITES: Final = frozenset(
    f"{owner}.{name}" for owner in ("logging", "logging.Logger", "logging.LoggerAdapter") for name in _NAMES
)
"""The calls that hand a record to the handlers at once."""

MODULE: Final = "logging."
"""How the names of all classes begin whose methods are run inside."""

RUN_INSIDE: Final = frozenset({"emit", "format", "filter"})
"""The methods of handlers, formatters and filters that such a call runs."""

TELLS: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
"""The methods of a logger: what is only told about is not taken over."""

WARNS: Final = frozenset({"warnings.warn", "warnings.warn_explicit"})
"""Functions that tell the developer: once more is one line more, or none."""

ASIDE: Final = frozenset({"debug"})
"""The methods of a logger for what nobody is to be bothered with."""
