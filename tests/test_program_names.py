"""Names: which definition a name means, across imports and scopes."""

from __future__ import annotations

from builders import answers, marks, program, text_of


def check(source: str, /, modules: dict[str, str] | None = None, **others: str) -> None:
    """Each `# means:` mark names what the value surely is."""
    linked = program(source, modules, **others)
    promised = marks(source, "means")

    assert promised
    assert promised == answers(linked, promised, lambda linked, code, id: map(text_of, linked.names.static(code, id)))


# --- imports -------------------------------------------------------------------------------------------------------


def test_an_import_of_a_module_reaches_what_it_defines() -> None:
    check(
        """
        import other
        show(other.f)  # means: other.f
        show(other.C.m)  # means: other.C.m
        show(other.missing)  # means:
        """,
        other="""
        def f(): pass
        class C:
            def m(self): pass
        """,
    )


def test_an_import_from_a_module_may_rename() -> None:
    check(
        """
        from other import f, C as D
        show(f)  # means: other.f
        show(D)  # means: other.C
        """,
        other="""
        def f(): pass
        class C: pass
        """,
    )


def test_a_dotted_import_binds_the_top_package() -> None:
    check(
        """
        import pkg.a.b
        show(pkg.a.b.f)  # means: pkg.a.b.f
        show(pkg.top)  # means: pkg.top
        """,
        {"pkg": "def top(): pass", "pkg.a": "", "pkg.a.b": "def f(): pass"},
    )


def test_a_dotted_import_with_a_name_binds_the_module_itself() -> None:
    check(
        """
        import pkg.a as short
        show(short.f)  # means: pkg.a.f
        """,
        {"pkg": "", "pkg.a": "def f(): pass"},
    )


def test_a_submodule_is_a_member_of_its_package() -> None:
    check(
        """
        from pkg import a
        show(a)  # means: module
        show(a.f)  # means: pkg.a.f
        """,
        {"pkg": "", "pkg.a": "def f(): pass"},
    )


def test_relative_imports_count_from_the_package() -> None:
    modules = {
        "pkg": "from .a import f",
        "pkg.a": "from . import b\nfrom .b import g\nfrom .sub.c import h\ndef f(): pass",
        "pkg.b": "def g(): pass",
        "pkg.sub": "",
        "pkg.sub.c": "from ..b import g as up\nfrom ... import outside\ndef h(): pass",
    }
    check(
        """
        from pkg import f
        from pkg.a import b, g, h
        from pkg.sub.c import up
        show(f)  # means: pkg.a.f
        show(b.g)  # means: pkg.b.g
        show(g)  # means: pkg.b.g
        show(h)  # means: pkg.sub.c.h
        show(up)  # means: pkg.b.g
        """,
        modules,
    )


def test_names_are_exported_again_over_several_modules() -> None:
    check(
        """
        from pkg import f
        show(f)  # means: pkg.deep.impl.f
        """,
        {
            "pkg": "from pkg.deep import f",
            "pkg.deep": "from .impl import g as f",
            "pkg.deep.impl": "def f(): pass\ng = f",
        },
    )


def test_a_star_import_gives_what_the_module_binds() -> None:
    check(
        """
        from other import *
        show(f)  # means: other.f
        show(g)  # means: third.g
        show(own)  # means: own
        def own(): pass
        """,
        other="from third import *\ndef f(): pass\ndef own(): pass",
        third="def g(): pass",
    )


def test_modules_that_import_each_other_end() -> None:
    check(
        """
        from other import f, g
        show(f)  # means: other.f
        show(g)  # means:
        """,
        other="from main import *\nfrom third import g\ndef f(): pass",
        third="from other import g",
    )


def test_a_conditional_import_may_mean_either() -> None:
    check(
        """
        try:
            from fast import f
        except ImportError:
            from slow import f
        if f:
            import fast as module
        else:
            import slow as module
        show(f)  # means: fast.f, slow.f
        show(module.f)  # means: fast.f, slow.f
        """,
        fast="def f(): pass",
        slow="def f(): pass",
    )


def test_an_import_inside_a_function_binds_there() -> None:
    check(
        """
        def use():
            from other import f
            import other as o
            show(f)  # means: other.f
            show(o.f)  # means: other.f
        show(f)  # means:
        """,
        other="def f(): pass",
    )


def test_what_is_no_part_of_the_program_has_its_dotted_name() -> None:
    check(
        """
        import os.path
        import threading as t
        from concurrent.futures import ThreadPoolExecutor as Pool
        show(os.path.join)  # means: os.path.join
        show(t.Lock)  # means: threading.Lock
        show(Pool)  # means: concurrent.futures.ThreadPoolExecutor
        show(len)  # means: len
        show(undefined)  # means:
        """
    )


def test_a_global_hides_a_builtin() -> None:
    check(
        """
        def open(): pass
        show(open)  # means: open
        """
    )


# --- other names ---------------------------------------------------------------------------------------------------


def test_an_alias_of_a_global_means_the_same() -> None:
    check(
        """
        def f(): pass
        g = f
        class C:
            h = g
            show(h)  # means: f
        show(C.h)  # means: f
        """
    )


def test_a_name_bound_twice_may_mean_either() -> None:
    check(
        """
        def f(): pass
        def g(): pass
        name = f
        name = g
        def use():
            show(name)  # means: f, g
        """
    )


def test_a_variable_of_an_enclosing_function_is_found() -> None:
    check(
        """
        def outer():
            def inner(): pass
            def use():
                show(inner)  # means: outer.<locals>.inner
            return use
        """
    )


def test_names_may_start_at_a_folder_inside_the_project() -> None:
    check(
        """
        from backend.app.views import f
        show(f)  # means: backend.app.models.f
        """,
        modules={
            "backend.app": "",
            "backend.app.views": "from app.models import f",
            "backend.app.models": "def f(): pass",
        },
    )
