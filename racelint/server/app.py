"""The server itself: it listens to an editor, looks at the projects when a text has changed, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from itertools import takewhile
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from racelint import __version__
from racelint.baseline import BaselineError
from racelint.configuration.layers import CONFIG_FILES
from racelint.configuration.section import ConfigError
from racelint.discovery import SOURCE_SUFFIXES
from racelint.engine import Glance
from racelint.fixes import fixed
from racelint.lines import lines_of, with_ends
from racelint.rewriting import NotWrittenError
from racelint.server.linker import Linker, LinkingError
from racelint.server.protocol import contains, diagnostic, span_range
from racelint.server.survey import Insight, Survey, glances
from racelint.suppressing.add_noqa import commented

QUIET = 0.2
"""How many seconds nothing is typed before a project is linked."""

WATCHED = (*(f"**/*{suffix}" for suffix in SOURCE_SUFFIXES), *(f"**/{name}" for name in CONFIG_FILES))
"""What a project is made of, and how it is configured."""

OF_A_GLANCE = ("racelint.extract", "racelint.cache.shifts", "racelint.program.locking.wording")
"""What is loaded at the first glance that needs it, and had better be there before."""

_Change = types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams | types.DidSaveTextDocumentParams


@dataclass(frozen=True, slots=True)
class _Document:
    """An open text, as it was when it was looked at."""

    uri: str
    version: int | None
    text: bytes


class Server(LanguageServer):
    """Knows what the last look at each open document said, and when to look again."""

    def __init__(self) -> None:
        # pygls takes a form feed for the end of a line, and would put what is sent in parts into other places
        super().__init__("racelint", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.surveys: dict[str, Survey] = {}
        self._glancing = ThreadPoolExecutor(1, "racelint-glance")
        for name in OF_A_GLANCE:
            self._glancing.submit(import_module, name)
        self._linker = Linker()
        self._looking: asyncio.Task[None] | None = None

    def changed(self, uri: str) -> None:
        """Tell at once where the findings of a document are now that it has changed, and look again."""
        path, seen = path_of(uri), self.surveys.get(uri)
        if path is not None and seen is not None:
            text = _document(self.workspace.get_text_document(uri)).text
            open_ones = {each: known for each, known in self._open().items() if self.surveys.get(known.uri) is seen}
            self._learn(open_ones, seen.with_text(path, text))
        self.look_again()

    def look_again(self) -> None:
        """Look at the projects, and give up a look that is under way: it sees texts of the past."""
        if self._looking is not None:
            self._looking.cancel()
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """Tell what is known without linking, and link for the rest as soon as nobody types."""
        documents = self._open()
        texts = {path: document.text for path, document in documents.items()}
        self._linker.prepare()
        try:
            seen = await asyncio.get_running_loop().run_in_executor(self._glancing, glances, texts)
            unknown = [path for project, glance in seen for path in self._glanced(project, glance, documents)]
            if unknown:
                await asyncio.sleep(QUIET)
                await self._link({path: documents[path] for path in unknown})
        except (BaselineError, ConfigError, OSError) as error:
            self._tell(types.MessageType.Error, f"racelint: {error}")
        except LinkingError as error:
            self._tell(types.MessageType.Warning, f"racelint: {error}")

    def _glanced(self, project: list[Path], glance: Glance, documents: Mapping[Path, _Document]) -> list[Path]:
        """Learn what is known of a project; gives its open documents if it has to be linked for the rest."""
        own = {path: documents[path] for path in project}
        known = [self.surveys.get(document.uri) for document in own.values()]
        insights = {shown: insight for each in known if each for shown, insight in each.insights.items()}
        if glance.report is not None:
            self._learn(own, Survey(glance.report, insights))
            return project if None in known else []
        if glance.unreadable and known[0] is not None and None not in known:
            # what is no Python will be some in a moment, and the rest of the project is as it was
            self._learn(own, known[0].with_unreadable(glance.unreadable))
            return []
        return project

    async def _link(self, documents: Mapping[Path, _Document]) -> None:
        async with aclosing(self._linker.survey({path: each.text for path, each in documents.items()})) as surveys:
            async for project, seen in surveys:
                self._learn({path: documents[path] for path in project}, seen)
                for failure in seen.report.errors if seen.insights else ():
                    self._tell(types.MessageType.Warning, f"racelint: {failure.where}: {failure.message}")
        if (lens := self.client_capabilities.workspace) and lens.code_lens and lens.code_lens.refresh_support:
            await self.workspace_code_lens_refresh_async(None)

    def _open(self) -> dict[Path, _Document]:
        texts = self.workspace.text_documents.values()
        return {path: _document(text) for text in texts if (path := path_of(text.uri)) is not None}

    def _learn(self, documents: Mapping[Path, _Document], seen: Survey) -> None:
        """Keep what was seen of some documents, and tell it."""
        codec, lines = self.workspace.position_codec, lines_of(seen.report)
        for path, document in documents.items():
            self.surveys[document.uri] = seen
            told = [diagnostic(each, seen.report, lines, codec) for each in seen.findings(path)]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document.uri, told, document.version))

    def _tell(self, kind: types.MessageType, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, message))


def _document(text: TextDocument) -> _Document:
    return _Document(text.uri, text.version, text.source.encode("utf-8", "surrogatepass"))


def path_of(uri: str) -> Path | None:
    """The file that a URI stands for; None where it stands for none, such as a text that was never saved."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def make_server() -> Server:
    """A server with all that it can do, not yet listening."""
    server = Server()

    for event in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_SAVE):

        @server.feature(event)
        async def changed(params: _Change) -> None:
            server.changed(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.surveys.pop(uri, None)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        server.look_again()

    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        await _watch_files(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def changed_on_disk(_: types.DidChangeWatchedFilesParams) -> None:
        server.look_again()

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        return _hover(server, params)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        return _lenses(server, params.text_document.uri)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return _actions(server, params)

    return server


async def _watch_files(server: Server) -> None:
    """Ask the editor, if it can do so, to tell of files that change elsewhere: by a checkout, a new name, an end."""
    capabilities = server.client_capabilities.workspace
    watching = capabilities.did_change_watched_files if capabilities else None
    if watching and watching.dynamic_registration:
        watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        params = types.RegistrationParams([types.Registration("racelint-files", method, options)])
        await server.client_register_capability_async(params)


def _seen(server: Server, uri: str) -> tuple[Path, Survey] | None:
    path, seen = path_of(uri), server.surveys.get(uri)
    return None if path is None or seen is None else (path, seen)


def _insight(server: Server, uri: str) -> Insight | None:
    known = _seen(server, uri)
    return None if known is None else known[1].insight(known[0])


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    insight = _insight(server, params.text_document.uri)
    lines = with_ends(server.workspace.get_text_document(params.text_document.uri).source)
    codec = server.workspace.position_codec
    at = codec.position_from_client_units(lines, params.position)
    for hint in insight.hints if insight else ():
        if contains(hint.span, at.line + 1, at.character + 1):
            text = types.MarkupContent(types.MarkupKind.Markdown, hint.text)
            return types.Hover(text, span_range(hint.span, [line.rstrip("\r\n") for line in lines], codec))
    return None


def _lenses(server: Server, uri: str) -> list[types.CodeLens]:
    insight = _insight(server, uri)
    return [
        types.CodeLens(
            types.Range(types.Position(hint.span.line - 1, 0), types.Position(hint.span.line - 1, 0)),
            types.Command(hint.text, ""),
        )
        for hint in (insight.lenses if insight else ())
    ]


def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """For each finding its fix, if there is one, and a comment that keeps it silent, as `--add-noqa` writes it."""
    uri = params.text_document.uri
    known = _seen(server, uri)
    if known is None:
        return []
    path, seen = known
    document, actions = server.workspace.get_text_document(uri), []
    for told in params.context.diagnostics:
        same = [
            each
            for each in seen.findings(path)
            if each.code == told.code and each.span.line == told.range.start.line + 1
        ]
        for finding in same[:1]:
            mended = fixed(document.source, finding)
            if mended is not None:
                fix, after = mended
                title = fix.message if fix.applicability == "safe" else f"{fix.message} (unsafe)"
                actions.append(_action(uri, title, told, document.source, after, preferred=title == fix.message))
            try:
                after = commented(document.source, [finding])
            except NotWrittenError:
                continue
            title = f"Silence {finding.code} here (# noqa: {finding.code})"
            actions.append(_action(uri, title, told, document.source, after))
    return actions


def _action(
    uri: str, title: str, told: types.Diagnostic, before: str, after: str, *, preferred: bool = False
) -> types.CodeAction:
    edit = types.WorkspaceEdit({uri: _edits(before, after)})
    return types.CodeAction(title, types.CodeActionKind.QuickFix, [told], is_preferred=preferred or None, edit=edit)


def _edits(before: str, after: str) -> list[types.TextEdit]:
    """What changes from one text to the other, by whole lines."""
    old, new = with_ends(before), with_ends(after)
    # to compare blank lines with each other takes long, and most of a file is as it was
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    changed = old[head : len(old) - tail], new[head : len(new) - tail]
    steps = SequenceMatcher(None, *changed, autojunk=False).get_opcodes()
    return [
        types.TextEdit(
            types.Range(types.Position(head + first, 0), types.Position(head + last, 0)), "".join(changed[1][start:end])
        )
        for kind, first, last, start, end in steps
        if kind != "equal"
    ]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
