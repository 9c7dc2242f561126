"""Selectors of rules, and which of several wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racelint.rule import FAMILIES, ON_BY_DEFAULT, Rule, Selection, UnknownRuleError, load_rules, matching, prefix

ON, OFF, OTHER = (
    Rule("RL101", "bad-thing", "", None),
    Rule("RL102", "worse-thing", "", None, default=False),
    Rule("RL201", "other-thing", "", None),
)
CHOICE = (ON, OFF, OTHER)

selectors = st.sampled_from(
    [
        "ALL",
        "RL",
        "RL1",
        "RL2",
        "RL10",
        "RL20",
        "RL101",
        "RL102",
        "RL201",
        "bad-thing",
        "other-thing",
        "atomicity",
        "RL7",
    ]
)
some_selectors = st.lists(selectors, max_size=4).map(tuple)
selections = st.builds(Selection, st.none() | some_selectors, some_selectors, some_selectors)


# --- selectors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("ALL", CHOICE),
        ("RL", CHOICE),
        ("RL1", (ON, OFF)),
        ("unguarded-state", (ON, OFF)),
        ("RL10", (ON, OFF)),
        ("RL102", (OFF,)),
        ("worse-thing", (OFF,)),
        ("RL3", ()),
        ("thread-life", ()),
    ],
)
def test_a_selector_is_a_code_a_beginning_of_codes_a_name_a_family_or_all(
    selector: str, expected: tuple[Rule, ...]
) -> None:
    assert matching(selector, CHOICE) == expected


@pytest.mark.parametrize("selector", ["RL8", "RL30", "R", "", "bad", "E501", "RL1010", "all", "rl101", "RL1 "])
def test_what_is_none_of_these_is_an_error(selector: str) -> None:
    with pytest.raises(UnknownRuleError, match=r"^unknown rule "):
        matching(selector, CHOICE)


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("bad-things", "; did you mean bad-thing?"),
        ("rl101", "; did you mean RL101?"),
        ("all", "; did you mean ALL?"),
        ("deadlocks", "; did you mean deadlock?"),
        ("E501", "; `racelint rules` lists them all"),
    ],
)
def test_an_error_names_what_is_probably_meant(selector: str, hint: str) -> None:
    with pytest.raises(UnknownRuleError) as caught:
        prefix(selector, CHOICE)

    assert str(caught.value) == f"unknown rule {selector!r}{hint}"


def test_every_rule_is_in_a_family_and_no_word_means_two_things() -> None:
    rules = load_rules()

    assert {rule.code[:3] for rule in rules} <= set(FAMILIES.values())
    assert not {rule.name for rule in rules} & {*FAMILIES, "ALL"}


# --- one selection -------------------------------------------------------------------------------------------------


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
        (("RL102",), ("worse-thing",), ()),
        (("RL102",), ("unguarded-state",), (OFF,)),
        (("unguarded-state",), ("ALL",), (ON, OFF)),
        (("RL1",), ("unguarded-state",), ()),
        (("ALL",), ("RL102",), (ON, OTHER)),
    ],
)
def test_the_more_specific_selector_wins_and_of_equal_ones_ignore(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], expected: tuple[Rule, ...]
) -> None:
    assert Selection(select, (), ignore).chosen(CHOICE) == expected


def test_rules_are_selected_beside_the_default_ones() -> None:
    assert Selection(extend_select=("RL102",)).chosen(CHOICE) == CHOICE
    assert Selection((), ("RL102",)).chosen(CHOICE) == (OFF,)


@given(st.data(), selections)
def test_the_order_of_selectors_does_not_matter_nor_does_saying_them_twice(data: st.DataObject, one: Selection) -> None:
    def mixed(words: tuple[str, ...]) -> tuple[str, ...]:
        return (
            tuple(data.draw(st.permutations([*words, *data.draw(st.lists(st.sampled_from(words)))]))) if words else ()
        )

    other = Selection(None if one.select is None else mixed(one.select), mixed(one.extend_select), mixed(one.ignore))

    assert one.chosen(CHOICE) == other.chosen(CHOICE)


@given(selections, st.sampled_from(CHOICE))
def test_a_code_wins_over_all_that_is_less_specific(one: Selection, rule: Rule) -> None:
    words = {rule.code, rule.name}
    on = Selection(one.select, (*one.extend_select, rule.code), tuple(word for word in one.ignore if word not in words))
    off = Selection(one.select, one.extend_select, (*one.ignore, rule.name))

    assert rule in on.chosen(CHOICE)
    assert rule not in off.chosen(CHOICE)


@given(selections, selectors)
def test_to_ignore_more_never_turns_a_rule_on_and_to_select_more_never_turns_one_off(one: Selection, word: str) -> None:
    fewer = Selection(one.select, one.extend_select, (*one.ignore, word))
    more = Selection(one.select, (*one.extend_select, word), one.ignore)

    assert {*fewer.chosen(CHOICE)} <= {*one.chosen(CHOICE)} <= {*more.chosen(CHOICE)}


@given(some_selectors, some_selectors)
def test_a_selection_is_no_more_than_its_selectors_name(select: tuple[str, ...], ignore: tuple[str, ...]) -> None:
    named = {rule for selector in select for rule in matching(selector, CHOICE)}

    assert {*Selection(select, (), ignore).chosen(CHOICE)} <= named
    assert {*Selection(select).chosen(CHOICE)} == named


# --- layers --------------------------------------------------------------------------------------------------------


@given(selections, selections)
def test_what_a_later_selection_speaks_of_it_decides_and_the_earlier_one_decides_the_rest(
    earlier: Selection, later: Selection
) -> None:
    both = earlier.then(later)
    spoken = {rule for word in (*later.extend_select, *later.ignore) for rule in matching(word, CHOICE)}
    before = () if later.select is not None else earlier.chosen(CHOICE)

    for rule in CHOICE:
        expected = later.chosen(CHOICE) if later.select is not None or rule in spoken else before
        assert (rule in both.chosen(CHOICE)) == (rule in expected)


@given(selections, selections)
def test_a_later_select_starts_afresh(earlier: Selection, later: Selection) -> None:
    if later.select is not None:
        assert earlier.then(later) == later


@given(selections, selections, selections)
def test_layers_can_be_put_together_in_any_grouping(one: Selection, two: Selection, three: Selection) -> None:
    assert one.then(two).then(three).chosen(CHOICE) == one.then(two.then(three)).chosen(CHOICE)


@given(selections)
def test_a_layer_that_says_nothing_changes_nothing(one: Selection) -> None:
    assert one.then(ON_BY_DEFAULT) == one == ON_BY_DEFAULT.then(one)


def test_a_later_selector_wins_over_a_more_specific_earlier_one() -> None:
    on, off = Selection(("RL101",)), Selection(ignore=("RL101",))

    assert on.then(Selection(ignore=("RL1",))).chosen(CHOICE) == ()
    assert off.then(Selection(extend_select=("RL1",))).chosen(CHOICE) == CHOICE
