"""How soon the language server answers an edit, asked by a client over its standard input and output.

`python -m benchmarks.editing` opens a file with findings in a tree of threaded packages, and edits it in two ways, some
times each: a comment comes in on its top, which moves lines, and a statement.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.page import put
from benchmarks.releases import CACHE
from benchmarks.speed.trees import THREADED, tree
from racelint import engine
from racelint.configuration.config import load_config

PAGE = Path(__file__).parent.parent / "docs" / "editors.md"
PATIENCE = 600
ROWS = (
    "a file is opened, of a project that is known from an earlier run",
    "lines have moved: findings move",
    "lines have moved: that is the whole answer",
    "a statement is new: findings move",
    "a statement is new: the project is linked",
)


class Editor(LanguageClient):
    """A client that writes down when something is told."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.told: asyncio.Queue[float] = asyncio.Queue()
        self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: self.told.put_nowait(time.perf_counter()))

    async def answers(self, act: Callable[[], None], count: int) -> list[float]:
        """How many seconds it takes until each of so many times that something is told."""
        start = time.perf_counter()
        act()
        return [await asyncio.wait_for(self.told.get(), PATIENCE) - start for _ in range(count)]

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        document = types.TextDocumentItem(uri, "python", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))

    def change(self, uri: str, text: str) -> None:
        """Write another text."""
        identifier = types.VersionedTextDocumentIdentifier(2, uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [whole]))


async def measured(folder: Path, path: Path, rounds: int) -> list[float]:
    """The median seconds for each row of the table."""
    editor = Editor()
    await editor.start_io(sys.executable, "-m", "racelint", "server", cwd=str(folder))
    await editor.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    editor.initialized(types.InitializedParams())
    uri, text = path.as_uri(), path.read_text(encoding="utf-8")
    # what is known comes first, then what linking finds, then the same with what there is to say of state
    opened = await editor.answers(partial(editor.open, uri, text), 3)
    taken = []
    for number in range(rounds):
        text = f"# a comment\n{text}"
        moved = await editor.answers(partial(editor.change, uri, text), 2)
        text = f"{text}\n_limit_{number} = {number}\n"
        linked = await editor.answers(partial(editor.change, uri, text), 3)
        taken.append((*moved, *linked[:2]))
    await editor.shutdown_async(None)
    editor.exit(None)
    await editor.stop()  # type: ignore[no-untyped-call]  # pygls leaves it open
    return [opened[0], *(statistics.median(column) for column in zip(*taken, strict=True))]


def main() -> None:
    """Measure, print, and put the table on the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.editing", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where releases are kept")
    parser.add_argument("--lines", type=int, default=100_000, help="of so many lines is the project")
    parser.add_argument("--rounds", type=int, default=3, help="how often each edit is made")
    parser.add_argument("--dry-run", action="store_true", help="leave the page as it is")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, chdir(name):
        folder = Path(name).resolve()
        lines = tree(THREADED, folder, given.cache, given.lines)
        report = engine.check([folder], load_config(folder))
        path = report.files[report.findings[0].path]
        seconds = asyncio.run(measured(folder, path, given.rounds))
    rows = [f"| {row} | {taken:.2f} |" for row, taken in zip(ROWS, seconds, strict=True)]
    machine = f"{os.cpu_count()} processors, {load:.1f} processes of others on them on the average"
    head = (
        f"In a project of {lines:,} lines, median of {given.rounds} (CPython {platform.python_version()}, {machine}):"
    )
    table = "\n".join([head, "", "| | seconds |", "|---|--:|", *rows])
    print(table)
    if not given.dry_run:
        PAGE.write_text(put("editing", table, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
