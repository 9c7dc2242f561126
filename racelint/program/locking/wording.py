"""Part of the claims stage: what the text of a comment, or a string in an annotation, claims or nearly claims."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from typing import Final

import msgspec

_PIECE: Final = re.compile(
    r"(?:#|^)[ \t]*(?P<word>[a-z]+(?:[-_][a-z]+)*)(?P<colon>[ \t]*:)?[ \t]*(?P<rest>[^#]*)", re.IGNORECASE
)
_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_NEAR: Final = 0.8


class Keyword(Enum):
    """What can be claimed, as it is spelled."""

    GUARDED_BY = "guarded-by"
    OWNED_BY = "owned-by"
    CONFINED = "confined"
    REQUIRES = "requires"
    RUNS_ON = "runs-on"

    @property
    def is_of_state(self) -> bool:
        """Whether it is about a variable or an attribute, not about a function."""
        return self in (Keyword.GUARDED_BY, Keyword.OWNED_BY, Keyword.CONFINED)


SPELLINGS: Final = {keyword.value: keyword for keyword in Keyword}


class Wording(msgspec.Struct, frozen=True):
    """One claim as it is written from `start` to `end` of its text: the keyword, and the names that follow it.

    `mistake` says why it can be none; it is worth telling only if a claim can be meant.
    """

    keyword: Keyword
    names: tuple[str, ...]
    text: str
    start: int
    end: int
    mistake: str = ""


def wordings(text: str) -> Iterator[Wording]:
    """What a comment claims, from each `#` on; or the string in an annotation, which has no `#`.

    A keyword comes first, in small letters, then `: ` and names with commas between them; ` -- ` begins a reason.
    Anything else is prose, and only told if it can hardly be meant as such.
    """
    for match in _PIECE.finditer(text):
        said = match["rest"].partition("--")[0].rstrip()
        names = tuple(part.strip() for part in said.split(",")) if said else ()
        keyword, mistake = _meant(match["word"], bool(match["colon"]), names)
        if keyword is not None:
            claim = text[match.start("word") : match.start("rest") + len(said)].rstrip()
            end = match.start("word") + len(claim)
            yield Wording(keyword, names, claim, match.start(), end, mistake)


def _meant(word: str, has_colon: bool, names: tuple[str, ...]) -> tuple[Keyword | None, str]:
    """The keyword that a word is or should be, None if it is prose; and what is wrong."""
    exact = SPELLINGS.get(word)
    are_names = bool(names) and all(_NAME.fullmatch(name) for name in names)
    if exact is Keyword.CONFINED:
        if has_colon:
            return exact, "no name follows `confined`; `owned-by: NAME` says to which context it is confined"
        return (None if names else exact), ""
    if exact is not None and has_colon:
        return _with_names(exact, names, are_names)
    if not are_names:
        return None, ""
    if exact is not None:
        bare = exact is Keyword.REQUIRES or len(names) > 1
        return (None, "") if bare else (exact, f"a colon is missing after `{exact.value}`")
    near = _near(word) if has_colon else None
    return near, f"there is no claim `{word}`; did you mean `{near.value}`?" if near else ""


def _with_names(keyword: Keyword, names: tuple[str, ...], are_names: bool) -> tuple[Keyword | None, str]:
    if are_names and (len(names) == 1 or keyword is Keyword.REQUIRES):
        return keyword, ""
    if are_names:
        return keyword, f"`{keyword.value}` takes one name"
    if keyword is not Keyword.GUARDED_BY:
        return None, ""
    said = ", ".join(names)
    what = f"`{said}` is no name of a lock" if names else "after the colon a lock is named"
    return keyword, f"{what}, such as `_lock`, `Class.lock` or `module.LOCK`"


def _near(word: str) -> Keyword | None:
    """The keyword that a word looks like; `Requires:` and `required:` are prose."""
    lower = word.lower().replace("_", "-")
    if lower.startswith("require"):
        return None
    near = get_close_matches(lower, [each for each in SPELLINGS if each != "confined"], n=1, cutoff=_NEAR)
    return SPELLINGS[near[0]] if near else None
