"""Pools that live as long as the application: which call makes them, and whether a second event loop may use them.

An engine or pool is the application's where a module or a class keeps it, a global, the cache of a function, or an
object that a module keeps. One whose pool is of no known class is nobody's: what is not known is not reported.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.once import cache_of, needs_arguments
from poolint.analyses.pool_limits import is_unpooled
from poolint.models.schema import POOLING
from poolint.syntax.expressions import without_await
from poolint.syntax.scopes import ScopeKey, parent_of
from poolint.types.values import UNKNOWN, ClassObject, Instance, Pending, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.pools import Pool, Pools
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


class Made(NamedTuple):
    """The call that makes an engine or a pool, and where it stands."""

    call: ast.Call
    scope: Scope


class Applications:
    """Answers for the pools of one project; remembers them."""

    def __init__(self, ev: Evaluator, pools: Pools) -> None:
        self.ev = ev
        self.pools = pools
        self._made: dict[Pool, Made | None] = {}

    def loop_bound(self, pool: Pool | None, near: Scope) -> Made | None:
        """What makes a pool, where it is the application's and keeps connections that one event loop has opened.

        ``near`` is where it is used: a module there may keep the object that has it.
        """
        if pool is None:
            return None
        made = self._application(pool, near)
        if made is None or not self._is_asynchronous(made):
            return None
        return made if self._keeps_connections(made) else None

    def kept(self, pool: Pool | None, near: Scope) -> Made | None:
        """What makes a pool, where it is the application's and keeps connections, synchronous or not."""
        made = self._application(pool, near) if pool is not None else None
        return made if made is not None and self._keeps_connections(made) else None

    def _application(self, pool: Pool, near: Scope) -> Made | None:
        """What makes a pool that is the application's, itself or under the names that it is kept by."""
        met: set[Pool] = set()
        waiting: list[Pool | Made] = [pool]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Made):
                return one
            if one in met:
                continue
            met.add(one)
            if one[0] == "place":
                made = self._at(one)
                if made is not None and self._is_kept(made, near):
                    return made
            else:
                waiting += reversed(list(self._bound_to(one, near)))
        return None

    def _bound_to(self, pool: Pool, near: Scope) -> Iterator[Pool | Made]:
        """What the name or attribute is bound to that a pool is known by.

        A name of a module may be bound several times: ``None`` first, an engine by some function later.
        """
        if pool[0] not in ("name", "attribute") or not isinstance(pool[1], ScopeKey):
            return
        name, home = str(pool[2]), self.ev.project.scope(pool[1])
        bindings: list[Binding] = []
        if pool[0] == "name" and home.kind == "module":
            bindings = home.bindings.get(name, [])
        elif pool[0] == "attribute" and home.kind == "class" and self._has_object(home, near):
            bindings = home.self_assignments.get(name, [])
        for one in bindings:
            value = without_await(one.value)
            if isinstance(value, ast.Call):
                where = one.scope or home
                yield Made(value, where) if self._makes_pool(value, where) else self.pools.identity(value, where)

    def _at(self, pool: Pool) -> Made | None:
        """The call at a place."""
        if pool not in self._made:
            _, path, row, column, *_ = pool
            module = self.ev.project.module(str(path))
            scopes = module.scope.descendants() if module is not None else ()
            found = ((call, scope) for scope in scopes for call in scope.calls)
            self._made[pool] = next(
                (Made(call, scope) for call, scope in found if (call.lineno, call.col_offset) == (row, column)), None
            )
        return self._made[pool]

    def _is_kept(self, made: Made, near: Scope) -> bool:
        """Whether what is made outlives the function in which it is made."""
        scope = made.scope
        if scope.kind in ("module", "class") or (
            cache_of(scope, self.ev.models) is not None and not needs_arguments(scope)
        ):
            return True
        statement = parent_of(made.call)
        if isinstance(statement, ast.Await):
            statement = parent_of(statement)
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in scope.globals:
                return True
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                owner = scope.enclosing_class
                return owner is not None and self._has_object(owner, near)
        return False

    def _has_object(self, owner: Scope, near: Scope) -> bool:
        """Whether a module keeps an object of a class: its own, or that in which it is used."""
        for module in {owner.module.path: owner.module, near.module.path: near.module}.values():
            for name, bindings in module.scope.bindings.items():
                kinds = {one.kind for one in bindings}
                if kinds.isdisjoint({"assign", "annotated", "import"}) or (name[:1].isupper() and "import" in kinds):
                    continue
                for one in alternatives(self.ev.scope_name(name, module.scope)):
                    if isinstance(one, Instance) and one.cls is owner:
                        return True
        return False

    def _makes_pool(self, call: ast.Call, scope: Scope) -> bool:
        return any(one.base is not None and one.base.kind in POOLING for one in self._instances(call, scope))

    def _is_asynchronous(self, made: Made) -> bool:
        found = [one.base for one in self._instances(*made)]
        return bool(found) and all(one is not None and one.kind in POOLING and one.mode == "async" for one in found)

    def _instances(self, call: ast.Call, scope: Scope) -> Iterator[Instance]:
        for one in alternatives(self.ev.type_of(call, scope)):
            for inner in alternatives(one.awaited) if isinstance(one, Pending) else (one,):
                if isinstance(inner, Instance):
                    yield inner

    def _keeps_connections(self, made: Made) -> bool:
        """Whether the pool of an engine is of a class that keeps connections, as far as its arguments tell."""
        if is_unpooled(self.ev, *made):
            return False
        for keyword in made.call.keywords:
            if keyword.arg is None:
                return False  # a class of pool may be among them
            if keyword.arg == "poolclass":
                given = alternatives(self.ev.type_of(keyword.value, made.scope))
                return UNKNOWN not in given and all(isinstance(one, ClassObject) for one in given)
        return True
