"""`[tool.racelint]` is found, read strictly, and wrong keys are told with what was probably meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from racelint.configuration.config import Config, ConfigError, Flags, load_config
from racelint.knowledge import KnowledgeRows
from racelint.rule import Selection


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def configuration(text: str, folder: str = ".") -> Path:
    file = Path(folder, "pyproject.toml").absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file.parent


def error(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(configuration(text))
    return str(caught.value).removeprefix("pyproject.toml: [tool.racelint] ")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(Path()) == Config(tmp_path)


def test_all_keys_are_read() -> None:
    root = configuration(
        """
        [tool.racelint]
        select = ["RL9", "unreadable-file"]
        ignore = ["RL901"]
        exclude = ["gen"]
        extend-exclude = ["*_pb2.py"]
        src = ["lib", "python/src"]
        assume-shared = ["pkg.*"]
        confined = ["pkg.Session"]
        """
    )

    assert load_config(Path()) == Config(
        root=root,
        is_project=True,
        file=root / "pyproject.toml",
        selection=Selection(("RL9", "unreadable-file"), (), ("RL901",)),
        exclude=("gen",),
        extend_exclude=("*_pb2.py",),
        src=(root / "lib", root / "python/src"),
        assume_shared=("pkg.*",),
        rows=KnowledgeRows(confined=("pkg.Session",)),
    )


def test_the_nearest_file_with_settings_of_racelint_counts() -> None:
    root = configuration("[tool.racelint]\nignore = ['RL901']")
    package = configuration("[project]\nname = 'package'", "packages/one")
    (package / "a.py").touch()

    assert load_config(package / "a.py") == Config(root, True, root / "pyproject.toml", Selection(ignore=("RL901",)))


def test_the_project_is_where_its_file_or_its_repository_is(tmp_path: Path) -> None:
    package = configuration("[project]\nname = 'package'", "packages/one")
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/deep").mkdir()

    assert load_config(package / "missing.py").root == package
    assert load_config(Path("repository/deep")).root == tmp_path / "repository"


def test_an_unknown_key_is_an_error_that_names_the_near_miss() -> None:
    assert error("[tool.racelint]\nextend-exlude = []") == "unknown key `extend-exlude`; did you mean `extend-exclude`?"
    assert error("[tool.racelint]\nassume_shared = []") == "unknown key `assume_shared`; did you mean `assume-shared`?"
    assert error("[tool.racelint]\nzzz = []") == "unknown key `zzz`"
    assert error("[tool.racelint]\nsselect = []") == "unknown key `sselect`; did you mean `select`?"


def test_a_wrong_type_is_an_error_that_names_the_key() -> None:
    assert error("[tool.racelint]\nselect = 'RL1'") == "select: expected list, got str"
    assert error("[tool.racelint]\nignore = ['RL9', 1]") == "ignore[1]: expected str, got int"
    assert error("[tool.racelint]\nconfined = 1") == "confined: expected list, got int"
    assert error("[tool]\nracelint = 1") == "is no table"


def test_a_value_without_meaning_is_an_error() -> None:
    assert error("[tool.racelint]\ntarget = 'nogil'") == "target: 'nogil' is none of any, free-threaded, gil"
    assert error("[tool.racelint]\nselect = ['RL991']") == "select: unknown rule 'RL991'; did you mean RL901?"
    assert error("[tool.racelint]\nexclude = ['!']") == "exclude: '!' is no pattern"


def test_a_file_that_is_no_toml_is_an_error() -> None:
    assert error("[tool.racelint").startswith("pyproject.toml: cannot be read as TOML: ")


def test_an_error_names_the_file() -> None:
    configuration("[tool.racelint]\nx = 1", "deep/er")

    with pytest.raises(ConfigError, match=r"^deep/er/pyproject.toml: \[tool.racelint\] unknown key `x`"):
        load_config(Path("deep/er"))


@pytest.mark.parametrize("name", ["pyproject.toml", "racelint.toml"])
def test_a_file_that_may_not_be_read_is_an_error_unless_none_is_to_be(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(name).write_text("")
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(ConfigError) as caught:
        load_config(Path())
    assert str(caught.value) == f"{name}: cannot be read (Permission denied)"
    assert load_config(Path(), Flags(isolated=True)).file is None


def test_a_path_that_may_not_be_looked_at_has_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    root = configuration("[tool.racelint]")
    look = os.stat

    def refuse(path: str | Path, **options: Any) -> os.stat_result:
        if "secret/" in str(path):
            raise PermissionError(13, "Permission denied")
        return look(path, **options)

    monkeypatch.setattr(os, "stat", refuse)

    assert load_config(Path("secret/a.py")).root == root
