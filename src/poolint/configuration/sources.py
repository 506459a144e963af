"""Where a setting comes from: values that are followed to expressions, also through what reads the outside.

``settings.database_url`` leads to the default of a field, ``URL`` to what a module of the project assigns to it,
``os.getenv("POOL_SIZE", "5")`` to ``"5"``, which only holds until somebody sets the variable. What cannot be followed to
its end leaves the answer incomplete. The steps are those of :mod:`poolint.types.following`; this module knows the calls
that read the environment, declare fields, or give what they are given.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.types.followed import Step, Steps, one_step
from poolint.types.following import Follower, text_of_constant
from poolint.types.values import Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Frame, Sources
    from poolint.types.following import Passage
    from poolint.types.values import Type

_THROUGH: frozenset[Passage] = frozenset(("import", "attribute", "member", "call"))


class Following:
    """Follows settings to where they come from, in one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.frame: Frame | None = None
        """The call that is being followed."""
        self._follower = Follower(ev, _THROUGH, self._call)

    def sources(self, node: ast.expr, scope: Scope) -> Sources:
        """What ``node``, which stands in ``scope``, comes from; itself where there is nothing to follow."""
        return self._follower.sources(node, scope, self.frame)

    def _call(self, node: ast.Call, at: Step, callee: tuple[Type, ...]) -> Steps | None:
        name = last_name(node.func)
        default = next((one.value for one in node.keywords if one.arg == "default"), None)
        if name in self.ev.models.words("declares-field") and not isinstance(callee[0], Function):
            return _field(node, default, at)
        qualified = self.ev.qualified_name(callee[0]) if len(callee) == 1 else ""
        is_variable = qualified in self.ev.models.manners["reads-environment"]
        if is_variable or (isinstance(node.func, ast.Attribute) and _is_environ(node.func)):
            return _unless_set(node, node.args[1] if len(node.args) > 1 else default, at)
        if name in self.ev.models.words("same-value") and node.args:
            return one_step(node.args[-1], at.scope, at.frame)
        if callee and all(isinstance(one, Function) for one in callee):
            return None
        if default is not None and (not callee or qualified.partition(".")[0] not in self.ev.models.roots):
            return _unless_set(node, default, at)
        if name == "get" and isinstance(node.func, ast.Attribute) and len(node.args) == 2:
            return _unless_set(node, node.args[1], at)
        return None


def _unless_set(node: ast.Call, default: ast.expr | None, at: Step) -> Steps:
    """What a call gives as long as nobody sets what it asks for."""
    asked = text_of_constant(node.args[0]) if node.args else ""
    return Steps((Step(default, at.scope, at.frame, setting=asked),)) if default is not None else Steps()


def _field(node: ast.Call, default: ast.expr | None, at: Step) -> Steps:
    """``Field("postgresql://…")``, ``field(default_factory=lambda: 5)``."""
    if default is None and node.args and not isinstance(node.args[0], ast.Starred):
        default = node.args[0]
    factory = next((one.value for one in node.keywords if one.arg == "default_factory"), None)
    if isinstance(factory, ast.Lambda):
        default = factory.body
    if default is None or (isinstance(default, ast.Constant) and default.value is ...):
        return Steps()
    return one_step(default, at.scope, at.frame)


def _is_environ(node: ast.Attribute) -> bool:
    return node.attr in ("get", "setdefault", "pop") and last_name(node.value) == "environ"
