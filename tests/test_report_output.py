"""Where a report goes: a file that is there whole or not at all, and bytes on streams of any encoding."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from racelint.report.output import OutputError, output_file, put


def write(path: Path, text: str = "new\n") -> None:
    with output_file(path) as stream:
        stream.write(text)


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b.txt", "ä\n")

    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\xc3\xa4\n"
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a much longer text than the new one")
    file.chmod(0o640)

    write(file)

    assert file.read_text() == "new\n"
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")

    write(tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new\n"


def test_a_file_stays_as_it_was_when_anything_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old\n")

    def fail() -> None:
        with output_file(file) as stream:
            stream.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert file.read_text() == "old\n"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_devices_are_written_to_and_not_replaced() -> None:
    write(Path(os.devnull))

    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(("name", "reason"), [("folder", "directory"), ("file/below", "exists|directory")])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match=rf"^{tmp_path / name}: the report cannot be written there \(.*({reason})"):
        write(tmp_path / name)


def test_programs_get_utf_8_whatever_the_stream_is_set_to() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\r\n")

    stream.write("a\n")
    put(stream, "ä\n")

    assert raw.getvalue() == b"a\r\n\xc3\xa4\n"
