"""What rules say of themselves: where their page is, what they find, which weaknesses they are about."""

from __future__ import annotations

import re
from typing import Final

HOME: Final = "https://racelint.readthedocs.io/"
"""Where the documentation is on the web."""

PAGES: Final = f"{HOME}en/latest/"

CWE: Final = re.compile(r"\bCWE-(\d+)\b")
EMPHASIS: Final = re.compile(r"\*([^*\n]+)\*")
LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
PAGE: Final = re.compile(r"\]\((\.\./)?(\w+)\.md\)")
"""How the documentation of a rule leads to another page: from beside it, or from the folder above."""

WHAT_IT_DOES: Final = re.compile(r"^\*What it does\*: (.*?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)


def page(code: str) -> str:
    """The address of the page of a rule."""
    return f"{PAGES}rules/{code}/"


def on_the_web(documentation: str) -> str:
    """The documentation of a rule with the addresses of the pages to which it leads, for whoever reads it elsewhere."""
    return PAGE.sub(lambda link: f"]({PAGES}{'' if link[1] else 'rules/'}{link[2]}/)", documentation)


def weaknesses(documentation: str) -> list[int]:
    """The numbers of the CWE entries that the documentation of a rule refers to, in order."""
    return list(dict.fromkeys(int(number) for number in CWE.findall(documentation)))


def description(documentation: str) -> str:
    """What the rule does, in one paragraph of plain text; its first line where it has no such paragraph."""
    found = WHAT_IT_DOES.search(documentation)
    paragraph = found[1] if found else documentation.strip().partition("\n")[0]
    text = " ".join(plain(paragraph).split())
    return text[:1].upper() + text[1:]


def plain(documentation: str) -> str:
    """The documentation without marks for emphasis and links; the addresses stand behind what they are for."""
    return EMPHASIS.sub(r"\1", LINK.sub(r"\1 <\2>", documentation)).strip()
