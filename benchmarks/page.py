"""The page that shows what the benchmarks measured."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "measured.md"


def put(name: str, text: str, page: str) -> str:
    """The page with this text in the place that is written by the benchmark of this name.

    Raises a LookupError if the page has no such place.
    """
    place = re.compile(rf"(?<=<!-- written by benchmarks\.{name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    written, places = place.subn(lambda _: f"\n{text}\n\n", page)
    if not places:
        raise LookupError(f"nothing on the page is written by benchmarks.{name}")
    return written
