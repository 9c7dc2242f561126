"""What holds for all findings and all baselines."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from accepting import all_rules
from hypothesis import given
from hypothesis import strategies as st

from racelint.baseline import Baseline, Entry, Extent, dump, load, without_known, write
from racelint.baseline.pairing import compare
from racelint.facts import Span
from racelint.findings import EVERY_BUILD, FREE_THREADED_ONLY, Finding, Report, in_order

TEXT = b"count += 1\ncount += 2\ntotal += 1\n" * 3
FILES = {path: Path(path).absolute() for path in ("a.py", "b.py", "pkg/c.py")}
MODULES = {"a.py": "a", "b.py": "b", "pkg/c.py": "pkg.c"}
FUNCTIONS = ("f", "g", "C.f", "")
SYMBOLS = ("a.count", "a.total", "b.count", "a.C.count", "")

codes = st.sampled_from(["RL101", "RL201"])
ACCEPTED = Path("accepted.json").absolute()

builds = st.sampled_from([EVERY_BUILD, FREE_THREADED_ONLY])


def finding(code: str, path: str, line: int, symbol: str, function: str, live_on: tuple[str, ...]) -> Finding:
    dotted = f"{MODULES[path]}.{function}" if function else MODULES[path]
    span = Span(line, 1, line, 11)
    return Finding(code, "name", "message", path, span, symbol, dotted, live_on=live_on)  # type: ignore[arg-type]


lines = st.integers(1, 9)
found = st.builds(
    finding, codes, st.sampled_from([*FILES]), lines, st.sampled_from(SYMBOLS), st.sampled_from(FUNCTIONS), builds
)
reports = st.lists(found, max_size=12, unique=True)
entries = st.builds(
    Entry,
    st.sampled_from([*FILES, "gone.py"]),
    st.sampled_from(FUNCTIONS),
    codes,
    st.sampled_from(SYMBOLS),
    st.sampled_from(["count += 1", "count+=1", "total += 1", ""]),
    builds,
)
extents = st.builds(
    Extent,
    st.just(MODULES),
    st.frozensets(st.tuples(st.sampled_from([*FILES]), st.sampled_from(FUNCTIONS))),
    st.frozensets(st.sampled_from(SYMBOLS)),
)


def report(findings: list[Finding]) -> Report:
    return Report(tuple(findings), files=FILES, buffers=dict.fromkeys(FILES, TEXT))


def accepted(findings: list[Finding], extent: Extent) -> Baseline:
    found = compare(report(findings), Baseline(ACCEPTED), extent, all_rules).found
    return Baseline(ACCEPTED, tuple(found.values()))


def left(findings: list[Finding], baseline: Baseline, extent: Extent) -> list[Finding]:
    return list(without_known(report(findings), baseline, extent, all_rules).findings)


@given(reports, extents)
def test_what_is_accepted_is_silent(findings: list[Finding], extent: Extent) -> None:
    after = without_known(report(findings), accepted(findings, extent), extent, all_rules)

    assert (after.findings, after.notes, after.baselined) == ((), (), len(findings))


@given(reports, reports, extents)
def test_as_many_findings_as_are_added_are_new(old: list[Finding], others: list[Finding], extent: Extent) -> None:
    added = [finding for finding in others if finding not in old]
    baseline = accepted(old, extent)
    new = left([*old, *added], baseline, extent)

    assert len(new) == len(added)
    known = {each.symbol + each.code for each in baseline.entries}
    assert {finding for finding in added if finding.symbol + finding.code not in known} <= set(new)


@given(st.data(), reports, st.lists(entries, max_size=12), extents)
def test_no_order_can_be_seen(data: st.DataObject, findings: list[Finding], known: list[Entry], extent: Extent) -> None:
    shuffled, turned = data.draw(st.permutations(findings)), data.draw(st.permutations(known))
    one = without_known(report(findings), Baseline(ACCEPTED, tuple(known)), extent, all_rules)
    other = without_known(report(shuffled), Baseline(ACCEPTED, tuple(turned)), extent, all_rules)

    assert one == other
    assert one.findings == in_order(one.findings)


@given(reports, st.lists(entries, max_size=12), extents)
def test_an_entry_hides_one_finding_of_its_rule_and_name_at_most(
    findings: list[Finding], known: list[Entry], extent: Extent
) -> None:
    hidden = set(findings) - set(left(findings, Baseline(ACCEPTED, tuple(known)), extent))
    of_findings = Counter((each.code, each.symbol.rpartition(".")[2]) for each in hidden)
    of_entries = Counter((each.code, each.symbol.rpartition(".")[2]) for each in known)

    assert of_findings <= of_entries
    everywhere = sum(finding.live_on == EVERY_BUILD for finding in hidden)
    assert everywhere <= sum(entry.live_on == EVERY_BUILD for entry in known)


@given(reports, st.lists(entries, max_size=12))
def test_what_is_still_there_passes_to_nothing_else(findings: list[Finding], known: list[Entry]) -> None:
    extent = Extent(MODULES, frozenset((path, name) for path in FILES for name in FUNCTIONS), frozenset(SYMBOLS))
    known = [entry for entry in known if entry.path in FILES]
    hidden = set(findings) - set(left(findings, Baseline(ACCEPTED, tuple(known)), extent))
    places = {(entry.code, entry.path, entry.function, entry.symbol) for entry in known}

    for entry in accepted([*hidden], extent).entries:
        assert (entry.code, entry.path, entry.function, entry.symbol) in places


@given(reports, st.lists(entries, max_size=12), extents)
def test_a_second_update_changes_nothing(findings: list[Finding], known: list[Entry], extent: Extent) -> None:
    first = compare(report(findings), Baseline(ACCEPTED, tuple(known)), extent, all_rules)
    written = (*first.found.values(), *first.kept)
    second = compare(report(findings), Baseline(ACCEPTED, written), extent, all_rules)

    assert (set(second.known), second.gone) == (set(findings), ())
    assert dump([*second.found.values(), *second.kept]) == dump(written)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.builds(Entry, texts, texts, texts, texts, texts, builds)))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, known: list[Entry]) -> None:
    file = tmp_path_factory.getbasetemp() / "accepted.json"
    write(file, known)

    assert load(file).entries == tuple(sorted(known))
    assert file.read_bytes().count(b"\n") == (len(known) + 5 if known else 4)
