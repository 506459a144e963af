"""Routers that nothing mounts: what they are told to serve, nobody asks for.

A router, a blueprint or a collection of routes is made at the top of a module and decorates functions; that alone serves
nothing, until something hands it to an application or to another router. What decorates by it does not, nor does an import
after which its name stands nowhere but there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint import recording
from poolint.analyses.named_files import stem
from poolint.frameworks.hooks import runs
from poolint.syntax.scopes import parent_of
from poolint.types.following import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.named_files import NamedFiles
    from poolint.syntax.bindings import ScopeKey
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_ELSEWHERE = ("task", "job", "message", "flow", "start")
"""Occasions on which libraries run what is decorated for them, whatever a router does."""


class Router(NamedTuple):
    """A router by its name at the top of the module that makes it."""

    name: str
    home: Module


class _Seen(NamedTuple):
    """Where names are read in a module, and by what names others are imported there."""

    reads: dict[str, list[ast.expr]]
    renamed: dict[str, list[str]]


class Mounting:
    """Answers for the routers of one project; ``asks`` says whether a part of a file is reached, on behalf of a scope, and
    ``is_at_hand`` whether that has a module by a name that no import has."""

    def __init__(
        self,
        ev: Evaluator,
        files: NamedFiles,
        asks: Callable[[Scope, ScopeKey], bool],
        is_at_hand: Callable[[Module, Scope], bool],
    ) -> None:
        self.ev = ev
        self._files = files
        self._asks = asks
        self._is_at_hand = is_at_hand
        self._read: dict[str, _Seen] = {}
        self._mounted = {name for row in ev.models.purposes if row.purpose == "is-mounted" for name in row.names}

    def is_left_out(self, scope: Scope) -> bool:
        """Whether a function is served by routers alone which nothing that is reached mounts; what decorates it beside them, as
        a limit does, calls it for who asks for it, unless it runs it on other occasions."""
        around = scope.parent
        if around is None or around.kind != "module":
            return False
        written: list[ast.expr] = getattr(scope.node, "decorator_list", [])
        routers = [one for one in (self._router_of(each, around) for each in written) if one is not None]
        if not routers or (len(routers) < len(written) and runs(self.ev, scope, *_ELSEWHERE)):
            return False
        return not any(self._is_taken_in(one, one.name, one.home, around, frozenset()) for one in routers)

    def _router_of(self, decorator: ast.expr, around: Scope) -> Router | None:
        method = decorator.func if isinstance(decorator, ast.Call) else decorator
        return self._router(method.value, around) if isinstance(method, ast.Attribute) else None

    def _router(self, node: ast.expr, scope: Scope) -> Router | None:
        """The router that an expression has; None where it is none, or none of a module."""
        made = origin(self.ev, node, scope)
        call, around = made.node, made.scope
        if not isinstance(call, ast.Call) or around.kind != "module":
            return None
        if self.ev.qualified_name(self.ev.type_of(call.func, around)) not in self._mounted:
            return None
        names = [name for name, found in around.bindings.items() if [one.value for one in found] == [call]]
        return Router(names[0], around.module) if len(names) == 1 else None

    def _is_taken_in(
        self, router: Router, name: str, where: Module, asking: Scope, passed: frozenset[tuple[str, str]]
    ) -> bool:
        """Whether something that is reached has a router in hand that it finds in a module under a name, but for what decorates
        by it, and for routers of which that does not hold."""
        key = (name, where.path)
        if key in passed:
            return False
        passed |= {key}
        if self._is_used(router, name, where, asking, passed) or self._is_at_hand(where, asking):
            return True
        for one in self._files.imports_of(where, asking):
            other = self.ev.project.module(one.by.path)
            if other is None:
                return True
            if not self._asks(asking, one.by):
                continue
            if self._is_used(router, name, other, asking, passed):
                return True
            names = sorted({name, *self._seen(other).renamed.get(name, ())}) if stem(other.path) == "__init__" else ()
            if any(self._is_taken_in(router, each, other, asking, passed) for each in names):
                return True
        return False

    def _is_used(
        self, router: Router, name: str, where: Module, asking: Scope, passed: frozenset[tuple[str, str]]
    ) -> bool:
        """Whether a name of a router is read in a module, as a variable or an attribute, other than to decorate by it, or to be
        handed to one that nothing takes in."""
        if where.path != asking.module.path:
            recording.answered(recording.runs(asking.module.path), [where.path])
        reads = self._seen(where).reads.get(name, ())
        return any(self._is_taken_further(one, router, where, asking, passed) for one in reads)

    def _seen(self, where: Module) -> _Seen:
        if where.path not in self._read:
            self._read[where.path] = _reads(where.tree)
        return self._read[where.path]

    def _is_taken_further(
        self, node: ast.expr, router: Router, where: Module, asking: Scope, passed: frozenset[tuple[str, str]]
    ) -> bool:
        found = self._router(node, where.scope_of(node))
        if found is not None and found != router:
            return False
        call = parent_of(node)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or node is call.func:
            return True
        outer = self._router(call.func.value, where.scope_of(call))
        return outer is None or self._is_taken_in(outer, outer.name, outer.home, asking, passed)


def _reads(tree: ast.Module) -> _Seen:
    """Where names are read in a module, each also by what it is imported as, but for what decorates by them; and the names by
    which others are imported."""
    nodes = list(ast.walk(tree))
    decorating = {id(each) for one in nodes for each in _decorating(one)}
    found: dict[str, list[ast.expr]] = {}
    for one in nodes:
        if isinstance(one, (ast.Name, ast.Attribute)) and isinstance(one.ctx, ast.Load) and id(one) not in decorating:
            found.setdefault(one.id if isinstance(one, ast.Name) else one.attr, []).append(one)
    imports = [each for one in nodes if isinstance(one, ast.ImportFrom) for each in one.names]
    result = dict(found)
    renamed: dict[str, list[str]] = {}
    for name, alias in sorted({(one.name, one.asname) for one in imports if one.asname and one.asname != one.name}):
        result[name] = [*result.get(name, ()), *found.get(alias, ())]
        renamed.setdefault(name, []).append(alias)
    return _Seen(result, renamed)


def _decorating(node: ast.AST) -> Iterator[ast.AST]:
    """What the methods that decorate something are looked up on."""
    for one in getattr(node, "decorator_list", ()):
        method = one.func if isinstance(one, ast.Call) else one
        if isinstance(method, ast.Attribute):
            yield method.value
