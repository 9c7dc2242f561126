"""Which calls may as well be made twice: the second one finds done what it is for, or only answers."""

from __future__ import annotations

from typing import Final

from racelint.knowledge.clocks import CLOCKS

SETTLED: Final = frozenset({"close", "cancel", "join", "set", "notify", "notify_all", "discard"})
"""Methods that end or signal something: sockets, files, threads, timers, events, conditions. Once more is nothing."""

_TEXT: Final = (
    "decode encode endswith format join lower lstrip partition replace rpartition rsplit rstrip split splitlines "
    "startswith strip title upper"
)
ASKED: Final = frozenset(
    {"is_alive", "is_set", "locked", "done", "cancelled", "fileno", "items", "keys", "values", *_TEXT.split()}
)
"""Methods that only answer, whatever they are called on."""

TEXTS: Final = frozenset(_TEXT.split())
"""Methods of text, which give the same for the same."""

LOOKUPS: Final = frozenset({"get"})
"""Methods that look up what they are given, in whatever has them."""

ALIKE: Final = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "callable", "float", "frozenset", "hasattr", "int", "isinstance"),
        *("issubclass", "len", "max", "min", "repr", "round", "str", "sum", "tuple"),
        *("os.cpu_count", "os.environ.get", "os.getcwd", "os.getenv", "os.getpid", "os.path.abspath"),
        *("os.path.basename", "os.path.dirname", "os.path.exists", "os.path.expanduser", "os.path.expandvars"),
        *("os.path.isdir", "os.path.isfile", "os.path.join", "os.path.normpath", "os.path.realpath"),
        *("platform.machine", "platform.node", "platform.python_version", "platform.system", "re.compile"),
        *("shutil.which", "socket.gethostname", "sys.getdefaultencoding", "sys.getfilesystemencoding"),
    }
)
"""Functions that give the same for the same, and nothing that is changed later: of text, numbers, the surroundings."""

SAME: Final = frozenset(
    {
        *("__import__", "importlib.import_module", "logging.getLogger", "multiprocessing.get_context"),
        *("psutil.Process", "sys.intern"),
    }
)
"""What gives back the one object that goes by the name or number that it is given, or one that is as good."""

OF_A_NAME: Final = frozenset({"logging.Logger"})
"""Classes of objects of which there is one for each name, so that who has made it has got it."""

FETCHES: Final = frozenset({"getattr"})
"""Functions that fetch what something else keeps under a name."""

ANSWERS: Final = frozenset(
    {
        *("all", "any", "bool", "bytes", "callable", "dict", "dir", "enumerate", "float", "frozenset", "getattr"),
        *("hasattr", "id", "int", "isinstance", "issubclass", "iter", "len", "list", "max", "min", "range", "repr"),
        *("reversed", "round", "set", "sorted", "str", "sum", "super", "tuple", "type", "zip"),
        *("os.getpid", "threading.current_thread", "threading.get_ident", "threading.main_thread"),
        "time.sleep",
        *CLOCKS,
        *ALIKE,
        *SAME,
    }
)
"""Functions and classes that leave all as it was."""

DRAWS: Final = frozenset({"next"})
"""Functions that draw from an iterator: of one that is made on the spot, to look for something."""

COUNTERS: Final = frozenset({"itertools.count"})
"""Iterators that give another number each time."""

UNIQUE: Final = frozenset(
    {
        *(
            "os.urandom",
            "random.getrandbits",
            "random.randint",
            "random.random",
            "random.randrange",
            "secrets.randbits",
        ),
        *("secrets.token_bytes", "secrets.token_hex", "secrets.token_urlsafe", "uuid.uuid1", "uuid.uuid4"),
    }
)
"""Functions that give another one each time, by chance or by design."""

STARTS: Final = frozenset({"start"})
"""Methods that begin something: a thread is started once."""

SHOWS: Final = frozenset({"print"})
"""Functions whose output is what the program is for, other than a log."""

ASKS: Final = CLOCKS | {"bool", "float", "int", "isinstance", "len", "round", "str"}
"""Functions that make no more than a number or a word."""
