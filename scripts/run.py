"""Work on racelint with nothing but Python and pip: `python3 scripts/run.py showcase` or `python3 scripts/run.py test`.

The first run makes a virtual environment in `.venv` of the checkout and installs racelint and its tools there.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")
STAMP = ENVIRONMENT / "installed"

COMMANDS = {
    "showcase": ["-m", "racelint", "check", "--exit-zero", "fixtures/showcase"],
    "test": ["-m", "pytest", "--numprocesses", "auto"],
}


def main(arguments: list[str]) -> int:
    """Run one of the commands, with further arguments for it; its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036, whoever starts this may well have an older one
        print(f"racelint needs Python 3.11 or newer, this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: {Path(sys.argv[0]).name} {{{','.join(COMMANDS)}}} [ARGUMENT]...", file=sys.stderr)
        return 2
    install()
    # What an installed package has from the start: else each run of `racelint` in the tests would compile it anew where
    # Python is told to write no bytecode.
    subprocess.check_call([PYTHON, "-m", "compileall", "-q", "racelint"], cwd=ROOT)
    return subprocess.call([PYTHON, *COMMANDS[arguments[0]], *arguments[1:]], cwd=ROOT)


def install() -> None:
    """Make the environment, unless it is there and the list of dependencies is still the one it was made from."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    # Some systems ship venv without the means to put pip into it, but their own pip can install there.
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT])
    pip = (sys.executable, "-m", "pip", "--python", str(PYTHON), "--quiet", "--disable-pip-version-check")
    subprocess.check_call([*pip, "install", "--editable", f"{ROOT}[dev]"])
    STAMP.write_text(wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
