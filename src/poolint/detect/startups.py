"""Observations about what is made when an application starts and is not closed when it ends."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.effects import Effects, Link, Witness
from poolint.analyses.once import happens_once
from poolint.analyses.waypoints import calls_of
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.hooks import starting_words, starts
from poolint.models.schema import CLOSING_ROLES, OWNERS
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Edges
    from poolint.analyses.waypoints import Waypoint
    from poolint.detect.detector import Observe
    from poolint.detect.services import Services
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


class NeverDisposed(Observation, frozen=True, eq=False):
    """An engine, a pool or a client that is made when the application starts, and that nothing closes when it ends.

    ``node`` is the call that makes it, ``kept`` where it is kept, as written, ``startup`` the function in which that
    happens. ``statement`` is the assignment, ``last`` the last statement of the function where the end of the
    application can be seen by it, ``release`` the method that closes what is made, and
    whether it ``is_awaited``.
    """

    on_request = True

    call: CallSite
    kept: str
    startup: str
    path: tuple[Waypoint, ...]
    statement: ast.stmt | None = None
    last: ast.stmt | None = None
    release: str = ""
    is_awaited: bool = False


_CLOSES = ("dispose", "aclose", "close", "disconnect", "terminate", "close_all", "shutdown", "wait_closed", "stop")
"""Methods that close what was made; of several, the first one is recommended: that order is a judgement, no row has it."""

_CLOSING = ("close", "dispose", "shutdown", "disconnect", "stop", "enter_context", "enter_async_context", "aclosing")
"""English beginnings of the names of functions, of a project mostly, that close, or enter, what they are given."""

_LAST = re.compile(r"\w+")


class Startups:
    """Observes what applications make when they start; remembers which functions make something."""

    def __init__(self, ev: Evaluator, edges: Edges) -> None:
        self.ev = ev
        self._closed: dict[Module, frozenset[str]] = {}
        self._making = Effects(edges, lambda fact: "create" if self._is_made(fact) else "")

    def observe(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """What the functions of a module that start an application make and nobody closes."""
        if not self.ev.screen.is_interesting(module.path, module.source.data):
            return
        seen: set[ast.Call] = set()
        for scope in module.scope.descendants():
            if scope.kind != "function" or not starts(self.ev, scope):
                continue
            for call in scope.calls:
                found = self._made_below(call, scope) if call not in seen else None
                seen.add(call)
                if found is None:
                    fact = call_site(self.ev, call, scope)
                    if fact is not None and fact.row is None and self._is_made(fact):
                        yield from self._direct(call, fact, scope)
                elif len(found.links) == 1:
                    fact = call_site(self.ev, call, scope)
                    if fact is not None:
                        yield from self._direct(call, fact, scope)
                else:
                    last = found.links[-1]
                    if not isinstance(last.node, ast.Call):
                        continue
                    fact = call_site(self.ev, last.node, last.scope)
                    name, keeper = _kept_along(found.links)
                    if fact is not None and name and not self._is_closed(name, keeper.module, scope):
                        path = calls_of(found)
                        around = (call, scope.qualified_name, may_await(call, scope))
                        yield scope, NeverDisposed(*around, fact, name, scope.name, path)

    def _made_below(self, call: ast.Call, scope: Scope) -> Witness | None:
        """What a call of a startup makes, also where it does so the first time only: ``if pool is None: pool = …``."""
        found = self._making.of_call(call, scope)
        if found is None and happens_once(call, scope):
            for one in callees_of(self.ev, call, scope):
                if isinstance(one, Function) and (below := self._making.of_function(one.scope)) is not None:
                    return Witness((Link(call, scope, one.scope.qualified_name), *below.links), below.effect)
        return found

    def _direct(self, call: ast.Call, fact: CallSite, scope: Scope) -> Iterator[tuple[Scope, Observation]]:
        name = _kept(call, scope)
        if not name or self._is_closed(name, scope.module, scope):
            return
        statement = statement_of(call)
        last = None
        if scope.is_generator and parent_of(statement) is scope.node:
            body: list[ast.stmt] = scope.node.__dict__["body"]
            last = body[-1] if body[-1] is not statement else None
        cls = self._class_of(fact)
        release = self._release(cls) if cls is not None else ("", False)
        around = (call, scope.qualified_name, may_await(call, scope))
        yield scope, NeverDisposed(*around, fact, name, scope.name, (), statement, last, *release)

    def _is_made(self, fact: CallSite) -> bool:
        """Whether a call makes something that has to be closed."""
        role = fact.role if fact.row is not None else fact.cls.construct if fact.cls is not None else ""
        cls = self._class_of(fact)
        return role == "create" and cls is not None and cls.kind in OWNERS

    def _class_of(self, fact: CallSite) -> Class | None:
        return fact.cls if fact.row is None or fact.cls is not None else self.ev.models.classes.get(fact.row.returns)

    def _release(self, cls: Class) -> tuple[str, bool]:
        """How what was made is closed: by which method, and whether that is awaited."""
        for name in _CLOSES:
            row = self.ev.models.method(cls, name)
            if row is not None and row.role in CLOSING_ROLES:
                return name, row.call == "coroutine"
        return "", False

    def _is_closed(self, name: str, module: Module, scope: Scope) -> bool:
        """Whether anything in the project closes something of this name, enters it, or hands it to who does."""
        last = _LAST.findall(name)[-1]
        modules = [module, scope.module]
        near = self.ev.project
        word = last.encode()
        paths = dict.fromkeys(path for one in _CLOSES for path, data in near.calling(one, module) if word in data)
        modules += [found for path in paths if (found := near.module(path)) is not None]
        return any(last in self._closed_in(one) for one in dict.fromkeys(modules))

    def _closed_in(self, module: Module) -> frozenset[str]:
        """The last names of what a module closes; found once."""
        if module not in self._closed:
            self._closed[module] = frozenset(_closed(module))
        return self._closed[module]


def _closed(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in _CLOSES:
            yield _last(node.value)
        elif isinstance(node, ast.Call) and last_name(node.func).startswith(_CLOSING):
            for argument in call_arguments(node):
                yield from (_last(one) for one in ast.walk(argument) if isinstance(one, ast.expr))


def _last(node: ast.expr) -> str:
    """What is said last of something: ``pool`` of ``app.state.pool``, ``app["pool"]`` and ``get_pool`` of a call of it."""
    if isinstance(node, ast.Subscript):
        node = node.slice
    if isinstance(node, (ast.Await, ast.NamedExpr)):
        return _last(node.value)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return last_name(node.func if isinstance(node, ast.Call) else node)


def _kept_along(links: tuple[Link, ...]) -> tuple[str, Scope]:
    """Where what the last call of a chain makes is kept, and in which function: that one's, or the first on the way back that
    does not return it itself."""
    for node, scope, _ in reversed(links):
        name = _kept(node, scope)
        if name or not _is_returned(node, scope):
            return name, scope
    return "", links[0].scope


def _is_returned(node: ast.expr, scope: Scope) -> bool:
    """Whether a function returns what a call in it makes, at once or by the one name that it gives it."""
    parent = parent_of(node)
    if isinstance(parent, ast.Await):
        parent = parent_of(parent)
    target = parent.targets[0] if isinstance(parent, ast.Assign) else None
    if not isinstance(target, ast.Name):
        return isinstance(parent, ast.Return)
    return any(isinstance(one, ast.Name) and one.id == target.id for one in scope.returns)


def _kept(call: ast.expr, scope: Scope) -> str:
    """Where what a call makes is kept beyond the function, as written; empty where it is not."""
    parent = parent_of(call)
    if isinstance(parent, ast.Await):
        parent = parent_of(parent)
    if not isinstance(parent, (ast.Assign, ast.AnnAssign)):
        return ""
    for target in parent.targets if isinstance(parent, ast.Assign) else [parent.target]:
        if isinstance(target, ast.Attribute):
            return ast.unparse(target)
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            return ast.unparse(target)
        if isinstance(target, ast.Name) and target.id in scope.globals:
            return target.id
    return ""


def _of_module(services: Services) -> Observe:
    startups = Startups(services.evaluator, services.edges)
    return lambda scope: startups.observe(scope.module)


DETECTOR = Detector(
    "startups",
    _of_module,
    of="modules",
    words=lambda services: starting_words(services.evaluator.models),
    on_request=True,
)
