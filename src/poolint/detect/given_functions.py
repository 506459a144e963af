"""Functions that a call hands on to what waits, and that end the use of what is held: ``retry(lambda: session.commit())``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.detect.passed_down import along
from poolint.syntax.expressions import call_arguments
from poolint.syntax.scopes import home_of
from poolint.types.values import Function, alternatives

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


def may_be_ended_first(services: Services, hold: Hold, witness: Witness, scope: Scope) -> bool:
    """Whether a call on the way to what waits is given a function of its own caller that ends the use of what is held: it may
    run that before it waits, as who tries once more does. What the function itself waits for comes when it says."""
    on_the_way = {one.scope for one in witness.links}
    links = [(witness.links[0], {hold.resource}), *along(services.holdings, hold, witness, scope)]
    return any(
        _ends(services, one, link.scope, names, on_the_way)
        for link, names in links
        if names and isinstance(link.node, ast.Call)
        for one in call_arguments(link.node)
    )


def _ends(services: Services, given: ast.expr, scope: Scope, names: set[str], on_the_way: set[Scope]) -> bool:
    """Whether an argument is a function that ends the use of what ``scope`` calls by one of these names."""
    if not isinstance(given, (ast.Name, ast.Attribute, ast.Lambda)):
        return False
    for one in alternatives(services.evaluator.type_of(given, scope)):
        if not isinstance(one, Function) or one.scope in on_the_way:
            continue
        inner = one.scope
        for name in names:
            root = name.partition(".")[0]
            is_seen = root == "self" if one.receiver is not None else home_of(root, inner) is home_of(root, scope)
            if is_seen and any(True for _ in services.holdings.changes(inner).ending(name)):
                return True
    return False
