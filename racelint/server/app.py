"""The server itself: it listens to an editor, looks at the projects when a text has changed, and answers."""

from __future__ import annotations

import asyncio
from difflib import SequenceMatcher
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from racelint import __version__
from racelint.add_noqa import commented
from racelint.fixes import fixed
from racelint.rewriting import NotWrittenError
from racelint.section import ConfigError
from racelint.server.protocol import contains, diagnostic, span_range
from racelint.server.survey import Survey, survey

QUIET = 0.2
"""How many seconds nothing is typed before the projects are looked at."""


_Change = types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams | types.DidSaveTextDocumentParams


class Server(LanguageServer):
    """Knows what the last look at each open document said, and when to look again."""

    def __init__(self) -> None:
        super().__init__("racelint", __version__)
        self.surveys: dict[str, Survey] = {}
        self._changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def look_again(self) -> None:
        """Ask for another look as soon as nobody types."""
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        self._changed.set()

    async def _watch(self) -> None:
        """Look at the projects after each change; one that comes meanwhile is looked at afterwards."""
        while True:
            await self._changed.wait()
            while self._changed.is_set():
                self._changed.clear()
                await asyncio.sleep(QUIET)
            await self._look()

    async def _look(self) -> None:
        documents = {path: document for document in self._open() if (path := path_of(document.uri)) is not None}
        texts = {path: document.source.encode("utf-8", "surrogatepass") for path, document in documents.items()}
        try:
            found = await asyncio.to_thread(survey, texts)
        except (ConfigError, OSError) as error:
            self._tell(types.MessageType.Error, f"racelint: {error}")
            return
        self.surveys = {documents[path].uri: seen for path, seen in found.items()}
        for failure in {error for seen in found.values() for error in seen.report.errors}:
            self._tell(types.MessageType.Warning, f"racelint: {failure.where}: {failure.message}")
        for path, seen in found.items():
            self._publish(path, documents[path], seen)
        if (lens := self.client_capabilities.workspace) and lens.code_lens and lens.code_lens.refresh_support:
            await self.workspace_code_lens_refresh_async(None)

    def _open(self) -> list[TextDocument]:
        return list(self.workspace.text_documents.values())

    def _publish(self, path: Path, document: TextDocument, seen: Survey) -> None:
        codec = self.workspace.position_codec
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.uri,
                [diagnostic(each, seen.report, seen.lines, codec) for each in seen.findings(path)],
                document.version,
            )
        )

    def _tell(self, kind: types.MessageType, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, message))


def path_of(uri: str) -> Path | None:
    """The file that a URI stands for; None where it stands for none, such as a text that was never saved."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None


def make_server() -> Server:
    """A server with all that it can do, not yet listening."""
    server = Server()

    for event in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_SAVE):

        @server.feature(event)
        async def changed(_params: _Change) -> None:
            server.look_again()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.surveys.pop(uri, None)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
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


def _seen(server: Server, uri: str) -> tuple[Path, Survey] | None:
    path, seen = path_of(uri), server.surveys.get(uri)
    return None if path is None or seen is None else (path, seen)


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    known = _seen(server, params.text_document.uri)
    if known is None:
        return None
    path, seen = known
    lines = server.workspace.get_text_document(params.text_document.uri).lines
    codec = server.workspace.position_codec
    at = codec.position_from_client_units(lines, params.position)
    for hint in seen.hints(path):
        if contains(hint.span, at.line + 1, at.character + 1):
            text = types.MarkupContent(types.MarkupKind.Markdown, hint.text)
            return types.Hover(text, span_range(hint.span, [line.rstrip("\r\n") for line in lines], codec))
    return None


def _lenses(server: Server, uri: str) -> list[types.CodeLens]:
    known = _seen(server, uri)
    if known is None:
        return []
    path, seen = known
    return [
        types.CodeLens(
            types.Range(types.Position(hint.span.line - 1, 0), types.Position(hint.span.line - 1, 0)),
            types.Command(hint.text, ""),
        )
        for hint in seen.lenses(path)
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
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return [
        types.TextEdit(types.Range(types.Position(first, 0), types.Position(last, 0)), "".join(new[start:end]))
        for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
