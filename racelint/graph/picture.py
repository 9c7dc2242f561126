"""What a picture is made of, whatever it is written as: nodes, in groups, and arrows between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["lock", "context", "place"]


@dataclass(frozen=True, slots=True)
class Node:
    """Something that is drawn: `name` tells it from all others of the picture, `group` is what it is drawn with.

    `is_marked`: something is wrong with it. `note` is more than the label has room for.
    """

    name: str
    label: str
    shape: Shape
    group: str = ""
    is_marked: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one node to another, by their names. `is_weak`: it says what is there, not what is done."""

    start: str
    end: str
    label: str = ""
    is_marked: bool = False
    is_weak: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its title; nodes and arrows in a fixed order, so that the same program gives the same text."""

    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
