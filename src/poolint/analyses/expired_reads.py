"""Attributes of rows that are read after the commit of their session: it has expired them, so the session begins a transaction to
load the row again, and holds a connection from then on (SQLAlchemy 2.0, ``expire_on_commit``)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.session_options import expires
from poolint.syntax.expressions import first_name
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import follows, is_inside, start_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Instance, alternatives, without_none
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.types.evaluator import Evaluator


class Reload(NamedTuple):
    """A read that has a session load a row again: the name of the session, its class, and the commit that has expired the row."""

    session: str
    cls: Class
    commit: ast.Call


class ExpiredReads:
    """Answers for the functions of one project, about synchronous sessions: with asynchronous ones such a read raises."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._columns = ev.models.words("maps-column")
        self._relationships = ev.models.words("maps-relationship")
        self._maps_if = ev.models.words("maps-if")
        self._takes_out = ev.models.words("takes-out")
        self._found: dict[Scope, dict[ast.Attribute, Reload]] = {}

    def of(self, scope: Scope) -> dict[ast.Attribute, Reload]:
        """The reads of a function that load a row again wherever nothing else has done so since the commit."""
        found = self._found.get(scope)
        if found is None:
            found = self._found[scope] = dict(self._read(scope))
        return found

    def _read(self, scope: Scope) -> Iterator[tuple[ast.Attribute, Reload]]:
        if scope.kind != "function" or "commit" not in scope.called or not self._takes_out.isdisjoint(scope.called):
            return
        commits: dict[str, list[ast.Call]] = {}
        for call in scope.calls_named({"commit"}):
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                commits.setdefault(call.func.value.id, []).append(call)
        for session, ends in commits.items():
            cls = self._session(ends[0], scope)
            if cls is None or expires(self.ev, session, scope) is not True:
                continue
            for name, since in self._rows(session, scope):
                for read in reads(name, scope):
                    commit = _last_before(read, ends, since) if self._may_reload(read, scope) else None
                    if commit is None or is_renewed(name, commit, read, scope):
                        continue
                    if not _is_closed(session, commit, read, scope):
                        yield read, Reload(session, cls, commit)

    def _session(self, commit: ast.Call, scope: Scope) -> Class | None:
        """The library's class of a synchronous session that is committed."""
        assert isinstance(commit.func, ast.Attribute)
        found = alternatives(self.ev.type_of(commit.func.value, scope))
        cls = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
        return cls if cls is not None and cls.kind == "session" and cls.mode == "sync" else None

    def _rows(self, session: str, scope: Scope) -> Iterator[tuple[str, tuple[int, int]]]:
        """The variables of a function that hold a row which a session has loaded, or has been given, each with the place where it
        has, and keeps: what it deletes is as it was when that has been committed."""
        added, deleted = _passed("add", session, scope), _passed("delete", session, scope)
        for name, bindings in scope.bindings.items():
            one = bindings[0]
            if len(bindings) != 1 or one.kind not in ("assign", "annotated") or one.index >= 0 or name in deleted:
                continue
            if isinstance(one.value, ast.Call) and name in scope.loads:
                if first_name(one.value) == session:
                    yield name, one.position
                elif name in added:
                    yield name, added[name]

    def _may_reload(self, read: ast.Attribute, scope: Scope) -> bool:
        found = alternatives(without_none(self.ev.type_of(read.value, scope)))
        return all(
            isinstance(one, Instance) and isinstance(one.cls, Scope) and self.is_mapped(one.cls, read.attr)
            for one in found
        )

    def is_mapped(self, model: Scope, attribute: str) -> bool:
        """Whether a class of the project, or one that it derives from, maps an attribute to a column."""
        for owner in lineage(self.ev, ClassObject(model, None)):
            for one in owner.bindings.get(attribute, ()):
                made = last_name(one.value.func) if isinstance(one.value, ast.Call) else ""
                annotation = one.annotation if one.kind == "annotated" else None
                if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Mapped":
                    return made in self._columns or one.value is None
                is_field = annotation is not None and self._is_field(model, attribute, annotation, made)
                return made in self._columns or is_field
        return False

    def _is_field(self, model: Scope, attribute: str, annotation: ast.expr, made: str) -> bool:
        """Whether what a class declares is a column because its header says that it has a table, as SQLModel's do."""
        if attribute.startswith("_") or made in self._relationships:
            return False
        of_class = annotation.value if isinstance(annotation, ast.Subscript) else annotation
        headers = (cls.node for cls in lineage(self.ev, ClassObject(model, None)))
        keywords = (word.arg for node in headers if isinstance(node, ast.ClassDef) for word in node.keywords)
        return last_name(of_class) != "ClassVar" and not self._maps_if.isdisjoint(keywords)


def reads(name: str, scope: Scope) -> Iterator[ast.Attribute]:
    """The attributes of a variable that a function reads, in order; methods that it calls are none."""
    for load in sorted(scope.loads.get(name, ()), key=start_of):
        parent = parent_of(load)
        if not isinstance(parent, ast.Attribute) or not isinstance(parent.ctx, ast.Load):
            continue
        outer = parent_of(parent)
        if not (isinstance(outer, ast.Call) and outer.func is parent):
            yield parent


def is_renewed(name: str, commit: ast.Call, read: ast.Attribute, scope: Scope) -> bool:
    """Whether an object is refreshed, or the attribute set, between a commit and a read, or in the loop around both."""
    for call in scope.calls_named({"refresh"}):
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Name) or first.id != name:
            continue
        if start_of(commit) < start_of(call) < start_of(read) or start_of(read) < start_of(commit):
            return True
    return any(
        one.attr == read.attr
        and isinstance(one.ctx, ast.Store)
        and isinstance(one.value, ast.Name)
        and one.value.id == name
        and start_of(commit) < start_of(one) < start_of(read)
        for one in scope.attributes
    )


def _last_before(read: ast.Attribute, commits: list[ast.Call], since: tuple[int, int]) -> ast.Call | None:
    """The last commit behind which a row is read each time, of those after it was loaded or given to the session."""
    before = sorted((one for one in commits if since < start_of(one) < start_of(read)), key=start_of, reverse=True)
    return next((one for one in before if follows(read, one)), None)


def _passed(method: str, session: str, scope: Scope) -> dict[str, tuple[int, int]]:
    """The variables that a function passes first to a method of a session, each with the first place where it does."""
    found: dict[str, tuple[int, int]] = {}
    for call in sorted(scope.calls_named({method}), key=start_of):
        if call.args and isinstance(call.args[0], ast.Name) and first_name(call) == session:
            found.setdefault(call.args[0].id, start_of(call))
    return found


def _is_closed(session: str, commit: ast.Call, read: ast.Attribute, scope: Scope) -> bool:
    """Whether a session is closed between a commit and a read, or its block is left: then a read raises."""
    for call in scope.calls_named({"close"}):
        if first_name(call) == session and start_of(commit) < start_of(call) < start_of(read):
            return True
    for statement in scope.withs:
        for item in statement.items:
            target = item.optional_vars
            is_its = isinstance(target, ast.Name) and target.id == session
            if is_its and is_inside(commit, statement) and not is_inside(read, statement):
                return True
    return False
