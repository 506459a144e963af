"""Observations about registries of sessions (``scoped_session``) that nothing ever removes the sessions from.

A registry is made in one module, used in many and emptied in one more, a hook or a middleware, with nothing in between
to follow. So the whole project is read: for what it calls on the registry, and for anything that may be a removal. What
cannot be told apart from one, and a registry handed to what is not the project's, is met with silence.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.lent_pools import is_of_a_connection
from poolint.analyses.waypoints import waypoint
from poolint.detect.asked_for import is_asked_for
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.registry_events import REMOVES, Event, mentions, registry_class, uses_of_lent
from poolint.flow.flags import name_of
from poolint.frameworks.entries import is_entry
from poolint.syntax.file_kinds import is_test_path, kinds_of
from poolint.syntax.purposes import is_for, mentioned
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await
from poolint.types.vocabulary import Vocabulary, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.entities import Registry
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


_REMOVAL = re.compile(
    rb"(?<!\w)(\w*)\)?\s{0,99}\.\s*(?:remove\b(?:\s*\(\s*\)|(?!\s*\())|close_all\b)|[\"']remove[\"']|close_all_sessions"
)
"""A removal takes no argument; it may also be handed on as a callback, or looked up by its name."""
_DEFINED = re.compile(rb"\b(\w+)[ \t]*(?::[^=\n]{1,200})?=\s*[\w.]*(?:scoped_session|ScopedSession)\(")
_LOOKS_UP = frozenset({"getattr", "methodcaller", "attrgetter"})
_MOST_FILES = 20_000
_MOST_READ = 300
"""Files of a project that are looked at, and that are read for their mentions of one registry."""


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
            cls = registry_class(self.ev, node, scope)
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

    def _left(self, events: list[Event], cls: Class, name: str, scope: Scope) -> Event | None:
        """The first use that leaves a connection checked out. What context managers of the project are used for is
        followed to the end of who uses them; a registry of tasks keeps what they have lent, however that ends."""
        lent = [one.scope for one in events if one.what == "lent"]
        if cls.mode == "async":
            used = [one for manager in lent for one in uses_of_lent(self.ev, self.objects.using, manager)]
            return _left(self.ev, [*events, *used], cls)
        if not lent or scope.kind != "module":
            return _left(self.ev, events, cls)
        uses = [one for one in events if one.what == "takes"]
        uses += [Event("takes", *call) for manager in lent for call in self.ev.callers.of(manager)]
        for one in uses:
            function = one.scope.outermost_function
            if function is None or not (_serves(self.ev, one.scope) and is_entry(self.ev, function)):
                continue
            if self.objects.left_in(scope.module, name, one.scope):
                return one
        return None

    def _events(self, name: str, target: ast.expr, cls: Class, scope: Scope) -> list[Event] | None:
        """All that happens to a registry; None where that cannot be known, or something removes its sessions."""
        if _has_owner(scope.module, self.ev):
            return None
        if scope.kind == "function" and isinstance(target, ast.Name) and name not in scope.globals:
            found = mentions(self.ev, cls, {name}, scope)
        else:
            modules = self._modules(name, cls, scope.module)
            if modules is None:
                return None
            found = [one for each, names in modules for one in mentions(self.ev, cls, names, each.scope)]
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
                if by is None or not {one.encode() for one in self._removed(by, name, module)} <= others_own | own:
                    return None
        found = []
        for path in paths:
            mentioning = project.module(path)
            if mentioning is None:
                return None
            names = {name, *(one.decode() for one in renamed.findall(mentioning.source.data))}
            found.append((mentioning, names))
        return found

    def _removed(self, by: Module, name: str, module: Module) -> Iterator[str]:
        """The last names of what a module may remove sessions from, where that may be the registry which another one binds to a
        name; empty for what it gives no name to. Who gives a registry a second name hands it on, which is seen there."""
        for node in ast.walk(by.tree):
            if isinstance(node, ast.Attribute) and node.attr in REMOVES:
                call = parent_of(node)
                is_called = isinstance(call, ast.Call) and call.func is node
                if node.attr == "remove" and is_called and (call.args or call.keywords):  # type: ignore[union-attr]
                    continue
                registry = self.objects.registry(name_of(node.value), by.scope_of(node))
                if registry is None or _may_be(registry, name, module):
                    yield last_name(node.value)
            elif isinstance(node, ast.Call) and last_name(node.func) in _LOOKS_UP:
                if any(isinstance(one, ast.Constant) and one.value == "remove" for one in node.args):
                    yield ""
            elif "close_all_sessions" in (node.__dict__.get(key) for key in ("name", "id", "attr")):
                yield ""


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


def _may_be(registry: Registry, name: str, module: Module) -> bool:
    """Whether a registry may be the one that a module binds to a name, or sets on some object under that name."""
    if not registry.module or registry.path.endswith(f".{name}"):
        return True
    return registry[:3] == (module.path, name, "")


def _runs_at_once(module: Module, models: Models) -> bool:
    """Whether a module serves requests, or runs threads."""
    if is_for(module, models, "runs-at-once"):
        return True
    return any(scope.calls_of("run_in_executor") for scope in module.scope.descendants())


def _left(ev: Evaluator, events: list[Event], cls: Class) -> Event | None:
    """The first use that checks a connection out, where nothing gives it back."""
    takes = [one for one in events if one.what == "takes" and _serves(ev, one.scope)]
    ending = [one.scope.outermost_function for one in _certain_ends(ev, events, takes)]
    if cls.mode == "async" or not ending:
        return takes[0] if takes else None
    if not all(function is not None and is_entry(ev, function) for function in ending):
        return None  # whoever calls the function may end what it has begun
    entries = (one for one in takes if (around := one.scope.outermost_function) is not None and is_entry(ev, around))
    return next((one for one in entries if one.scope.outermost_function not in ending), None)


def _certain_ends(ev: Evaluator, events: list[Event], takes: list[Event]) -> list[Event]:
    """What ends a transaction, without what does so only if a caller asks for it, after something that took a connection
    whatever he asks for, or if a framework does, which calls it whatever has been done: ``if error is None``. Where both arms of
    a test end it, it is ended."""
    ends = [one for one in events if one.what == "ends"]
    asked = {one for one in ends if is_asked_for(one.node)}
    spared = set()
    for one in asked:
        own = [each for each in takes if each.scope is one.scope]
        is_chosen = bool(own) or next(iter(ev.callers.of(one.scope.method_around)), None) is not None
        if any(other is not one and other.scope is one.scope for other in ends) or (
            is_chosen and all(is_asked_for(each.node) for each in own)
        ):
            spared.add(one)
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
