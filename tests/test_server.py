"""The language server, asked by a client as an editor would: over standard input and output, in another process."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from racelint import cli
from racelint.server.survey import kept_lines

STOCK = dedent(
    """\
    import threading


    class Stock:
        def __init__(self, count):
            self._lock = threading.Lock()
            self.count = count

        def add(self):
            with self._lock:
                self.count += 1

        def take(self):
            with self._lock:
                self.count -= 1

        def lose(self):
            self.count = "\U0001f4a5" and 0; self.count -= 1
    """
)
MENDED = STOCK.replace('self.count = "\U0001f4a5" and 0; self.count -= 1', "with self._lock: self.count -= 1")
SHOP = dedent(
    """\
    import threading
    from stock import Stock

    shelf = Stock(8)
    for _ in range(4):
        threading.Thread(target=shelf.lose).start()
        threading.Thread(target=shelf.add).start()
    """
)
PATIENCE = 60
"""How many seconds the server may take for an answer, on a machine that does much else."""


class Editor(LanguageClient):
    """A client that keeps what is published for each file."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.published: dict[str, list[types.Diagnostic]] = {}
        self.messages: list[str] = []
        self.registered: list[str] = []
        self.news = asyncio.Event()

        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = list(params.diagnostics)
            self.news.set()

        def show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self.news.set()

        def register(params: types.RegistrationParams) -> None:
            self.registered += [each.method for each in params.registrations]

        self.feature(types.CLIENT_REGISTER_CAPABILITY)(register)
        self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
        self.feature(types.WINDOW_SHOW_MESSAGE)(show)

    def open(self, path: Path) -> str:
        uri = path.as_uri()
        document = types.TextDocumentItem(uri, "python", 1, path.read_text(encoding="utf-8"))
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return uri

    def change(self, uri: str, text: str) -> None:
        identifier = types.VersionedTextDocumentIdentifier(2, uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [whole]))

    async def told(self) -> None:
        """Wait for the next thing that the server says by itself."""
        await asyncio.wait_for(self.news.wait(), PATIENCE)
        self.news.clear()

    async def until_codes(self, uri: str, expected: set[str]) -> None:
        """Wait until these are the codes of what is told of a file: some is told at once, the rest after linking."""
        while uri not in self.published or {str(each.code) for each in self.published[uri]} != expected:
            await self.told()

    async def hover(self, uri: str, line: int, column: int) -> types.Hover | None:
        """What is told where the pointer rests."""
        document = types.TextDocumentIdentifier(uri)
        return await self.text_document_hover_async(types.HoverParams(document, types.Position(line, column)))


def with_editor(folder: Path, scenario: Callable[[Editor], Awaitable[None]]) -> None:
    """Play a scenario with an editor that has started a server in a folder."""

    async def play() -> None:
        editor = Editor()
        await editor.start_io(sys.executable, "-m", "racelint", "server", cwd=str(folder))
        try:
            root = types.WorkspaceFolder(folder.as_uri(), "shop")
            watching = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
            workspace = types.WorkspaceClientCapabilities(did_change_watched_files=watching)
            capabilities = types.ClientCapabilities(workspace)
            await editor.initialize_async(types.InitializeParams(capabilities, workspace_folders=[root]))
            editor.initialized(types.InitializedParams())
            await scenario(editor)
            await editor.shutdown_async(None)
        finally:
            editor.exit(None)
            await editor.stop()  # type: ignore[no-untyped-call]  # pygls leaves it open

    asyncio.run(play())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.racelint]\n")
    (tmp_path / "stock.py").write_text(STOCK, encoding="utf-8")
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    return tmp_path


def test_findings_are_shown_while_the_text_is_written(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.told()
        assert editor.messages == []
        told = {each.code: each for each in editor.published[uri]}

        update = told["RL101"]
        assert update.source == "racelint"
        assert update.code_description is not None
        assert update.code_description.href.endswith("/RL101/")
        # the star is two of the units that editors count in
        assert (update.range.start, update.range.end) == (types.Position(17, 33), types.Position(17, 48))
        assert "line 18 [no lock]: stores a value made from the old" in update.message
        places = {Path(each.location.uri).name: each.message for each in update.related_information or ()}
        assert "start" in places["shop.py"]

        editor.change(uri, MENDED)
        await editor.until_codes(uri, set())

        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await editor.told()
        assert editor.published[uri] == []

    with_editor(shop, scenario)


def test_what_is_known_of_state_is_told_where_the_pointer_rests_and_above_the_line(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.told()
        document = types.TextDocumentIdentifier(uri)
        while (on_state := await editor.hover(uri, 10, 18)) is None:
            await asyncio.sleep(0.1)
        elsewhere = await editor.hover(uri, 0, 2)
        lenses = await editor.text_document_code_lens_async(types.CodeLensParams(document))

        assert on_state is not None
        assert isinstance(on_state.contents, types.MarkupContent)
        assert on_state.contents.value == (
            "`self.count` (stock.Stock.count) is updated here\n\n"
            "- guarded by `_lock` in 2 of 4 accesses\n"
            "- held here: `_lock`\n"
            "- run by: thread `Stock.add`, many at once"
        )
        assert elsewhere is None
        assert [(each.range.start.line, each.command and each.command.title) for each in lenses or ()] == [
            (6, "self.count: guarded by _lock in 2 of 4 accesses")
        ]

    with_editor(shop, scenario)


def test_a_finding_can_be_silenced_by_a_quick_fix(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.told()
        found = [each for each in editor.published[uri] if each.code == "RL101"]
        context = types.CodeActionContext(found)
        document = types.TextDocumentIdentifier(uri)
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(document, found[0].range, context)
        )
        [action] = [each for each in actions or () if isinstance(each, types.CodeAction) and "noqa" in each.title]
        assert action.edit is not None
        assert action.edit.changes is not None
        [edit] = action.edit.changes[uri]
        rows = STOCK.splitlines(keepends=True)
        rows[edit.range.start.line : edit.range.end.line] = [edit.new_text]

        editor.change(uri, "".join(rows))
        await editor.until_codes(uri, {"RL102"})

    with_editor(shop, scenario)


def test_a_finding_can_be_mended_by_a_quick_fix(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.told()
        found = [each for each in editor.published[uri] if each.code == "RL101"]
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(uri), found[0].range, types.CodeActionContext(found))
        )
        action = (actions or ())[0]
        assert isinstance(action, types.CodeAction)
        assert (action.title, action.is_preferred) == ("Hold `self._lock` here", True)
        assert action.edit is not None
        assert action.edit.changes is not None
        rows = STOCK.splitlines(keepends=True)
        for edit in reversed(action.edit.changes[uri]):
            rows[edit.range.start.line : edit.range.end.line] = [edit.new_text]

        editor.change(uri, "".join(rows))
        await editor.until_codes(uri, set())

    with_editor(shop, scenario)


def test_a_form_feed_is_no_end_of_a_line(shop: Path) -> None:
    text = STOCK.replace("import threading\n", "import threading\n\f\n", 1)
    (shop / "stock.py").write_text(text)

    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.told()
        found = [each for each in editor.published[uri] if each.code == "RL101"]
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(uri), found[0].range, types.CodeActionContext(found))
        )
        action = (actions or ())[0]
        assert isinstance(action, types.CodeAction)
        assert action.edit is not None
        assert action.edit.changes is not None
        rows = [f"{row}\n" for row in text.split("\n")]
        for edit in reversed(action.edit.changes[uri]):
            rows[edit.range.start.line : edit.range.end.line] = [edit.new_text]

        editor.change(uri, "".join(rows))
        await editor.until_codes(uri, set())

    with_editor(shop, scenario)


def test_files_that_change_elsewhere_are_looked_at(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "shop.py")
        silent = editor.open(shop / "stock.py")
        await editor.until_codes(silent, {"RL101", "RL102"})
        assert editor.registered == ["workspace/didChangeWatchedFiles"]
        (shop / "pyproject.toml").write_text('[tool.racelint]\nselect = ["RL102"]\n')
        event = types.FileEvent((shop / "pyproject.toml").as_uri(), types.FileChangeType.Changed)
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await editor.until_codes(silent, {"RL102"})
        assert editor.published[uri] == []

    with_editor(shop, scenario)


def two_lines_on(message: str) -> str:
    return re.sub(r"(?<=line )\d+", lambda match: str(int(match[0]) + 2), message)


def test_what_is_known_moves_with_its_lines_at_once(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.until_codes(uri, {"RL101", "RL102"})
        before = [(each.code, each.range.start, each.message) for each in editor.published[uri]]
        while await editor.hover(uri, 10, 18) is None:
            await asyncio.sleep(0.1)
        editor.news.clear()

        editor.change(uri, f"# a comment\n\n{STOCK}")
        await editor.told()
        moved = [
            (code, types.Position(start.line + 2, start.character), two_lines_on(message))
            for code, start, message in before
        ]
        assert [(each.code, each.range.start, each.message) for each in editor.published[uri]] == moved
        assert await editor.hover(uri, 12, 18) is not None
        # the second time it is known for sure
        await editor.told()
        assert [(each.code, each.range.start, each.message) for each in editor.published[uri]] == moved

    with_editor(shop, scenario)


def test_the_newest_text_is_the_one_that_is_linked(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.until_codes(uri, {"RL101", "RL102"})
        editor.change(uri, STOCK.replace("def add", "def put"))
        await asyncio.sleep(1)
        editor.change(uri, STOCK.replace("def lose", "def forget").replace("# ", ""))
        editor.change(uri, MENDED)
        editor.change(uri, MENDED.replace("def take", "def fetch"))
        await editor.until_codes(uri, set())

        assert editor.messages == []

    with_editor(shop, scenario)


def test_while_a_text_is_no_python_yet_the_rest_of_what_is_known_stays(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.until_codes(uri, {"RL101", "RL102"})
        editor.change(uri, f"{STOCK}\ndef unfinished(:\n")
        await editor.until_codes(uri, {"RL101", "RL102", "RL901"})
        editor.change(uri, "def broken(:\n")
        await editor.until_codes(uri, {"RL901"})
        editor.change(uri, MENDED)
        await editor.until_codes(uri, set())

    with_editor(shop, scenario)


def test_a_text_that_is_no_python_is_told_when_it_is_opened(shop: Path) -> None:
    (shop / "stock.py").write_text("def broken(:\n")

    async def scenario(editor: Editor) -> None:
        uri = editor.open(shop / "stock.py")
        await editor.until_codes(uri, {"RL901"})

    with_editor(shop, scenario)


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(before=LINES, after=LINES)
def test_a_line_that_is_kept_says_what_it_said(before: list[str], after: list[str]) -> None:
    kept = kept_lines(before, after)

    assert all(before[line - 1] == after[place - 1] for line, place in kept.items() if line)
    assert [*kept.values()] == sorted({*kept.values()})
    assert len(kept_lines(before, before)) == len(before) + 1


def test_a_wrong_configuration_is_told(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[tool.racelint]\nselct = []\n")

    async def scenario(editor: Editor) -> None:
        editor.open(shop / "stock.py")
        await editor.told()
        assert "selct" in editor.messages[0]

    with_editor(shop, scenario)


def test_a_baseline_that_cannot_be_read_is_told(shop: Path) -> None:
    (shop / "pyproject.toml").write_text('[tool.racelint]\nbaseline = "known.json"\n')
    (shop / "known.json").write_text("[")

    async def scenario(editor: Editor) -> None:
        editor.open(shop / "stock.py")
        while not editor.messages:
            await editor.told()
        assert "known.json" in editor.messages[0]

    with_editor(shop, scenario)


def test_without_its_library_the_server_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "racelint.server.app", None)
    with pytest.raises(SystemExit) as done:
        cli.main(["server"])

    assert done.value.code == 2
    assert "pip install 'racelint[server]'" in capsys.readouterr().err
