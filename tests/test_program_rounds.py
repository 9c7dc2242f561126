"""Rounds: which walks over a container wait in a turn, while other tasks change its size?"""

from __future__ import annotations

import pytest
from builders import program

HUB = """
import asyncio

class Hub:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.peers = {made}

    async def tell(self):
        {walk}

    async def handle(self, reader, writer):
        {change}
        await self.tell()

    async def serve(self):
        await asyncio.start_server(self.handle, "", 80)
"""


def rounds(made: str, walk: str, change: str) -> list[tuple[int, int, str]]:
    """Each walk that waits: its line, that of the pause, and what the other task does."""
    found = program(HUB.format(made=made, walk=walk, change=change)).interleavings.rounds
    return [(each.span.line, each.pause_span.line, each.partner.other.method) for each in found]


@pytest.mark.parametrize(
    ("made", "walk", "change", "method"),
    [
        ("set()", "for each in self.peers: await each.send()", "self.peers.add(writer)", "add"),
        ("{}", "for each in self.peers: await each.send()", "self.peers[writer] = 1", "[]="),
        ("{}", "for each in self.peers.values(): await each.send()", "self.peers.pop(writer)", "pop"),
        ("[]", "for each in self.peers: await each.send()", "self.peers.remove(writer)", "remove"),
        ("set()", "[await each.send() for each in self.peers]", "self.peers.add(writer)", "add"),
        ("set()", "peers = self.peers\n        for each in peers: await each.send()", "self.peers.add(writer)", "add"),
    ],
)
def test_walks_that_wait(made: str, walk: str, change: str, method: str) -> None:
    line = 10 + walk.count("\n")

    assert rounds(made, walk, change) == [(line, line, method)]


@pytest.mark.parametrize(
    "walk",
    [
        "for each in list(self.peers): await each.send()",
        "for each in self.peers.copy(): await each.send()",
        "for each in sorted(self.peers): await each.send()",
        "for each in self.peers: each.send()",
        "for each in self.peers: return await each.send()",
        "for each in self.peers: await each.send(); break",
        "for each in self.peers:\n            if each: await each.send(); break",
        "for each in self.peers:\n            if each: await each.send()\n            raise ValueError",
        "while self.peers: await self.peers.pop().send()",
    ],
)
def test_walks_that_nobody_comes_into(walk: str) -> None:
    assert rounds("set()", walk, "self.peers.add(writer)") == []


@pytest.mark.parametrize(
    "walk",
    [
        "for each in self.peers:\n            if each: await each.send(); continue\n            break",
        "for each in self.peers:\n            for one in each: await one.send(); break",
        "for each in self.peers:\n            try: await each.send()\n            except OSError: break",
    ],
)
def test_walks_that_go_on(walk: str) -> None:
    assert [line for line, _, _ in rounds("set()", walk, "self.peers.add(writer)")] == [10]


@pytest.mark.parametrize(
    "change",
    [
        "self.peers = {writer}",
        "len(self.peers)",
        "self.others = {writer}",
    ],
)
def test_changes_that_leave_the_container_as_it_is(change: str) -> None:
    assert rounds("set()", "for each in self.peers: await each.send()", change) == []
