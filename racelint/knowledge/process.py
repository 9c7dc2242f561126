"""What belongs to the whole process, and so to all of its threads: what changes it, and what to do instead."""

from __future__ import annotations

from typing import Final

from .model import ProcessState

RUN_BESIDE: Final = frozenset({"before", "after_in_parent"})
"""By these names they are given functions that run in the old one."""

NAMED_AFTER_FORK: Final = ("after_fork", "afterfork", "post_fork", "postfork", "at_fork", "atfork", "fork_child")
"""Parts of the names of functions that somebody else calls in a new process."""

NAMED_ALONE: Final = ("fork", "child", "_pid")
"""Parts of the names of functions that make locks anew for a new process."""


def _state(what: str, instead: str, *, quiet: bool = False, variable: str = "") -> ProcessState:
    return ProcessState(what, instead, quiet, variable)


_DIRECTORY = _state("the working directory", "Use absolute paths, and `cwd=` for commands that are run.")
_ENVIRONMENT = _state(
    "the environment", "Hand a copy of it to what needs it, as `env=` to commands that are run.", variable="os.environ"
)
_STREAMS = _state("the standard streams", "Write to a stream that is handed over.")
_LOCALE = _state("the locale", "Set it once, before threads are started.")
_MASK = _state("the file mode mask", "Give each file its mode where it is made, or by `os.chmod`.")
_IDENTITY = _state("the identity of the process", "Let a process of its own do what needs another one.")
_TIMEOUT = _state("the default timeout of sockets", "Set the timeout of each socket.")
_ZONE = _state("the time zone", "Use `zoneinfo` for times of other zones.")
_PRIORITY = _state("the priority of the process", "Set it once, before threads are started.")
_LIMITS = _state("the limits of the process", "Set them once, before threads are started.")
_OPENER = _state("the default opener of urllib", "Call `open` of the opener itself.")
_RECURSION = _state("the recursion limit", "Set it once, before threads are started.")
_SWITCHING = _state("the switch interval", "Set it once, before threads are started.", quiet=True)
_WARNINGS = _state(
    "the filters of warnings", "Set them once, before threads are started.", quiet=True, variable="warnings.filters"
)
_SIGNALS = _state("the signal handlers", "Set them in the main thread: others get a ValueError.", quiet=True)
_ALARM = _state("the interval timer", "Use a `threading.Timer`, or wait with a timeout.", quiet=True)
_COLLECTOR = _state("the garbage collector", "Set it once, before threads are started.", quiet=True)
_TRACING = _state("the tracing of memory", "Start it once, before threads are started.", quiet=True)
_RANDOM = _state("the shared random generator", "Make a `Random(seed)` of its own for each thread.", quiet=True)
_THRESHOLD = _state("the threshold of all loggers", "Set the level of one logger or handler.", quiet=True)
_LOGGERS = _state("the class of new loggers", "Set it once, before threads are started.", quiet=True)
_MODULE = _state("a module that others use", "Do not reload modules while threads run.", quiet=True)


def _rows(state: ProcessState, *names: str) -> dict[str, ProcessState]:
    return dict.fromkeys((name for group in names for name in group.split()), state)


# function, class, method or variable: the state of the whole process that calling or setting it changes
PROCESS_STATE: dict[str, ProcessState] = {
    **_rows(_DIRECTORY, "os.chdir os.fchdir os.chroot contextlib.chdir"),
    **_rows(_ENVIRONMENT, "os.putenv os.unsetenv os.reload_environ os._Environ.__setitem__ os._Environ.__delitem__"),
    **_rows(_ENVIRONMENT, "os._Environ.update os._Environ.pop os._Environ.setdefault os._Environ.clear"),
    **_rows(_STREAMS, "sys.stdin sys.stdout sys.stderr contextlib.redirect_stdout contextlib.redirect_stderr"),
    **_rows(_LOCALE, "locale.setlocale"),
    **_rows(_MASK, "os.umask"),
    **_rows(_IDENTITY, "os.setuid os.setgid os.seteuid os.setegid os.setgroups"),
    **_rows(_TIMEOUT, "socket.setdefaulttimeout"),
    **_rows(_ZONE, "time.tzset"),
    **_rows(_PRIORITY, "os.nice"),
    **_rows(_LIMITS, "resource.setrlimit"),
    **_rows(_OPENER, "urllib.request.install_opener"),
    **_rows(_RECURSION, "sys.setrecursionlimit"),
    **_rows(_SWITCHING, "sys.setswitchinterval"),
    **_rows(
        _WARNINGS,
        "warnings.catch_warnings warnings.simplefilter warnings.filterwarnings warnings.resetwarnings",
    ),
    **_rows(_SIGNALS, "signal.signal signal.set_wakeup_fd signal.siginterrupt"),
    **_rows(_ALARM, "signal.setitimer signal.alarm"),
    **_rows(_COLLECTOR, "gc.disable gc.enable gc.freeze"),
    **_rows(_TRACING, "tracemalloc.start tracemalloc.stop"),
    **_rows(_RANDOM, "random.seed numpy.random.seed"),
    **_rows(_THRESHOLD, "logging.disable"),
    **_rows(_LOGGERS, "logging.setLoggerClass"),
    **_rows(_MODULE, "importlib.reload"),
}

WHILE_ENTERED: Final = frozenset(
    {"contextlib.chdir", "contextlib.redirect_stdout", "contextlib.redirect_stderr", "warnings.catch_warnings"}
)
"""What restores by itself when its `with` is left."""

REDIRECTED: Final = {"contextlib.redirect_stdout": "sys.stdout", "contextlib.redirect_stderr": "sys.stderr"}
"""Which variable of the state is set, where that is not said by the name."""

ASKING: Final = {"locale.setlocale": 1}
"""Calls with no more than so many arguments only ask what the state is."""

KEYED: Final = frozenset({"pop", "setdefault", "putenv", "unsetenv"})
"""Methods that change the one entry whose key they are given."""

OLD_VALUES: Final = frozenset(
    {"getcwd", "getcwdb", "umask", "getlocale", "setlocale", "getdefaulttimeout", "stdin", "stdout", "stderr"}
    | {
        "environ",
        "getenv",
        "getrecursionlimit",
        "getswitchinterval",
        "getstate",
        "gettimeout",
        "__stdout__",
        "__stderr__",
    }
)
"""Functions and variables that tell what the state was."""

PROCESS_KEYS: Final = frozenset({"os.getpid"})
"""What names the running process."""

AFTER_FORK: Final = frozenset({"os.register_at_fork", "multiprocessing.util.register_after_fork"})
"""What runs functions in a new process, where nobody else is yet."""

FILLED_BY_ANYBODY: Final = {"sys.modules": "an `import` in any other thread"}
"""Containers of the interpreter by name, and what adds to them without knowing."""
