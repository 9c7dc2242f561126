"""Who meets whom at a wait, an answer, a start or a result, in which order that goes wrong: told of whole fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import program

from racelint.findings import Finding
from racelint.rule import load_rules

FIXTURES = Path(__file__).parent.parent / "fixtures" / "rules"


def findings(fixture: str) -> list[Finding]:
    """What the rule of a fixture says of it, in the order of its lines."""
    [rule] = [each for each in load_rules() if each.code == fixture[:5]]
    assert rule.check is not None
    source = (FIXTURES / f"{fixture}.py").read_text(encoding="utf-8")
    return sorted(rule.check(program(source)), key=lambda finding: finding.span.line)


EXPECTED = {
    "RL204_non_atomic_call_sequence/bad": [
        (0, 10, (), "asks: `jobs` was not empty"),
        (1, 11, (), "calls `get`"),
        (0, 11, (), "calls `get`, which waits for ever"),
    ],
    "RL501_wait_without_loop/bad": [
        (0, 18, ("`_changed`",), "tests `self._orders`"),
        (1, 14, ("`_changed`",), "notifies `self._changed`"),
        (0, 19, ("`_changed`",), "goes on, though a third may have changed `self._orders` again"),
    ],
    "RL503_lost_wakeup/bad": [
        (0, 17, (), "tests `self._is_open`"),
        (1, 14, ("`_moved`",), "notifies `self._moved`, for which nobody waits"),
        (0, 19, ("`_moved`",), "waits for ever"),
    ],
    "RL701_started_before_initialised/bad": [
        (0, 10, (), "starts `Mailbox._deliver`"),
        (1, 18, (), "reads `self._letters`, and finds no such attribute"),
        (0, 11, (), "sets `self._letters`, too late"),
    ],
    "RL702_read_before_join/bad": [
        (0, 17, (), "reads `self._words`"),
        (1, 12, (), "sets `self._words` only now"),
        (0, 18, (), "waits only now"),
    ],
}


@pytest.mark.parametrize("fixture", EXPECTED)
def test_the_steps_go_from_one_side_to_the_other_and_back(fixture: str) -> None:
    finding = findings(fixture)[0]

    assert [(turn.side, turn.span.line, turn.holds, turn.effect) for turn in finding.turns] == EXPECTED[fixture]


@pytest.mark.parametrize(
    "fixture",
    [
        *EXPECTED,
        *("RL503_lost_wakeup/changed_after_the_notify", "RL503_lost_wakeup/event_cleared_after_the_work"),
        "RL503_lost_wakeup/event_set_and_cleared",
    ],
)
def test_each_step_is_of_a_side_that_is_named(fixture: str) -> None:
    for finding in findings(fixture):
        assert len(finding.sides) == 2
        assert {turn.side for turn in finding.turns} == {0, 1}
        assert all(side.runner for side in finding.sides)


def test_who_notifies_too_early_is_the_side_of_the_finding() -> None:
    early = findings("RL503_lost_wakeup/changed_after_the_notify")[0]

    assert [turn.side for turn in early.turns] == [0, 1, 0]
    assert early.turns[0].span == early.span


def test_who_clears_an_event_misses_what_is_set_after_he_has_looked() -> None:
    cleared = findings("RL503_lost_wakeup/event_cleared_after_the_work")[0]

    assert [turn.side for turn in cleared.turns] == [0, 1, 1, 0]
    assert cleared.turns[-1].span == cleared.span


def test_who_joins_another_thread_reads_what_this_one_has_not_made() -> None:
    early = findings("RL702_read_before_join/other_one_is_never_joined")[0]

    assert [(turn.side, turn.effect.partition(" ")[0]) for turn in early.turns] == [
        (0, "waits"),
        (0, "reads"),
        (1, "sets"),
    ]
    assert early.sides[1].runner.startswith("one of several threads")
