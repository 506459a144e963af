"""What the end of a block does with the sessions of an object that was there before: ``async with self.work: …``, whose
``__aexit__`` rolls back, gives the connection back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.holding.exit_summaries import Left
from poolint.analyses.managers import exits_of
from poolint.flow.flags import name_of
from poolint.syntax.scopes import parent_of
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.places import Places
    from poolint.syntax.scopes import Scope


def ended_by_exit(places: Places, leaving: Leaving, header: ast.expr, scope: Scope) -> Iterator[str]:
    """The places of a function whose sessions have given their connections back once the block has been left that a named
    object begins: those that one of the classes which it may be of ends there."""
    name, item = name_of(header), parent_of(header)
    block = parent_of(item) if isinstance(item, ast.withitem) else None
    for one in alternatives(places.ev.type_of(header, scope)) if name else ():
        if not isinstance(one, Instance) or not isinstance(block, (ast.With, ast.AsyncWith)):
            continue
        for method in exits_of(places.ev, one, block):
            own, cls = method.first_parameter, method.enclosing_class
            for path in places.kept(Instance(cls, one.base)) if own is not None and cls is not None else ():
                inside = places.first(f"{own.arg if own is not None else ''}.{path}", method)
                if leaving.parameter(method, inside) is Left.ENDED:
                    yield places.first(f"{name}.{path}", scope)
