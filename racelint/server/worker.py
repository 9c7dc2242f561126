"""A process that links projects for the server: documents come on its standard input, surveys leave on its output."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import Final

from racelint.readers.worker import read, write
from racelint.rule import load_rules
from racelint.server.survey import survey

START: Final = "import sys; sys.path[:] = {path!r}; from racelint.server.worker import main; main()"
"""What Python is started with."""


def main() -> None:
    """Answer one question: there is an end to the process when there is one to the answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    import racelint.checking
    import racelint.server.insight  # noqa: F401, whoever asks need not wait for what is loaded before

    load_rules()
    question = read(sys.stdin.buffer.read)
    for answer in survey(pickle.loads(question)) if question is not None else ():
        write(answers, pickle.dumps(answer))
