"""The middle of a report for people: the sides of a finding with their source, and the steps that go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from racelint.facts import Span
from racelint.findings import Finding, Side, Turn
from racelint.lines import Lines
from racelint.report.escaping import printable
from racelint.report.frame import CUT, MARGIN_STYLE, frame, visible
from racelint.report.sides import holding, is_about_locks, lacking, letter, locked, passed, same, starts

STYLES = ("bold cyan", "bold magenta", "bold yellow", "bold green")
CODE_WIDTH = 44
EFFECT_WIDTH = 36
"""How wide the source of a step is at most; and what is kept free for its effect where the terminal is narrow."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is shown of a finding with sides, `width` cells wide, with room for line numbers of `margin` cells."""

    finding: Finding
    lines: Lines
    width: int
    margin: int

    def rows(self) -> Iterator[Text]:
        """Each side, then the steps."""
        for index, side in enumerate(self.finding.sides):
            yield self._heading(index, side)
            yield from self._starts(index)
            places = passed(self.finding, index)
            for each in places:
                yield from self._place(each.path, each.span, each.label)
            if not places and (lines := same(self.finding, index)):
                yield Text(f"{'':>{self.margin}}    comes by {lines} as well", style="dim")
        yield from self._steps()

    def _heading(self, index: int, side: Side) -> Text:
        lacks = lacking(side)
        return Text.assemble(
            (f"{'':>{self.margin}} ", MARGIN_STYLE),
            _letter(index),
            f"  {printable(side.runner)}; {printable(holding(side))}",
            (printable(f", {lacks}"), "bold") if lacks else "",
        )

    def _starts(self, index: int) -> Iterator[Text]:
        for related in starts(self.finding, index):
            place = f"{printable(related.path)}:{related.span.line}:{related.span.column}"
            yield Text(f"{'':>{self.margin}}    {place}: {printable(related.message)}", style="dim")

    def _place(self, path: str, span: Span, label: str) -> Iterator[Text]:
        """A line of source, its place marked; in another file than that of the finding with its name above."""
        if path != self.finding.path:
            arrow = Text.assemble((f"{'':>{self.margin}}--> ", MARGIN_STYLE), f"{printable(path)}:{span.line}")
            yield arrow
        rows = frame(self.lines(path), span, context=0, width=self.width, margin=self.margin)
        if rows and label:
            rows[-1].append(f" {printable(label)}", style="bold")
        yield from rows

    def _steps(self) -> Iterator[Text]:
        """The order of steps, a line for each: who, where, the source, what comes of it."""
        turns = self.finding.turns
        if not turns:
            return
        places = [self._where(turn) for turn in turns]
        sources = [self._source(turn) for turn in turns]
        locks = [printable(locked(turn)) if is_about_locks(self.finding) else "" for turn in turns]
        where, source, lock = (max(map(cell_len, column)) for column in (places, sources, locks))
        indent = f"{'':>{self.margin}} "
        yield Text(f"{indent}how it goes wrong:")
        for turn, place, held, code in zip(turns, places, locks, sources, strict=True):
            yield Text.assemble(
                indent,
                _letter(turn.side),
                f"  {set_cell_size(place, where)}  ",
                (f"{set_cell_size(held, lock)}  ", "bold") if lock else "",
                (set_cell_size(code, source), "" if turn.side == 0 else "dim"),
                "  ",
                (printable(turn.effect), "italic"),
            )

    def _where(self, turn: Turn) -> str:
        name = printable(turn.path).rpartition("/")[2]
        return str(turn.span.line) if self._is_in_one_file() else f"{name}:{turn.span.line}"

    def _is_in_one_file(self) -> bool:
        return all(turn.path == self.finding.path for turn in self.finding.turns)

    def _source(self, turn: Turn) -> str:
        lines = self.lines(turn.path)
        text = visible(lines[turn.span.line - 1]).strip() if 1 <= turn.span.line <= len(lines) else ""
        room = max(12, min(CODE_WIDTH, self.width - self.margin - EFFECT_WIDTH))
        return text if cell_len(text) <= room else set_cell_size(text, room - 1) + CUT


def _letter(side: int) -> tuple[str, str]:
    return letter(side), STYLES[side % len(STYLES)]
