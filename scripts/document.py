"""Write what can be written by itself: docs/rules, the output shown in the README, the options, the schema.

`python scripts/document.py` writes the pages, `--check` only tells which ones are not up to date.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from inspect import cleandoc
from io import StringIO
from pathlib import Path
from typing import Any

import click
import msgspec

from racelint import engine
from racelint.cli.baseline import baseline
from racelint.cli.check import check
from racelint.configuration.config import load_config
from racelint.configuration.layers import Flags
from racelint.configuration.section import SELECTORS, Section
from racelint.report.full import show
from racelint.rule import EVERY_RULE, FAMILIES, Rule, load_rules

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
COMMAND_LINE = ROOT / "docs" / "command-line.md"
SCHEMA = ROOT / "docs" / "configuration.schema.json"
FIXTURES = ROOT / "fixtures" / "rules"
EXPECTED = re.compile(r"# expect: (RL\d{3}(?:, RL\d{3})*)")
EXAMPLE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
RUN = re.compile(r"(?<=```console\n)\$ (racelint|flake8) (.*?)\n.*?(?=```)", re.DOTALL)
OPTIONS = re.compile(r"(<!-- (settings|output): written by scripts/document.py -->\n).*?(?=<!-- end -->)", re.DOTALL)
GENERATED = "<!-- Written by scripts/document.py from the docstring and the fixtures of the rule. -->"


def pages() -> dict[Path, str]:
    """The text of every page by its path."""
    rules = load_rules()
    table = {PAGES / "README.md": _table(rules), README: _readme(README.read_text(encoding="utf-8"))}
    table[COMMAND_LINE] = _command_line(COMMAND_LINE.read_text(encoding="utf-8"))
    table[SCHEMA] = json.dumps(_schema(rules), indent=2, ensure_ascii=False) + "\n"
    return table | {PAGES / f"{rule.code}.md": _page(rule) for rule in rules}


def _readme(text: str) -> str:
    """The README with what racelint, and flake8 with it, say about its example."""
    example = EXAMPLE.search(text)
    if not example:
        raise ValueError("the README shows no example")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, example[1]).write_text(f"# {example[1]}\n{example[2]}", encoding="utf-8")

        def with_output(shown: re.Match[str]) -> str:
            command = [sys.executable, "-m", shown[1], *shown[2].split()]
            run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
            return f"$ {shown[1]} {shown[2]}\n{run.stdout}{run.stderr}"

        return RUN.sub(with_output, text)


def _fixture_folder(rule: Rule) -> Path:
    return FIXTURES / f"{rule.code}_{rule.name.replace('-', '_')}"


def _table(rules: tuple[Rule, ...]) -> str:
    rows = [f"| [{rule.code}]({rule.code}.md) | {rule.name} | {_listed(rule)} |" for rule in rules]
    return "\n".join((GENERATED, "", "# Rules", "", "| code | name | what it finds |", "|---|---|---|", *rows, ""))


def _listed(rule: Rule) -> str:
    return rule.summary if rule.default else f"{rule.summary} *Off by default.*"


def _page(rule: Rule) -> str:
    bad = _shown(_fixture_folder(rule) / "bad.py")
    documentation = rule.documentation.strip().replace("\n*", "\n\n*").replace("\n\n\n", "\n\n")
    return "\n".join(
        (
            GENERATED,
            "",
            f"# {rule.code} {rule.name}",
            "",
            documentation + _by_default(rule),
            "",
            "## Example",
            "",
            *_fenced("python", bad),
            "",
            "What racelint says of it:",
            "",
            *_fenced("text", _reported(rule, bad)),
            "",
            "## Better",
            "",
            *_fenced("python", _shown(_fixture_folder(rule) / "good.py")),
            "",
        )
    )


def _by_default(rule: Rule) -> str:
    if rule.default:
        return ""
    return "\n\nThis rule is off unless it is selected" + (", but for what is assumed shared." if rule.assumed else ".")


def _shown(file: Path) -> str:
    """A fixture with no more of its marks than the codes."""
    return EXPECTED.sub(r"# \1", file.read_text(encoding="utf-8")).strip()


def _reported(rule: Rule, text: str) -> str:
    """What is said of an example, of several findings the first that is the rule's."""
    name, lines, stream = "example.py", text.splitlines(), StringIO()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path(name).write_text(text + "\n", encoding="utf-8")
        flags = Flags(isolated=True, extend_select=(rule.code,), cache_dir=Path())
        report = engine.check([Path(name)], load_config(Path(name), flags))
        found = [finding for finding in report.findings if finding.code == rule.code]
        show(replace(report, findings=tuple(found[:1]), errors=()), stream)
    assert found, f"{rule.code} is not found in {lines[0]}"
    return stream.getvalue().rpartition("\n\n")[0]


def _fenced(language: str, text: str) -> Iterator[str]:
    yield f"```{language}"
    yield text
    yield "```"


# --- the options of the command line ---------------------------------------------------------------------------------


def _command_line(text: str) -> str:
    """The page on the command line with its options: those that `baseline` has as well, and those of `check` alone."""
    rows, others = _rows(check), _rows(baseline)
    tables = {
        "settings": [row for row in rows if row in others],
        "output": [row for row in rows if row not in others],
    }

    def with_table(place: re.Match[str]) -> str:
        return "\n".join((place[1], "| option | |", "|---|---|", *tables[place[2]], "", ""))

    return OPTIONS.sub(with_table, text)


def _rows(command: click.Command) -> list[str]:
    """The options of a command, each as a row of a table."""
    return [_row(option) for option in command.params if isinstance(option, click.Option)]


def _row(option: click.Option) -> str:
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    value = option.metavar or "|".join(map(str, choices))
    *names, last = (*option.opts, *option.secondary_opts)
    spellings = [*names, last + (value if value.startswith("[") else f" {value}".rstrip())]
    shown = ", ".join(f"`{spelling}`" for spelling in spellings).replace("|", "\\|")
    default = f"Default: `{option.default}`." if option.show_default else ""
    return f"| {shown} | {' '.join(filter(None, (option.help, default)))} |"


# --- the schema of the configuration -------------------------------------------------------------------------------


def _schema(rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The JSON schema of `[tool.racelint]`, in the draft that editors of TOML understand."""
    _, definitions = msgspec.json.schema_components([Section], ref_template="#/definitions/{name}")
    codes = [rule.code for rule in rules]
    prefixes = {code[:length] for code in [*codes, *FAMILIES.values()] for length in range(2, len(code) + 1)}
    definitions[SELECTORS] = {
        "title": SELECTORS,
        "description": "A code, the beginning of codes, a name, a family, or all rules.",
        "enum": [EVERY_RULE, *sorted(FAMILIES), *sorted(prefixes), *sorted(rule.name for rule in rules)],
    }
    section = _in_toml(definitions.pop("Section")) | {"title": "racelint"}
    definitions = {name: _in_toml(definitions[name]) for name in sorted(definitions)}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **section, "definitions": definitions}


def _in_toml(schema: Any) -> Any:
    """A schema without null, which TOML does not have, and with descriptions as they are shown."""
    if isinstance(schema, list):
        return [_in_toml(part) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return cleandoc(schema) if isinstance(schema, str) else schema
    return {key: _in_toml(value) for key, value in schema.items() if (key, value) != ("default", None)}


# --- the run -------------------------------------------------------------------------------------------------------


def _stale(wanted: dict[Path, str]) -> list[Path]:
    """The pages that are missing, not up to date, or about nothing that exists."""
    present = {
        path: path.read_text(encoding="utf-8")
        for path in [README, COMMAND_LINE, *SCHEMA.parent.glob(SCHEMA.name), *PAGES.glob("*.md")]
    }
    return sorted(path for path in wanted.keys() | present.keys() if wanted.get(path) != present.get(path))


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; 1 if they are not as they should be."""
    wanted = pages()
    stale = _stale(wanted)
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not up to date: run python scripts/document.py")
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
