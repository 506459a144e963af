"""What the end of a block does with the sessions of an object that was there before: ``async with self.work: …``, whose
``__aexit__`` rolls back, or ``async with uow.connection(): …``, which commits, gives the connection back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left
from poolint.analyses.managers import exits_of
from poolint.flow.flags import name_of
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.places import Places
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def ended_by_exit(places: Places, leaving: Leaving, header: ast.expr, scope: Scope) -> Iterator[str]:
    """The places of a function whose sessions have given their connections back once the block has been left that a named
    object begins, or a generator that is its method: those that one of the classes which it may be of ends there."""
    for name, method, cls in _leaving(places.ev, header, scope):
        own = method.first_parameter
        for path in places.kept(cls) if own is not None else ():
            inside = places.first(f"{own.arg if own is not None else ''}.{path}", method)
            if leaving.block(method, inside) is Left.ENDED:
                yield places.first(f"{name}.{path}", scope)


def _leaving(ev: Evaluator, header: ast.expr, scope: Scope) -> Iterator[tuple[str, Scope, Instance]]:
    """What runs as a block ends: a method, the name of the object that it belongs to, and the class that it is of."""
    if isinstance(header, ast.Call) and isinstance(header.func, ast.Attribute):
        name = name_of(header.func.value)
        for callee in callees_of(ev, header, scope) if name else ():
            if isinstance(callee, Function) and callee.scope.yields and isinstance(callee.receiver, Instance):
                yield name, callee.scope, callee.receiver
        return
    name, item = name_of(header), parent_of(header)
    block = parent_of(item) if isinstance(item, ast.withitem) else None
    for one in alternatives(ev.type_of(header, scope)) if name else ():
        if isinstance(one, Instance) and isinstance(block, (ast.With, ast.AsyncWith)):
            for method in exits_of(ev, one, block):
                if method.enclosing_class is not None:
                    yield name, method, Instance(method.enclosing_class, one.base)
