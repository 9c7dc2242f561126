"""A picture as SVG: Graphviz lays it out, which the extra `racelint[graph]` brings along."""

from __future__ import annotations

from racelint.graph.dot import as_dot
from racelint.graph.picture import Picture


class NoLayoutError(Exception):
    """The library that lays out pictures is not installed."""


def as_svg(picture: Picture) -> str:
    """The picture as the text of an SVG file. Raises `NoLayoutError` where `racelint[graph]` is not installed."""
    try:
        import pygraphviz
    except ImportError as error:
        raise NoLayoutError("SVG needs a layout library: pip install 'racelint[graph]'") from error
    drawn: bytes = pygraphviz.AGraph(string=as_dot(picture)).draw(format="svg", prog="dot")
    return drawn.decode("utf-8")
