"""Selectors of rules, and which of several wins."""

from __future__ import annotations

import pytest

from racelint.rule import Rule, Selection, UnknownRuleError, matching

ON, OFF, OTHER = (
    Rule("RL101", "bad-thing", "", None),
    Rule("RL102", "worse-thing", "", None, default=False),
    Rule("RL201", "other-thing", "", None),
)
CHOICE = (ON, OFF, OTHER)


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (None, (), (ON, OTHER)),
        ((), (), ()),
        (("RL1",), (), (ON, OFF)),
        (("worse-thing", "RL201"), (), (OFF, OTHER)),
        (("RL",), ("RL1",), (OTHER,)),
        (None, ("other-thing", "RL101"), ()),
        (("RL102",), ("RL102",), ()),
    ],
)
def test_rules_are_selected_by_code_beginning_and_name(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], expected: tuple[Rule, ...]
) -> None:
    assert Selection(select, (), ignore).chosen(CHOICE) == expected


@pytest.mark.parametrize("selector", ["RL8", "R", "", "bad", "E501", "RL1010"])
def test_what_selects_nothing_is_an_error(selector: str) -> None:
    with pytest.raises(UnknownRuleError):
        matching(selector, CHOICE)
