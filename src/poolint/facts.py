"""What rules may ask about a slice, answered by the services of the project."""

from __future__ import annotations

import ast
import hashlib
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from poolint.analyses.waypoints import range_of
from poolint.detect.databases import closes_itself
from poolint.rules.base import Proposal
from poolint.syntax.scopes import statement_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.detect.leaks import LeakedCheckout, ManualRelease
    from poolint.detect.observation import Observation
    from poolint.diagnostics import Diagnostic, Position, Range
    from poolint.rules.base import Form
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.text.slices import Slice
    from poolint.types.call_sites import CallSite

Observed = list[tuple["Scope", "Observation"]]
"""What was observed in a module, each with the scope in which it stands."""


class SliceFacts:
    """The facts that rules may ask for in one slice (see :class:`poolint.rules.base.Facts`).

    Without a slice there are those that take no nodes of LibCST: whether there is a fix at all.
    """

    def __init__(
        self, piece: Slice | None, module: Module, analysis: Analysis, observed: Observed, crashes: Crashes
    ) -> None:
        self._crashes = crashes
        self.piece = piece
        self.module = module
        self.analysis = analysis
        self.observed = observed
        self._observed: dict[Range, list[Observation]] = {}
        for _, observation in observed if piece is not None else ():
            self._observed.setdefault(observed_range(observation.node, module), []).append(observation)
        self._calls: dict[Range, tuple[Scope, ast.Call]] | None = None

    def observations(self, node: cst.CSTNode) -> tuple[Observation, ...]:
        """Everything that was observed at exactly this node."""
        return tuple(self._observed.get(self.piece.range_of(node), ())) if self.piece is not None else ()

    def call(self, node: cst.Call) -> CallSite | None:
        """What a call is, in terms of the models or of the project; None when it is not known."""
        if self.piece is None:
            return None
        if self._calls is None:
            self._calls = {
                range_of(call, self.module): (scope, call)
                for scope in self.module.scope.descendants()
                for call in scope.calls
            }
        found = self._calls.get(self.piece.range_of(node))
        return self.analysis.call(found[1], found[0]) if found is not None else None

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around ``node``; None around the slice."""
        return self.piece.parent(node) if self.piece is not None else None

    def release(self, observation: LeakedCheckout | ManualRelease, form: Form = "finally") -> Proposal | None:
        """The fix that gives back what an observation is about; None where none can be right."""
        scope = next((scope for scope, one in self.observed if one is observation), None)
        if scope is None or observation.statement is None or not observation.variable:
            return None
        if getattr(observation, "handed", False):
            return None  # on some path it is somebody else's
        if getattr(observation, "is_possible", False) and not closes_itself(observation.cls):
            return None  # nobody knows what it is
        make = partial(self._release, scope, observation, observation.statement, observation.variable, form)
        return self._guarded("release", make, observation, scope)

    def _release(
        self, scope: Scope, about: LeakedCheckout | ManualRelease, statement: ast.stmt, variable: str, form: Form
    ) -> Proposal | None:
        from poolint.fixes.release import ReleaseFix, release_fix

        fix = release_fix(self.analysis.evaluator, scope, statement, variable, about.cls, form)
        return Proposal(fix.plan, fix.message, fix.applicability) if isinstance(fix, ReleaseFix) else None

    def holding(self, observation: Observation) -> Proposal | None:
        """The fix by which a connection is held for a shorter time, or is the only one, or is begun once."""
        scope = next((scope for scope, one in self.observed if one is observation), None)
        if scope is None:
            return None
        return self._guarded("holding", partial(self._holding, scope, observation), observation, scope)

    def _holding(self, scope: Scope, observation: Observation) -> Proposal | None:
        from poolint.fixes.holding import holding_fix

        fix = holding_fix(self.analysis, scope, observation)
        return Proposal(fix.plan, fix.message, fix.applicability) if fix is not None else None

    def _guarded(
        self, name: str, make: Callable[[], Proposal | None], observation: Observation, scope: Scope
    ) -> Proposal | None:
        row = getattr(observation.node, "lineno", 1)
        return self._crashes.guarded(f"repair `{name}`", make, None, row, scope.qualified_name)


class NoFacts:
    """Stands in where there is no slice to ask about."""

    def release(self, observation: LeakedCheckout | ManualRelease, form: Form = "finally") -> Proposal | None:
        del observation, form
        return None

    def holding(self, observation: Observation) -> Proposal | None:
        del observation
        return None

    def observations(self, node: cst.CSTNode) -> tuple[Observation, ...]:
        del node
        return ()

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        del node
        return None

    def call(self, node: cst.Call) -> CallSite | None:
        del node
        return None


def observed_range(node: ast.AST, module: Module) -> Range:
    """Where what was observed at a node stands."""
    assert isinstance(node, (ast.expr, ast.stmt, ast.excepthandler, ast.alias, ast.keyword))
    return range_of(node, module)


def starts(nodes: tuple[ast.AST, ...] | None, module: Module) -> tuple[Position, ...] | None:
    """Where findings at these nodes would begin."""
    return None if nodes is None else tuple(observed_range(one, module).start for one in nodes)


def region_of(node: ast.AST, scope: Scope) -> ast.stmt:
    """The outermost function around a node, or the module-level statement."""
    function = scope.outermost_function
    if function is not None:
        assert isinstance(function.node, ast.stmt)
        return function.node
    return statement_of(node)


def rows_of(region: ast.stmt) -> tuple[int, int]:
    """Its first row, decorators included, and its last."""
    decorators = getattr(region, "decorator_list", None) or [region]
    return min(region.lineno, *(one.lineno for one in decorators)), region.end_lineno or region.lineno


def fingerprinted(diagnostics: list[Diagnostic], relative: str) -> list[Diagnostic]:
    """Give each finding its fingerprint: a hash of what it is about, that moved lines do not change."""
    counts: dict[tuple[str, str, str], int] = {}
    result = []
    for one in diagnostics:
        key = (one.code, one.function, one.resource)
        ordinal = counts[key] = counts.get(key, 0) + 1
        text = "\0".join((relative, *key, str(ordinal)))
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
        result.append(replace(one, fingerprint=digest[:16]))
    return result
