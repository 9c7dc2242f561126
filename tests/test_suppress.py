"""What comments keep silent, and which of them are told to do nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest
from flake8.violation import Violation

from racelint.facts import Comment, Span
from racelint.findings import Finding
from racelint.rule import load_rules
from racelint.suppressing.directives import directives
from racelint.suppressing.suppress import suppress

PATH = "m.py"
EVERY_CODE = frozenset(rule.code for rule in load_rules())
RULES = {rule.code: rule for rule in load_rules()}


def finding(code: str, line: int, path: str = PATH) -> Finding:
    return Finding(code, RULES[code].name, "", path, Span(line, 5, line, 9))


def at_end(text: str, line: int = 1, lines: tuple[int, int] | None = None) -> Comment:
    """A comment at the end of a line of code, which is a logical line of its own unless `lines` says more."""
    return Comment(Span(line, 20, line, 20 + len(text)), text, False, *(lines or (line, line)))


def alone(text: str, line: int, lines: tuple[int, int]) -> Comment:
    return Comment(Span(line, 1, line, 1 + len(text)), text, True, *lines)


def left(
    comments: Iterable[Comment], findings: Iterable[Finding], enabled: frozenset[str] = EVERY_CODE
) -> tuple[list[str], list[str]]:
    """The codes of the findings that are kept, and the messages about comments that do nothing."""
    result = suppress(findings, {PATH: tuple(comments)}, lambda _: enabled)
    assert {each.code for each in result.unused} <= {"RL902"}
    return [each.code for each in result.kept], [each.message for each in result.unused]


# --- noqa, as flake8 reads it --------------------------------------------------------------------------------------

SPELLINGS = [
    f"#{space}{word}{colon}{codes}{tail}"
    for space, word, colon, codes, tail in itertools.product(
        ("", " ", "  ", "\t"),
        ("noqa", "NOQA", "NoQA", "no-qa", "noqa2"),
        ("", ":", ": ", ":  ", " : ", ":\t", "=", ";"),
        (
            "",
            "RL101",
            "RL1",
            "RL",
            "rl101",
            "RL101,E501",
            "E501, RL101",
            "E501 RL101",
            "E501,,RL101",
            "E501 , RL101",
            "E501;RL101",
            "E501RL101",
            "RL101E501",
            "RL1010",
            "RL102",
            "101",
            "L101",
            "RL-101",
        ),
        ("", " why", ", why", "why", " - why", " py3 why", "  # noqa: RL101", "  # type: ignore", ","),
    )
]


def flake8_silences(code: str, text: str) -> bool:
    return Violation(code, PATH, 1, 1, "", f"x = 1  {text}\n").is_inline_ignored(False)


def test_noqa_silences_what_flake8_silences() -> None:
    differing = [
        (text, code)
        for text in (*SPELLINGS, *(f"# type: ignore  {text}" for text in SPELLINGS))
        for code in ("RL101", "RL102", "RL205")
        if (left([at_end(text)], [finding(code, 1)])[0] == []) != flake8_silences(code, text)
    ]

    assert differing == []


@pytest.mark.parametrize("text", ["# flake8: noqa", "# Flake8=NoQA", "# flake8:noqa: E501", "# flake8: noqa because"])
def test_flake8_noqa_silences_the_file_if_alone(text: str) -> None:
    findings = [finding("RL101", 7), finding("RL205", 9)]

    assert left([alone(text, 3, (4, 4))], findings) == ([], [])
    assert left([at_end(text, 3)], findings) == (["RL101", "RL205"], [])


@pytest.mark.parametrize("text", ["#flake8: noqa", "# type: ignore # flake8: noqa", "# flake8 noqa"])
def test_other_spellings_of_flake8_noqa_silence_nothing(text: str) -> None:
    assert left([alone(text, 3, (4, 4))], [finding("RL101", 7)]) == (["RL101"], [])


def test_noqa_alone_on_its_line_covers_nothing() -> None:
    kept, unused = left([alone("# noqa: RL101", 1, (2, 2)), alone("# noqa", 3, (4, 4))], [finding("RL101", 2)])

    assert kept == ["RL101"]
    assert unused == ["RL101 silences nothing here: remove it from `# noqa: RL101`"]


# --- where a comment counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["# noqa: RL101", "# racelint: ignore[RL101]"])
def test_a_comment_covers_its_logical_line(text: str) -> None:
    for line in (3, 4, 5):
        comment = at_end(text, line, (3, 5))
        assert left([comment], [finding("RL101", 3), finding("RL101", 5)]) == ([], [])
        assert left([comment], [finding("RL101", 2), finding("RL101", 4), finding("RL101", 6)])[0] == ["RL101"] * 2


def test_ignore_alone_covers_the_logical_line_after_it() -> None:
    comment = alone("# racelint: ignore[RL101]", 1, (4, 6))

    assert left([comment], [finding("RL101", 4), finding("RL101", 6)]) == ([], [])
    assert left([comment], [finding("RL101", 3), finding("RL101", 7)])[0] == ["RL101", "RL101"]


def test_ignore_at_the_end_of_the_file_covers_nothing() -> None:
    kept, unused = left([alone("# racelint: ignore[RL101]", 9, (0, 0))], [finding("RL101", 1)])

    assert (kept, len(unused)) == (["RL101"], 1)


def test_file_ignore_covers_the_file_from_anywhere_and_no_other() -> None:
    comment = alone("# racelint: file-ignore[RL101]", 50, (0, 0))
    findings = [finding("RL101", 1), finding("RL205", 2), finding("RL101", 99), finding("RL101", 1, "other.py")]

    result = suppress(findings, {PATH: (comment,), "other.py": ()}, lambda _: EVERY_CODE)

    assert result.kept == [findings[1], findings[3]]
    assert (result.silenced, result.unused) == (2, [])


def test_findings_in_files_without_comments_are_kept() -> None:
    assert suppress([finding("RL101", 1)], {}, lambda _: EVERY_CODE) == ([finding("RL101", 1)], 0, [])


# --- racelint: ignore ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "# racelint: ignore",
        "# racelint: ignore -- for a reason",
        "# racelint: ignore[RL101]",
        "# racelint: ignore[RL101] -- for a reason, #12",
        "#racelint:ignore[RL1]--reason",
        "# RaceLint : Ignore [ rl101 ]",
        "# racelint: ignore[unguarded-update]",
        "# racelint: ignore[Unguarded-Update, RL101]",
        "# racelint: ignore[unguarded-state]",
        "# racelint: ignore[ALL]",
        "# racelint: ignore[RL101,]",
        "# type: ignore[attr]  # racelint: ignore[RL101]  # noqa: E501",
        "# noqa: E501 # racelint: ignore[RL101]",
    ],
)
def test_ignore_takes_codes_prefixes_families_and_names(text: str) -> None:
    assert left([at_end(text)], [finding("RL101", 1)]) == ([], [])
    assert left([alone(text, 1, (2, 2))], [finding("RL101", 2)]) == ([], [])
    assert left(
        [alone(re.sub("ignore(?!.*ignore)", "file-ignore", text, flags=re.I), 9, (0, 0))], [finding("RL101", 2)]
    ) == (
        [],
        [],
    )


@pytest.mark.parametrize("text", ["# racelint: ignore[RL205]", "# racelint: ignore[deadlock]", "# racelint is right"])
def test_ignore_keeps_silent_about_nothing_else(text: str) -> None:
    assert left([at_end(text)], [finding("RL101", 1)])[0] == ["RL101"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# racelint: ignor[RL101]", "unknown word `ignor` after `racelint:`; did you mean `ignore`?"),
        ("# racelint: file_ignore[RL101]", "unknown word `file_ignore` after `racelint:`; did you mean `file-ignore`?"),
        ("# racelint: disable=RL101", "unknown word `disable` after `racelint:`; there are `ignore` and `file-ignore`"),
        ("# racelint:", "unknown word `` after `racelint:`; there are `ignore` and `file-ignore`"),
        ("# racelint: ignore[RL101", "the bracket after `ignore` is not closed, so this comment does nothing"),
        ("# racelint: ignore[RL101  # why]", "the bracket after `ignore` is not closed, so this comment does nothing"),
        ("# racelint: ignore[]", "`ignore[]` names no rule, so this comment does nothing"),
        (
            "# racelint: ignore RL101",
            "rules are named in brackets, as in `ignore[RL101]`, a reason comes after ` -- `: this does nothing",
        ),
        ("# racelint: ignore[RL999]", "unknown rule 'RL999'; did you mean RL902?"),
        ("# racelint: ignore[unguarded-updat]", "unknown rule 'unguarded-updat'; did you mean unguarded-update?"),
        (
            "# racelint: file-ignore[RL101]",
            "`file-ignore` counts only on a line of its own, so this comment does nothing",
        ),
        ("# racelint ignore[RL101]", "a colon is missing after `racelint`, so this comment does nothing"),
        ("#noqa: RL101", "`noqa` comes one space after `#`, so this one does nothing"),
        ("# noqa: E501  # noqa: RL101", "only the first `# noqa` of a comment counts, so this one does nothing"),
        ("# noqa: rl101", "`noqa` reads capital letters only: write RL101 for rl101"),
        ("# noqa: RL101RL205", "unknown rule 'RL101RL205'; did you mean RL205?"),
        ("# noqa: RL998", "unknown rule 'RL998'; did you mean RL901?"),
    ],
)
def test_what_cannot_be_understood_silences_nothing_and_is_told(text: str, told: str) -> None:
    kept, unused = left([at_end(text)], [finding("RL101", 1)])

    assert kept == ["RL101"]
    assert [message.partition("; did you mean RL")[0] for message in unused] == [told.partition("; did you mean RL")[0]]


def test_what_can_be_understood_of_a_comment_counts() -> None:
    assert left([at_end("# racelint: ignore[RL101, RL999]")], [finding("RL101", 1)])[0] == []
    assert left([at_end("# racelint: ignore[RL101] as ever")], [finding("RL101", 1)]) == (
        [],
        ["a reason comes after ` -- `, so `as ever` is not read"],
    )


@pytest.mark.parametrize("text", ["# racelint", "# see racelint: the docs", "# racelint ignores this", "# noqa12 RL"])
def test_prose_is_no_instruction(text: str) -> None:
    assert left([alone(text, 1, (2, 2))], [finding("RL101", 2)]) == (["RL101"], [])


# --- RL902 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# noqa: RL205", "RL205 silences nothing here: remove it from `# noqa: RL205`"),
        ("# noqa: RL101, RL205, E501", "RL205 silences nothing here: remove it from `# noqa: RL101, RL205, E501`"),
        ("# noqa: RL205,RL3 why", "RL205, RL3 silence nothing here: remove them from `# noqa: RL205,RL3`"),
        (
            "# racelint: ignore[RL101, double-read] -- why",
            "double-read silences nothing here: remove it from `# racelint: ignore[RL101, double-read]`",
        ),
    ],
)
def test_each_code_that_silences_nothing_is_told(text: str, told: str) -> None:
    assert left([at_end(text)], [finding("RL101", 1)])[1] == [told]


def test_ignore_without_brackets_is_told_if_it_silences_nothing() -> None:
    assert left([at_end("# racelint: ignore")], [])[1] == ["`# racelint: ignore` silences nothing here: remove it"]
    assert left([alone("# racelint: file-ignore[RL101]", 1, (2, 2))], [])[1] == [
        "RL101 silences nothing in this file: remove it from `# racelint: file-ignore[RL101]`"
    ]


@pytest.mark.parametrize(
    "text", ["# noqa", "# noqa: E501", "# noqa: because", "# flake8: noqa", "# noqa: RL901", "# noqa: RLX101, R101"]
)
def test_blankets_and_codes_of_others_are_never_told(text: str) -> None:
    assert left([at_end(text), alone(text, 3, (4, 4))], []) == ([], [])


def test_file_ignore_of_unreadable_files_is_left_alone() -> None:
    assert left([alone("# racelint: file-ignore[RL901]", 1, (2, 2))], []) == ([], [])


def test_rules_that_are_not_at_work_are_not_judged() -> None:
    comments = [at_end("# noqa: RL101, RL205"), at_end("# racelint: ignore[RL2]", 2), at_end("# racelint: ignore", 3)]

    assert left(comments, [], frozenset({"RL101", "RL902"}))[1] == [
        "RL101 silences nothing here: remove it from `# noqa: RL101, RL205`"
    ]
    assert left(comments, [], EVERY_CODE - {"RL902"}) == ([], [])


def test_the_place_of_a_finding_is_the_instruction() -> None:
    comment = at_end("# type: ignore  # noqa: RL101  # why", 7)

    (unused,) = suppress([], {PATH: (comment,)}, lambda _: EVERY_CODE).unused

    assert (unused.path, unused.span, unused.name) == (PATH, Span(7, 36, 7, 49), "unused-suppression")


@pytest.mark.parametrize(
    "text",
    [
        "# noqa: RL205, RL902",
        "# noqa: RL205  # racelint: ignore[RL902]",
        "# racelint: ignore[RL205, unused-suppression]",
        "# racelint: ignore[RL205]  # noqa: RL902",
        "# racelint: ignore[RL205]  # noqa",
        "# racelint: ignor[RL205]  # noqa: RL902",
        "# racelint: ignore[RL205]  # racelint: ignore[RL9] -- only here to be silent",
        "# racelint: ignore[RL205]  # racelint: ignore",
    ],
)
def test_a_finding_about_a_comment_can_be_silenced(text: str) -> None:
    assert left([at_end(text)], []) == ([], [])
    assert left([alone(text, 1, (2, 2))], []) == ([], [])


def test_findings_about_comments_can_be_silenced_in_a_file() -> None:
    comments = [at_end("# noqa: RL205"), at_end("# noqa: RL902", 2), alone("# racelint: file-ignore[RL902]", 3, (0, 0))]

    assert left(comments, []) == ([], [])


def test_silencing_findings_about_comments_without_any_is_told() -> None:
    texts = ["# noqa: RL902", "# noqa: RL101, RL902", "# racelint: ignore[RL902]"]

    for text in texts:
        assert len(left([at_end(text)], [finding("RL101", 1)])[1]) == 1
    assert len(left([alone("# racelint: file-ignore[unused-suppression]", 1, (2, 2))], [])[1]) == 1


def test_a_prefix_does_not_hide_that_its_own_comment_does_nothing() -> None:
    assert len(left([at_end("# racelint: ignore[RL9]")], [])[1]) == 1
    assert len(left([at_end("# racelint: ignore[ALL]")], [])[1]) == 1


# --- without suppressions ------------------------------------------------------------------------------------------


def test_no_comment_counts_when_they_are_not_respected() -> None:
    comments = (
        at_end("# noqa: RL101"),
        at_end("# racelint: ignore[RL205]", 2),
        at_end("# racelint: ignor", 3),
        alone("# flake8: noqa", 4, (5, 5)),
    )

    result = suppress([finding("RL101", 1), finding("RL205", 2)], {PATH: comments}, lambda _: EVERY_CODE, False)

    assert ([each.code for each in result.kept], result.silenced, result.unused) == (["RL101", "RL205"], 0, [])


def test_comments_are_read_in_time_that_grows_with_their_length() -> None:
    """Long lines of the characters that the patterns repeat: this would not end if one of them went back and forth."""
    for text in (
        "# racelint" + " " * 50_000,
        "# noqa:" + "A1" * 50_000 + "A",
        "# racelint: ignore[" + "a," * 20_000,
        "# noqa" * 9999,
    ):
        directives([at_end(text)], load_rules())
