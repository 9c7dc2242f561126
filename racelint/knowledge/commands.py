"""What makes a function a command: who types it has it run once, in the main thread of a process of its own."""

from __future__ import annotations

from typing import Final

_LIKE_CLICK: Final = ("click", "asyncclick", "rich_click", "cloup")
_OF_CLICK: Final = ("command", "group", "option", "argument", "pass_context", "pass_obj")

COMMANDS: Final = frozenset(
    {
        *(f"{module}.{name}" for module in _LIKE_CLICK for name in _OF_CLICK),
        "typer.Typer.command",
        "typer.Typer.callback",
        "cyclopts.App.command",
        "cyclopts.App.default",
        "invoke.task",
        "fabric.task",
    }
)
"""Decorators of commands, and of what they are given."""

ADDS: Final = frozenset({"command", "group"})
"""Methods of a command by which it has further ones: `@tools.command()`."""
