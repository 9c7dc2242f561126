"""Data: effects of operations, what may be shared, and the state of the whole process."""

from __future__ import annotations

import pytest

from racelint.knowledge import Access, Knowledge, SafetyKind, Slot

KNOWLEDGE = Knowledge.standard()


@pytest.mark.parametrize(
    ("container", "method", "access", "gil", "free_threaded"),
    [
        ("dict", "setdefault", Access.MUTATE, True, True),
        ("dict", "__iter__", Access.ITERATE, False, False),
        ("dict", "items", Access.VIEW, True, True),
        ("dict", "copy", Access.SNAPSHOT, True, True),
        ("collections.defaultdict", "pop", Access.MUTATE, True, True),
        ("collections.defaultdict", "__getitem__", Access.MUTATE, True, False),
        ("collections.OrderedDict", "setdefault", Access.MUTATE, True, False),
        ("collections.UserDict", "setdefault", Access.MUTATE, False, False),
        ("weakref.WeakValueDictionary", "pop", Access.MUTATE, False, False),
        ("os._Environ", "__setitem__", Access.MUTATE, False, False),
        ("collections.deque", "popleft", Access.MUTATE, True, True),
        ("collections.deque", "copy", Access.SNAPSHOT, True, False),
        ("typing.List", "sort", Access.MUTATE, True, False),
        ("collections.Counter", "update", Access.MUTATE, False, False),
        ("str", "upper", Access.READ, True, True),
        ("tuple", "__iter__", Access.READ, True, True),
    ],
)
def test_effects_of_methods(container: str, method: str, access: Access, gil: bool, free_threaded: bool) -> None:
    effect = KNOWLEDGE.effect(container, method)

    assert effect is not None
    assert (effect.access, effect.atomic_gil, effect.atomic_free_threaded) == (access, gil, free_threaded)
    assert effect.reason
    assert effect.source


def test_effects_of_unknown_classes_are_unknown() -> None:
    assert KNOWLEDGE.effect("pkg.Cache", "pop") is None


def test_a_pop_with_a_default_claims_once_and_never_misses() -> None:
    effect = KNOWLEDGE.effect("dict", "pop")

    assert effect is not None
    assert (effect.claims, effect.can_miss, effect.spared_by) == (True, True, Slot(1, "default"))


@pytest.mark.parametrize(
    ("function", "container", "gil", "free_threaded"),
    [
        ("list", "dict", True, True),
        ("tuple", "dict", True, False),
        ("tuple", "list", True, True),
        ("list", "collections.deque", True, False),
        ("list", "weakref.WeakSet", False, False),
        ("sorted", "collections.UserDict", False, False),
        ("dict", "dict", True, True),
        ("dict", "dict_items", True, False),
        ("next", "itertools.count", True, True),
        ("map", "dict", False, False),
        ("bisect.insort", "list", False, False),
    ],
)
def test_effects_of_functions_depend_on_the_container(
    function: str, container: str, gil: bool, free_threaded: bool
) -> None:
    effect = KNOWLEDGE.builtin_effect(function, container)

    assert effect is not None
    assert (effect.atomic_gil, effect.atomic_free_threaded) == (gil, free_threaded)


def test_reflective_access_names_an_attribute() -> None:
    effect = KNOWLEDGE.builtin_effect("builtins.setattr")

    assert effect is not None
    assert (effect.access, effect.subject, effect.attribute) == (Access.MUTATE, Slot(0), Slot(1))
    assert KNOWLEDGE.builtin_effect("pkg.function") is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("queue.LifoQueue", SafetyKind.SYNCHRONIZED),
        ("threading.local", SafetyKind.CONFINED),
        ("flask.globals.request", SafetyKind.CONFINED),
        ("bool", SafetyKind.IMMUTABLE),
        ("itertools.count", SafetyKind.COUNTER),
        ("multiprocessing.Value", SafetyKind.PROCESS),
        ("asyncio.Task", SafetyKind.LOOP),
        ("io.TextIOWrapper", SafetyKind.UNSAFE),
    ],
)
def test_what_may_be_shared(name: str, kind: SafetyKind) -> None:
    safety = KNOWLEDGE.safety(name)

    assert safety is not None
    assert safety.kind is kind


def test_containers_are_not_safe_as_such() -> None:
    assert KNOWLEDGE.safety("dict") is None
    assert KNOWLEDGE.safety("collections.deque") is None


def test_a_loop_has_doors_for_other_threads() -> None:
    assert KNOWLEDGE.callable_from_any_thread("asyncio.SelectorEventLoop.call_soon_threadsafe")
    assert not KNOWLEDGE.callable_from_any_thread("asyncio.AbstractEventLoop.call_soon")


def test_calls_that_change_the_whole_process() -> None:
    directory = KNOWLEDGE.process_state("os.chdir")

    assert directory is not None
    assert directory.what == "the working directory"
    assert KNOWLEDGE.process_state("contextlib.chdir") is directory
    assert KNOWLEDGE.process_state("os.getcwd") is None


def test_questions_tell_what_is_done_because_of_the_answer() -> None:
    question = KNOWLEDGE.question("queue.LifoQueue", "empty")

    assert question is not None
    assert question.wants is False
    assert sorted(question.acts) == ["get", "get_nowait"]
    assert sorted(question.waits) == ["get"]
    assert KNOWLEDGE.question("queue.Queue", "get") is None
