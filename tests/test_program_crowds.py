"""Crowds: a thread that meets others everywhere is told once, one that does so in some places is told each time."""

from __future__ import annotations

import pytest
from builders import program

from racelint.program.races.crowds import FEW, MANY


def _sampler(classes: int, fields: int) -> str:
    """A thread and its maker count in all fields of an object of each class, and neither takes a lock."""
    counts = [f"count{number}" for number in range(fields)]
    lines = ["import threading", ""]
    for number in range(classes):
        lines += [f"class Meter{number}:", f"    {' = '.join(counts)} = 0", "    def note(self, size):"]
        lines += [f"        self.{count} += size" for count in counts]
        lines += ["    def mean(self):", f"        return {' / '.join(f'self.{count}' for count in counts)}"]
    lines += ["class Sampler:", "    def __init__(self):"]
    lines += [f"        self.meter{number} = Meter{number}()" for number in range(classes)]
    lines += ["        threading.Thread(target=self.run).start()", "    def run(self):", "        self.note(1)"]
    lines += ["    def note(self, size):", *(f"        self.meter{number}.note(size)" for number in range(classes))]
    lines += [
        "def measure(sizes):",
        "    sampler = Sampler()",
        "    for size in sizes:",
        "        sampler.note(size)",
        "",
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("classes", "fields", "told"),
    [
        (MANY // 2, 2, MANY),
        (MANY // 2 + 1, 2, 1),
        (FEW, FEW, FEW * FEW),
        (FEW + 1, FEW, 1),
        (MANY, 1, MANY),
        (MANY + 1, 1, 1),
    ],
)
def test_a_thread_that_races_for_many_objects_of_many_classes_is_told_once(
    classes: int, fields: int, told: int
) -> None:
    races = program(_sampler(classes, fields)).races

    assert len(races.found) == told
    assert len(races.all) == classes * fields
