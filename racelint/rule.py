"""What a rule is, how the rules are found, and how a user selects among them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from racelint.findings import EVERY_BUILD, Build, Evidence, Finding, Located, Related

if TYPE_CHECKING:
    from racelint.program import Program

    Check = Callable[[Program], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: `documentation` is the docstring of its module, `check` None for what the engine itself reports."""

    code: str
    name: str
    documentation: str
    check: Check | None
    default: bool = True

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.documentation.strip().partition("\n")[0]

    def finding(
        self,
        at: Located,
        message: str,
        *,
        symbol: str = "",
        function: str = "",
        evidence: Evidence | None = None,
        live_on: Iterable[Build] = EVERY_BUILD,
        related: Iterable[Related] = (),
    ) -> Finding:
        """A finding of this rule at `at`."""
        return Finding(
            self.code,
            self.name,
            message,
            at.path,
            at.span,
            symbol=symbol,
            function=function,
            evidence=evidence,
            live_on=tuple(live_on),
            related=tuple(related),
        )


def rule(code: str, *, default: bool = True) -> Callable[[Check], Rule]:
    """Make the function `check` of a module in `racelint.rules` a rule, named and documented by its module.

    Inside the function `check` is the rule itself: `yield check.finding(access, "...", symbol=...)`.
    """

    def decorate(check: Check) -> Rule:
        return _of_module(check.__module__, code, check, default)

    return decorate


def engine_rule(code: str, module: str) -> Rule:
    """The rule of module `module` (its `__name__`) whose findings the engine makes, since it needs no program."""
    return _of_module(module, code, None, True)


def _of_module(module: str, code: str, check: Check | None, default: bool) -> Rule:
    name = module.rpartition(".")[2].replace("_", "-")
    return Rule(code, name, sys.modules[module].__doc__ or "", check, default)


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule in `racelint.rules`, by code. A module that defines no rule there is a mistake, and said so."""
    package = importlib.import_module("racelint.rules")
    rules = [_rule_in(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _rule_in(module: str) -> Rule:
    found = getattr(importlib.import_module(module), "check", None)
    if not isinstance(found, Rule):
        raise TypeError(f"{module} defines no rule named `check`")
    return found


class UnknownRuleError(ValueError):
    """A code, prefix or name that selects no rule."""

    def __init__(self, selector: str, rules: Iterable[Rule]) -> None:
        known = [word for rule in rules for word in (rule.code, rule.name)]
        near = get_close_matches(selector, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; `racelint rules` lists them all"
        super().__init__(f"unknown rule {selector!r}{hint}")


def matching(selector: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a code, a prefix of codes (`RL1`) or a name stands for; `UnknownRuleError` if there are none."""
    found = tuple(rule for rule in rules if rule.name == selector) or _with_prefix(selector, rules)
    if not found:
        raise UnknownRuleError(selector, rules)
    return found


def _with_prefix(prefix: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if prefix.startswith("RL") and rule.code.startswith(prefix))


def selected(rules: Sequence[Rule], select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that run: those selected (none named: the ones on by default) without those ignored."""
    chosen = {rule for selector in select for rule in matching(selector, rules)}
    chosen = chosen or {rule for rule in rules if rule.default}
    dropped = {rule for selector in ignore for rule in matching(selector, rules)}
    return tuple(rule for rule in rules if rule in chosen - dropped)
