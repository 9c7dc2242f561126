"""What sharing objects of a class means, and which calls change the state of the whole process."""

from __future__ import annotations

from .model import Safety

SAFETY: dict[str, Safety] = {}
PROCESS_STATE: dict[str, str] = {}
