"""What a rule is, how the rules are found, and how a user selects among them."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from racelint.findings import EVERY_BUILD, Build, Evidence, Finding, Located, Related, Side, Turn
from racelint.remedies import AnyRemedy

if TYPE_CHECKING:
    from racelint.program import Program

    Check = Callable[[Program], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: `documentation` is the docstring of its module, `check` None for what the engine itself reports.

    One that is off by `default` may be on for what is `assumed` shared, where that was all that it could not tell.
    """

    code: str
    name: str
    documentation: str
    check: Check | None
    default: bool = True
    assumed: bool = False

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
        sides: Iterable[Side] = (),
        turns: Iterable[Turn] = (),
        remedy: AnyRemedy | None = None,
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
            sides=tuple(sides),
            turns=tuple(turns),
            remedy=remedy,
        )


def rule(code: str, *, default: bool = True, assumed: bool = False) -> Callable[[Check], Rule]:
    """Make the function `check` of a module in `racelint.rules` a rule, named and documented by its module.

    Inside the function `check` is the rule itself: `yield check.finding(access, "...", symbol=...)`.
    """

    def decorate(check: Check) -> Rule:
        return _of_module(check.__module__, code, check, default, assumed)

    return decorate


def engine_rule(code: str, module: str) -> Rule:
    """The rule of module `module` (its `__name__`) whose findings the engine makes, since it needs no program."""
    return _of_module(module, code, None)


def _of_module(module: str, code: str, check: Check | None, default: bool = True, assumed: bool = False) -> Rule:
    name = module.rpartition(".")[2].replace("_", "-")
    return Rule(code, name, sys.modules[module].__doc__ or "", check, default, assumed)


DECLARED = re.compile(
    r'''\A"""(?P<documentation>(?:[^"\\]|"(?!""))*)"""$ .*?
        ^ (?: @rule\("(?P<code>RL\d{3})"(?P<off>,[ ]default=False)?(?P<assumed>,[ ]assumed=True)?\)\ndef[ ]check\(
          | check[ ]=[ ]engine_rule\("(?P<own>RL\d{3})",[ ]__name__\)$ )''',
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""How the source of a rule says what it is."""


@cache
def load_rules() -> tuple[Rule, ...]:
    """Every rule in `racelint.rules`, by code. A module that defines no rule there is a mistake, and said so.

    What a rule is gets read off its source, and its module is only imported when it has to check: it knows the stages
    of the program, and to load all of them takes longer than most of what is asked.
    """
    package = importlib.import_module("racelint.rules")
    rules = [_rule_in(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _rule_in(module: str) -> Rule:
    spec = importlib.util.find_spec(module)
    source = getattr(spec and spec.loader, "get_source", lambda _: None)(module)
    declared = DECLARED.match(source or "")
    if not declared:
        return _imported(module)
    name = module.rpartition(".")[2].replace("_", "-")
    code, check = (declared["own"], None) if declared["own"] else (declared["code"], _when_called(module))
    return Rule(code, name, declared["documentation"], check, declared["off"] is None, declared["assumed"] is not None)


def _when_called(module: str) -> Check:
    def check(program: Program) -> Iterator[Finding]:
        loaded = _imported(module).check
        assert loaded is not None
        return loaded(program)

    return check


def _imported(module: str) -> Rule:
    found = getattr(importlib.import_module(module), "check", None)
    if not isinstance(found, Rule):
        raise TypeError(f"{module} defines no rule named `check`")
    return found


FAMILIES = {
    "unguarded-state": "RL1",
    "atomicity": "RL2",
    "deadlock": "RL3",
    "acquire-release": "RL4",
    "conditions": "RL5",
    "asyncio": "RL6",
    "thread-life": "RL7",
    "tool": "RL9",
}
"""The beginning of the codes of each family of rules, by the name of the family."""

EVERY_RULE = "ALL"


OTHER_TOOLS = re.compile(r"(?!RL)[A-Z]{1,4}[0-9]{2,4}")
"""A code of another checker: whoever writes `E501` does not mean `RL501`."""


class UnknownRuleError(ValueError):
    """What should select rules and is no code, beginning of codes, name or family."""

    def __init__(self, selector: str, rules: Iterable[Rule]) -> None:
        known = [EVERY_RULE, *FAMILIES, *(word for rule in rules for word in (rule.code, rule.name))]
        near = get_close_matches(selector, known, n=1) or get_close_matches(selector.upper(), known, n=1)
        if OTHER_TOOLS.fullmatch(selector):
            near = []
        hint = f"; did you mean {near[0]}?" if near else "; `racelint rules` lists them all"
        super().__init__(f"unknown rule {selector!r}{hint}")


def prefix(selector: str, rules: Sequence[Rule]) -> str:
    """The beginning of the codes that a selector stands for; the longer it is, the more specific is the selector.

    A selector is `ALL`, a family, a beginning of codes, a code or a name, else it is an `UnknownRuleError`. Families
    without rules so far are known by name and prefix: who selects one gets its rules when there are some.
    """
    codes = {rule.name: rule.code for rule in rules} | FAMILIES | {EVERY_RULE: ""}
    if selector in codes:
        return codes[selector]
    begins = selector.startswith("RL") and any(rule.code.startswith(selector) for rule in rules)
    if begins or selector in FAMILIES.values():
        return selector
    raise UnknownRuleError(selector, rules)


def matching(selector: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a selector stands for; `UnknownRuleError` if it is none."""
    beginning = prefix(selector, rules)
    return tuple(rule for rule in rules if rule.code.startswith(beginning))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules are on: of two selectors that speak of a rule the more specific one wins, of equal ones `ignore`.

    Of rules that no selector speaks of, an `earlier` selection decides. Without one those are on that are so by
    default, but none where there is a `select`, be it empty.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    earlier: Selection | None = None

    def then(self, later: Selection) -> Selection:
        """This selection and over it a later one, which starts afresh if it has a `select`."""
        if later.select is not None or self == ON_BY_DEFAULT:
            return later
        if later == ON_BY_DEFAULT:
            return self
        return replace(later, earlier=self.then(later.earlier) if later.earlier else self)

    def chosen(self, rules: Sequence[Rule]) -> tuple[Rule, ...]:
        """The rules that are on, in their order."""
        before = self.earlier.chosen(rules) if self.earlier else [rule for rule in rules if rule.default]
        rest = before if self.select is None else ()
        on = [prefix(selector, rules) for selector in (*(self.select or ()), *self.extend_select)]
        off = [prefix(selector, rules) for selector in self.ignore]
        return tuple(
            rule
            for rule in rules
            if (for_it := _specificity(rule, on)) > (against_it := _specificity(rule, off))
            or (for_it == against_it == UNSPOKEN and rule in rest)
        )


ON_BY_DEFAULT = Selection()

UNSPOKEN = -1


def _specificity(rule: Rule, prefixes: Iterable[str]) -> int:
    """How specific the most specific prefix is that speaks of the rule."""
    return max((len(prefix) for prefix in prefixes if rule.code.startswith(prefix)), default=UNSPOKEN)
