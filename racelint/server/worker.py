"""A process that links projects for the server: documents come on its standard input, surveys leave on its output."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import racelint.checking  # noqa: F401, whoever asks need not wait for what is loaded before
from racelint import engine
from racelint.collector import leave_all_behind
from racelint.paths import absolute, display_path
from racelint.readers.worker import read, write
from racelint.rule import load_rules
from racelint.server.insight import hints, lenses
from racelint.server.survey import Insight, Survey, projects


def main() -> None:
    """Answer one question: there is an end to the process when there is one to the answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    load_rules()
    leave_all_behind()
    question = read(sys.stdin.buffer.read)
    for answer in survey(pickle.loads(question)) if question is not None else ():
        write(answers, pickle.dumps(answer))


def survey(documents: Mapping[Path, bytes]) -> Iterator[tuple[list[Path], Survey]]:
    """Link the projects of some documents, and tell what comes of each: at once, and again when there are insights."""
    for config, texts in projects(documents):
        report, program = engine.survey([*texts], config, buffers=texts)
        yield [*texts], Survey(report)
        shown = [display_path(absolute(path)) for path in texts]
        insights = {
            path: Insight(hints(program, path), lenses(program, path)) if program else Insight((), ()) for path in shown
        }
        yield [*texts], Survey(report, insights)
