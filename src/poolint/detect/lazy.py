"""Observations about attributes of ORM objects that are loaded when they are read, on an asynchronous session."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.expired_reads import ExpiredReads, is_renewed, reads
from poolint.analyses.session_options import expires
from poolint.analyses.waypoints import waypoint
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import parent_of, statement_of
from poolint.syntax.surroundings import follows, may_await, start_of
from poolint.types.call_sites import call_site, text_of
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.waypoints import Waypoint
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


class LazyLoad(Observation, frozen=True, eq=False):
    """An attribute of an ORM object of an asynchronous session that has to be loaded when it is read.

    ``attribute`` is what is read, as written, ``commit`` the call that has expired it; empty for a relationship that
    was not loaded with its object.
    """

    on_request = True

    attribute: str
    session: str
    commit: str
    path: tuple[Waypoint, ...]


_COLLECTION = re.compile(r"Mapped\[\s*[\"']?(?:typing\.|t\.)?(?:list|List|set|Set|Sequence|Collection)\[")


class _Object(NamedTuple):
    """A variable that holds an object of a session: its class, the session, and the call that has loaded or added it."""

    name: str
    model: Scope
    session: ast.expr
    call: ast.Call
    binding: Binding


class Lazy:
    """Observes reads that load."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._expired_reads = ev.derived(ExpiredReads)
        self._relationships = ev.models.words("maps-relationship")
        self._loaders = ev.models.words("loads")
        self._objects_by = ev.models.words("loads-object")
        self._results_by = ev.models.words("gives-result")
        self._scalars_by = ev.models.words("gives-scalars")
        self._read_by = ev.models.words("gives-scalars", "reads-result")
        self._takes_out = ev.models.words("takes-out")

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The first read of each object in ``scope`` that has to ask the database."""
        if any(last_name(one.func) in self._takes_out for one in scope.calls):
            return
        for one in self._objects(scope):
            found = self._expired(one, scope) or self._lazy(one, scope)
            if found is not None:
                yield found

    # What comes from a session

    def _objects(self, scope: Scope) -> Iterator[_Object]:
        added = {
            one.args[0].id: one
            for one in scope.calls
            if last_name(one.func) == "add" and one.args and isinstance(one.args[0], ast.Name)
        }
        for name, bindings in scope.bindings.items():
            one = bindings[0]
            if len(bindings) != 1 or one.kind not in ("assign", "annotated", "for") or one.value is None:
                continue
            if one.index >= 0 or name not in scope.loads:
                continue
            call = added.get(name) or self._loading(one.value, scope)
            if call is None or not isinstance(call.func, ast.Attribute) or not self._is_of_session(call, scope):
                continue
            made = one.value.func if call is added.get(name) and isinstance(one.value, ast.Call) else None
            model = self._class(made, scope) if call is added.get(name) else self._model(call, scope)
            if model is not None:
                yield _Object(name, model, call.func.value, call, one)

    def _loading(self, value: ast.expr, scope: Scope) -> ast.Call | None:
        """The call of a session that has loaded an object, or the objects of which it is one."""
        is_scalar = False
        node: ast.expr | None = value
        seen: set[ast.expr | None] = set()
        while node not in seen:
            seen.add(node)
            if isinstance(node, ast.Await):
                node = node.value
            elif isinstance(node, ast.Name):
                node = self._origin(node, scope)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                method = node.func.attr
                if method in self._objects_by and isinstance(parent_of(node), ast.Await):
                    return node
                if method in self._results_by:
                    return node if is_scalar else None
                if method not in self._read_by:
                    return None
                is_scalar = is_scalar or method in self._scalars_by
                node = node.func.value
            else:
                return None
        return None

    def _is_of_session(self, call: ast.Call, scope: Scope) -> bool:
        fact = call_site(self.ev, call, scope, use_evidence=False)
        return fact is not None and fact.cls is not None and fact.cls.kind == "session" and fact.cls.mode == "async"

    def _model(self, call: ast.Call, scope: Scope) -> Scope | None:
        """The class of what a call loads: ``get(Order, …)``, ``scalars(select(Order).where(…))``."""
        node: ast.expr | None = call.args[0] if call.args else None
        named = self._class(node, scope)
        if named is not None:
            return named  # `get(Order, …)`
        seen: set[ast.expr | None] = set()
        while node not in seen:
            seen.add(node)
            if isinstance(node, ast.Name):
                node = self._origin(node, scope)
            elif (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and last_name(node.func) != "select"
            ):
                node = node.func.value
            else:
                break
        if isinstance(node, ast.Call) and last_name(node.func) == "select" and len(node.args) == 1:
            return self._class(node.args[0], scope)
        return None

    def _origin(self, node: ast.Name, scope: Scope) -> ast.expr | None:
        """What a variable of a function was made by; None where that is not known."""
        end = origin(self.ev, node, scope, frozenset())
        return end.node if end.scope is scope and not isinstance(end.node, ast.Name) else None

    def _class(self, node: ast.expr | None, scope: Scope) -> Scope | None:
        for one in alternatives(self.ev.type_of(node, scope)) if node is not None else ():
            if isinstance(one, ClassObject) and one.cls is not one.base:
                return one.cls  # type: ignore[return-value]
        return None

    def _declared(self, model: Scope, attribute: str) -> Binding | None:
        """How a class of the project, or one that it derives from, declares an attribute."""
        for owner in lineage(self.ev, ClassObject(model, None)):
            for one in owner.bindings.get(attribute, ()):
                return one if one.kind in ("assign", "annotated") else None
        return None

    # What loads

    def _expired(self, one: _Object, scope: Scope) -> Observation | None:
        if not isinstance(one.session, ast.Name):
            return None
        commits = list(self._commits(one, scope))
        mapped = self._expired_reads.is_mapped
        found = [read for read in reads(one.name, scope) if mapped(one.model, read.attr)] if commits else []
        if not found or expires(self.ev, one.session.id, scope) is not True:
            return None
        for read in found:
            for commit in commits:
                if _comes_after(read, commit, one) and not is_renewed(one.name, commit, read, scope):
                    begun = waypoint("expires", commit, scope.module, text_of(commit, scope), one.name)
                    return self._observation(read, one, "expired", text_of(commit, scope), begun, scope)
        return None

    def _commits(self, one: _Object, scope: Scope) -> Iterator[ast.Call]:
        session = text_of(one.session, scope)
        for call in scope.calls:
            if last_name(call.func) != "commit" or not isinstance(call.func, ast.Attribute):
                continue
            if text_of(call.func.value, scope) == session and isinstance(parent_of(call), ast.Await):
                yield call

    def _lazy(self, one: _Object, scope: Scope) -> Observation | None:
        if last_name(one.call.func) in ("add", "merge"):
            return None  # what has been made here may have been given its collections
        for read in reads(one.name, scope):
            found = self._declared(one.model, read.attr)
            if (
                found is None
                or not _is_lazy_collection(found, self._relationships)
                or _is_cared_for(read.attr, one, scope, self._loaders)
            ):
                continue
            begun = waypoint("loaded-without", one.call, scope.module, one.name, read.attr)
            return self._observation(read, one, "relationship", "", begun, scope)
        return None

    def _observation(
        self, read: ast.Attribute, one: _Object, why: str, commit: str, begun: object, scope: Scope
    ) -> Observation:
        path = (begun, waypoint("read", read, scope.module, text_of(read, scope)))
        is_expired = why == "expired"
        return LazyLoad(
            read,
            scope.qualified_name,
            may_await(read, scope),
            text_of(read, scope),
            text_of(one.session, scope),
            commit if is_expired else "",
            path,  # type: ignore[arg-type]
        )


def _comes_after(read: ast.Attribute, commit: ast.Call, one: _Object) -> bool:
    """Whether an object is read after a commit each time: further down, or in the next round of a loop over objects."""
    if one.binding.position < start_of(commit) and start_of(commit) < start_of(read) and follows(read, commit):
        return True
    loop = parent_of(statement_of(commit))
    is_around = isinstance(loop, (ast.For, ast.AsyncFor)) and loop.iter is one.binding.value
    if not is_around or isinstance(one.binding.value, ast.Call):
        return False
    assert isinstance(loop, (ast.For, ast.AsyncFor))
    return loop.lineno <= read.lineno <= (loop.end_lineno or 0)


def _is_lazy_collection(declared: Binding, relationships: frozenset[str]) -> bool:
    """Whether an attribute is a collection of related objects that is loaded when it is read."""
    made = declared.value
    if not isinstance(made, ast.Call) or last_name(made.func) not in relationships:
        return False
    if declared.annotation is None or _COLLECTION.match(ast.unparse(declared.annotation)) is None:
        return False
    for keyword in made.keywords:
        if keyword.arg is None:
            return False
        if keyword.arg == "lazy":
            return isinstance(keyword.value, ast.Constant) and keyword.value.value in ("select", True)
    return True


def _is_cared_for(attribute: str, one: _Object, scope: Scope, loaders: frozenset[str]) -> bool:
    """Whether a function loads a relationship beforehand, sets it itself, or says how in a way that is not seen."""
    for call in scope.calls:
        name = last_name(call.func)
        if name in loaders and _mentions(call, attribute):
            return True
        if name == "options" and not all(
            isinstance(given, ast.Call) and last_name(given.func) in loaders for given in call.args
        ):
            return True
    if any(keyword.arg == "options" and not isinstance(keyword.value, ast.List) for keyword in one.call.keywords):
        return True
    return any(
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr == attribute
        and isinstance(node.value, ast.Name)
        and node.value.id == one.name
        for node in ast.walk(scope.node)
    )


def _mentions(call: ast.Call, attribute: str) -> bool:
    given = call_arguments(call)
    for inner in (node for one in given for node in ast.walk(one)):
        if isinstance(inner, ast.Attribute) and inner.attr == attribute:
            return True
        if isinstance(inner, ast.Constant) and inner.value in (attribute, "*"):
            return True
    return False


DETECTOR = Detector(
    "lazy",
    lambda services: Lazy(services.evaluator).observe,
    of="coroutines",
    calls=lambda services: services.evaluator.models.words("loads-object", "gives-result") | {"add"},
    on_request=True,
)
