"""Queries that loops go over, or that are made a list of: their session runs them then, without a call of theirs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.schema import TAKING_ROLES
from poolint.models.standard import EAGER
from poolint.syntax.scopes import nearest
from poolint.syntax.surroundings import loops_over, method_call
from poolint.types.call_sites import CallSite, call_site, text_of
from poolint.types.definitions import Definitions
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Looped(NamedTuple):
    """A loop over a query, or a call that takes all of it, ``list(query)``: the query as written, and what is called on it."""

    loop: ast.AST
    query: ast.expr
    fact: CallSite


class Queried:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._words = ev.models.derived(_words)
        self._found: dict[Scope, tuple[Looped, ...]] = {}

    def over(self, scope: Scope) -> tuple[Looped, ...]:
        """The loops of a function that go over queries, and the calls of Python's own that do."""
        found = self._found.get(scope)
        if found is None:
            found = tuple(self._over(scope))
            if self.ev.is_idle:
                self._found[scope] = found
        return found

    def _over(self, scope: Scope) -> Iterator[Looped]:
        for loop, iterable in (*loops_over(scope), *_taken_at_once(scope)):
            if not self._may_be(iterable, scope):
                continue
            for one in alternatives(self.ev.type_of(iterable, scope)):
                base = one.base if isinstance(one, Instance) else None
                row = self.ev.models.method(base, "__iter__") if base is not None and base.kind == "query" else None
                if base is not None and row is not None:
                    node = ast.copy_location(ast.Call(iterable, [], []), iterable)
                    call = iterable if isinstance(iterable, ast.Call) else node
                    yield Looped(
                        loop, iterable, CallSite(call, f"{base.name}.__iter__", text_of(iterable, scope), row, base)
                    )
                    break

    def _may_be(self, node: ast.expr, scope: Scope) -> bool:
        """Whether words let something be a query: most loops go over something else, whose type is worth no question."""
        bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        written = [one.value for one in bindings] if isinstance(node, ast.Name) else [node]
        made = [one.func if isinstance(one, ast.Call) else one for one in written]
        names = {last_name(one) for one in made if isinstance(one, (ast.Name, ast.Attribute))}
        if not names.isdisjoint(self._words):
            return True
        called = {last_name(one.func) for one in written if isinstance(one, ast.Call)}
        return not called.isdisjoint(self.ev.derived(Definitions).of(scope.module))


def is_run_at_once(ev: Evaluator, made: ast.expr, scope: Scope) -> bool:
    """Whether a query that is built on an expression is run by the end of its chain: ``maker().query(Order).all()``."""
    while (call := method_call(made)) is not None:
        fact = call_site(ev, call, scope, use_evidence=False)
        if fact is not None and fact.cls is not None and fact.cls.kind == "query" and fact.role in TAKING_ROLES:
            return True
        made = call
    return _is_query(ev, made, scope) and any(made is one for _, one in (*loops_over(scope), *_taken_at_once(scope)))


def _is_query(ev: Evaluator, made: ast.expr, scope: Scope) -> bool:
    one = ev.type_of(made, scope)
    return isinstance(one, Instance) and one.base is not None and one.base.kind == "query"


def _taken_at_once(scope: Scope) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls of a function of Python that goes over all of its argument, each with that."""
    for call in scope.calls_named(EAGER):
        if isinstance(call.func, ast.Name) and len(call.args) == 1 and not nearest(call.func.id, scope):
            yield call, call.args[0]


def _words(models: Models) -> frozenset[str]:
    """The names by which something gives a query."""
    kinds = {name: cls.kind for name, cls in models.classes.items()}
    found: set[str] = set()
    for cls in models.classes.values():
        found.update(name for name, one in cls.attributes.items() if kinds.get(one) == "query")
        for row in cls.methods:
            if (cls.kind if row.returns == "self" else kinds.get(row.returns)) == "query":
                found.update(row.names)
    return frozenset(found)
