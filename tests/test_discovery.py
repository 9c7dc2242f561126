"""Which files are found, under which names."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from racelint.discovery import Project, Unlisted, discover

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Makes files (text empty unless given by keyword `texts`) in a new working directory."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str, texts: dict[str, str] | None = None) -> Path:
        for name, text in {**dict.fromkeys(names, ""), **(texts or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


def modules(*arguments: str, project: Project | None = None) -> dict[str, str]:
    files, _ = discover([Path(argument) for argument in arguments or (".",)], project or Project(Path.cwd()))
    return {file.display: file.module for file in files}


def displays(*arguments: str, project: Project | None = None) -> Sequence[str]:
    return list(modules(*arguments, project=project))


# --- files ---------------------------------------------------------------------------------------------------------


def test_only_source_files_are_found_in_the_order_of_their_paths(tree: Tree) -> None:
    tree("b.py", "a/z.py", "a.pyw", "notes.txt", "stub.pyi", "native.so")

    assert displays() == ["a/z.py", "a.pyw", "b.py"]


def test_a_named_file_is_checked_whatever_it_is_called(tree: Tree) -> None:
    tree("script", ".venv/a.py", "b.py", texts={".gitignore": "b.py\n"})

    assert displays("script", ".venv/a.py", "b.py") == [".venv/a.py", "b.py", "script"]


def test_a_file_that_is_named_twice_is_found_once(tree: Tree) -> None:
    root = tree("pkg/__init__.py", "pkg/a.py")

    assert displays("pkg", "pkg/a.py", str(root / "pkg"), "./pkg/../pkg") == ["pkg/__init__.py", "pkg/a.py"]


def test_folders_without_source_of_the_project_are_left_out(tree: Tree) -> None:
    tree(".git/hook.py", "venv/a.py", "x/node_modules/a.py", "build/a.py", "lib/site-packages/a.py", "own.py")
    tree("my-env/pyvenv.cfg", "my-env/a.py", "conda/conda-meta/x", "conda/a.py")

    assert displays() == ["own.py"]


def test_a_package_that_is_named_like_such_a_folder_is_checked(tree: Tree) -> None:
    tree("src/build/__init__.py", "src/build/env.py", "dist/a.py")

    assert displays() == ["src/build/__init__.py", "src/build/env.py"]


def test_a_folder_that_is_named_is_meant(tree: Tree) -> None:
    tree("build/a.py", "build/b/a.py", texts={".gitignore": "build/\n"})
    tree(".git/HEAD")

    assert displays("build") == ["build/a.py", "build/b/a.py"]
    assert displays() == []


def test_ignore_files_work_as_in_git(tree: Tree) -> None:
    tree("a/one.py", "a/two.py", "a/deep/one.py", "b/one.py", "gen/a.py", "gen/keep.py", "a/gone/x.py")
    tree(
        texts={
            ".git/info/exclude": "two.py\n",
            ".gitignore": "# generated\n/gen/*\n!/gen/keep.py\none.py\n",
            "a/.gitignore": "!/one.py\ngone/\n",
        }
    )

    assert displays() == ["a/one.py", "gen/keep.py"]


def test_ignore_files_above_the_argument_hold_up_to_the_root_of_the_repository(tree: Tree) -> None:
    tree("repository/pkg/a.py", "repository/pkg/b.py", "repository/.git/HEAD")
    tree(texts={".gitignore": "a.py\n", "repository/.gitignore": "b.py\n"})

    assert displays("repository/pkg") == ["repository/pkg/a.py"]


def test_a_line_that_is_no_pattern_does_not_spoil_its_ignore_file(tree: Tree) -> None:
    tree("a.py", "b.py", texts={".gitignore": "!\n\\\nb.py\n"})

    assert displays() == ["a.py"]


def test_configured_patterns_leave_files_out_and_exclude_replaces_the_defaults(tree: Tree) -> None:
    root = tree("a.py", "tests/a.py", "docs/conf.py", "venv/a.py", texts={".gitignore": "!tests\n"})

    assert displays(project=Project(root, extend_exclude=("tests", "/docs/*.py"))) == ["a.py"]
    assert displays(project=Project(root, exclude=("tests",))) == ["a.py", "docs/conf.py", "venv/a.py"]
    assert displays("tests", project=Project(root, extend_exclude=("tests",))) == ["tests/a.py"]


def test_a_folder_named_like_a_file_is_a_folder(tree: Tree) -> None:
    tree("x.py/inside.py")

    assert displays() == ["x.py/inside.py"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(tree: Tree) -> None:
    root = tree("pkg/a.py", "outside/b.py")
    (root / "pkg/again.py").symlink_to("a.py")
    (root / "pkg/b.py").symlink_to("../outside/b.py")
    (root / "pkg/up").symlink_to("..")

    assert displays("pkg") == ["pkg/a.py", "pkg/b.py"]
    assert displays() == ["outside/b.py", "pkg/a.py"]


def test_a_broken_link_is_found_so_that_it_is_reported_but_not_an_editors_lock(tree: Tree) -> None:
    root = tree("a.py")
    (root / "broken.py").symlink_to("nowhere")
    (root / "loop.py").symlink_to("loop.py")
    (root / ".#a.py").symlink_to("user@host.1234")
    os.mkfifo(root / "pipe.py")

    assert displays() == ["a.py", "broken.py", "loop.py"]


def test_a_folder_that_cannot_be_listed_is_told(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("a.py", "secret/b.py")
    scandir = os.scandir

    def refuse(folder: Path) -> object:
        if Path(folder).name == "secret":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    files, unlisted = discover([root], Project(root))

    assert [file.display for file in files] == ["a.py"]
    assert unlisted == [Unlisted("secret", "Permission denied")]


def test_a_folder_that_may_not_be_entered_does_not_stop_the_run(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("a.py", "secret/b.py", "build/__init__.py")
    look, scandir = os.stat, os.scandir

    def may_enter(folder: str) -> None:
        if folder in {f"{root}/secret", f"{root}/build"}:
            raise PermissionError(13, "Permission denied")

    def looked(path: str | Path, **options: Any) -> os.stat_result:
        may_enter(os.path.dirname(path))
        return look(path, **options)

    def listed(folder: Path) -> object:
        may_enter(str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "stat", looked)
    monkeypatch.setattr(os, "scandir", listed)

    assert discover([root], Project(root))[1] == [Unlisted("secret", "Permission denied")]
    assert displays("secret/b.py", project=Project(root, is_whole=True)) == ["secret/b.py"]


def test_a_tree_that_is_reached_by_a_link_keeps_its_paths(tree: Tree) -> None:
    root = tree("home/pkg/a.py")
    (root / "link").symlink_to("home")
    os.chdir(root / "home")

    assert displays(str(root / "link" / "pkg")) == ["pkg/a.py"]


def test_paths_outside_of_the_working_directory_are_shown_in_full(tree: Tree) -> None:
    root = tree("here/x.py", "there/a.py")
    os.chdir(root / "here")

    assert displays("../there") == displays(str(root / "there")) == [f"{root}/there/a.py"]


def test_names_that_are_no_text_are_shown_escaped(tree: Tree) -> None:
    root = tree("line\nend.py")
    Path(os.fsdecode(os.fsencode(root) + b"/byte\xff.py")).touch()

    assert displays() == ["byte\\xff.py", "line\\nend.py"]


# --- module names --------------------------------------------------------------------------------------------------


def test_packages_are_named_from_the_outermost_folder_with_an_init_file(tree: Tree) -> None:
    tree("pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/a.py", "pkg/__main__.py", "top.py")
    names = {
        "pkg/__init__.py": "pkg",
        "pkg/__main__.py": "pkg.__main__",
        "pkg/sub/__init__.py": "pkg.sub",
        "pkg/sub/a.py": "pkg.sub.a",
        "top.py": "top",
    }

    assert modules() == names
    del names["top.py"]
    assert modules("pkg/sub/a.py") == names
    assert modules("pkg/sub") == names


def test_a_folder_named_src_is_no_part_of_a_name(tree: Tree) -> None:
    tree("src/pkg/__init__.py", "src/space/pkg/__init__.py", "src/single.py", "libs/one/src/one.py")

    assert list(modules().values()) == ["one", "pkg", "single", "space.pkg"]
    assert list(modules("src/space").values()) == ["space.pkg"]
    assert list(modules("src/space/pkg/__init__.py").values()) == ["space.pkg"]


def test_a_folder_above_the_project_may_be_named_src(tree: Tree) -> None:
    root = tree("src/project/tool/run.py")

    assert list(modules("src/project", project=Project(root / "src/project")).values()) == ["tool.run"]


def test_namespace_packages_are_named_from_the_argument_the_project_or_the_working_directory(tree: Tree) -> None:
    root = tree("space/pkg/__init__.py", "space/pkg/a.py", "space/b.py")

    assert list(modules().values()) == ["space.b", "space.pkg", "space.pkg.a"]
    assert list(modules("space").values()) == ["b", "pkg", "pkg.a"]
    os.chdir(root.parent)
    assert list(modules(str(root / "space/b.py"), project=Project(root)).values()) == ["space.b"]


def test_a_folder_without_init_inside_a_package_belongs_to_it(tree: Tree) -> None:
    tree("pkg/__init__.py", "pkg/a.py", "pkg/plain/b.py")

    assert list(modules().values()) == ["pkg", "pkg.a", "pkg.plain.b"]
    assert list(modules("pkg").values()) == ["pkg", "pkg.a", "pkg.plain.b"]


def test_configured_source_folders_come_first(tree: Tree) -> None:
    root = tree("lib/python/space/a.py", "lib/python/src/b.py")

    assert list(modules(project=Project(root, src=(root / "lib/python",))).values()) == ["space.a", "src.b"]


def test_files_of_one_name_all_stay_with_names_of_their_own(tree: Tree) -> None:
    tree("x.py", "x.pyw", "x/__init__.py", "one/src/app.py", "two/src/app.py", "two/src/more.py")

    assert modules() == {
        "one/src/app.py": "app",
        "two/src/app.py": "src.app",
        "two/src/more.py": "more",
        "x.py": "x#2",
        "x.pyw": "x#3",
        "x/__init__.py": "x",
    }


def test_a_namespace_may_be_spread_over_several_source_folders(tree: Tree) -> None:
    tree("one/src/space/a.py", "two/src/space/b.py")

    assert list(modules().values()) == ["space.a", "space.b"]


def test_the_order_of_arguments_does_not_matter(tree: Tree) -> None:
    tree("one/app.py", "two/app.py", "two/pkg/__init__.py")

    assert discover([Path("one"), Path("two")], Project(Path.cwd())) == discover(
        [Path.cwd() / "two", Path("one/")], Project(Path.cwd())
    )


# --- the project around what is asked about ------------------------------------------------------------------------


def program(*arguments: str, project: Project, buffers: Sequence[str] = ()) -> dict[str, bool]:
    """Which files are in the program, and whether they are asked about."""
    files, _ = discover([Path(argument) for argument in arguments], project, [Path(buffer) for buffer in buffers])
    return {file.display: file.asked for file in files}


def test_whoever_asks_about_a_part_gets_the_program_of_the_whole_project(tree: Tree) -> None:
    root = tree("app.py", "pkg/__init__.py", "pkg/a.py", "pkg/sub/b.py")
    project = Project(root, is_whole=True)

    assert program("pkg/a.py", project=project) == {
        "app.py": False,
        "pkg/__init__.py": False,
        "pkg/a.py": True,
        "pkg/sub/b.py": False,
    }
    assert [path for path, asked in program("pkg", project=project).items() if asked] == [
        "pkg/__init__.py",
        "pkg/a.py",
        "pkg/sub/b.py",
    ]


def test_names_do_not_depend_on_what_is_asked_about(tree: Tree) -> None:
    root = tree("app.py", "tools/run.py", "lib/pkg/__init__.py", "lib/pkg/a.py")
    project = Project(root, is_whole=True)
    whole = modules(".", project=project)

    for part in ("app.py", "tools", "tools/run.py", "lib", "lib/pkg", "lib/pkg/a.py"):
        assert modules(part, project=project) == whole


def test_what_no_project_is_marked_around_stands_alone(tree: Tree) -> None:
    root = tree("app.py", "pkg/a.py")

    assert program("pkg/a.py", project=Project(root)) == {"pkg/a.py": True}


def test_what_lies_in_a_package_stands_in_the_program_of_the_outermost_one(tree: Tree) -> None:
    root = tree("app.py", "pkg/__init__.py", "pkg/a.py", "pkg/sub/__init__.py", "pkg/sub/b.py", "pkg/tests/test_a.py")
    whole = {"pkg/__init__.py": False, "pkg/a.py": False, "pkg/sub/__init__.py": False, "pkg/sub/b.py": True}

    assert program("pkg/sub/b.py", project=Project(root)) == whole
    assert program("pkg/sub", project=Project(root)) == {**whole, "pkg/sub/__init__.py": True}
    assert program("pkg", project=Project(root)) == dict.fromkeys(whole, True)
    assert "pkg/tests/test_a.py" in program("pkg/sub/b.py", project=Project(root, check_tests=True))


def test_what_the_project_leaves_out_or_lies_elsewhere_is_a_program_of_its_own(tree: Tree) -> None:
    root = tree("proj/app.py", "proj/.venv/a.py", "proj/gen/b.py", "other/c.py", texts={"proj/.gitignore": "gen\n"})
    project = Project(root / "proj", is_whole=True)

    assert program("proj/.venv", "proj/gen/b.py", "other", project=project) == {
        "other/c.py": True,
        "proj/.venv/a.py": True,
        "proj/gen/b.py": True,
    }
    assert program("proj/gen/b.py", "proj/app.py", project=project) == {"proj/app.py": True, "proj/gen/b.py": True}


def test_a_link_to_a_file_of_the_project_asks_about_that_file(tree: Tree) -> None:
    root = tree("proj/app.py", "proj/b.py")
    (root / "link.py").symlink_to(root / "proj" / "app.py")

    assert program("link.py", "proj/b.py", project=Project(root / "proj", is_whole=True)) == {
        "proj/app.py": True,
        "proj/b.py": True,
    }


def test_a_buffer_takes_its_place_in_the_project_even_if_it_is_not_on_the_disk(tree: Tree) -> None:
    root = tree("app.py", "pkg/a.py")
    project = Project(root, is_whole=True)

    assert program(buffers=["pkg/new.py"], project=project) == {"app.py": False, "pkg/a.py": False, "pkg/new.py": True}
    assert program(buffers=["pkg/a.py"], project=project) == {"app.py": False, "pkg/a.py": True}
    assert program(buffers=["elsewhere/new.py"], project=project) == {"elsewhere/new.py": True}
    assert program(buffers=["-"], project=project) == {"-": True}


# --- test code -----------------------------------------------------------------------------------------------------

TESTED = ("lib/a.py", "lib/tests/test_a.py", "lib/tests/tool.py", "tests/conftest.py", "tests/b_test.py", "test_c.py")


def test_test_code_is_left_out_unless_it_is_named_or_wanted(tree: Tree) -> None:
    root = tree(*TESTED)

    assert displays() == ["lib/a.py"]
    assert displays("lib") == ["lib/a.py"]
    assert displays("tests") == ["tests/b_test.py", "tests/conftest.py"]
    assert displays("lib/tests", "test_c.py") == ["lib/tests/test_a.py", "lib/tests/tool.py", "test_c.py"]
    assert displays(project=Project(root, check_tests=True)) == sorted(TESTED)


def test_a_folder_named_like_one_of_tests_but_without_any_is_a_library(tree: Tree) -> None:
    tree("lib/test/client.py", "lib/testing/a.py", "test/b.py", "tests/deep/test_c.py", "tests/d.py")

    assert displays() == ["lib/test/client.py", "lib/testing/a.py", "test/b.py"]


def test_named_test_code_stands_in_the_program_of_its_project_and_other_tests_do_not(tree: Tree) -> None:
    project = Project(tree(*TESTED), is_whole=True)

    assert program("tests", project=project) == {"lib/a.py": False, "tests/b_test.py": True, "tests/conftest.py": True}
    assert program("lib", project=project) == {"lib/a.py": True}
    assert program("test_c.py", project=project) == {"lib/a.py": False, "test_c.py": True}


def test_a_named_folder_is_looked_into_wherever_it_lies(tree: Tree) -> None:
    tree("tests/test_x.py", "tests/proj/a.py", "tests/proj/tests/test_b.py")

    assert displays("tests/proj", project=Project(Path.cwd() / "tests" / "proj")) == ["tests/proj/a.py"]
