"""What tidies up something else than what is followed: it is not taken to fail, so that a release behind it is reached."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.syntax.expressions import without_await
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.state import Config
    from poolint.types.evaluator import Evaluator


class Tidying:
    """The words of one project for it."""

    def __init__(self, ev: Evaluator) -> None:
        self._shields = ev.models.words("shields", "limits-awaited")
        self._tidies = ev.models.words("gives-back", "tidies")

    def ends_another(self, node: ast.AST, config: Config) -> bool:
        """Whether this gives back, rolls back or stops something else, or what is closed already."""
        call = without_await(node)
        while isinstance(call, ast.Call) and last_name(call.func) in self._shields and call.args:
            call = call.args[0]
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return False
        if call.func.attr not in self._tidies:
            return False
        if config.state == "closed":
            return True
        involved = [call.func.value, *call.args]
        return not any(name_of(one) in config.names for one in involved)
