"""Observations about calls of which nothing is known, but that look like clients, while a connection is held.

They are made only where possible findings are asked for. What the connection is passed to works with it, and what comes
of a query on it has been waited for.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from poolint.analyses.effects import Link, Witness
from poolint.analyses.sinks import UNKNOWN_EFFECT
from poolint.detect.detector import Detector
from poolint.detect.waiting import observation
from poolint.syntax.scopes import nearest, parent_of
from poolint.types.call_sites import text_of
from poolint.types.values import UNKNOWN, CallableValue, LibraryName, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.detect.waiting import CallWhileHeld
    from poolint.syntax.scopes import Scope

_SAYS_CLIENT = re.compile(r"(?:^|_)(?:client|api|http|gateway|webhook|llm|mailer)s?(?:$|_)", re.IGNORECASE)
"""English words for clients of which no model knows; what they find is only possible."""


def observe(holdings: Holdings, slow: Effects, scope: Scope) -> Iterator[CallWhileHeld]:
    """The calls in ``scope`` that may keep it waiting while it holds a connection: who knows what they do."""
    for node in holdings.may_be_held(scope):
        if not _looks_like_one(node) or not _is_unknown(slow, node, scope):
            continue
        held = [one for one in holdings.at(node, scope) if not _is_about(node, one, scope)]
        if held and node not in holdings.changes(scope).calls:
            witness = Witness((Link(node, scope, text_of(node.func, scope)),), UNKNOWN_EFFECT)
            yield observation(slow.edges.ev, holdings, held, witness, node, scope)


def _looks_like_one(node: ast.Call) -> bool:
    """Whether a call is awaited, or has the name of a client."""
    if isinstance(parent_of(node), ast.Await):
        return True
    function = node.func
    names = [function.attr] if isinstance(function, ast.Attribute) else []
    names += [one.id if isinstance(one, ast.Name) else one.attr for one in _path(function)]
    return any(_SAYS_CLIENT.search(one) for one in names)


def _path(node: ast.expr) -> Iterator[ast.Name | ast.Attribute]:
    current = node
    while isinstance(current, ast.Attribute):
        yield current
        current = current.value
    if isinstance(current, ast.Name):
        yield current


def _is_unknown(slow: Effects, node: ast.Call, scope: Scope) -> bool:
    return all(_tells_nothing(one, slow) for one in alternatives(slow.edges.ev.type_of(node.func, scope)))


def _tells_nothing(callee: object, slow: Effects) -> bool:
    if isinstance(callee, LibraryName):
        root, _, rest = callee.name.partition(".")
        if root == "builtins":
            return not hasattr(builtins, rest.partition(".")[0])
        return root not in sys.stdlib_module_names and root not in slow.edges.ev.models.roots
    return callee is UNKNOWN or isinstance(callee, CallableValue)


def _is_about(node: ast.Call, hold: Hold, scope: Scope) -> bool:
    """Whether a call is passed what holds, or is made on it, or on what has been made of it."""
    name = hold.resource.partition(".")[0]
    if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node)):
        return True
    roots = [one.id for one in _path(node.func) if isinstance(one, ast.Name)]
    values = [one.value for root in roots for one in nearest(root, scope) if one.value is not None]
    return any(isinstance(one, ast.Name) and one.id == name for value in values for one in ast.walk(value))


DETECTOR = Detector("maybe", lambda services: partial(observe, services.holdings, services.slow), thorough=True)
