"""The packages that are checked: names, versions, and what kind of concurrency they have."""

from __future__ import annotations

from pathlib import Path

import msgspec

FILE = Path(__file__).parent / "packages.txt"


class Package(msgspec.Struct, frozen=True):
    """A release, and whether it uses threads or locks (`threads`), only asyncio (`tasks`), or none of them (`none`)."""

    name: str
    version: str
    concurrency: str


def packages() -> list[Package]:
    """The packages in the order of the file: in each line `name==version concurrency`, or a comment."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    fields = [line.replace("==", " ").split() for line in lines]
    return [Package(name, version, concurrency) for name, version, concurrency in fields]
