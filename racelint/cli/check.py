"""`racelint check`: the findings of files and folders, in one of many formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from racelint.cli.options import (
    FAILED,
    FILE,
    FOUND_NOTHING,
    FOUND_SOMETHING,
    HELP,
    STANDARD_STREAM,
    configured,
    paths_argument,
    settings,
    tell,
)
from racelint.configuration.config import Config
from racelint.findings import Report
from racelint.report import COUNTED, FORMATS, WITH_FIXES, show_statistics
from racelint.report import show as show_findings
from racelint.report.output import OutputError, put, put_bytes
from racelint.report.output import output_file as opened
from racelint.report.progress import progress_on

ADD_NOQA = "--add-noqa"


class _Check(click.Command):
    """A command in which the value of `--add-noqa` needs `=`: what follows after a space is a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f"{arg}=" if arg == ADD_NOQA else arg for arg in args])


@click.command(cls=_Check, context_settings=HELP, short_help="Check files and folders; what is done by default.")
@paths_argument
@settings
@click.option("--baseline", type=FILE, metavar="FILE", help="Only findings that this lacks.")
@click.option("--no-baseline", "baseline", flag_value=Path(), type=Path, help="All findings, accepted or not.")
@click.option("--ignore-noqa", is_flag=True, help="Findings that comments keep silent as well.")
@click.option(
    "--output-format",
    type=click.Choice(list(FORMATS)),
    default="full",
    show_default=True,
    help="How findings are shown.",
)
@click.option("-o", "--output-file", type=FILE, metavar="FILE", help="Write the report there.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error but what went wrong.")
@click.option("--stdin-filename", type=FILE, metavar="FILE", help="The file that `-` stands for.")
@click.option("--fix/--no-fix", default=None, help="Mend in the files what can be mended safely.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=None, help="Of the fixes also those that need a look.")
@click.option("--diff", is_flag=True, help="Show what would be changed to mend it, and change nothing.")
@click.option("--fix-only", is_flag=True, help="The same as --fix without a report.")
@click.option("--watch", is_flag=True, help="Check again whenever a file of the project changes.")
@click.option(ADD_NOQA, metavar="[=REASON]", help="Write a `# noqa` comment for each finding.")
@click.option("--show-files", is_flag=True, help="List the files that would be checked, and stop.")
@click.option("--show-settings", is_flag=True, help="Tell all settings and where they are from, and stop.")
def check(
    paths: tuple[Path, ...],
    ignore_noqa: bool,
    output_format: str,
    output_file: Path | None,
    statistics: bool,
    exit_zero: bool,
    quiet: bool,
    stdin_filename: Path | None,
    fix: bool | None,
    diff: bool,
    fix_only: bool,
    watch: bool,
    add_noqa: str | None,
    show_files: bool,
    show_settings: bool,
    **values: Any,
) -> int:
    """Check files and folders (without any: the current folder); `-` is the text on standard input.

    The program is that of the whole project around them. Exits with 0 if nothing is found, 1 if something is, 2 if
    racelint could not do what was asked; with --diff 1 if anything would be changed.
    """
    output = _Output(output_format, output_file, statistics, exit_zero, quiet)
    adds = add_noqa is not None
    _refuse_what_does_not_go_with_standard_input(paths, stdin_filename)
    _refuse_what_does_not_go_together(paths, output, fixes=bool(fix or fix_only or diff), adds=adds, watch=watch)
    buffers = {stdin_filename or STANDARD_STREAM: b""} if STANDARD_STREAM in paths else {}
    paths = tuple(path for path in paths if path != STANDARD_STREAM) or (() if buffers else (Path(),))
    values = {**values, "fix": False if watch or adds else fix, "respect_noqa": not ignore_noqa}
    config = configured(paths, values, nearest=next(iter(buffers), None))
    if show_settings:
        return _tell_settings(config)
    if show_files:
        return _list_files(paths, config, buffers)
    if watch:
        return _watch(paths, config, values, output)
    buffers = {path: sys.stdin.buffer.read() for path in buffers}
    if config.fix or fix_only or diff:
        return _fix(paths, config, buffers, output, diff=diff, fix_only=fix_only)
    report = _checked(paths, config, buffers, quiet=quiet)
    return _told(report, output) if add_noqa is None else _add_noqa(report, add_noqa)


@dataclass(frozen=True, slots=True)
class _Output:
    """How a report is shown, and where; `quiet` is about all that is told beside it."""

    format: str
    file: Path | None
    statistics: bool
    exit_zero: bool
    quiet: bool

    def write(self, report: Report, stream: TextIO) -> None:
        """Write a report, with fixes in the formats that show them."""
        if self.statistics:
            show_statistics(report, self.format, stream)
            return
        if self.format in WITH_FIXES and any(finding.remedy is not None for finding in report.findings):
            from racelint.fixes import with_fixes

            report = with_fixes(report)
        show_findings(report, self.format, stream)


def _refuse_what_does_not_go_with_standard_input(paths: tuple[Path, ...], stdin_filename: Path | None) -> None:
    if stdin_filename and STANDARD_STREAM not in paths:
        raise click.UsageError("--stdin-filename goes with `-`, the text on standard input")
    if stdin_filename and os.path.isdir(stdin_filename):
        raise click.UsageError(f"--stdin-filename: {stdin_filename} is a folder")
    if STANDARD_STREAM in paths and sys.stdin is None:
        raise click.UsageError("-: standard input is closed")


def _refuse_what_does_not_go_together(
    paths: tuple[Path, ...], output: _Output, *, fixes: bool, adds: bool, watch: bool
) -> None:
    if output.statistics and output.format not in COUNTED:
        raise click.UsageError(f"--statistics goes with the formats {', '.join(COUNTED)} only")
    if adds and fixes:
        raise click.UsageError(f"{ADD_NOQA} does not go with fixes")
    if watch and (fixes or adds or STANDARD_STREAM in paths):
        raise click.UsageError("--watch goes neither with fixes, nor with what writes to files, nor with `-`")


def _watch(paths: tuple[Path, ...], config: Config, values: dict[str, Any], output: _Output) -> int:
    """Check again and again, each time with the configuration as it is then."""
    from racelint.cli import watching

    def run() -> None:
        _told(_checked(paths, configured(paths, values), {}, quiet=output.quiet), output)

    return watching.watch([config.root] if config.is_project else paths, run)


def _told(report: Report, output: _Output) -> int:
    _put(output.file, lambda stream: output.write(report, stream))
    return _exit_code(report, exit_zero=output.exit_zero)


def _exit_code(report: Report, *, exit_zero: bool) -> int:
    return FAILED if report.errors else FOUND_SOMETHING if report.findings and not exit_zero else FOUND_NOTHING


def _checked(paths: tuple[Path, ...], config: Config, buffers: Mapping[Path, bytes], *, quiet: bool) -> Report:
    """The report on the files; what is beside the findings is told."""
    from racelint import engine

    with progress_on(sys.stderr) as progress:
        report = engine.check(paths, config, progress, buffers)
    _tell_beside(report, quiet=quiet)
    return report


def _tell_beside(report: Report, *, quiet: bool) -> None:
    for note in () if quiet else report.notes:
        tell(note)
    for error in report.errors:
        tell(f"{error.where}: {error.message}")


def _fix(
    paths: tuple[Path, ...],
    config: Config,
    buffers: Mapping[Path, bytes],
    output: _Output,
    *,
    diff: bool,
    fix_only: bool,
) -> int:
    """Mend what is found, or show how; a text from standard input goes to standard output, what is left is told."""
    from racelint.cli import fixing

    repaired = fixing.mended(paths, config, buffers, unsafe=config.unsafe_fixes, writes=not diff, quiet=output.quiet)
    report = repaired.report
    _tell_beside(report, quiet=output.quiet)
    if diff:
        _put(output.file, lambda stream: put(stream, fixing.diff(repaired.changes)))
        click.echo(fixing.outlook(repaired), err=True)
        changes = bool(repaired.changes) and not output.exit_zero
        return FAILED if report.errors else FOUND_SOMETHING if changes else FOUND_NOTHING
    if buffers:
        _put(None, lambda stream: put_bytes(stream, fixing.texts(repaired, buffers)))
    if fix_only:
        click.echo(fixing.outcome(repaired), err=True)
        return FAILED if report.errors else FOUND_NOTHING
    if buffers and output.file is None:
        output.write(report, sys.stderr)
        return _exit_code(report, exit_zero=output.exit_zero)
    return _told(report, output)


def _put(file: Path | None, write: Callable[[TextIO], None]) -> None:
    """Write to a file, or to standard output (also for `-`); whoever stops reading that has seen enough."""
    if file is not None and file != STANDARD_STREAM:
        with opened(file) as stream:
            write(stream)
        return
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise OutputError(Path("standard output"), error) from error


def _add_noqa(report: Report, reason: str) -> int:
    """Write the comments and tell what was done."""
    from racelint.suppressing.add_noqa import add_noqa

    added = add_noqa(report, reason)
    for error in added.errors:
        tell(f"{error.where}: {error.message}")
    comments = f"{len(added.silenced):,} finding{'' if len(added.silenced) == 1 else 's'}"
    click.echo(f"Added comments for {comments} in {len(added.changed):,} file{'' if len(added.changed) == 1 else 's'}.")
    for finding in added.left:
        tell(f"{finding.path}: {finding.code} {finding.message}")
    return FAILED if report.errors or added.errors or added.left else FOUND_NOTHING


def _list_files(paths: tuple[Path, ...], config: Config, buffers: Mapping[Path, bytes]) -> int:
    from racelint import engine
    from racelint.discovery import discover

    files, unlisted = discover(paths, engine.project(config), buffers)
    for folder in unlisted:
        tell(f"{folder.display}: {folder.problem}")
    _put(None, lambda stream: stream.writelines(f"{file.display}\n" for file in files if file.asked))
    return FOUND_NOTHING


def _tell_settings(config: Config) -> int:
    from racelint.configuration.settings import settings as all_settings

    _put(None, lambda stream: stream.writelines(f"{setting}\n" for setting in all_settings(config)))
    return FOUND_NOTHING
