"""A page of HTML as a tree, strictly read: what is opened is closed, and in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "input", "link", "br", "img", "hr", "wbr"})


@dataclass
class Element:
    """An element with its attributes and what is in it, in order."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, spaces as a reader sees them."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for each in self.inside:
            yield from [each] if isinstance(each, str) else each._texts()

    def all(self, tag: str = "", /, **attributes: str) -> list[Element]:
        """The elements inside with that tag and these attributes; a `class` is one of several."""
        return [each for each in self.walk() if each.is_a(tag, attributes)]

    def is_a(self, tag: str, attributes: dict[str, str]) -> bool:
        """Whether it is such an element."""
        return tag in ("", self.tag) and all(
            value in self.attributes.get(name.strip("_"), "").split()
            if name == "class_"
            else self.attributes.get(name.replace("_", "-")) == value
            for name, value in attributes.items()
        )

    def walk(self) -> Iterator[Element]:
        """The element and all in it."""
        yield self
        for each in self.inside:
            if isinstance(each, Element):
                yield from each.walk()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.path = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.path[-1].inside.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.path[-1].inside.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def parsed(page: str) -> Element:
    """The page as a tree."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert [each.tag for each in reader.path] == [""]
    return reader.path[0]
