"""Write docs/rules: a page for each rule, from its docstring and its fixtures, and a table of them all.

`python scripts/document_rules.py` writes the pages, `--check` only tells which ones are not up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from racelint.rule import Rule, load_rules

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "rules"
FIXTURES = ROOT / "fixtures" / "rules"
EXPECTED = re.compile(r"# expect: (RL\d{3}(?:, RL\d{3})*)")
GENERATED = "<!-- Written by scripts/document_rules.py from the docstring and the fixtures of the rule. -->"


def pages() -> dict[Path, str]:
    """The text of every page by its path."""
    rules = load_rules()
    return {PAGES / "README.md": _table(rules), **{PAGES / f"{rule.code}.md": _page(rule) for rule in rules}}


def fixture_folder(rule: Rule) -> Path:
    """Where the fixtures of a rule are."""
    return FIXTURES / f"{rule.code}_{rule.name.replace('-', '_')}"


def _table(rules: tuple[Rule, ...]) -> str:
    rows = [f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.summary} |" for rule in rules]
    return "\n".join((GENERATED, "", "# Rules", "", "| code | name | what it finds |", "|---|---|---|", *rows, ""))


def _page(rule: Rule) -> str:
    documentation = rule.documentation.strip().replace("\n*", "\n\n*").replace("\n\n\n", "\n\n")
    return "\n".join(
        (
            GENERATED,
            "",
            f"# {rule.code} {rule.name}",
            "",
            documentation + ("" if rule.default else "\n\nThis rule is off unless it is selected."),
            "",
            "## Example",
            "",
            *_code(fixture_folder(rule) / "bad.py"),
            "",
            "## Better",
            "",
            *_code(fixture_folder(rule) / "good.py"),
            "",
        )
    )


def _code(file: Path) -> Iterator[str]:
    yield "```python"
    yield EXPECTED.sub(r"# \1", file.read_text(encoding="utf-8")).strip()
    yield "```"


def _stale(wanted: dict[Path, str]) -> list[Path]:
    """The pages that are missing, not up to date, or about nothing that exists."""
    present = {path: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    return sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; 1 if they are not as they should be."""
    wanted = pages()
    stale = _stale(wanted)
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run python scripts/document_rules.py")
        return 1 if stale else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
