"""A picture in the language of Mermaid, which pages of Markdown draw in many places."""

from __future__ import annotations

from itertools import groupby

from racelint.graph.picture import Arrow, Node, Picture
from racelint.report.escaping import printable

OPEN = {"lock": "[", "context": "([", "place": "[("}
CLOSE = {"lock": "]", "context": "])", "place": ")]"}
SPECIAL = {each: f"#{ord(each)};" for each in '"#;<>&`|{}[]()\\'}
"""What has a meaning of its own in a text, as Mermaid wants it written: by its number."""


def as_mermaid(picture: Picture) -> str:
    """The picture as a flowchart; what is wrong is red, what only says something is dotted."""
    names = {node.name: f"n{index}" for index, node in enumerate(picture.nodes)}
    lines = ["---", f"title: {picture.title}", "---", "flowchart LR"]
    grouped = sorted(picture.nodes, key=lambda node: node.group)
    for index, (group, members) in enumerate(groupby(grouped, lambda node: node.group)):
        rows = [_node(names[node.name], node) for node in members]
        if group:
            rows = [f"  subgraph g{index} [{_text(group)}]", *(f"  {row}" for row in rows), "  end"]
        lines += rows
    lines += [_arrow(names, arrow) for arrow in picture.arrows]
    marked = [index for index, arrow in enumerate(picture.arrows) if arrow.is_marked]
    if marked:
        lines.append(f"  linkStyle {','.join(map(str, marked))} stroke:#c1121f,stroke-width:2px")
    wrong = [names[node.name] for node in picture.nodes if node.is_marked]
    if wrong:
        lines += ["  classDef wrong stroke:#c1121f,stroke-width:2px", f"  class {','.join(wrong)} wrong"]
    return "\n".join([*lines, ""])


def _node(name: str, node: Node) -> str:
    return f"  {name}{OPEN[node.shape]}{_text(node.label)}{CLOSE[node.shape]}"


def _arrow(names: dict[str, str], arrow: Arrow) -> str:
    line = "-.-" if arrow.is_weak else "-->"
    label = f"|{_text(arrow.label)}|" if arrow.label else ""
    return f"  {names[arrow.start]} {line}{label} {names[arrow.end]}"


def _text(text: str) -> str:
    return '"' + "".join(SPECIAL.get(char, char) for char in printable(text)) + '"'
