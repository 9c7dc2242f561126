"""The page as text: what the templates make of the overview. All text is escaped there, by Jinja."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from racelint import __version__
from racelint.html.drawing import drawings
from racelint.html.finding import finding_views
from racelint.html.place import place_views
from racelint.html.tally import tally
from racelint.overview import Overview
from racelint.report.counts import summary
from racelint.report.documentation import HOME
from racelint.report.escaping import printable

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = "templates"


class MissingTemplatesError(Exception):
    """The library that fills in templates is not installed."""


def require_templates() -> None:
    """Raise `MissingTemplatesError` where `racelint[html]` is not installed."""
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise MissingTemplatesError("the HTML report needs Jinja: pip install 'racelint[html]'") from error


def page(overview: Overview, subtitle: str = "") -> str:
    """The text of the page, the same for the same overview; `subtitle` stands under its title.

    Raises `MissingTemplatesError` where `racelint[html]` is not installed.
    """
    require_templates()
    from markupsafe import Markup

    style, script = _part("report.css"), _part("report.js")
    findings = finding_views(overview.report)
    places = place_views(overview.shared, findings)
    return (
        _environment()
        .get_template("report.html")
        .render(
            style=Markup(style),
            script=Markup(script),
            policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'",
            subtitle=subtitle,
            summary=summary(overview.report),
            report=overview.report,
            tally=tally(findings, overview.shared),
            findings=findings,
            places=places,
            places_of={place.shared.symbol: place for place in reversed(places)},
            drawings=drawings(overview.pictures),
            home=HOME,
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("racelint.html", FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters |= {"prose": _prose, "breakable": _breakable}
    return environment


def _prose(text: str) -> str:
    """A message with what stands in backticks as code; a backtick without a second one is left as it is."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return Markup().join(
        Markup("<code>{}</code>").format(_breakable(part)) if index % 2 else escape(printable(part))
        for index, part in enumerate(parts)
    )


def _breakable(name: str) -> str:
    """A path or a dotted name that may be broken behind its dots and slashes."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[./])(?=\w)", printable(name)))


def _part(name: str) -> str:
    return files("racelint.html").joinpath(FOLDER, name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The name of an inline part for the browser, which then runs and applies no other."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
