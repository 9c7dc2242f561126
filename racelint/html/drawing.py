"""A picture as the page shows it: drawn if it can be laid out, else in the language of Mermaid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from racelint.graph import WRITERS, NoLayoutError, Picture
from racelint.report.escaping import printable

SVG: Final = "{http://www.w3.org/2000/svg}"
LINKED: Final = "{http://www.w3.org/1999/xlink}title"
SHAPES: Final = frozenset({"svg", "g", "polygon", "polyline", "path", "ellipse", "text"})
KEPT: Final = frozenset(
    {"width", "height", "viewBox", "transform", "class", "points", "d", "cx", "cy", "rx", "ry", "x", "y"}
    | {"fill", "stroke", "stroke-width", "stroke-dasharray", "text-anchor", "font-size"}
)
"""The elements and attributes that a picture is made of; no other gets into the page."""

MOST: Final = 500
"""So many arrows can be laid out in seconds, and looked at."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture: `svg` is the element itself, "" where there is none; `mermaid` its text; `note` what to know of it."""

    title: str
    nodes: int
    svg: str
    mermaid: str
    note: str


def drawings(pictures: Sequence[Picture]) -> list[Drawing]:
    """The pictures for the page, in their order."""
    return [_drawing(picture) for picture in pictures]


def _drawing(picture: Picture) -> Drawing:
    from markupsafe import Markup

    notes, shown = [], picture
    if len(picture.arrows) > MOST:
        shown = what_is_wrong(picture)
        notes.append(
            f"Its {len(picture.nodes)} nodes are too many for one picture: this is what is red, and what is next to it."
        )
    svg = ""
    if len(shown.arrows) > MOST:
        notes.append("That is still too much to be drawn.")
    elif shown.nodes:
        try:
            svg = Markup(inline(WRITERS["svg"](shown), shown.title))
        except NoLayoutError:
            notes.append("A report that is made with Graphviz has it drawn: pip install 'racelint[graph]'.")
    return Drawing(picture.title, len(picture.nodes), svg, WRITERS["mermaid"](shown), " ".join(notes))


def what_is_wrong(picture: Picture) -> Picture:
    """What is marked, with all that an arrow joins to it."""
    marked = {node.name for node in picture.nodes if node.is_marked}
    arrows = tuple(arrow for arrow in picture.arrows if {arrow.start, arrow.end} & marked)
    near = marked | {end for arrow in arrows for end in (arrow.start, arrow.end)}
    return replace(picture, nodes=tuple(node for node in picture.nodes if node.name in near), arrows=arrows)


def inline(svg: str, title: str) -> str:
    """An SVG file as an element of a page: made anew of plain shapes, each note where the pointer rests."""
    root = _plain(ElementTree.fromstring(svg))
    root.set("role", "img")
    root.set("aria-label", printable(title))
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _plain(element: Element) -> Element:
    """The element with its known parts only; what links are there for, to carry the notes, becomes titles."""
    plain = Element(_name(element), {key: text for key, text in element.items() if key in KEPT})
    plain.text = element.text if _name(element) == "text" else None
    if note := element.get(LINKED):
        SubElement(plain, "title").text = note
    plain.extend(_plain(child) for child in element if _name(child) in SHAPES)
    return plain


def _name(element: Element) -> str:
    name = element.tag.removeprefix(SVG)
    return "g" if name == "a" else name
