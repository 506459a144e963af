"""Ways that nobody takes unless he turns on what is off by default: a mode for tests, a pause for debugging, a part that is tried
out. What is not reached without that is possible.

It is off where a field of the settings, a constant of a module or a variable of the environment is, and neither the code nor a
deployment of the project sets it. What has to be given to be used, such as the name of a server, is not off: it is None, or
empty, where nobody has configured it yet.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.deployment.values import says_off
from poolint.syntax.guards import parts_of, tests_before
from poolint.syntax.scopes import home_of, parent_of
from poolint.types.following import origin
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.configuration.constants import Folder, Known
    from poolint.configuration.deployed import Deployed
    from poolint.syntax.scopes import Scope

_MAX_STEPS = 3
"""Names in a row that a test is followed through."""

_EQUAL = (ast.Eq, ast.Is)
_IN = (ast.In, ast.NotIn)


class TurnedOff:
    """Answers for the functions of one project."""

    def __init__(self, folder: Folder, deployed: Deployed) -> None:
        self._folder = folder
        self._deployed = deployed
        self._tests: dict[ast.expr, bool | None] = {}

    def is_off(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a place in a function is not come to unless somebody turns something on."""
        return scope.kind == "function" and any(
            self._comes_to(part, scope) is (not holds)
            for test, outcome in tests_before(node, scope)
            for part, holds in parts_of(test, outcome)
        )

    def _comes_to(self, test: ast.expr, scope: Scope) -> bool | None:
        """Whether a test of a setting holds by default; None where it is none, or that is not known."""
        if test not in self._tests:
            self._tests[test] = self._holds(test, scope, _MAX_STEPS)
        return self._tests[test]

    def _holds(self, test: ast.expr, scope: Scope, steps: int) -> bool | None:
        if not self._is_of_settings(test.left if isinstance(test, ast.Compare) else test, scope):
            return None
        if isinstance(test, ast.Compare):
            return self._compared(test, scope)
        found = self._folder.fold(test, scope)
        if found.known:
            is_off = all(isinstance(one.value, (bool, int, float)) and not one.value for one in found.known)
            return False if is_off and self._stays(found.known, found.complete, scope) else None
        sources = self._folder.following.sources(test, scope).found if steps else ()
        inner = [self._holds(one.node, one.scope, steps - 1) for one in sources if one.node is not test]
        return inner[0] if len(inner) == 1 else None

    def _compared(self, test: ast.Compare, scope: Scope) -> bool | None:
        """The same of what compares a setting with what turns it on: ``os.getenv("MOCK", "0") == "1"``."""
        (compares,), (other,) = test.ops[:1], test.comparators[:1]
        found = self._folder.fold(test.left, scope)
        wanted = other.elts if isinstance(other, (ast.Tuple, ast.List, ast.Set)) else [other]
        constants = [one.value for one in wanted if isinstance(one, ast.Constant)]
        if len(test.ops) > 1 or len(constants) != len(wanted) or not isinstance(compares, (*_EQUAL, *_IN)):
            return None
        is_off = bool(found.known) and all(says_off(str(one.value)) for one in found.known)
        if not is_off or not self._stays(found.known, found.complete, scope):
            return None
        outcomes = {(one.value in constants) is not isinstance(compares, ast.NotIn) for one in found.known}
        return outcomes.pop() if len(outcomes) == 1 else None

    def _stays(self, known: tuple[Known, ...], complete: bool, scope: Scope) -> bool:
        """Whether nothing is seen to set what has these values otherwise: neither the code nor a deployment."""
        if not complete and any(one.given for one in known):
            return False
        if any(isinstance(parent_of(one.node), ast.arguments) for one in known):
            return False  # what a call may pass is no setting
        project, module = self._folder.following.ev.project, scope.module
        names = {one.name for one in known if one.name}
        return not any(project.setting(one, module) or self._deployed.turns_on(one, module.path) for one in names)

    def _is_of_settings(self, node: ast.expr, scope: Scope) -> bool:
        """Whether what is asked is reached from a name of a module, as settings and constants are: not from what a function is
        passed or makes."""
        root: ast.expr = node
        while not isinstance(root, ast.Name):
            if isinstance(root, (ast.Attribute, ast.Subscript)):
                root = root.value
            elif isinstance(root, ast.Call) and (not root.args or last_name(root.func) in ("get", "getenv")):
                root = root.func
            else:
                return False
        home = home_of(root.id, scope)
        if home is None or home.kind == "module":
            return home is not None
        made = origin(self._folder.following.ev, root, scope)
        return made.node is not root and made.scope.kind == "module"
