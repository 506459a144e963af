"""For whom functions run: which of them only those who administer an application can come to.

Administrators are few. That a function is for them shows where it is reached: in the path of its route, or of a router around
it, in what decorates it, in what must be there before it runs, in its first words, or in its module; or all that calls it is for
them. A part of a function is for them by its branch. No model can say what a project calls them: it is known by its own names
alone, which are taken apart into words.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.occasions import Occasions
from poolint.flow.summaries import Summaries
from poolint.frameworks.entries import required, routes
from poolint.frameworks.routers import Routers
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.guards import guards_before, parts_of, tests_before, tests_passed
from poolint.types.annotated import dependencies, injection, provider_in
from poolint.types.following import origin
from poolint.types.providers import provided
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator

_ADMINISTRATORS = frozenset(
    {"admin", "administration", "administrator", "administrators", "admins", "superadmin", "superuser", "superusers"}
)
_FEW = _ADMINISTRATORS | {"moderator", "moderators"}
"""Words of what lets in few: what else is named after moderators is about what all write."""
_SETTING_UP = frozenset({"configuration", "debug", "diagnostics", "settings", "setup"})
"""What is asked for when an application is set up or looked after, as the first part of the path of a route, or the name of its
file: nothing else in the code says how seldom that is. Of the findings that readers were shown in files of such names they would
have acted on a quarter, and on three fifths in all others that have routes."""
_OTHERS = frozenset({"non", "not", "or"})
"""Words by which a name speaks of others as well: ``admin_or_owner``."""
_ASKING = frozenset({"has", "is"})
"""Words by which a name asks something of what it is asked of."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Clientele:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._occasions = ev.derived(Occasions)
        self._owner = ev.models.words("lets-in-owner")
        self._before = ev.models.words("checks-before")
        self._for: Summaries[ScopeKey, bool] = Summaries(
            "for-administrators", self._is_for, bottom=False, join=bool.__or__
        )
        self._setting_up: Summaries[ScopeKey, bool] = Summaries(
            "for-setting-up", self._sets_up, bottom=False, join=bool.__or__
        )
        self._letting: Summaries[ScopeKey, bool] = Summaries(
            "lets-in-administrators", self._lets_in, bottom=False, join=bool.__or__
        )

    def is_for_administrators(self, scope: Scope, node: ast.AST | None = None) -> bool:
        """Whether nobody but the administrators of an application can come to a function, or to a part of it."""
        if scope.kind != "function":
            return False
        tests = tests_before(node, scope) if node is not None else ()
        return any(_is_of_few(test, outcome) for test, outcome in tests) or self._for.of(scope.key)

    def is_for_few(self, scope: Scope, node: ast.AST | None = None) -> bool:
        """The same, or nobody but who sets up an application or looks after it."""
        is_theirs = self.is_for_administrators(scope, node)
        return is_theirs or (scope.kind == "function" and self._setting_up.of(scope.key))

    def _is_for(self, key: ScopeKey) -> bool:
        scope = self._ev.project.scope(key)
        if any(map(_is_begun_by_them, scope.module.name.split("."))) or self._shows(scope):
            return True
        calls = self._occasions.calls.of(scope)
        return bool(calls) and all(inner.kind == "function" and self._for.of(inner.key) for _, inner, _ in calls)

    def _shows(self, scope: Scope) -> bool:
        """Whether the route of a function, what is around that, or what must be there before it runs says so."""
        routing = list(routes(self._ev, scope))
        guarding = [one for one in getattr(scope.node, "decorator_list", ()) if one not in routing]
        if any(map(_is_theirs, guarding)) or self._is_for_the_owner(guarding, scope) or self._letting.of(scope.key):
            return True
        if _begins_for_few(scope.node, scope):
            return True
        around = scope.parent or scope
        for route in routing:
            if any(map(_is_path_of_theirs, self._paths(route, around))):
                return True
            for one in required(self._ev, route, around):
                if self._names_them(one.marker, one.where) or self._lets_in_by(one.provider.scope):
                    return True
        return False

    def _sets_up(self, key: ScopeKey) -> bool:
        """Whether a function is a route for setting up, by its path or its file, or only such call it."""
        scope = self._ev.project.scope(key)
        routing, around = list(routes(self._ev, scope)), scope.parent or scope
        if routing and scope.module.name.rpartition(".")[2] in _SETTING_UP:
            return True
        paths = (text for route in routing for text in self._paths(route, around))
        if any(text.startswith("/") and text.split("/")[1] in _SETTING_UP for text in paths):
            return True
        calls = self._occasions.calls.of(scope)
        return bool(calls) and all(inner.kind == "function" and self._setting_up.of(inner.key) for _, inner, _ in calls)

    def _paths(self, route: ast.Call, scope: Scope) -> Iterator[str]:
        """The texts of a route, and of the routers around it."""
        yield from _texts(route)
        if isinstance(route.func, ast.Attribute):
            for call, _ in self._ev.derived(Routers).around(route.func.value, scope):
                yield from _texts(call)

    def _is_for_the_owner(self, guarding: list[ast.expr], scope: Scope) -> bool:
        """Whether a library lets nobody but the owner of a bot call a function: by its decorator, or by a method of its class."""
        if any(last_name(one.func if isinstance(one, ast.Call) else one) in self._owner for one in guarding):
            return True
        checks = (one for one in (scope.enclosing_class or scope).children if one.name in self._before)
        made = (without_await(value) for one in checks for value in one.returns)
        return any(isinstance(one, ast.Call) and last_name(one.func) in self._owner for one in made)

    def _lets_in(self, key: ScopeKey) -> bool:
        """Whether a framework passes something to a function that only administrators have."""
        scope = self._ev.project.scope(key)
        for binding in (one for found in scope.bindings.values() for one in found if one.kind == "parameter"):
            declared = last_name(binding.annotation) if binding.annotation is not None else ""
            for marker, where in dependencies(self._ev, binding, scope):
                if (
                    _is_one_of_them(declared)
                    or self._names_them(marker, where)
                    or any(self._lets_in_by(one.scope) for one in provided(self._ev, marker, where, made=True))
                ):
                    return True
        return False

    def _lets_in_by(self, provider: Scope) -> bool:
        return _means_few(provider.name) or self._letting.of(provider.key)

    def _names_them(self, marker: ast.expr, scope: Scope) -> bool:
        """Whether what a marker names is for administrators: ``Depends(get_admin)``, ``Depends(has_role("admin"))``,
        ``Security(get_token, scopes=[Role.ADMIN])``."""
        if not isinstance(marker, ast.Call):
            return False
        row = injection(self._ev, marker, scope)
        target = provider_in(row, marker) if row is not None else None
        if target is None or _is_theirs(target):
            return target is not None
        asked = list(_roles(marker, but=target))
        if asked and all(map(_means_few, asked)):
            return True
        made = origin(self._ev, target, scope).node
        return isinstance(made, ast.Call) and made is not target and _is_theirs(made)


def _is_theirs(guard: ast.expr) -> bool:
    """Whether a decorator or a dependency is for administrators: by the roles that it is given, or else by its name."""
    roles = list(_roles(guard)) if isinstance(guard, ast.Call) else []
    if roles:
        return all(map(_means_few, roles))
    return _means_few(last_name(guard.func if isinstance(guard, ast.Call) else guard))


def _begins_for_few(function: ast.AST, scope: Scope) -> bool:
    """Whether the end of a function is only reached by administrators: ``if not user.is_admin: raise …`` stands before it."""
    body = getattr(function, "body", None)
    guards = guards_before(body[-1], function, scope) if isinstance(body, list) else []
    return any(_is_of_few(test, outcome) for one in guards for test, outcome in tests_passed(one))


def _is_of_few(test: ast.expr, outcome: bool) -> bool:
    """Whether a test comes out like this for administrators alone."""
    return any(_says_few(part, holds) for part, holds in parts_of(test, outcome))


def _says_few(part: ast.expr, holds: bool) -> bool:
    if isinstance(part, ast.BoolOp):  # one of them has come out like this
        return all(_is_of_few(one, holds) for one in part.values)
    if not isinstance(part, ast.Compare):
        return holds and _asks_for_few(part)
    is_like = isinstance(part.ops[0], (ast.In, ast.Eq) if holds else (ast.NotIn, ast.NotEq))
    return is_like and len(part.ops) == 1 and any(map(_speaks_of_few, (part.left, *part.comparators)))


def _asks_for_few(test: ast.expr) -> bool:
    """Whether a test asks what somebody is: ``user.is_admin``, ``await is_superuser(user)``. Of what is only there or not,
    ``admin``, ``chat.admin_chat_id``, it says nothing."""
    words = [one.lower() for one in _WORD.findall(_name_of(test))]
    return _means_few("_".join(words)) and words[-1] in _FEW and not _ASKING.isdisjoint(words)


def _speaks_of_few(one: ast.expr) -> bool:
    """Whether a side of a comparison is about them: ``ADMIN_IDS``, ``Role.ADMIN``, ``"admin"``."""
    if isinstance(one, (ast.Tuple, ast.List, ast.Set)):
        return bool(one.elts) and all(map(_speaks_of_few, one.elts))
    if isinstance(one, ast.Constant):
        return isinstance(one.value, str) and _means_few(one.value)
    return not (isinstance(one, ast.Name) and one.id in _FEW) and _means_few(_name_of(one))


def _name_of(one: ast.expr) -> str:
    """The last part of the name of something, or of what is called."""
    bare = without_await(one)
    return last_name(bare.func if isinstance(bare, ast.Call) else bare)


def _roles(guard: ast.Call, but: ast.expr | None = None) -> Iterator[str]:
    """The last words of what a guard is given ``but`` for one thing, as ``Role.ADMIN`` and ``"admin"``."""
    for argument in call_arguments(guard):
        if argument is but:
            continue
        for one in argument.elts if isinstance(argument, (ast.List, ast.Tuple, ast.Set)) else (argument,):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value
            elif isinstance(one, (ast.Name, ast.Attribute)):
                yield last_name(one)


def _texts(call: ast.Call) -> Iterator[str]:
    """The texts in a call that makes or takes in a router, or that adds a route: paths, prefixes, tags."""
    for one in ast.walk(call):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _is_path_of_theirs(text: str) -> bool:
    """Whether a part of a path is for administrators; what stands for a value of the request says nothing."""
    return any(_means_them(part) for part in text.split("/") if " " not in part and not part.startswith(("{", "<")))


def _is_begun_by_them(name: str) -> bool:
    """Whether a part of a module's name begins so: ``admin_panel``, not ``school_admin``, whose users are a school's."""
    words = _WORD.findall(name)
    return bool(words) and words[0].lower() in _ADMINISTRATORS


def _means_them(name: str, who: frozenset[str] = _ADMINISTRATORS) -> bool:
    """Whether the words of a name speak of administrators, and of nobody else."""
    words = {one.lower() for one in _WORD.findall(name)}
    return not words.isdisjoint(who) and words.isdisjoint(_OTHERS)


def _is_one_of_them(name: str) -> bool:
    """Whether a class is that of administrators, ``PlatformAdmin``, and not of what they use, ``AdminService``."""
    words = _WORD.findall(name)
    return bool(words) and words[-1].lower() in _FEW


def _means_few(name: str) -> bool:
    """The same of what lets them in, who may be called otherwise."""
    return _means_them(name, _FEW)
