"""The program of all files that were read, and what the rules find in it.

What needs the stages and the rules is imported here and nowhere else on the way of a run: whoever finds the answer
elsewhere never loads them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from racelint.baseline import Extent, extent_of
from racelint.collector import collector_off
from racelint.configuration.config import Config
from racelint.discovery import SourceFile
from racelint.facts import ModuleFacts
from racelint.findings import Finding, Progress, RunError, breakdown
from racelint.knowledge import Knowledge
from racelint.program import Program, SourceModule, link
from racelint.program.races.breaches.suggestions import Suggestion, suggestions
from racelint.rule import load_rules

Result = TypeVar("Result")

DEEP_STACK = 512 * 1024 * 1024
DEEP_RECURSION = 100_000

Modules = Sequence[tuple[SourceFile, ModuleFacts]]
"""The files that could be read, each with what it says."""


@dataclass(slots=True)
class Checked:
    """What there is in a program, what the rules find in it, and which of them broke down."""

    findings: list[Finding] = field(default_factory=list)
    errors: list[RunError] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    extent: Extent = field(default_factory=Extent)
    program: Program | None = None
    """What was checked, for whoever wants to ask more; None if it could not be linked."""


def check(modules: Modules, config: Config, progress: Progress) -> Checked:
    """Run the rules that are on in any file on the program of these modules."""
    with collector_off():
        return _on_deep_stack(lambda: _checked(modules, config, progress))


def suggest(modules: Modules, config: Config) -> list[Suggestion] | RunError:
    """The claims that the program of these modules keeps already."""
    return ask(modules, config, lambda program: suggestions(program.sharing, program.locksets))


def ask(modules: Modules, config: Config, question: Callable[[Program], Result]) -> Result | RunError:
    """The answer to a question about the program of these modules."""
    try:
        with collector_off():
            return _on_deep_stack(lambda: question(_linked(modules, config)))
    except Exception as error:
        return breakdown("linking", error)


def _linked(modules: Modules, config: Config) -> Program:
    read = [SourceModule(file.module, file.display, file.is_package, facts) for file, facts in modules]
    return link(read, Knowledge.standard().with_rows(config.rows), config.assume_shared)


def _checked(modules: Modules, config: Config, progress: Progress) -> Checked:
    checked = Checked()
    progress("linking", 0, 1)
    try:
        program = _linked(modules, config)
        checked.extent, checked.program = extent_of(program), program
    except Exception as error:
        checked.errors.append(breakdown("linking", error))
        checked.broken |= config.codes
        return checked
    _apply_rules(program, config, progress, checked)
    checked.notes += [
        f"nothing is named like {pattern!r}, which is assumed shared" for pattern in program.sharing.assumed.idle()
    ]
    return checked


def _apply_rules(program: Program, config: Config, progress: Progress, checked: Checked) -> None:
    """Gather what the rules find; one that breaks down is an error, and does not keep the others from running."""
    rules = [rule for rule in load_rules() if rule.code in config.codes]
    for_assumed = config.codes - config.codes_for_all_state
    for index, rule in enumerate(rules):
        progress("checking", index, len(rules))
        try:
            for finding in rule.check(program) if rule.check else ():
                if rule.code not in for_assumed or finding.evidence == "assumed":
                    checked.findings.append(finding)
        except Exception as error:
            checked.errors.append(breakdown(f"{rule.code} {rule.name}", error))
            checked.broken.add(rule.code)


def _on_deep_stack(run: Callable[[], Result]) -> Result:
    """What `run` returns, run with room for facts that are nested deeply: stages and rules recurse over them."""
    outcome: Future[Result] = Future()

    def settle() -> None:
        try:
            outcome.set_result(run())
        except BaseException as error:
            outcome.set_exception(error)

    former_stack, former_limit = threading.stack_size(DEEP_STACK), sys.getrecursionlimit()
    sys.setrecursionlimit(DEEP_RECURSION)
    try:
        threading.Thread(target=settle, name="racelint", daemon=True).start()
    finally:
        threading.stack_size(former_stack)
    try:
        return outcome.result()
    finally:
        sys.setrecursionlimit(former_limit)
