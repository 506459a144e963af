"""Sessions that are there before, and take their connection while another one of the same pool is held.

A session takes none where it is made: one that callers or a framework pass, or that was made side by side with the one
that holds, takes its own with its first statement. Of the two at least one has to be made by the function itself: two
that it is given may be one and the same.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.transactions import root_of
from poolint.analyses.lent_pools import bind_of, hands_back, opened_here
from poolint.analyses.managers import entry_of
from poolint.analyses.places import Places
from poolint.analyses.sinks import opening_sink
from poolint.detect.databases import givers
from poolint.models.schema import HANDLES, POOLING, SESSIONS
from poolint.syntax.expressions import first_name, without_await
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.following import given
from poolint.types.providers import providers
from poolint.types.values import Function, Instance, Pending, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.pools import Pool, Pools
    from poolint.detect.services import Services
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite

_MAX_STEPS = 4
"""Functions that hand a new session on to each other."""


class Latecomers:
    """Answers for the functions of one project."""

    def __init__(self, services: Services) -> None:
        self.ev = services.evaluator
        self.holdings: Holdings = services.holdings
        self.pools: Pools = services.pools
        self.using = services.using
        self.places = self.ev.derived(Places)
        self._several: dict[Scope, bool] = {}

    def at(self, node: ast.Call, scope: Scope) -> Iterator[tuple[str, Pool, list[Hold]]]:
        """The sessions that take a connection at a call, if only for the time of that: what each is called, its pool, and what
        is held meanwhile by others that are surely not the same."""
        if not self._has_several(scope):
            return
        for change in self.holdings.changes(scope).calls.get(node, ()):
            cls = change.cls if change.holds else self.using.of_call(node, scope).get(change.resource)
            if cls is None or cls.kind not in SESSIONS:
                continue
            held = self.holdings.at(node, scope)
            if not held or any(one.resource == change.resource for one in held) or self._is_beside(node, scope):
                continue
            pool = self._pool(change.resource, cls, node, scope)
            others = [one for one in held if self._is_another(one, change.resource, scope)] if pool else []
            if pool and others:
                yield change.resource, pool, others

    def _has_several(self, scope: Scope) -> bool:
        """Whether a function works with more than one thing that may hold a connection: most do not, and then nobody need find
        out what its calls do with it."""
        found = self._several.get(scope)
        if found is None:
            carriers = self.places.carrying.carriers(scope)
            own = scope.first_parameter.arg if scope.enclosing_class and scope.first_parameter else ""
            count = sum(item.optional_vars is None for one in scope.withs for item in one.items)
            for name, loads in scope.loads.items():
                if loads and (name in carriers or name == own):
                    made = self.ev.type_of(loads[0], scope)
                    known = [
                        one.base for one in alternatives(made) if isinstance(one, Instance) and one.base is not None
                    ]
                    is_one = any(base.kind in (*HANDLES, *SESSIONS) or base.made_of for base in known)
                    count += 1 if is_one else len(self.places.kept(made))
            by_others = count == 1 and any(one.resource.endswith("()") for one in self.holdings.begun_with(scope))
            found = self._several[scope] = count > 1 or by_others
        return found

    def _is_beside(self, node: ast.Call, scope: Scope) -> bool:
        """Whether a coroutine is made and not awaited: it runs beside others, which is what a second connection is for."""
        made = self.ev.type_of(node, scope)
        is_coroutine = isinstance(made, Pending) and made.call == "coroutine"
        return is_coroutine and not isinstance(parent_of(node), ast.Await)

    def _pool(self, resource: str, cls: Class, node: ast.Call, scope: Scope) -> Pool | None:
        """The pool that a session takes its connection from."""
        root = root_of(node)
        if cls.kind == "registry":
            is_named = root is not None and text_of(root, scope) == resource
            return self.pools.identity(root, scope) if is_named and root is not None else None
        return self.pools.of_given(resource, scope)

    def _is_another(self, hold: Hold, resource: str, scope: Scope) -> bool:
        """Whether what is held is something else than a session that takes its own, and that one is not told where it is
        made: a function has made one of the two, and the other one as well or it was there before."""
        made = self._made(resource, scope)
        if self.given_apart(hold, resource, scope):
            return True
        since = without_await(hold.since)
        if since in made:
            return False  # the block that keeps the one gives the other, on that as a rule: its own function is asked as well
        if made and any(hold.resource == one.resource for call in made for one in self.holdings.at(call, scope)):
            return False
        is_block = hold.header is hold.since and isinstance(since, ast.Call) and self._is_new(since, scope)
        is_made = is_block or bool(self._made(hold.resource, scope))
        if made:
            return is_made or _was_there(hold.resource, resource, scope)
        return is_made and _was_there(resource, hold.resource, scope)

    def given_apart(self, hold: Hold, resource: str, scope: Scope) -> str:
        """The two functions from which a framework has the session that it passes an endpoint, and the one that is held, which it
        has given a dependency, where each makes its own; empty where they do not."""
        passed = self._givers(resource, scope)
        others = [one for one in givers(self.ev, hold, scope, surely=True) if one not in passed] if passed else []
        if len(passed) != 1 or len(others) != 1 or not all(self._gives_new(one, 0) for one in (*passed, *others)):
            return ""
        return " and ".join(f"{one.module.name}.{one.qualified_name}" for one in (*passed, *others))

    def _givers(self, resource: str, scope: Scope) -> list[Scope]:
        """The functions from which a framework has what it passes as a parameter, or gives the object that it passes."""
        bindings = scope.bindings.get(resource.partition(".")[0], ())
        if len(bindings) != 1 or bindings[0].kind != "parameter":
            return []
        if "." in resource:
            lent = self.holdings.lent_to(scope).get(resource)
            return [lent] if lent is not None else []
        return [one.scope for one in providers(self.ev, bindings[0], scope)]

    def _made(self, name: str, scope: Scope) -> list[ast.Call]:
        """The calls by which a function makes what a variable of it stands for, or the object that opens what a member of it is
        as a block enters it; none where it may be something else."""
        root, _, member = name.partition(".")
        if member:
            return self._entered_with(root, member, scope)
        found: list[ast.Call] = []
        for binding in scope.bindings.get(name, ()):
            value = without_await(binding.value)
            if binding.kind == "narrowed":
                continue
            if not isinstance(value, ast.Call) or binding.index >= 0 or not self._is_new(value, scope):
                return []
            found.append(value)
        return found

    def _entered_with(self, name: str, member: str, scope: Scope) -> list[ast.Call]:
        bindings = scope.bindings.get(name, ())
        header = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "with" else None
        objects = alternatives(self.ev.type_of(header, scope)) if isinstance(header, ast.Call) else ()
        entries = [entry_of(self.ev, one) for one in objects if isinstance(one, Instance)]
        if not entries or len(entries) < len(objects) or not all(self._opens(one, member) for one in entries):
            return []
        return [header] if isinstance(header, ast.Call) else []

    def _opens(self, entry: Function | None, member: str) -> bool:
        """Whether what enters an object sets a member of it to what it has opened for it."""
        cls = entry.scope.enclosing_class if entry is not None else None
        stored = cls.self_assignments.get(member, ()) if cls is not None else ()
        made = [one.value for one in stored if entry is not None and one.scope is entry.scope]
        calls = [without_await(one) for one in made]
        return bool(calls) and all(
            isinstance(one, ast.Call) and entry is not None and self._is_new(one, entry.scope) for one in calls
        )

    def _is_new(self, call: ast.Call, scope: Scope, steps: int = 0) -> bool:
        """Whether a call gives a session or a connection that nobody else has."""
        functions = [one for one in callees_of(self.ev, call, scope) if isinstance(one, Function)]
        if not functions:
            fact = call_site(self.ev, call, scope, use_evidence=False)
            return fact is not None and bool(opening_sink(fact)) and not self._is_bound(fact, scope)
        if steps >= _MAX_STEPS or hands_back(self.ev, call, scope):
            return False
        return all(self._gives_new(one.scope, steps) for one in functions)

    def _is_bound(self, fact: CallSite, scope: Scope) -> bool:
        """Whether what a call makes works with a connection that it is given, or may do so: it takes none from the pool."""
        named = next((one.value for one in fact.node.keywords if one.arg == "bind"), None)
        bind = bind_of(fact.node) if fact.row is None else named
        found = alternatives(self.ev.type_of(bind, scope)) if bind is not None else ()
        return any(not isinstance(one, Instance) or one.base is None or one.base.kind not in POOLING for one in found)

    def _gives_new(self, function: Scope, steps: int) -> bool:
        ends = [end for value in given(function) for end in opened_here(self.ev, value, function)]
        return bool(ends) and all(
            isinstance(end.node, ast.Call) and self._is_new(end.node, end.scope, steps + 1) for end in ends
        )


def _was_there(place: str, made: str, scope: Scope) -> bool:
    """Whether something was there before a function has made something else, and has not been given that: its object is a
    parameter, or of another scope."""
    root, _, path = place.partition(".")
    if any(one.kind not in ("parameter", "narrowed") for one in scope.bindings.get(root, ())):
        return False
    return not path or not any(_is_given(load, root) for load in scope.loads.get(made, ()))


def _is_given(load: ast.Name, root: str) -> bool:
    """Whether something is set on an object, or passed to one of its methods."""
    parent = parent_of(load)
    if isinstance(parent, ast.keyword):
        parent = parent_of(parent)
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    to = [*targets, *([parent.func, *parent.args] if isinstance(parent, ast.Call) else [])]
    return any(first_name(one) == root for one in to)
