"""Which modules of the standard library are there on one kind of system only, and how code asks which one it is on."""

from __future__ import annotations

from typing import Final

WINDOWS: Final = "Windows"
POSIX: Final = "POSIX"

SYSTEMS: Final = {
    **dict.fromkeys(("_winapi", "msvcrt", "nt", "winreg", "winsound"), WINDOWS),
    **dict.fromkeys(("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"), POSIX),
}
"""The system that has a module."""

NAMES: Final = {("platform", "win32"): WINDOWS, ("name", "nt"): WINDOWS, ("name", "posix"): POSIX}
"""What `sys.platform` or `os.name` is compared with."""
