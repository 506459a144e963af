"""What objects of libraries work on: the session that one is made of, ``SQLAlchemyUserDatabase(session, User)``, or that a
part has which it is made of; or one that it has itself, as an extension has its registry: ``db.get_or_404(Order, 1)``. And what
their functions and methods do with a session that they are passed: ``paginate(session, query)``.

The models say which arguments of a constructor an object keeps (``made_of``), what it has (``attributes``), and on which of
these a method works (``works_on``), or on which argument of its own (``works_on_given``), and what makes it commit at last
(``commits_if``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.kept_classes import kept_class
from poolint.analyses.places import Places
from poolint.flow.flags import name_of
from poolint.models.schema import SESSIONS
from poolint.syntax.expressions import argument_for, is_none
from poolint.types.call_sites import call_site, callees_of
from poolint.types.made_of import given_for_part, passed_for_part
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Type


class Work(NamedTuple):
    """What a call does with a session: its place, its class, and the role of the call."""

    place: str
    cls: Class
    role: str


class WorkedOn:
    """Answers for the calls of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.places = ev.derived(Places)
        models = ev.models
        rows = (row for cls in models.classes.values() for row in cls.methods if row.works_on or row.works_on_given)
        functions = (name.rpartition(".")[2] for name, row in models.functions.items() if row.works_on_given)
        self._words = frozenset((*(name for row in rows for name in row.names), *functions))

    def by(self, call: ast.Call, scope: Scope) -> Work | None:
        """The session that a call works on: where its object is known to have one, or where it is passed one."""
        if last_name(call.func) not in self._words:
            return None
        fact = call_site(self.ev, call, scope)
        row = fact.row if fact is not None else None
        if fact is None or row is None:
            return None
        if row.works_on_given is not None:
            given = argument_for(call, *row.works_on_given)
            return self._given(given, fact.role, scope) if given is not None else None
        path = getattr(row, "works_on", "")
        if not path or not isinstance(call.func, ast.Attribute):
            return None
        owner, steps = call.func.value, path.split(".")
        while isinstance(owner, ast.Call) and steps and (part := made_of(self.ev, owner, scope, steps[0])) is not None:
            owner, steps = part, steps[1:]
        one: Type | None = self.ev.type_of(owner, scope)
        for step in steps:
            one = self._part(one, step)
        cls, name = _worked_on(one) if one is not None else None, name_of(owner)
        if cls is None or not name:
            return None
        return Work(self.places.first(".".join((name, *steps)), scope), cls, self._role(call, fact, scope))

    def _role(self, call: ast.Call, fact: CallSite, scope: Scope) -> str:
        """The role of a call: a commit where it is told to commit, or where it is not, but who makes its object says so."""
        name = getattr(fact.row, "commits_if", "")
        if not name or not isinstance(call.func, ast.Attribute):
            return fact.role
        said = [one.value for one in call.keywords if one.arg == name and not is_none(one.value)]
        owner = self.ev.type_of(call.func.value, scope)
        if not said and isinstance(owner, Instance):
            said = [value for value, _ in given_for_part(self.ev, owner, name)]
        return "commit" if any(not isinstance(one, ast.Constant) or one.value for one in said) else fact.role

    def _given(self, argument: ast.expr, role: str, scope: Scope) -> Work | None:
        """What a call of this role does with an argument, where that is a session with a name."""
        name, cls = name_of(argument), _worked_on(self.ev.type_of(argument, scope))
        return Work(self.places.first(name, scope), cls, role) if name and cls is not None else None

    def _part(self, owner: Type | None, name: str) -> Type | None:
        """What a part of an object is: as the models say, or as all say who make such objects."""
        found = alternatives(owner) if owner is not None else ()
        one = found[0] if len(found) == 1 else None
        if not isinstance(one, Instance) or one.base is None:
            return None
        if name not in one.base.made_of and name not in one.base.attributes:
            return None
        return self.ev.type_of_member(one, name)


def _worked_on(one: Type) -> Class | None:
    """The class of the session that a value is, or of the registry of such."""
    found = alternatives(one)
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    return base if base is not None and base.kind in SESSIONS else kept_class(one)


def made_of(ev: Evaluator, call: ast.Call, scope: Scope, name: str) -> ast.expr | None:
    """What an object of a library, or of a class that derives from one's, is made of, where a call makes it."""
    found = callees_of(ev, call, scope)
    one = found[0] if len(found) == 1 else None
    return passed_for_part(one.base, call, name) if isinstance(one, ClassObject) else None
