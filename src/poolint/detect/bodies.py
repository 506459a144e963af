"""What the body of a ``try`` or a loop does: the calls in it, whose they are, and whether anything else may raise there."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.effects import Effects
from poolint.syntax.nodes import walk_own
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import ClassObject, Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from poolint.analyses.effects import Edges
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator

PSEUDO_ROOT = "poolint"
"""The root of classes that only the models have: of a connection as one pool gives it."""

_SAYS_LIMIT = re.compile(r"timeout|deadline", re.IGNORECASE)
"""English words for what ends with a timeout of its own, beside what the models know."""


class Body:
    """The body of one statement. Functions that are defined in it run elsewhere, and are no part of it.

    ``entered`` are the items of the statement that belong to it as well: those behind a block that suppresses exceptions.
    """

    def __init__(
        self,
        ev: Evaluator,
        edges: Edges,
        statement: ast.Try | ast.While | WithNode,
        scope: Scope,
        entered: Sequence[ast.withitem] = (),
    ) -> None:
        self.ev = ev
        self.edges = edges
        self.scope = scope
        self.nodes = list(walk_own((*entered, *statement.body)))
        self.calls = [one for one in self.nodes if isinstance(one, ast.Call)]
        self._facts: list[tuple[ast.Call, CallSite | None]] | None = None

    def facts(self) -> list[tuple[ast.Call, CallSite | None]]:
        """The calls, each with what it is."""
        if self._facts is None:
            self._facts = [(one, call_site(self.ev, one, self.scope)) for one in self.calls]
        return self._facts

    def known(self) -> Iterator[CallSite]:
        """What the models say of the calls, in their order."""
        for _, fact in self.facts():
            if fact is not None and fact.role:
                yield fact

    def waits(self) -> bool:
        """Whether anything is awaited."""
        return any(isinstance(one, (ast.Await, ast.AsyncWith, ast.AsyncFor)) for one in self.nodes)

    def has_timeout(self, below: Iterable[Scope] = ()) -> bool:
        """Whether something in it, or in functions that it calls, has a limit of time of its own."""
        limits = self.ev.models.words("limits-block", "limits-awaited")
        of_others = [call for call, fact in self.facts() if fact is None or fact.cls is None or not fact.cls.exhausted]
        if any(keyword.arg == "timeout" for call in of_others for keyword in call.keywords):
            return True  # as Python's own functions call it: `as_completed(futures, timeout=30)`
        used = [one.func for one in (*self.calls, *(call for function in below for call in function.calls))]
        used += [one.context_expr for one in self.nodes if isinstance(one, ast.withitem)]
        return any(name in limits or _SAYS_LIMIT.search(name) for name in map(last_name, used))

    def is_only_of(self, library: str, driver: str) -> bool:
        """Whether exceptions of the driver, or timeouts where there is none, can come only through a library.

        Not so where something is awaited that is not known, where the driver's own connection is at hand, or where a
        function of the project leads to the driver itself.
        """
        raw = self.ev.models.words("leads-to-driver")
        if any(isinstance(one, ast.Attribute) and one.attr in raw for one in self.nodes):
            return False
        passing = _passing_on(self.ev.models)
        classes = (one.cls for _, one in self.facts() if one is not None)
        if any(not passing.isdisjoint(each.name for each in self.ev.models.lineage(one)) for one in classes if one):
            return False
        return all(self._is_harmless(call, fact, library, driver) for call, fact in self.facts())

    def is_raw(self, function: Scope) -> bool:
        """Whether a function has the driver's own connection or exception at hand."""
        raw = self.ev.models.words("leads-to-driver")
        return any(one.attr in raw for one in function.attributes)

    def _is_harmless(self, call: ast.Call, fact: CallSite | None, library: str, driver: str) -> bool:
        name = last_name(call.func)
        if fact is not None and fact.row is not None:
            root = fact.name.partition(".")[0]
            if (
                root == PSEUDO_ROOT
                or is_of(self.ev.models, fact, library)
                or fact.role == "local"
                or not is_awaited(call)
            ):
                return root != driver or not driver
            return bool(driver) and root != driver and not fact.row.effect
        if fact is not None and is_of(self.ev.models, fact, library):
            return True  # a factory that is called
        targets = callees_of(self.ev, call, self.scope)
        own = [one.scope for one in targets if isinstance(one, Function)]
        if own:
            return all(self._is_clean(one, call, library, driver) for one in own)
        if any(isinstance(one, ClassObject) for one in targets):
            return True
        if is_awaited(call):
            return False
        return isinstance(call.func, ast.Name) or name not in self.ev.models.words("talks")

    def _is_clean(self, function: Scope, call: ast.Call, library: str, driver: str) -> bool:
        """Whether a function of the project, as far as it can be followed, does not lead to the driver itself."""
        if not is_awaited(call) and function.is_async:
            return True

        def leads(fact: CallSite) -> str:
            root = fact.name.partition(".")[0]
            is_effect = fact.row is not None and (bool(fact.row.effect) or fact.role not in ("local", "create"))
            is_theirs = root == driver if driver else not is_of(self.ev.models, fact, library)
            return "driver" if is_effect and is_theirs else ""

        if self.is_raw(function) or Effects(self.edges, leads).of_call(call, self.scope) is not None:
            return False
        return not any(is_awaited(one) and not self._is_told(one, function, library) for one in function.calls)

    def _is_told(self, call: ast.Call, function: Scope, library: str) -> bool:
        fact = call_site(self.ev, call, function)
        return fact is not None and (fact.row is None or is_of(self.ev.models, fact, library))


def _passing_on(models: Models) -> set[str]:
    """The classes whose methods are the driver's own, by another name: what is raised there comes as it is."""
    named = (one.rpartition(".") for one in models.manners["leads-to-driver"])
    rows = ((name, row) for cls, _, name in named if cls in models.classes for row in models.classes[cls].methods)
    return {row.returns for name, row in rows if name in row.names and row.returns}


def is_of(models: Models, fact: CallSite, library: str) -> bool:
    """Whether a call is one of a library, or of a class that derives from one of its own: ``sqlmodel.Session``."""
    homes = (fact.name, *(one.name for one in models.lineage(fact.cls))) if fact.cls is not None else (fact.name,)
    return any(one.partition(".")[0] == library for one in homes)


def is_awaited(call: ast.Call) -> bool:
    """Whether a call is awaited, entered or iterated over where it stands."""
    parent = parent_of(call)
    if isinstance(parent, ast.withitem):
        return isinstance(parent_of(parent), ast.AsyncWith)
    return isinstance(parent, (ast.Await, ast.AsyncFor))
