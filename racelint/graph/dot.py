"""A picture in the language of Graphviz."""

from __future__ import annotations

from itertools import groupby

from racelint.graph.picture import Arrow, Node, Picture
from racelint.report.escaping import printable

MARKED = "#c1121f"
FILLS = {"lock": "#fff3bf", "context": "#d0ebff", "place": "#f1f3f5"}
SHAPES = {"lock": "box", "context": "ellipse", "place": "note"}


def as_dot(picture: Picture) -> str:
    """The picture as a digraph; what is wrong is red, what only says something is dashed."""
    names = {node.name: f"n{index}" for index, node in enumerate(picture.nodes)}
    lines = [
        "digraph racelint {",
        f"  label={_text(picture.title)}; labelloc=t; rankdir=LR; fontname=Helvetica;",
        "  node [fontname=Helvetica, fontsize=11, style=filled, color=gray40];",
        "  edge [fontname=Helvetica, fontsize=9, color=gray40];",
    ]
    grouped = sorted(picture.nodes, key=lambda node: node.group)
    for index, (group, members) in enumerate(groupby(grouped, lambda node: node.group)):
        rows = [f"  {_node(names[node.name], node)}" for node in members]
        if group:
            start = f"  subgraph cluster_{index} {{ label={_text(group)}; color=gray80; fontsize=10; style=rounded;"
            rows = [start, *(f"  {row}" for row in rows), "  }"]
        lines += rows
    lines += [f"  {names[arrow.start]} -> {names[arrow.end]} [{_arrow(arrow)}];" for arrow in picture.arrows]
    return "\n".join([*lines, "}", ""])


def _node(name: str, node: Node) -> str:
    mark = f', color="{MARKED}", penwidth=2' if node.is_marked else ""
    fill = f'fillcolor="{FILLS[node.shape]}"'
    tooltip = _text(node.note or node.label)
    return f"{name} [label={_text(node.label)}, shape={SHAPES[node.shape]}, {fill}, tooltip={tooltip}{mark}];"


def _arrow(arrow: Arrow) -> str:
    mark = f', color="{MARKED}", fontcolor="{MARKED}", penwidth=2' if arrow.is_marked else ""
    weak = ", style=dashed, arrowhead=none" if arrow.is_weak else ""
    tooltip = _text(arrow.note or arrow.label)
    return f"label={_text(arrow.label)}, tooltip={tooltip}, labeltooltip={tooltip}{weak}{mark}"


def _text(text: str) -> str:
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
