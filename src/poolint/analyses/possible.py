"""Calls of which nothing is known, but that look like clients of something outside: edges for what is only possible.

In the function that holds something any awaited call may be one; below it, what is of a library without a model and
awaited, and what has the name of a client.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from typing import TYPE_CHECKING

from poolint.analyses.callees import Edges
from poolint.analyses.edges import Edge, Link
from poolint.analyses.once import happens_once
from poolint.analyses.sinks import UNKNOWN_EFFECT
from poolint.models.schema import Method
from poolint.types.call_sites import CallSite, callees_of, text_of
from poolint.types.unmodelled import unmodelled
from poolint.types.values import UNKNOWN, CallableValue, LibraryName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.joined import Join
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_SAYS_CLIENT = re.compile(r"(?:^|_)(?:client|api|http|gateway|webhook|llm|mailer)s?(?:$|_)", re.IGNORECASE)
"""English words for clients of which no model knows; what they find is only possible."""

_ROW = Method(("?",), "coroutine", role="external", effect=UNKNOWN_EFFECT)  # type: ignore[arg-type]


class PossibleEdges(Edges):
    """The calls that functions make, with those of clients that nobody knows."""

    def _edges(self, node: ast.Call, scope: Scope) -> list[Edge]:
        found = super()._edges(node, scope)
        if not all(one.is_thread for one in found) or happens_once(node, scope) or not self._is_client(node, scope):
            return found
        text = text_of(node.func, scope)
        return [*found, Edge(Link(node, scope, text), CallSite(node, text, "", _ROW), None)]

    def _may_wait(self, fact: CallSite, scope: Scope) -> bool:
        return self._queues.waits(fact, scope) is not False

    def _of_thread(self, fact: CallSite, join: Join, scope: Scope) -> list[Edge]:
        """It waits in any case, if nobody knows how long."""
        return [*super()._of_thread(fact, join, scope), Edge(Link(fact.node, scope, fact.api), fact, None)]

    def _is_client(self, node: ast.Call, scope: Scope) -> bool:
        if unmodelled(self.ev, node, scope) is not None:
            return True
        return has_name_of_client(node) and is_unknown(self.ev, node, scope)


def has_name_of_client(node: ast.Call) -> bool:
    """Whether a call is of something that is called like a client."""
    function = node.func
    names = [function.attr] if isinstance(function, ast.Attribute) else []
    names += [one.id if isinstance(one, ast.Name) else one.attr for one in path_of(function)]
    return any(_SAYS_CLIENT.search(one) for one in names)


def path_of(node: ast.expr) -> Iterator[ast.Name | ast.Attribute]:
    """A dotted name from its end to its beginning."""
    current = node
    while isinstance(current, ast.Attribute):
        yield current
        current = current.value
    if isinstance(current, ast.Name):
        yield current


def is_unknown(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether nothing is known of what a call runs."""
    return all(_tells_nothing(ev, one) for one in callees_of(ev, node, scope))


def _tells_nothing(ev: Evaluator, callee: object) -> bool:
    if isinstance(callee, LibraryName):
        root, _, rest = callee.name.partition(".")
        if root == "builtins":
            return not hasattr(builtins, rest.partition(".")[0])
        return root not in sys.stdlib_module_names and root not in ev.models.roots
    return callee is UNKNOWN or isinstance(callee, CallableValue)
