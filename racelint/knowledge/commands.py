"""What makes a function a command: who types it has it run once, in the main thread of a process of its own."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = frozenset(
    {"click.command", "click.group", "click.option", "click.argument", "click.pass_context", "click.pass_obj"}
)
"""Decorators of commands, and of what they are given."""

ADDS: Final = frozenset({"command", "group"})
"""Methods of a command by which it has further ones: `@tools.command()`."""
