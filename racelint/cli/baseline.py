"""`racelint baseline`: accept the findings that there are now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from racelint.baseline import BASELINE_FILE, never_accepted, update
from racelint.cli.options import FAILED, FILE, FOUND_NOTHING, HELP, configured, paths_argument, settings, tell
from racelint.paths import display_path
from racelint.report.progress import progress_on


@click.command(context_settings=HELP, short_help="Accept the findings that there are now.")
@paths_argument
@settings
@click.option("--baseline", type=FILE, metavar="FILE", help="The file to write.")
def baseline(paths: tuple[Path, ...], **values: Any) -> int:
    """Accept all findings in files and folders (without any: the current folder).

    Writes them to a file, by default to that of the key `baseline`, else to racelint-baseline.json in the project's
    folder. With the key set, or with `--baseline FILE`, `check` reports only what is not accepted. Accepted findings
    that are gone are taken out of the file; those in files that are not looked at now stay. Exits with 0, with 2 if
    something cannot be accepted: a file that cannot be read, a comment or a claim in vain.
    """
    from racelint import engine

    paths = paths or (Path(),)
    config = configured(paths, values)
    file = config.baseline or config.root / BASELINE_FILE
    with progress_on(sys.stderr) as progress:
        analysis = engine.analyse(paths, config, progress)
    for error in analysis.report.errors:
        tell(f"{error.where}: {error.message}")
    if analysis.report.errors:
        return FAILED
    done = update(file, analysis.report, analysis.extent, config.codes_for)
    shown = display_path(file)
    entries = f"{done.entries:,} finding{'' if done.entries == 1 else 's'}"
    click.echo(f"{shown}: {entries} accepted ({done.new:,} new, {done.gone:,} gone).")
    if not config.baseline:
        tell(f'`baseline = "{BASELINE_FILE}"` in [tool.racelint] makes `racelint check` use it')
    left = never_accepted(analysis.report)
    for finding in left:
        tell(f"{finding.path}: {finding.code} {finding.message}")
    return FAILED if left else FOUND_NOTHING
