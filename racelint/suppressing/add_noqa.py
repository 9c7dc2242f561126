"""Write a `# noqa` comment for each finding of a report, so that only findings that come up later are shown."""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from racelint.extract import SourceError, extract
from racelint.extract.source import NEWLINE
from racelint.findings import Finding, Report, RunError
from racelint.rewriting import NotWrittenError, decoded, replace_file
from racelint.rewriting import reason as reason_of
from racelint.rules import unreadable_file
from racelint.suppressing.directives import NOQA, SEPARATOR
from racelint.suppressing.suppress import suppress

_LINES: Final = re.compile(f"({NEWLINE.pattern})")
_OUTSIDE: Final = frozenset({tokenize.INDENT, tokenize.DEDENT, tokenize.NL, tokenize.ENDMARKER})


@dataclass(frozen=True, slots=True)
class Added:
    """What was written: the findings that are silent now, the files that were changed, and what could not be done.

    `left` are the findings about files that cannot be read, where no comment helps.
    """

    silenced: tuple[Finding, ...]
    changed: tuple[str, ...]
    left: tuple[Finding, ...]
    errors: tuple[RunError, ...]


def add_noqa(report: Report, reason: str = "") -> Added:
    """Write the comments for the findings of a report, with a reason; a file gets all of its comments or none."""
    of_files: dict[str, list[Finding]] = defaultdict(list)
    left: list[Finding] = []
    for finding in report.findings:
        readable = finding.code != unreadable_file.check.code and finding.path in report.files
        (of_files[finding.path] if readable else left).append(finding)
    silenced: list[Finding] = []
    changed: list[str] = []
    errors: list[RunError] = []
    for path, findings in of_files.items():
        try:
            if path in report.buffers:
                raise NotWrittenError("it came from standard input")
            if _write_comments(path, report.files[path], findings, _as_reason(reason)):
                changed.append(path)
            silenced += findings
        except (NotWrittenError, SourceError, OSError) as error:
            errors.append(RunError(path, f"no comment was written: {reason_of(error)}"))
    return Added(tuple(silenced), tuple(changed), tuple(left), tuple(errors))


def commented(text: str, findings: Iterable[Finding], reason: str = "") -> str:
    """A text with a comment for each of its findings. Raises `NotWrittenError` where one has no place."""
    return _commented(text, findings, _as_reason(reason))


def _as_reason(text: str) -> str:
    """A reason in one line, with a dash before it where flake8 would take its beginning for a code."""
    reason = " ".join(text.split())
    match = NOQA.match(f"# noqa: RL101 {reason}")
    return reason if match is None or match["codes"].strip() == "RL101" else f"-- {reason}"


def _write_comments(path: str, file: Path, findings: Sequence[Finding], reason: str) -> bool:
    """Write the comments into a file; whether it had to be changed."""
    before = file.read_bytes()
    encoding, text = decoded(before)
    try:
        after = _commented(text, findings, reason).encode(encoding)
    except UnicodeEncodeError:
        raise NotWrittenError(f"the reason cannot be written in its encoding, {encoding}") from None
    if after == before:
        return False
    _check(path, before, after, findings)
    replace_file(file.resolve(), after)
    return True


def _check(path: str, before: bytes, after: bytes, findings: Sequence[Finding]) -> None:
    """Make sure that the program says the same as before, and that the findings are silent."""
    former, facts = extract(before), extract(after)
    kept = suppress(findings, {path: facts.comments}, lambda _: ()).kept
    if kept or replace(former, comments=()) != replace(facts, comments=()):
        raise _no_place("a comment would not be read as one there, or change what the program does")


def _no_place(where: str) -> NotWrittenError:
    version = "{}.{}".format(*sys.version_info)
    return NotWrittenError(f"{where}; did the file change, or is it newer than Python {version}, which runs racelint?")


# --- the text ------------------------------------------------------------------------------------------------------


def _commented(text: str, findings: Iterable[Finding], reason: str) -> str:
    """The text with a comment at the end of each logical line where a finding stands."""
    parts = _LINES.split(text)
    ends, columns = _layout(parts[::2])
    codes: dict[int, set[str]] = defaultdict(set)
    for finding in findings:
        if finding.span.line not in ends:
            raise _no_place(f"no statement was found at line {finding.span.line}")
        codes[ends[finding.span.line]].add(finding.code)
    for line, missing in codes.items():
        content = parts[2 * (line - 1)]
        column = columns.get(line, len(content))
        code, comment = content[:column], content[column:].rstrip()
        written = _with_codes(comment, missing, reason)
        if written != comment:
            parts[2 * (line - 1)] = code + written if comment else f"{code.rstrip()}  {written}"
    return "".join(parts)


def _layout(lines: Sequence[str]) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """For each line with code or a comment alone the last line of its logical line, and the columns of comments."""
    ends: dict[int, int] = {}
    columns: dict[int, int] = {}
    first = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            line, column = token.start
            if token.type == tokenize.COMMENT:
                columns[line] = column
                ends.setdefault(line, line)
            elif token.type == tokenize.NEWLINE:
                ends |= dict.fromkeys(range(first, line + 1), line)
                first = 0
            elif token.type not in _OUTSIDE:
                first = first or line
    except (tokenize.TokenError, SyntaxError):
        raise _no_place("the ends of its statements were not found") from None
    return ends, columns


def _with_codes(comment: str, codes: Collection[str], reason: str) -> str:
    """A comment, "" if there is none, with these codes in its `# noqa`; all that it says already stays."""
    match = NOQA.search(comment)
    if match is None:
        written = f"# noqa: {','.join(sorted(codes))} {reason}".rstrip()
        return f"{comment}  {written}" if comment else written
    if match["codes"] is None:
        return comment
    present = match["codes"].rstrip(", \t\f")
    missing = sorted(code for code in codes if not code.startswith(tuple(SEPARATOR.split(present))))
    if not missing:
        return comment
    end = match.start("codes") + len(present)
    rest = comment[end:] if comment[end:].strip(", \t\f") else ""
    said = reason if not rest or rest.lstrip(", \t\f").startswith("#") else ""
    merged = (", " if ", " in present else ",").join([present, *missing])
    return f"{comment[: match.start('codes')]}{merged} {said}".rstrip() + rest
