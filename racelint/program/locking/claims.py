"""Stage: what comments and annotations claim: which lock guards a variable, what a function needs, where it runs.

A claim is taken at its word by the stages after this one, and `breaches` tells where the program does not keep it.
What cannot be understood is no claim but a `Flaw`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from racelint.facts import Span
from racelint.program.contexts.contexts import Context
from racelint.program.contexts.threads import Threads
from racelint.program.locking.guards import ANY
from racelint.program.locking.identities import Locks
from racelint.program.locking.locks import Lock, LockUse
from racelint.program.locking.meanings import LOOP, MAIN, OWN, Meanings, Meant, Scope, UnknownNameError
from racelint.program.locking.subjects import Noted, Subject, Subjects, Variable
from racelint.program.locking.wording import Keyword, Wording, wordings
from racelint.program.memory.places import Place, Places
from racelint.program.sources.source import Code

LOCK_LIKE = ("lock", "mutex", "cond", "_mu")
"""What the name of a lock contains."""


class Claim(msgspec.Struct, frozen=True, eq=False):
    """One claim: what is written, and where."""

    keyword: Keyword
    text: str
    path: str
    span: Span


class GuardClaim(msgspec.Struct, frozen=True):
    """`guarded-by`: the lock, and whose it is, seen from the object that has the variable (as in `Protection`)."""

    claim: Claim
    place: Place
    meant: Meant
    relation: str

    @property
    def lock(self) -> Lock:
        """The lock that guards."""
        return self.meant.lock


class Requirement(msgspec.Struct, frozen=True):
    """`requires`: the lock of that `name` that callers of `code` hold, in terms of its parameters."""

    claim: Claim
    name: str
    code: Code
    use: LockUse


class Home(msgspec.Struct, frozen=True):
    """`runs-on`, `owned-by` and `confined`: the only contexts that run the function or touch the variable.

    `name` is `main`, `loop` or that of the function that they run, and "" for any single one.
    """

    claim: Claim
    name: str
    contexts: tuple[Context, ...] = ()


class Flaw(msgspec.Struct, frozen=True):
    """A comment or annotation that looks like a claim and cannot be one."""

    path: str
    span: Span
    text: str
    reason: str


class Claims(msgspec.Struct):
    """All claims, by what they are about: variables by Place, functions by their key."""

    guards: dict[Place, GuardClaim] = msgspec.field(default_factory=dict)
    owners: dict[Place, Home] = msgspec.field(default_factory=dict)
    required: dict[int, list[Requirement]] = msgspec.field(default_factory=dict)
    homes: dict[int, Home] = msgspec.field(default_factory=dict)
    flaws: list[Flaw] = msgspec.field(default_factory=list)

    def entry(self) -> dict[int, frozenset[LockUse]]:
        """The locks that functions have on entry, because they require them."""
        return {key: frozenset(each.use for each in needed) for key, needed in self.required.items()}


def link_claims(places: Places, locks: Locks, threads: Threads) -> Claims:
    """Read the claims in all files."""
    reader = _Reader(places, locks, threads)
    reader.read()
    return reader.claims


class _Reader:
    """Finds out what each claim is about and what it names."""

    def __init__(self, places: Places, locks: Locks, threads: Threads) -> None:
        self.claims = Claims()
        self._places = places
        self._meanings = Meanings(places, locks, threads)
        self._subjects = Subjects(places)

    def read(self) -> None:
        """Read all comments, then all annotations, in the order of the program."""
        sources = self._places.types.names.sources
        for index, module in enumerate(sources.modules):
            for comment in module.facts.comments:
                for wording in wordings(comment.text):
                    line, column = comment.span.line, comment.span.column
                    span = Span(line, column + wording.start, line, column + wording.end)
                    subject = self._subjects.at(index, comment.first_line, comment.last_line)
                    self._take(Noted(wording.text, module.path, span, index, subject), wording)
        for noted in self._subjects.noted():
            for wording in wordings(noted.text):
                if wording.start == 0:
                    self._take(noted, wording)

    def _take(self, noted: Noted, wording: Wording) -> None:
        """Keep a claim, or say why it is none, unless it may well be prose."""
        claim = Claim(wording.keyword, wording.text, noted.path, noted.span)
        variables, functions = self._fitting(wording.keyword, noted.subject)
        if not self._is_meant(noted, wording, bool(variables or functions)):
            return
        try:
            if wording.mistake:
                raise UnknownNameError(wording.mistake)
            if not variables and not functions:
                raise UnknownNameError(_misplaced(wording.keyword, noted.subject))
            for variable in variables:
                self._about_variable(claim, noted.module, wording, variable)
            for code in functions:
                self._about_function(claim, wording, code)
        except UnknownNameError as error:
            self.claims.flaws.append(Flaw(noted.path, noted.span, wording.text, str(error)))

    def _fitting(self, keyword: Keyword, subject: Subject) -> tuple[Sequence[Variable], Sequence[Code]]:
        """What of the subject such a claim can be about; of a class, for which contexts it is, all attributes."""
        if not keyword.is_of_state:
            return (), subject.functions
        if subject.variables or keyword is Keyword.GUARDED_BY:
            return subject.variables, ()
        keys = {cls.key: cls for cls in subject.classes}
        own = (place for place in self._places.by_place if place.kind == "attribute" and place.owner in keys)
        return [Variable(place, keys[place.owner].body, keys[place.owner]) for place in own], ()

    def _is_meant(self, noted: Noted, wording: Wording, fits: bool) -> bool:
        """Whether it is surely no prose: `requires:` and a name can be, `owned-by:` and a team."""
        match wording.keyword:
            case Keyword.CONFINED:
                return True
            case Keyword.GUARDED_BY:
                named = list(self._each(noted, wording))
                return not wording.mistake or fits or any(self._names_lock(name, scope) for name, scope in named)
            case Keyword.OWNED_BY | Keyword.RUNS_ON:
                named = list(self._each(noted, wording))
                if fits and any(self._meanings.may_be_function(name, scope) for name, scope in named):
                    return True
                return any(self._names_context(name, scope) for name, scope in named)
            case Keyword.REQUIRES:
                if fits and any(_looks_like_lock(name) for name in wording.names):
                    return True
                return all(self._names_lock(name, scope) for name, scope in self._each(noted, wording))

    def _names_context(self, name: str, scope: Scope) -> bool:
        if name in (MAIN, LOOP):
            return True
        try:
            return bool(self._meanings.contexts(name, scope))
        except UnknownNameError:
            return False

    def _names_lock(self, name: str, scope: Scope) -> bool:
        try:
            return self._meanings.lock(name, scope).lock.kind is not None
        except UnknownNameError:
            return False

    def _each(self, noted: Noted, wording: Wording) -> Iterator[tuple[str, Scope]]:
        """The names of a claim, with each scope in which they may be meant."""
        subject = noted.subject
        scopes = [_scope(code) for code in subject.functions]
        scopes += [
            Scope(noted.module, each.cls.body if each.cls else each.code, each.cls) for each in subject.variables
        ]
        scopes += [Scope(noted.module, cls.body, cls) for cls in subject.classes]
        if not scopes:
            scopes = [_scope(code) for code in self._subjects.around(noted.module, *subject.lines)]
        if not scopes:
            scopes = [Scope(noted.module, self._places.types.names.sources.module_bodies[noted.module])]
        return ((name, scope) for scope in scopes for name in wording.names)

    # --- what is about what ---

    def _about_variable(self, claim: Claim, module: int, wording: Wording, variable: Variable) -> None:
        place, cls = variable.place, variable.cls
        codes = self._places.types.names.sources.codes
        code = cls.body if cls is not None else codes[place.owner] if place.kind == "closure" else variable.code
        scope = Scope(module, code, cls)
        if claim.keyword is not Keyword.GUARDED_BY:
            self.claims.owners.setdefault(place, self._home(claim, wording, scope))
            return
        meant = self._meanings.lock(wording.names[0], scope)
        if meant.place is place:
            raise UnknownNameError(f"`{meant.name}` cannot guard itself")
        found = GuardClaim(claim, place, meant, _relation(meant, place))
        known = self.claims.guards.setdefault(place, found)
        if known.lock.key != meant.lock.key:
            raise UnknownNameError(f"line {known.claim.span.line} claims `{known.claim.text}` for the same variable")

    def _about_function(self, claim: Claim, wording: Wording, code: Code) -> None:
        scope = _scope(code)
        if claim.keyword is Keyword.RUNS_ON:
            self.claims.homes.setdefault(code.key, self._home(claim, wording, scope))
            return
        for name in wording.names:
            meant = self._meanings.lock(name, scope)
            if not meant.is_wrapped:
                use = LockUse(meant.lock, meant.base if meant.lock.per_instance else "")
                self.claims.required.setdefault(code.key, []).append(Requirement(claim, name, code, use))

    def _home(self, claim: Claim, wording: Wording, scope: Scope) -> Home:
        name = wording.names[0] if wording.names else ""
        known = name in ("", MAIN, LOOP)
        return Home(claim, name, () if known else self._meanings.contexts(name, scope))


def _scope(code: Code) -> Scope:
    """Where the names in a claim about a function are looked up: a nested one sees what its method sees."""
    around: Code | None = code
    while around is not None and around.cls is None:
        around = around.parent
    return Scope(code.module, code, around.cls if around is not None else None)


def _looks_like_lock(name: str) -> bool:
    return name.startswith(("_", "self.", "cls.")) or any(part in name.lower() for part in LOCK_LIKE)


def _misplaced(keyword: Keyword, subject: Subject) -> str:
    if not keyword.is_of_state:
        return f"`{keyword.value}` is about a function: it stands on the line of its `def`, or above it"
    if subject.is_unknown:
        return f"`{keyword.value}` is not checked here: whose attribute this is cannot be told"
    if subject.functions:
        return f"`{keyword.value}` is about a variable; a lock that callers of a function hold is `requires: LOCK`"
    return f"`{keyword.value}` is about an attribute or a variable that functions share, and none is stored here"


def _relation(meant: Meant, place: Place) -> str:
    """Whose lock it is, seen from the object that has the variable."""
    if not meant.lock.per_instance:
        return "global"
    if meant.base.startswith("g:"):
        return ANY
    if place.kind == "attribute":
        return "own" if meant.base == OWN else meant.base.removeprefix(OWN)
    raise UnknownNameError(f"`{meant.name}` is one for each object, and what it shall guard is one for all")
