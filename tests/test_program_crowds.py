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


def _counters(number: int) -> str:
    """One object, of which each of many threads counts in another field; two at once run the same one."""
    fields = [f"count{each}" for each in range(number)]
    lines = ["import threading", "class Counters:", "    def __init__(self):"]
    lines += [f"        self.{field} = 0" for field in fields]
    for field in fields:
        lines += [f"    def add_{field}(self):", f"        self.{field} += 1"]
    lines += ["counters = Counters()"]
    for field in fields:
        lines += ["for _ in range(2):", f"    threading.Thread(target=counters.add_{field}).start()"]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize(("fields", "told"), [(FEW, FEW), (FEW + 1, 1)])
def test_a_class_without_locks_is_told_once_whoever_races_for_it(fields: int, told: int) -> None:
    races = program(_counters(fields)).races

    assert len(races.found) == told
    assert len(races.all) == fields
