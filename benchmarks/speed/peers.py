"""Other tools, installed into an environment of their own, and how each is asked to check a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = (
    "bandit==1.9.4",
    "codehound==1.16.0",
    "fixit==2.1.0",
    "flake8==7.5.0",
    "pylint==4.1.4",
    "ruff==0.17.5",
    "thread-safety==0.4.0",
    *(("threadcheck==0.0.1.2",) if sys.version_info >= (3, 12) else ()),
)
SCANNERS = ("codehound", "thread-safety", "threadcheck")
"""Those that look for races and deadlocks."""


def installed(cache: Path) -> Path:
    """The folder with the programs of the tools; those that cannot be installed here are not in it."""
    place = cache.parent / f"speed-peers-{sys.version_info.major}.{sys.version_info.minor}"
    programs = place / ("Scripts" if sys.platform == "win32" else "bin")
    if not programs.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    for requirement in REQUIREMENTS:
        if not (programs / requirement.partition("==")[0]).exists():
            pip = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            subprocess.run([*pip, requirement], check=False)
    return programs


def commands(programs: Path, folder: Path, kept: Path) -> dict[str, list[str]]:
    """The command of each tool that is there, by what is shown of it; `kept` is where ruff keeps what it knows."""
    ruff = [str(programs / "ruff"), "check", "--isolated", "--quiet", "--exit-zero"]
    found = {
        "ruff, no cache": [*ruff, "--no-cache"],
        "ruff, warm": [*ruff, "--cache-dir", str(kept)],
        "flake8": [str(programs / "flake8"), "--isolated", "--exit-zero", "--quiet"],
        "bandit": [str(programs / "bandit"), "--quiet", "--recursive", "--exit-zero"],
        "pylint -E": [str(programs / "pylint"), "-E", "-j", "0", "--recursive=y", "--rcfile=", "--persistent=n"],
        "fixit, one rule": [str(programs / "fixit"), "--quiet", "--rules", "fixit.rules:UseTypesFromTyping", "lint"],
        "thread-safety": [str(programs / "thread-safety"), "analyze"],
        "codehound": [str(programs / "codehound"), "scan"],
        "threadcheck": [str(programs / "threadcheck"), "scan"],
    }
    return {name: [*command, str(folder)] for name, command in found.items() if Path(command[0]).exists()}
