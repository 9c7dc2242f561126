"""Settings from several places: the nearest file or a named one, inline TOML, flags; and from where paths count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from racelint.configuration.config import NO_FLAGS, Config, ConfigError, Flags, load_config, notes
from racelint.knowledge import KnowledgeRows
from racelint.rule import Selection


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    write("pyproject.toml", "[tool.racelint]\nselect = ['RL1']\nassume-shared = ['own']\nextend-exclude = ['gen']")


def write(name: str, text: str) -> Path:
    file = Path(name).absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def error(flags: Flags) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(Path(), flags)
    return str(caught.value)


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_racelint_toml_has_its_keys_at_the_top_and_wins_over_its_neighbour() -> None:
    file = write("racelint.toml", "assume-shared = ['other']")

    config = load_config(Path("sub"))

    assert (config.file, config.root, config.is_project) == (file, file.parent, True)
    assert (config.assume_shared, config.selection) == (("other",), Selection())


def test_an_empty_racelint_toml_means_the_defaults() -> None:
    file = write("sub/racelint.toml", "")

    assert load_config(Path("sub")) == Config(file.parent, True, file)


def test_an_error_in_a_racelint_toml_names_its_key() -> None:
    write("racelint.toml", "selct = []")

    assert error(NO_FLAGS) == "racelint.toml: unknown key `selct`; did you mean `select`?"


def test_a_named_file_stands_in_place_of_the_nearest_one(tmp_path: Path) -> None:
    for name, text in [
        ("ci/pyproject.toml", "[tool.racelint]\nassume-shared = ['ci']"),
        ("ci/any.toml", "[tool.racelint]\nassume-shared = ['ci']\n[tool.other]\nkey = 1"),
        ("ci/top.toml", "assume-shared = ['ci']"),
    ]:
        file = write(name, text)

        assert load_config(Path("sub"), Flags(config=(name,))) == Config(tmp_path, True, file, assume_shared=("ci",))


def test_a_named_file_is_read_though_the_nearest_one_is_broken(tmp_path: Path) -> None:
    write("pyproject.toml", "[tool")
    file = write("ci.toml", "")

    assert load_config(Path(), Flags(config=("ci.toml",))) == Config(tmp_path, True, file)
    assert load_config(Path(), Flags(isolated=True)) == Config(tmp_path, True)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("missing.toml", None, "--config: missing.toml: No such file or directory"),
        ("sub", None, "--config: sub: Is a directory"),
        ("other/pyproject.toml", "[project]", "--config: other/pyproject.toml: has no [tool.racelint]"),
        ("bad.toml", "select = [", "bad.toml: cannot be read as TOML: "),
        ("bad.toml", "select = ['RL1011']", "bad.toml: select: unknown rule 'RL1011'; did you mean RL101?"),
    ],
)
def test_a_named_file_that_has_no_settings_is_an_error(name: str, text: str | None, expected: str) -> None:
    if text is not None:
        write(name, text)

    assert error(Flags(config=(name,))).startswith(expected)


def test_only_one_file_can_be_named_and_none_where_none_is_wanted() -> None:
    write("a.toml", "")

    assert error(Flags(config=("a.toml", "b.toml"))) == (
        "--config: only one file can be named, not both a.toml and b.toml"
    )
    assert error(Flags(config=("a.toml",), isolated=True)) == (
        "--config: a.toml cannot be read where --isolated wants no file"
    )


def test_isolated_knows_the_project_but_reads_no_file(tmp_path: Path) -> None:
    assert load_config(Path("sub"), Flags(isolated=True)) == Config(tmp_path, True)
    assert load_config(Path("sub"), Flags(isolated=True, config=("target = 'gil'",))) == Config(
        tmp_path, True, target="gil"
    )


def test_what_no_file_and_no_repository_marks_is_no_project(tmp_path: Path) -> None:
    Path("pyproject.toml").unlink()

    assert load_config(Path("sub")) == Config(tmp_path / "sub", is_project=False)


# --- inline TOML ---------------------------------------------------------------------------------------------------


def test_inline_toml_replaces_keys_of_the_file() -> None:
    config = load_config(Path(), Flags(config=("assume-shared = ['in']", "target = 'gil'\nconfined = ['pkg.Session']")))

    assert (config.assume_shared, config.target) == (("in",), "gil")
    assert config.rows == KnowledgeRows(confined=("pkg.Session",))
    assert config.selection == Selection(("RL1",))


def test_inline_toml_is_one_layer() -> None:
    values = ("ignore = ['RL1']", "extend-select = ['RL101']")

    assert "RL101" in load_config(Path(), Flags(config=values)).codes
    assert load_config(Path(), Flags(config=values)) == load_config(Path(), Flags(config=values[::-1]))


def test_a_file_with_an_equals_sign_in_its_name_is_a_file() -> None:
    file = write("a=b", "target = 'gil'")

    assert load_config(Path(), Flags(config=("a=b",))).file == file


def test_inline_toml_is_read_strictly() -> None:
    assert error(Flags(config=("selct = []",))) == "--config: unknown key `selct`; did you mean `select`?"
    assert error(Flags(config=("select = [",))).startswith(
        "--config: 'select = [' is no file and cannot be read as TOML: "
    )
    assert error(Flags(config=(f"select = '{'x' * 5000}",))).startswith("--config: ")


# --- flags ---------------------------------------------------------------------------------------------------------


def test_flags_win_over_inline_toml_and_that_over_the_file() -> None:
    inline = ("assume-shared = ['in']", "target = 'gil'", "exclude = ['in']", "baseline = 'in.json'")
    flags = Flags(config=inline, assume_shared=("flag",), target="any", exclude=("flag",), baseline=Path("flag.json"))

    assert load_config(Path()).assume_shared == ("own",)
    assert load_config(Path(), Flags(config=inline)).assume_shared == ("in",)
    config = load_config(Path(), flags)
    assert (config.assume_shared, config.target, config.exclude) == (("flag",), "any", ("flag",))
    assert config.baseline == Path("flag.json").absolute()


def test_test_code_is_checked_where_it_is_said_last() -> None:
    write("pyproject.toml", "[tool.racelint]\ncheck-tests = true")

    assert load_config(Path()).check_tests
    assert not load_config(Path(), Flags(check_tests=False)).check_tests
    assert load_config(Path(), Flags(config=("check-tests = false",), check_tests=True)).check_tests


def test_what_extends_adds_to_what_was_said_before() -> None:
    flags = Flags(config=("extend-exclude = ['b']", "ignore = ['RL102']"), extend_exclude=("c",), ignore=("RL103",))
    config = load_config(Path(), flags)

    assert config.extend_exclude == ("gen", "b", "c")
    assert load_config(Path()).codes - config.codes == {"RL102", "RL103"}


def test_a_later_select_sets_aside_what_was_selected_and_ignored() -> None:
    flags = Flags(config=("ignore = ['RL101']", "extend-select = ['RL9']"), select=("RL101",))

    assert load_config(Path(), flags).codes == {"RL101"}


def test_flags_that_say_nothing_change_nothing() -> None:
    assert load_config(Path(), Flags()) == load_config(Path())


def test_flags_can_set_aside_what_the_file_says() -> None:
    write("pyproject.toml", "[tool.racelint]\nbaseline = 'b.json'\nassume-shared = ['a']\nper-file-ignores = {a = []}")
    config = load_config(Path(), Flags(baseline=Path(), assume_shared=(), per_file_ignores=(), respect_noqa=False))

    assert (config.baseline, config.assume_shared, config.per_file_ignores) == (None, (), ())
    assert not config.respect_noqa


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (Flags(select=("RL1", "W999")), "--select: unknown rule 'W999'; `racelint rules` lists them all"),
        (Flags(extend_select=("",)), "--extend-select: unknown rule ''; `racelint rules` lists them all"),
        (Flags(ignore=("deadlocks",)), "--ignore: unknown rule 'deadlocks'; did you mean deadlock?"),
        (Flags(exclude=("!",)), "--exclude: '!' is no pattern"),
        (Flags(target="gill"), "--target: 'gill' is none of any, free-threaded, gil; did you mean `gil`?"),
        (Flags(per_file_ignores=("RL101",)), "--per-file-ignores: 'RL101' is not of the form PATTERN:RULES"),
        (Flags(per_file_ignores=("a.py:",)), "--per-file-ignores: 'a.py:' is not of the form PATTERN:RULES"),
        (
            Flags(per_file_ignores=("a.py:RL1011",)),
            "--per-file-ignores.\"a.py\": unknown rule 'RL1011'; did you mean RL101?",
        ),
    ],
)
def test_a_wrong_flag_is_named(flags: Flags, expected: str) -> None:
    assert error(flags) == expected


@pytest.mark.parametrize(
    "values",
    [
        ("a.py:RL101,RL102", "C:/b.py:RL2"),
        ("a.py:RL101", "RL102", "C:/b.py:RL2"),
        ("a.py:RL101,C:/b.py:RL2,a.py:RL102",),
    ],
)
def test_rules_of_a_pattern_are_given_with_commas_or_again(values: tuple[str, ...]) -> None:
    assert load_config(Path(), Flags(per_file_ignores=values)).per_file_ignores == (
        ("a.py", ("RL101", "RL102")),
        ("C:/b.py", ("RL2",)),
    )


# --- from where paths and patterns count ---------------------------------------------------------------------------


def test_paths_in_the_nearest_file_count_from_its_folder(tmp_path: Path) -> None:
    write("pyproject.toml", "[tool.racelint]\nsrc = ['lib', '.']\nbaseline = 'b.json'\nextend-exclude = ['/gen/']")
    os.chdir("sub")
    config = load_config(Path())

    assert (config.src, config.baseline) == ((tmp_path / "lib", tmp_path), tmp_path / "b.json")
    assert config.extend_exclude == ("/gen/",)


def test_all_other_paths_count_from_the_working_directory(tmp_path: Path) -> None:
    write("ci.toml", "src = ['lib']\nextend-exclude = ['/gen/', 'x/*.py', 'tmp/']\nper-file-ignores = {'!x/' = []}")
    os.chdir("sub")
    config = load_config(Path(), Flags(config=("../ci.toml",), exclude=("a/b", "*.py"), baseline=Path("b.json")))

    assert (config.src, config.baseline) == ((tmp_path / "sub/lib",), tmp_path / "sub/b.json")
    assert config.extend_exclude == ("/sub/gen/", "/sub/x/*.py", "tmp/")
    assert config.exclude == ("/sub/a/b", "*.py")
    assert config.per_file_ignores == (("!x/", ()),)


def test_patterns_count_from_the_project_where_the_working_directory_is_outside(tmp_path: Path) -> None:
    write("sub/pyproject.toml", "[tool.racelint]")

    assert load_config(Path("sub"), Flags(exclude=("/gen/",))).exclude == ("/gen/",)


# --- rules per file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "path", "is_off"),
    [
        ("tests/*", "tests/a.py", True),
        ("tests/*", "tests/deep/a.py", True),
        ("tests/**", "sub/tests/a.py", False),
        ("tests/", "sub/tests/a.py", True),
        ("test_*.py", "sub/test_a.py", True),
        ("/test_*.py", "sub/test_a.py", False),
        ("!src/**", "src/pkg/a.py", False),
        ("!src/**", "tests/a.py", True),
        ("!src/**", "../elsewhere/a.py", True),
        ("test_*.py", "../elsewhere/test_a.py", True),
        ("tests/*", "../elsewhere/tests/a.py", False),
    ],
)
def test_rules_are_off_in_the_files_that_a_pattern_names(tmp_path: Path, pattern: str, path: str, is_off: bool) -> None:
    config = Config(tmp_path, selection=Selection(("RL1", "RL2")), per_file_ignores=((pattern, ("RL101", "RL3")),))
    file = Path(os.path.normpath(tmp_path / path))

    assert ("RL101" not in config.codes_for(file)) == is_off
    assert config.codes - config.codes_for(file) <= {"RL101"}
    assert ("RL101" in config.ignored_in(file)) == is_off


def test_all_patterns_that_name_a_file_are_followed(tmp_path: Path) -> None:
    write("pyproject.toml", "[tool.racelint.per-file-ignores]\n'*.py' = ['RL1']\n'a.*' = ['deadlock', 'RL901']")
    config = load_config(Path())

    assert {code[:3] for code in config.codes - config.codes_for(tmp_path / "a.py")} == {"RL1", "RL3", "RL9"}
    assert {code[:3] for code in config.codes - config.codes_for(tmp_path / "b.py")} == {"RL1"}
    assert "RL902" in config.codes_for(tmp_path / "a.py")


# --- notes ---------------------------------------------------------------------------------------------------------


def test_it_is_told_if_no_rule_is_on() -> None:
    assert notes(load_config(Path())) == ()
    assert notes(load_config(Path(), Flags(select=()))) == ("no rule is on (--select)",)
    assert notes(load_config(Path(), Flags(config=("select = []",)))) == ("no rule is on (--config)",)
    assert notes(load_config(Path(), Flags(ignore=("ALL",)))) == ("no rule is on (pyproject.toml, --ignore)",)


def test_settings_of_other_paths_that_are_not_read_are_told() -> None:
    Path("pyproject.toml").unlink(missing_ok=True)
    for folder in ("a", "b/deep", "c"):
        Path(folder, "pkg").mkdir(parents=True)
    settings = "[tool.racelint]\njobs = 1\n"
    for folder in ("a", "b"):
        Path(folder, "pyproject.toml").write_text(settings)
    paths = [Path(name) for name in ("a/pkg", "b/deep/pkg", "b/deep", "c/pkg", "a")]
    told = "b/pyproject.toml is not read: a run has the settings of its first path, those of a/pyproject.toml"

    assert notes(load_config(paths[0], others=paths)) == (told,)
    assert notes(load_config(paths[3], others=paths)) == (
        "a/pyproject.toml is not read: a run has the settings of its first path, which has none",
        "b/pyproject.toml is not read: a run has the settings of its first path, which has none",
    )
    assert notes(load_config(paths[0], Flags(isolated=True), others=paths)) == ()
    assert notes(load_config(paths[0], Flags(config=("b/pyproject.toml",)), others=paths)) == ()
    assert notes(load_config(paths[4], others=[*paths[:1], *paths[3:]])) == ()

    Path("pyproject.toml").write_text(settings)
    assert [note.split()[0] for note in notes(load_config(paths[0], others=paths))] == [
        "b/pyproject.toml",
        "pyproject.toml",
    ]
