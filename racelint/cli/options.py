"""What the commands have in common: exit codes, the options that set what a run is told, and what is meant by paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from racelint.configuration.config import Config, Flags, load_config
from racelint.configuration.section import Target

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
FOUND_NOTHING, FOUND_SOMETHING, FAILED = 0, 1, 2

STANDARD_STREAM = Path("-")

FILE = click.Path(path_type=Path, readable=False)
"""Any path: whether it can be used is told by whoever does."""

Command = TypeVar("Command", bound=Callable[..., Any])


def _listed(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words of a repeatable option with commas; None where it is not given, for then it says nothing."""
    if context.get_parameter_source(option.name or "") is click.core.ParameterSource.DEFAULT:
        return None
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _listing(flag: str, metavar: str, text: str) -> Callable[[Command], Command]:
    return click.option(flag, multiple=True, callback=_listed, metavar=metavar, help=text)


paths_argument = click.argument("paths", nargs=-1, type=FILE, metavar="[PATH]...")

_KEPT = (
    click.option(
        "--config",
        multiple=True,
        metavar="FILE|KEY=VALUE",
        help="A TOML file in place of the nearest pyproject.toml, or a setting as it is written there. Repeatable.",
    ),
    click.option("--isolated", is_flag=True, help="Read no configuration file."),
    click.option("--cache-dir", type=FILE, metavar="FOLDER", help="Where to keep what runs find out."),
    click.option(
        "--no-cache", "cache_dir", flag_value=Path(), type=Path, help="Neither use nor keep what runs find out."
    ),
)

_SETTINGS = (
    _listing("--select", "RULES", "Only these rules: codes (RL101), their beginnings (RL1), families, names, or ALL."),
    _listing("--extend-select", "RULES", "These rules as well."),
    _listing("--ignore", "RULES", "Not these rules. The more specific of two selectors wins."),
    _listing("--per-file-ignores", "PATTERN:RULES", "Not these rules in the files that match."),
    _listing("--exclude", "PATTERNS", "Leave out what matches, as in .gitignore, in place of the default patterns."),
    _listing("--extend-exclude", "PATTERNS", "Leave out what matches as well."),
    _listing(
        "--assume-shared",
        "PATTERNS",
        "Take what matches (pkg.module.Class, pkg.*) to be used from many threads.",
    ),
    click.option("--check-tests/--no-check-tests", default=None, help="Test code also where it is not named."),
    click.option("--target", type=click.Choice(get_args(Target)), help="Only what can strike on this kind of build."),
    click.option("-j", "--jobs", type=click.IntRange(0), metavar="N", help="Processes that read files (0: automatic)."),
    *_KEPT,
)


def kept(command: Command) -> Command:
    """Give a command the options that tell where a project keeps what runs find out."""
    for option in reversed(_KEPT):
        command = option(command)
    return command


def settings(command: Command) -> Command:
    """Give a command the options that set what a run is told; `flags` reads them from its keyword arguments."""
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


def flags(values: dict[str, Any]) -> Flags:
    """What the options of `settings`, and more keywords of `Flags`, say."""
    adding = {key: values.get(key) or () for key in ("extend_select", "ignore", "extend_exclude")}
    return Flags(**{**values, **adding})


def configured(paths: Sequence[Path], values: dict[str, Any], nearest: Path | None = None) -> Config:
    """The configuration for `nearest`, else for the first of the paths. All of these are there, else it is an error."""
    for path in paths:
        require_existing(path)
    return load_config(nearest or paths[0], flags(values), paths)


def require_existing(path: Path) -> None:
    """Raise an error for a path that does not exist, or that is out of reach, with the command that may be meant."""
    try:
        path.lstat()
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise click.UsageError(f"{path}: cannot be looked at ({error.strerror})") from error
        group = click.get_current_context().find_root().command
        near = get_close_matches(str(path), group.commands if isinstance(group, click.Group) else (), n=1)
        hint = f"; did you mean the command `{near[0]}`?" if near else ""
        hint = "; did you mean `racelint --help`?" if str(path) == "help" else hint
        raise click.UsageError(f"{path}: no such file or folder{hint}") from error


def tell(message: str) -> None:
    """Say something beside the findings."""
    click.echo(f"racelint: {message}", err=True)
