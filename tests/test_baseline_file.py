"""The file of a baseline: what is written, and what is said of a file that is none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from accepting import COUNTER, FILE, accept, check, edit, source

from racelint.baseline import Baseline, BaselineError, Entry, dump, load, write


@pytest.fixture(autouse=True)
def _in_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_file_has_a_line_for_each_entry() -> None:
    source("counter.py", COUNTER)
    accept()

    add = '"function": "Counter.add", "code": "RL101", "symbol": "counter.Counter.total", "text": "self.total += size"'
    step = (
        '"function": "Counter.increment", "code": "RL101", "symbol": "counter.Counter.count", "text": "self.count += 1"'
    )
    assert FILE.read_text().splitlines() == [
        "{",
        '  "version": 1,',
        '  "accepted": [',
        f'    {{"path": "counter.py", {add}, "live_on": ["free-threaded"]}},',
        f'    {{"path": "counter.py", {step}, "live_on": ["free-threaded"]}}',
        "  ]",
        "}",
    ]
    assert FILE.read_bytes().endswith(b"}\n")
    assert json.loads(dump([])) == {"version": 1, "accepted": []}


def test_long_text_is_cut_and_everything_can_be_printed() -> None:
    entries = [Entry("é.py", "f", "RL101", "é.x", "x += '\u2028\x1b'")]
    write(FILE, entries)

    assert load(FILE).entries == tuple(entries)

    source("counter.py", COUNTER)
    edit("counter.py", "self.count += 1", f"self.count += len('\x1b{'long ' * 50}')")
    accept()

    text = next(entry.text for entry in load(FILE).entries if "count" in entry.text)
    assert text.startswith("self.count += len('\\u001blong long ")
    assert len(text) < 120


def test_the_same_content_is_not_written_again() -> None:
    source("counter.py", COUNTER)
    accept()
    os.utime(FILE, (1, 1))

    accept()

    assert FILE.stat().st_mtime == 1


def test_an_interrupted_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write(FILE, [])
    before = FILE.read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(FILE, [Entry("a.py", "f", "RL101", "a.x", "x += 1")])

    assert FILE.read_bytes() == before
    assert [path.name for path in Path().iterdir()] == [FILE.name]


def test_a_link_stays_a_link() -> None:
    Path("real").mkdir()
    FILE.symlink_to("real/accepted.json")

    write(FILE, [])

    assert FILE.is_symlink()
    assert load(FILE) == Baseline(FILE)


def test_what_cannot_be_written_is_an_error() -> None:
    Path("file").touch()

    with pytest.raises(BaselineError, match=r"^file/accepted\.json: cannot be written \(Not a directory\)$"):
        write(Path("file/accepted.json"), [])


ENTRY = '{"path": "a.py", "function": "f", "code": "RL101", "symbol": "a.x", "text": "x += 1"}'
BAD = {
    "nothing": (b"", "is no JSON: Input data was truncated"),
    "no JSON": (b'{\n"version": 1,\n!}', "line 3 is no JSON: JSON is malformed: object keys must be strings"),
    "the half of it": (b'{"version": 1, "accepted": [', "is no JSON: Input data was truncated"),
    "more than it": (
        b'{"version": 1, "accepted": []}\n{}',
        "line 2 is no JSON: JSON is malformed: trailing characters",
    ),
    "no text": (b'{"version": 1, "accepted": [{"path": "\xff"}]}', "is no JSON: 'utf-8' codec can't decode byte 0xff"),
    "a lone surrogate": (
        b'{"version": 1, "accepted": [{"path": "\\ud800 and more"}]}',
        "line 1 is no JSON: JSON is malformed",
    ),
    "a conflict": (
        b'{\n  "version": 1,\n<<<<<<< HEAD\n  "accepted": []\n=======\n',
        "line 3 is left from a merge: resolve the conflict, or delete the file and make it anew",
    ),
    "a list": (b"[]", "is no baseline: Expected object, got array"),
    "null": (b"null", "is no baseline: Expected object, got null"),
    "no version": (b'{"accepted": []}', "is no baseline: Object missing required field version"),
    "a word as version": (b'{"version": "1"}', "is no baseline: version: Expected int, got str"),
    "a truth as version": (b'{"version": true}', "is no baseline: version: Expected int, got bool"),
    "another version": (b'{"version": 2, "known": {}}', "is of version 2, but this racelint reads version 1"),
    "a vast version": (b'{"version": 1%s}' % (b"0" * 30), "is of version 1000000"),
    "no entries": (b'{"version": 1}', "is no baseline: Object missing required field accepted"),
    "an unknown key": (
        b'{"version": 1, "accepted": [], "rejected": []}',
        "is no baseline: Object contains unknown field rejected",
    ),
    "an entry that is a word": (
        b'{"version": 1, "accepted": ["RL101"]}',
        "is no baseline: accepted[0]: Expected object, got str",
    ),
    "an entry with a number": (
        f'{{"version": 1, "accepted": [{ENTRY}, {ENTRY.replace(chr(34) + "f" + chr(34), "7")}]}}'.encode(),
        "is no baseline: accepted[1].function: Expected str, got int",
    ),
    "an entry with an unknown key": (
        f'{{"version": 1, "accepted": [{ENTRY[:-1]}, "line": 7}}]}}'.encode(),
        "is no baseline: accepted[0]: Object contains unknown field line",
    ),
    "an unknown build": (
        f'{{"version": 1, "accepted": [{ENTRY[:-1]}, "live_on": ["jython"]}}]}}'.encode(),
        "is no baseline: accepted[0].live_on[0]: Invalid enum value 'jython'",
    ),
    "a deep one": (b'{"version": 1, "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "is no JSON: maximum recursion"),
    "a deep value": (b'{"version": ' + b"[" * 200_000, "is no baseline: version: Expected int, got array"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_baseline_is_an_error_that_says_why(content: bytes, message: str) -> None:
    FILE.write_bytes(content)

    with pytest.raises(BaselineError) as caught:
        load(FILE)

    assert str(caught.value).startswith(f"racelint-baseline.json: {message}")
    assert len(str(caught.value)) < 200


def test_a_bad_file_is_not_written_over() -> None:
    FILE.write_bytes(b"mine")
    source("counter.py", COUNTER)

    with pytest.raises(BaselineError):
        accept()
    assert FILE.read_bytes() == b"mine"


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(BaselineError, match="there is no such baseline; `racelint baseline` makes one"):
        load(FILE)


def test_what_is_no_regular_file_is_an_error() -> None:
    os.mkfifo("pipe")
    for path in (".", "pipe", "/dev/zero"):
        with pytest.raises(BaselineError, match="is no regular file"):
            load(Path(path))


def test_a_file_that_may_not_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    FILE.touch()
    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(BaselineError, match=r"cannot be read \(Permission denied\)"):
        load(FILE)


def test_a_vast_file_is_an_error() -> None:
    with FILE.open("wb") as stream:
        stream.truncate(1 << 40)

    with pytest.raises(BaselineError, match="is larger than 64 MB"):
        load(FILE)


def test_the_order_of_keys_and_entries_and_the_layout_do_not_matter() -> None:
    source("counter.py", COUNTER)
    accept()
    document = json.loads(FILE.read_text())
    document["accepted"] = [dict(reversed(entry.items())) for entry in reversed(document["accepted"])]
    FILE.write_text(json.dumps(dict(reversed(document.items())), indent="\t").replace("\n", "\r\n"))

    assert (check().findings, check().notes) == ((), ())
