"""Shared state as the page shows it: each place with its guard, and the findings about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from racelint.html.finding import FindingView
from racelint.show import Shared


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place of shared state. `id` names it in the page."""

    id: str
    shared: Shared
    findings: tuple[FindingView, ...]


def place_views(shared: Sequence[Shared], findings: Sequence[FindingView]) -> list[PlaceView]:
    """The places, in their order, each with the findings about the state of that name."""
    about: dict[str, list[FindingView]] = defaultdict(list)
    for view in findings:
        about[view.finding.symbol].append(view)
    return [PlaceView(f"p-{index}", each, tuple(about.get(each.symbol, ()))) for index, each in enumerate(shared, 1)]
