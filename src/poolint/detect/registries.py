"""Observations about registries of sessions (``scoped_session``) that nothing ever removes the sessions from.

A registry is made in one module, used in many and emptied in one more, a hook or a middleware, with nothing in between
to follow. So the whole project is read: for what it calls on the registry, and for anything that may be a removal. What
cannot be told apart from one, and a registry handed to what is not the project's, is met with silence.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.analyses.lent_pools import is_of_a_connection
from poolint.analyses.lifetimes.acquisitions import is_own_registry
from poolint.analyses.waypoints import waypoint
from poolint.detect.asked_for import is_asked_for
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.frameworks.entries import is_entry
from poolint.models.schema import TAKING_ROLES
from poolint.syntax.file_kinds import is_test_path, kinds_of
from poolint.syntax.purposes import is_for, mentioned
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import callees_of
from poolint.types.returns import decorators
from poolint.types.values import UNKNOWN, ClassObject, Function, Instance, LibraryMethod, alternatives
from poolint.types.vocabulary import Vocabulary, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.objects import Objects
    from poolint.analyses.waypoints import Waypoint
    from poolint.models import schema
    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class RegistryNotRemoved(Observation, frozen=True, eq=False):
    """A registry of sessions, made by ``node``, that is never emptied; ``user`` is the function that ``used`` it first."""

    cls: schema.Class
    variable: str
    user: str
    used: Waypoint


_ENDS = frozenset({"commit", "rollback", "begin"})
_REMOVES = ("remove", "close_all")
_REMOVAL = re.compile(
    rb"(?<!\w)(\w*)\)?\s{0,99}\.\s*(?:remove\b(?:\s*\(\s*\)|(?!\s*\())|close_all\b)|[\"']remove[\"']|close_all_sessions"
)
"""A removal takes no argument; it may also be handed on as a callback, or looked up by its name."""
_DEFINED = re.compile(rb"\b(\w+)[ \t]*(?::[^=\n]{1,200})?=\s*[\w.]*(?:scoped_session|ScopedSession)\(")
_LOOKS_UP = frozenset({"getattr", "methodcaller", "attrgetter"})
_MOST_FILES = 20_000
_MOST_READ = 300
"""Files of a project that are looked at, and that are read for their mentions of one registry."""

What = Literal["takes", "ends", "neutral", "lent", "removes", "unknown"]


class _Event(NamedTuple):
    """Something that happens to a registry: ``node`` is the call or the mention."""

    what: What
    node: ast.expr
    scope: Scope


class _Told(NamedTuple):
    """What a file may say: names that something may be removed from, and names of registries."""

    removed: frozenset[bytes]
    defined: frozenset[bytes]


class Registries:
    """Finds the registries of a project that are used and never emptied."""

    def __init__(self, ev: Evaluator, vocabulary: Vocabulary, objects: Objects) -> None:
        self.ev = ev
        self.vocabulary = vocabulary
        self.objects = objects
        self._files: dict[str, _Told] = {}

    def observe(self, scope: Scope) -> Iterator[Observation]:
        """The registries made in ``scope`` that nothing ever removes a session from."""
        for node in scope.calls_named(self.vocabulary.registries):
            cls = _registry(self.ev, node, scope)
            parent = parent_of(node)
            if cls is None or not isinstance(parent, (ast.Assign, ast.AnnAssign)):
                continue
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            if len(targets) != 1 or not isinstance(targets[0], (ast.Name, ast.Attribute)):
                continue
            name = last_name(targets[0])
            if is_of_a_connection(self.ev, name, node, scope):
                continue
            events = self._events(name, targets[0], cls, scope)
            used = self._left(events, cls, name, scope) if events is not None else None
            if used is not None:
                at = waypoint("never-removed", used.node, used.scope.module)
                asynchronous = may_await(node, scope)
                yield RegistryNotRemoved(node, scope.qualified_name, asynchronous, cls, name, used.scope.name, at)

    def _left(self, events: list[_Event], cls: Class, name: str, scope: Scope) -> _Event | None:
        """The first use that leaves a connection checked out. What context managers of the project are used for is
        followed to the end of who uses them."""
        lent = [one.scope for one in events if one.what == "lent"]
        if not lent or scope.kind != "module":
            return _left(self.ev, events, cls)
        uses = [one for one in events if one.what == "takes"]
        uses += [_Event("takes", *call) for manager in lent for call in self.ev.callers.of(manager)]
        for one in uses:
            function = one.scope.outermost_function
            if function is None or not (_serves(self.ev, one.scope) and is_entry(self.ev, function)):
                continue
            if self.objects.left_in(scope.module, name, one.scope):
                return one
        return None

    def _events(self, name: str, target: ast.expr, cls: Class, scope: Scope) -> list[_Event] | None:
        """All that happens to a registry; None where that cannot be known, or something removes its sessions."""
        if _has_owner(scope.module, self.ev):
            return None
        if scope.kind == "function" and isinstance(target, ast.Name) and name not in scope.globals:
            found = _mentions(self.ev, cls, {name}, scope)
        else:
            modules = self._modules(name, cls, scope.module)
            if modules is None:
                return None
            found = [one for each, names in modules for one in _mentions(self.ev, cls, names, each.scope)]
        return None if any(one.what in ("removes", "unknown") for one in found) else found

    def _told(self, path: str, data: bytes) -> _Told:
        """What a file says of all registries; found once for all of them."""
        found = self._files.get(path)
        if found is None:
            defined = _DEFINED.findall(data) if b"scoped_session" in data or b"ScopedSession" in data else ()
            found = self._files[path] = _Told(frozenset(_REMOVAL.findall(data)), frozenset(defined))
        return found

    def _modules(self, name: str, cls: Class, module: Module) -> list[tuple[Module, set[str]]] | None:
        """The modules that mention a registry, each with the names that it has there."""
        project = self.ev.project
        root = project.finder.top(module.path)
        word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
        renamed = re.compile(word.pattern + rb"[ \t]+as[ \t]+(\w+)")
        paths: list[str] = []
        removing: list[tuple[str, frozenset[bytes]]] = []
        defined = set[bytes]()
        roots = (*mentioned(self.ev.models, "runs-at-once"), b"run_in_executor")
        concurrent = cls.mode == "async"
        others = (path for path in project.every_file(root, module) if path != module.path)
        for count, path in enumerate((module.path, *others)):
            if count > _MOST_FILES or len(paths) > _MOST_READ:
                return None
            if count and is_test_path(path, root):
                continue
            data = project.bytes_of(path)
            if (
                b"zope" in data
                and (owned := project.module(path)) is not None
                and is_for(owned, self.ev.models, "ends-transactions")
            ):
                return None
            told = self._told(path, data)
            defined |= told.defined
            is_its_own = bool(count) and name.encode() in told.defined
            removed = told.removed - {name.encode()} if is_its_own else told.removed
            if removed:
                removing.append((path, removed))
            if not concurrent and any(root in data for root in roots):
                running = project.module(path)
                concurrent = running is not None and _runs_at_once(running, self.ev.models)
            if word.search(data) and not is_its_own:
                paths.append(path)
        if not concurrent:
            return None
        others_own = defined - {name.encode()}
        for path, told_here in removing:
            if not told_here <= others_own:
                by = project.module(path)
                own = (
                    self._told(path, by.source.data).defined if by is not None and path != module.path else frozenset()
                )
                if by is None or not {one.encode() for one in _removed(by)} <= others_own | own:
                    return None
        found = []
        for path in paths:
            mentioning = project.module(path)
            if mentioning is None:
                return None
            names = {name, *(one.decode() for one in renamed.findall(mentioning.source.data))}
            found.append((mentioning, names))
        return found


def _has_owner(module: Module, ev: Evaluator) -> bool:
    """Whether something else ends the transactions of all sessions of a module, or these begin none."""
    if is_for(module, ev.models, "ends-transactions"):
        return True
    return any(
        one.arg == "autocommit" and isinstance(one.value, ast.Constant) and one.value.value is True
        for scope in module.scope.descendants()
        for call in scope.calls
        for one in call.keywords
    )


def _removed(module: Module) -> Iterator[str]:
    """The last names of what a module may remove sessions from; empty for what it gives no name to."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in _REMOVES:
            call = parent_of(node)
            is_called = isinstance(call, ast.Call) and call.func is node
            if node.attr != "remove" or not is_called or not (call.args or call.keywords):  # type: ignore[union-attr]
                yield last_name(node.value)
        elif isinstance(node, ast.Call) and last_name(node.func) in _LOOKS_UP:
            if any(isinstance(one, ast.Constant) and one.value == "remove" for one in node.args):
                yield ""
        elif "close_all_sessions" in (node.__dict__.get(key) for key in ("name", "id", "attr")):
            yield ""


def _runs_at_once(module: Module, models: Models) -> bool:
    """Whether a module serves requests, or runs threads."""
    if is_for(module, models, "runs-at-once"):
        return True
    return any(scope.calls_of("run_in_executor") for scope in module.scope.descendants())


def _registry(ev: Evaluator, node: ast.expr, scope: Scope) -> Class | None:
    """The class of registry that an expression is."""
    found = alternatives(ev.type_of(node, scope))
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    return base if base is not None and base.kind == "registry" else None


def _mentions(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> list[_Event]:
    """What happens to the registry of these names in ``top`` and in all inside it, in order."""
    found = [*_of_names(ev, cls, names, top), *(_of_attributes(ev, cls, names, top) if top.kind == "module" else ())]
    return sorted(found, key=lambda one: (one.node.lineno, one.node.col_offset))


def _of_names(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> Iterator[_Event]:
    for scope in top.descendants():
        for name in names:
            for load in scope.loads.get(name, ()):
                if _registry(ev, load, scope) is cls:
                    yield _event(ev, cls, load, scope)


def _of_attributes(ev: Evaluator, cls: Class, names: set[str], top: Scope) -> Iterator[_Event]:
    for node in ast.walk(top.node):
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
            scope = top.module.scope_of(node)
            kind = _registry(ev, node, scope)
            if kind is cls:
                yield _event(ev, cls, node, scope)
            elif kind is None and ev.type_of(node, scope) is UNKNOWN and _calls_on(node) and cls.mode == "sync":
                yield _Event("unknown", node, scope)  # it may be the one, ended


def _calls_on(node: ast.Attribute) -> bool:
    """Whether something is called on what has the registry's name, or it is handed on."""
    parent = parent_of(node)
    return not isinstance(parent, ast.Attribute) or parent.attr in ("commit", "rollback", "close", "remove", "reset")


def _event(ev: Evaluator, cls: Class, node: ast.expr, scope: Scope) -> _Event:
    parent = parent_of(node)
    shared: What = "neutral" if cls.mode == "async" else "unknown"
    if isinstance(parent, ast.Attribute):
        return _of_method(ev, cls, parent, scope)
    if isinstance(parent, ast.Call) and parent.func is node:
        return _of_session(ev, parent, scope)
    if isinstance(parent, (ast.Compare, ast.If, ast.BoolOp, ast.UnaryOp, ast.Assert, ast.Expr, ast.arg)):
        return _Event("neutral", node, scope)
    if isinstance(parent, ast.keyword):
        parent = parent_of(parent)
    if isinstance(parent, ast.Call):
        callees = callees_of(ev, parent, scope)
        ours = all(isinstance(one, Function) or (isinstance(one, ClassObject) and one.base is None) for one in callees)
        return _Event(shared if ours else "unknown", node, scope)
    return _Event(shared if isinstance(parent, (ast.Return, ast.Yield)) else "unknown", node, scope)


def _of_method(ev: Evaluator, cls: Class, read: ast.Attribute, scope: Scope) -> _Event:
    """What ``registry.method`` does, or ``registry().method``."""
    row = ev.models.method(cls, read.attr)
    if row is None:
        return _Event("neutral" if read.attr in cls.attributes else "unknown", read, scope)
    if row.role == "release":
        keeps = cls.mode == "async" and read.attr not in _REMOVES  # the registry keeps the session for its task
        return _Event("ends" if keeps else "removes", read, scope)
    call = parent_of(read)
    if not isinstance(call, ast.Call) or call.func is not read:
        return _Event("unknown", read, scope)
    if row.role in _ENDS:
        return _Event("ends", call, scope)
    if row.role in TAKING_ROLES:
        return _Event("takes", call, scope)
    return _Event("takes" if _is_fetched(ev, call, scope) else "neutral", call, scope)


def _is_fetched(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a chain that begins with ``registry.query(…)`` comes to a call that reaches the database."""
    node: ast.expr = call
    while isinstance(read := parent_of(node), ast.Attribute):
        outer = parent_of(read)
        if not isinstance(outer, ast.Call) or outer.func is not read:
            return False
        method = ev.type_of(read, scope)
        if isinstance(method, LibraryMethod) and method.row.role in TAKING_ROLES:
            return True
        node = outer
    return isinstance(parent_of(node), (ast.For, ast.comprehension)) and node is not call


def _of_session(ev: Evaluator, call: ast.Call, scope: Scope) -> _Event:
    """What becomes of the session that ``registry()`` gives."""
    found = alternatives(ev.type_of(call, scope))
    base = found[0].base if len(found) == 1 and isinstance(found[0], Instance) else None
    parent = parent_of(call)
    if base is None:
        return _Event("unknown", call, scope)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)) and is_own_registry(call.func, scope):
        return _Event("neutral", call, scope)  # followed as a checkout of its function
    if isinstance(parent, ast.Expr):
        return _Event("neutral", call, scope)
    if isinstance(parent, ast.Attribute):
        return _of_method(ev, base, parent, scope)
    if not (isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name)):
        return _Event("unknown", call, scope)
    events = []
    for inner, load in reads_of(parent.targets[0].id, scope):
        read = parent_of(load)
        if isinstance(read, ast.Yield) and inner is scope and base.mode == "sync" and _is_manager(ev, scope):
            events.append(_Event("lent", load, scope))
        elif isinstance(read, ast.Attribute):
            events.append(_of_method(ev, base, read, inner))
        else:
            events.append(_Event("unknown", load, inner))
    worst: tuple[What, ...] = ("unknown", "removes", "lent", "ends", "takes")
    return next((one for what in worst for one in events if one.what == what), _Event("neutral", call, scope))


def _is_manager(ev: Evaluator, scope: Scope) -> bool:
    """Whether a generator is a context manager by its decorator."""
    return any(("decorator-cm", name) in ev.models.passed for name in decorators(ev, scope))


def _left(ev: Evaluator, events: list[_Event], cls: Class) -> _Event | None:
    """The first use that checks a connection out, where nothing gives it back."""
    takes = [one for one in events if one.what == "takes" and _serves(ev, one.scope)]
    ending = [one.scope.outermost_function for one in _certain_ends(events, takes)]
    if cls.mode == "async" or not ending:
        return takes[0] if takes else None
    if not all(function is not None and is_entry(ev, function) for function in ending):
        return None  # whoever calls the function may end what it has begun
    entries = (one for one in takes if (around := one.scope.outermost_function) is not None and is_entry(ev, around))
    return next((one for one in entries if one.scope.outermost_function not in ending), None)


def _certain_ends(events: list[_Event], takes: list[_Event]) -> list[_Event]:
    """What ends a transaction, without what does so only if a caller asks for it, after something that took a connection
    whatever he asks for; where both arms of a test end it, it is ended."""
    ends = [one for one in events if one.what == "ends"]
    asked = {one for one in ends if is_asked_for(one.node)}
    spared = {
        one
        for one in asked
        if any(other is not one and other.scope is one.scope for other in ends)
        or not any(each.scope is one.scope and not is_asked_for(each.node) for each in takes)
    }
    return [one for one in ends if one not in asked or one in spared]


def _serves(ev: Evaluator, scope: Scope) -> bool:
    """Whether a use runs more than once in the life of a process: in a function, and in no script or migration."""
    return scope.outermost_function is not None and not kinds_of(
        scope.module, "", ev.models, ev.project, scope.module.path
    )


DETECTOR = Detector(
    "registries",
    lambda services: Registries(services.evaluator, services.vocabulary, services.holdings.objects).observe,
    calls=lambda services: services.vocabulary.registries,
)
