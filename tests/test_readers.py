"""Texts are read the same by any number of processes, whatever happens to these."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flake8_runs import START, STATE

from racelint import engine
from racelint.cache import decoded
from racelint.configuration.config import Config
from racelint.facts import ModuleFacts, Unreadable
from racelint.findings import RunError
from racelint.readers import pool, processors, worker
from racelint.readers.single import Said, read_single

TEXTS = [
    ("state.py", STATE.encode()),
    ("broken.py", b"def f(:\n"),
    ("bytes.py", b"x = '\xff'\n"),
    ("empty.py", b""),
    *((f"m{number}.py", b"x = [" + b"1, " * 100 * number + b"]\n") for number in range(12)),
]
ALONE = [read_single(*text) for text in TEXTS]
BREAKING = """
from racelint.readers import single
read_single, extracted = single.read_single, __import__("racelint.extract").extract.extract
def broken(where, text):
    {what}
    return read_single(where, text)
from racelint.readers import worker
worker.read_single = broken
"""


@pytest.fixture(autouse=True)
def _few_bytes_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "BYTES_FOR_PROCESSES", 2)
    monkeypatch.setattr(pool, "BYTES_AT_ONCE", 2000)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that are started; in the end none of them is left."""
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def start_and_tell(*arguments: object, **keywords: object) -> subprocess.Popen[bytes]:
        processes.append(start(*arguments, **keywords))  # type: ignore[call-overload]
        return processes[-1]

    monkeypatch.setattr("racelint.readers.pool.subprocess.Popen", start_and_tell)
    yield processes
    assert [process.poll() is None for process in processes] == [False] * len(processes)


def said(jobs: int, texts: list[tuple[str, bytes]] = TEXTS) -> list[Said]:
    found = {number: result for number, result, _ in pool.read_all(texts, jobs)}
    assert len(found) == len(texts)
    return [found[number] for number in range(len(texts))]


def breaking(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Have each process do something before it reads a text."""
    before, after = pool.START.split("from racelint.readers.worker", 1)
    program = BREAKING.format(what=what).replace("{", "{{").replace("}", "}}")
    monkeypatch.setattr(pool, "START", f"{before}exec({program!r}); from racelint.readers.worker{after}")


@pytest.mark.parametrize("jobs", [1, 2, 3, 40])
def test_any_number_of_processes_reads_the_same(jobs: int, started: list[subprocess.Popen[bytes]]) -> None:
    assert said(jobs) == ALONE
    assert [type(each) for each in ALONE[:4]] == [ModuleFacts, Unreadable, Unreadable, ModuleFacts]
    assert len(started) <= jobs
    assert bool(started) == (jobs > 1)


def test_what_comes_in_bytes_is_kept_as_it_is() -> None:
    for number, result, content in pool.read_all(TEXTS, 2):
        assert content is not None
        assert decoded(content) == result == ALONE[number]


@pytest.mark.parametrize("jobs", [1, 2])
def test_little_is_read_without_processes(
    jobs: int, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "BYTES_FOR_PROCESSES", 10_000_000)

    assert said(jobs) == ALONE
    assert said(jobs, []) == []
    assert started == []


def test_the_workers_of_others_start_no_processes(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multiprocessing.process.parent_process", object)
    assert said(2) == ALONE
    monkeypatch.undo()
    monkeypatch.setattr(pool, "BYTES_FOR_PROCESSES", 2)
    monkeypatch.setattr(sys, "executable", "")
    assert said(2) == ALONE
    assert started == []


# --- processes that fail -------------------------------------------------------------------------------------------


def test_what_a_process_dies_of_once_is_read_by_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    mark = str(tmp_path / "mark")
    is_first = f"b'hits' in text and not os.path.exists({mark!r})"
    breaking(monkeypatch, f"import os\n    if {is_first}: open({mark!r}, 'w'); os.kill(os.getpid(), 9)")

    assert said(2) == ALONE
    assert len(started) == 3


def test_what_processes_die_of_again_is_an_error_that_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, "import os\n    if b'hits' in text: os.kill(os.getpid(), 9)")
    expected = RunError("state.py", "the process that read it has died twice (signal SIGKILL)")

    assert said(2) == [expected, *ALONE[1:]]

    breaking(monkeypatch, "import os\n    if b'hits' in text: os._exit(3)")
    expected = RunError("state.py", "the process that read it has died twice (exit code 3)")

    assert said(2) == [expected, *ALONE[1:]]


def test_processes_that_do_not_start_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START", "import sys; sys.exit(1) #{path}")
    assert said(2) == ALONE

    def refuse(*_: object, **__: object) -> object:
        raise OSError(11, "no more processes")

    monkeypatch.setattr("racelint.readers.pool.subprocess.Popen", refuse)
    assert said(2) == ALONE


def test_an_error_of_racelint_itself_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(
        monkeypatch,
        "from racelint.findings import RunError\n    if b'hits' in text: return RunError(where, 'internal error: oh')",
    )

    assert said(2)[0] == RunError("state.py", "internal error: oh")


def test_what_has_no_form_in_bytes_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, "from racelint.facts import Unreadable\n    if b'hits' in text: return Unreadable('\\udcff')")

    assert said(2) == ALONE


def test_answers_that_are_none_are_worked_out_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racelint.readers.pool.decoded", lambda _: None)

    assert said(2) == ALONE


def test_what_a_text_prints_does_not_get_among_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, "print('here I am', flush=True)")

    assert said(2) == ALONE


def test_processes_end_with_who_has_started_them(started: list[subprocess.Popen[bytes]]) -> None:
    answers = pool.read_all(TEXTS, 2)
    next(answers)
    answers.close()  # type: ignore[attr-defined]

    assert started
    for process in started:
        process.wait(10)


def test_a_process_ends_when_there_are_no_more_questions() -> None:
    command = [sys.executable, "-c", pool.START.format(path=sys.path)]

    run = subprocess.run(command, input=b"\1", capture_output=True, check=False, timeout=60)

    assert (run.returncode, worker.read(BytesIO(run.stdout).read), run.stderr) == (0, worker.READY, b"")


def test_bytes_that_are_not_complete_are_none() -> None:
    stream = BytesIO()
    worker.write(stream, b"abc")

    assert worker.read(BytesIO(stream.getvalue()).read) == b"abc"
    assert worker.read(BytesIO(stream.getvalue()[:-1]).read) is None
    assert worker.read(BytesIO(b"").read) is None


# --- whole runs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["0", "1", "2", "5"])
def test_the_report_is_the_same_for_any_number_of_processes(
    jobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (*TEXTS, ("start.py", START.encode())):
        Path(name).write_bytes(text)
    expected = engine.check([Path()], Config(tmp_path, jobs=1))

    assert {finding.code for finding in expected.findings} == {"RL101", "RL901"}
    assert engine.check([Path()], Config(tmp_path, jobs=int(jobs))) == expected


def test_a_run_that_is_interrupted_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    for number in range(8):
        (tmp_path / f"m{number}.py").write_text("x = 1\n" * 20_000)
    # Whoever runs in the background of a shell ignores interrupts, and so would all that he starts.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program += "from racelint.cli import main; main(['-j', '2', '--no-cache'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        found: list[str] = []
        while len(found) < 2 and run.poll() is None:
            search = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True, check=False)
            found = search.stdout.split()
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)

    assert (run.returncode, errors.strip()) == (2, b"racelint: interrupted")
    assert len(found) == 2
    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


# --- processors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n"}, 8),
        ("0::/a/b\n", {"a/b/cpu.max": "250000 100000\n"}, 3),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "400000 100000\n"}, 4),
        ("0::/a\n", {"a/cpu.max": "nonsense\n"}, 8),
        ("0::/a\n", {"a/cpu.max": "100 0\n"}, 8),
        (
            "5:cpu,cpuacct:/a\n4:memory:/b\n",
            {"cpu/a/cpu.cfs_quota_us": "200000\n", "cpu/a/cpu.cfs_period_us": "100000\n"},
            2,
        ),
        ("5:cpu:/a\n", {"cpu/a/cpu.cfs_quota_us": "-1\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, 8),
        ("nonsense\n", {}, 8),
    ],
)
def test_as_many_processes_as_may_be_busy(
    groups: str, files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "own").write_text(groups)
    monkeypatch.setattr(processors, "GROUPS", tmp_path)
    monkeypatch.setattr(processors, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)

    assert processors.usable_processors() == expected


def test_a_system_without_groups_has_processors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processors, "OWN_GROUPS", tmp_path / "none")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert processors.usable_processors() == 1


def test_the_number_of_processes_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.racelint]\njobs = 3\n")

    def shown(*arguments: str) -> str:
        command = [sys.executable, "-m", "racelint", "--show-settings", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.dumps(next(line for line in run.stdout.splitlines() if "jobs" in line))

    assert "jobs = 3 " in shown()
    assert "jobs = 5 " in shown("-j", "5")
