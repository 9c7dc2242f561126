"""Random programs with threads and locks never break the stages or a rule."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racelint.extract import extract
from racelint.knowledge import Knowledge
from racelint.program import SourceModule, link
from racelint.rule import load_rules

NAMES = ["a", "b", "count", "items", "lock"]
OBJECTS = ["self", "other", "box"]

places = st.builds("{}.{}".format, st.sampled_from(OBJECTS), st.sampled_from(NAMES)) | st.sampled_from(NAMES)
values = st.one_of(
    places,
    st.just("1"),
    st.just("None"),
    st.builds("{} + 1".format, places),
    st.builds("{}.get(1, {})".format, places, places),
    st.builds("Box({})".format, places),
    st.builds("lambda: {}".format, places),
    st.builds("[x for x in {} if x]".format, places),
    st.builds("{} if {} else {}".format, places, places, places),
    st.sampled_from(
        ["threading.Lock()", "threading.RLock()", "threading.Condition(lock)", "{}", "[]", "partial(work, 1)"]
    ),
)
simple = st.one_of(
    st.builds("{} = {}".format, places, values),
    st.builds("{} += 1".format, places),
    st.builds("{}[{}] = {}".format, places, values, values),
    st.builds("del {}[0]".format, places),
    st.builds("{}.append({})".format, places, values),
    st.builds("{}.acquire()".format, places),
    st.builds("{}.acquire(timeout=1)".format, places),
    st.builds("{}.release()".format, places),
    st.builds("{}.method({})".format, st.sampled_from(OBJECTS), places),
    st.builds("work({}, b={})".format, places, places),
    st.builds("threading.Thread(target={}, args=({},)).start()".format, places, places),
    st.builds("pool.submit({}.method, {})".format, st.sampled_from(OBJECTS), places),
    st.builds("a, b = {}, {}".format, values, values),
    st.sampled_from(["pass", "return", "return lock", "raise ValueError", "yield a", "nonlocal_ = 1"]),
)


def indented(body: list[str]) -> str:
    return "\n".join("    " + line for statement in body for line in statement.splitlines())


def block(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(children, min_size=1, max_size=3).map(indented)
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, values, body, body),
        st.builds("while {}:\n{}\n    break".format, values, body),
        st.builds("for a in {}:\n{}".format, places, body),
        st.builds("with {}:\n{}".format, places, body),
        st.builds("try:\n{}\nexcept KeyError:\n{}\nfinally:\n{}".format, body, body, body),
        st.builds("def inner(a, *b):\n{}".format, body),
        st.builds("match {}:\n    case [a, *b]:\n        pass\n    case _:\n        pass".format, places),
    )


statements = st.recursive(simple, block, max_leaves=8)
bodies = st.lists(statements, min_size=1, max_size=5).map(indented)


@st.composite
def modules(draw: st.DrawFn, other: str) -> str:
    base = draw(st.sampled_from(["", "(threading.Thread)", "(Other)", "(threading.local)", "(Box)"]))
    decorator = draw(st.sampled_from(["", "@wrapper\n", "@Box\n", "@property\n"]))
    return "\n".join(
        [
            "import threading",
            "from functools import partial",
            "from concurrent.futures import ThreadPoolExecutor",
            f"from {other} import Box as Other, lock as other_lock",
            "lock = threading.Lock()",
            "count, items, a, b = 0, {}, None, []",
            "pool = ThreadPoolExecutor()",
            f"class Box{base}:",
            "    def __init__(self, a=None):",
            indented(draw(bodies).splitlines()),
            "    " + decorator.replace("\n", "\n    ") + "def method(self, other=None):",
            indented(draw(bodies).splitlines()),
            "    def run(self, box: Other):",
            indented(draw(bodies).splitlines()),
            "def wrapper(function):",
            "    def inside(*args):",
            "        with lock: return function(*args)",
            "    return inside",
            "def work(a, b=None):",
            "    global count",
            draw(bodies),
            "box = Box(1)",
            "threading.Thread(target=box.run, args=(box,)).start()",
        ]
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.data_too_large])
@given(modules("second"), modules("first"))
def test_any_program_is_linked_and_judged(first: str, second: str) -> None:
    linked = []
    for name, text in (("first", first), ("second", second)):
        compile(text, name, "exec")
        linked.append(SourceModule(name, f"{name}.py", False, extract(text.encode())))
    program = link(linked, Knowledge.standard(), ["first.*"])

    for rule in load_rules():
        for finding in rule.check(program) if rule.check else ():
            assert finding.message
            assert finding.path in ("first.py", "second.py")
