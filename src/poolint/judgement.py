"""From what was observed in a module to diagnostics: slices are cut, and the rules judge them."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import libcst as cst

from poolint import relaxations
from poolint.analyses.steps import range_of
from poolint.detect.observation import GivenUp
from poolint.diagnostics import Diagnostic, Fix, Range
from poolint.rules.base import Proposal
from poolint.syntax.scopes import statement_of
from poolint.text.slices import Slice, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.detect.leaks import LeakedCheckout, ManualRelease
    from poolint.detect.observation import Observation
    from poolint.options import Given
    from poolint.rules.base import Facts, Form, Rule, Verdict
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallFact

MAX_SLICE_ROWS = 1_500
"""Rows of a function that are parsed for a fix; the longest function of 31 real packages with a resource has 769."""

MAX_SLICES = 400
"""Slices of one file; what is found beyond is told without fixes."""

Observed = list[tuple["Scope", "Observation"]]


class SliceFacts:
    """The facts that rules may ask for in one slice (see :class:`poolint.rules.base.Facts`)."""

    def __init__(self, piece: Slice, module: Module, analysis: Analysis, observed: Observed, crashes: Crashes) -> None:
        self._crashes = crashes
        self.piece = piece
        self.module = module
        self.analysis = analysis
        self.observed = observed
        self._observed: dict[Range, list[Observation]] = {}
        for _, observation in observed:
            self._observed.setdefault(_range(observation.node, module), []).append(observation)
        self._calls: dict[Range, tuple[Scope, ast.Call]] | None = None

    def observations(self, node: cst.CSTNode) -> tuple[Observation, ...]:
        """Everything that was observed at exactly this node."""
        return tuple(self._observed.get(self.piece.range_of(node), ()))

    def call(self, node: cst.Call) -> CallFact | None:
        """What a call is, in terms of the models or of the project; None when it is not known."""
        if self._calls is None:
            self._calls = {
                range_of(call, self.module): (scope, call)
                for scope in self.module.scope.descendants()
                for call in scope.calls
            }
        found = self._calls.get(self.piece.range_of(node))
        return self.analysis.call(found[1], found[0]) if found is not None else None

    def release(self, observation: LeakedCheckout | ManualRelease, form: Form = "finally") -> Proposal | None:
        """The fix that gives back what an observation is about; None where none can be right."""
        scope = next((scope for scope, one in self.observed if one is observation), None)
        if scope is None or observation.statement is None or not observation.variable:
            return None
        if getattr(observation, "handed", False):
            return None  # on some path it is somebody else's: what is released here would be theirs
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


def _range(node: ast.AST, module: Module) -> Range:
    assert isinstance(node, (ast.expr, ast.stmt, ast.excepthandler, ast.alias, ast.keyword))
    return range_of(node, module)


class Judgement:
    """One module before the rules."""

    def __init__(
        self,
        module: Module,
        analysis: Analysis,
        observed: Observed,
        rules: list[type[Rule]],
        relative: str,
        crashes: Crashes,
        options: Given | None = None,
    ) -> None:
        self.module = module
        self.analysis = analysis
        self.observed = observed
        self.rules = rules
        self.relative = relative
        self.options = options or {}
        self.crashes = crashes
        self.kinds = crashes.guarded(
            "the check of what kind of file this is",
            lambda: relaxations.kinds_of(module, relative, analysis.evaluator.models),
            frozenset[str](),
        )
        self.found: list[Diagnostic] = []
        self.relaxed: list[Diagnostic] = []
        """What is not expected to be told in a place of these kinds: kept for `poolint why`."""

    def diagnostics(self) -> list[Diagnostic]:
        """The findings, sorted; what crashed on the way to them, here or before, is among them."""
        self.found += [self._given_up(one) for _, one in self.observed if isinstance(one, GivenUp)]
        for number, (region, observed, calls) in enumerate(self._regions()):
            first, last = _rows(region)
            is_small = number < MAX_SLICES and last - first < MAX_SLICE_ROWS
            piece = self._cut(first, last) if is_small else None
            if piece is None:
                self._without_slice(observed)
            else:
                self._in_slice(piece, observed, calls)
        self.found += self.crashes.diagnostics(self.module.source.path)
        return _fingerprinted(sorted(self.found, key=lambda one: one.sort_key), self.relative)

    def _cut(self, first: int, last: int) -> Slice | None:
        return self.crashes.guarded("the cutting of slices", lambda: cut(self.module.source, first, last), None, first)

    def _given_up(self, observation: GivenUp) -> Diagnostic:
        """A function that was not followed to its end is told, not hidden; and so is the rest of a file."""
        assert isinstance(observation.node, ast.stmt)
        start = range_of(observation.node, self.module).start
        return Diagnostic(
            code="POL903",
            name="bound-hit",
            message=(
                f"`{observation.function}` is too large to be followed: lifetimes in it were given up after "
                f"{observation.limit} events"
                if observation.bounds == "events"
                else f"a file of more than {observation.limit} functions is not followed from `{observation.function}` on"
            ),
            filename=self.module.source.path,
            range=Range(start, start),
            function=observation.function,
        )

    def _regions(self) -> list[tuple[ast.stmt, Observed, list[CallFact]]]:
        """What was observed, by the outermost function or module-level statement around it."""
        wanted = frozenset[type["Observation"]]().union(*(rule.meta.subscription.observations for rule in self.rules))
        names = frozenset[str]().union(*(rule.meta.subscription.names for rule in self.rules))
        roles = frozenset[str]().union(*(rule.meta.subscription.roles for rule in self.rules))
        regions: dict[ast.stmt, tuple[Observed, list[CallFact]]] = {}
        for scope, observation in self.observed:
            if type(observation) not in wanted:
                continue
            regions.setdefault(_region(observation.node, scope), ([], []))[0].append((scope, observation))
        if names or roles:
            asked: list[tuple[Scope, CallFact]] = []
            asked = self.crashes.guarded(
                "the search for calls", lambda: list(self.analysis.calls(self.module, names, roles)), asked
            )
            for scope, call in asked:
                regions.setdefault(_region(call.node, scope), ([], []))[1].append(call)
        return [(region, *found) for region, found in sorted(regions.items(), key=lambda one: one[0].lineno)]

    def _interested(self, observed: Observed, calls: list[CallFact]) -> list[type[Rule]]:
        kinds = {type(observation) for _, observation in observed}
        names = {call.name for call in calls}
        roles = {call.role for call in calls}
        return [
            rule
            for rule in self.rules
            if not rule.meta.subscription.observations.isdisjoint(kinds)
            or not rule.meta.subscription.names.isdisjoint(names)
            or not rule.meta.subscription.roles.isdisjoint(roles)
        ]

    def _made(self, rule_class: type[Rule], facts: Facts, row: int) -> Rule:
        """A rule before a slice, which begins in ``row``, with the options of the project."""
        rule = rule_class(facts)
        code = rule_class.meta.code
        rule.options = {**rule.options, **self.options.get(code, {})}
        rule.repaired = lambda make: self.crashes.guarded(f"the fix of {code}", make, None, row)
        return rule

    def _heard(self, piece: Slice, rules: list[type[Rule]], facts: Facts) -> list[Rule]:
        """Rules that have visited a slice: all in one walk, and each alone where one of them crashes."""
        row = piece.first_row
        try:
            together = [self._made(rule, facts, row) for rule in rules]
            cst.visit_batched(piece.module, together)
        except (Exception, SystemExit):
            heard = [self._alone(piece, rule, facts, row) for rule in rules]
            return [rule for rule in heard if rule is not None]
        return together

    def _alone(self, piece: Slice, rule_class: type[Rule], facts: Facts, row: int) -> Rule | None:
        def visited() -> Rule:
            rule = self._made(rule_class, facts, row)
            cst.visit_batched(piece.module, [rule])
            return rule

        return self.crashes.guarded(f"rule {rule_class.meta.code}", visited, None, row)

    def _in_slice(self, piece: Slice, observed: Observed, calls: list[CallFact]) -> None:
        facts = SliceFacts(piece, self.module, self.analysis, observed, self.crashes)
        rules = self._heard(piece, self._interested(observed, calls), facts)
        places: dict[Range, tuple[Scope, ast.AST]] = {
            range_of(call.node, self.module): (self.module.scope_of(call.node), call.node) for call in calls
        }
        places.update({_range(one.node, self.module): (scope, one.node) for scope, one in observed})
        for rule in rules:
            for node, verdict, proposal in rule.reports:
                self.crashes.guarded(
                    f"rule {rule.meta.code}",
                    partial(self._told, rule, node, verdict, proposal, piece, places),
                    None,
                    piece.first_row,
                )

    def _told(
        self,
        rule: Rule,
        node: cst.CSTNode | None,
        verdict: Verdict,
        proposal: Proposal | None,
        piece: Slice,
        places: Mapping[Range, tuple[Scope, ast.AST]],
    ) -> None:
        """Take in one report of a rule, with its fix."""
        assert node is not None
        where = piece.range_of(node)
        scope, inner = places.get(where, (self.module.scope, None))
        code, row, function = rule.meta.code, where.start.row, scope.qualified_name
        make = partial(self._fix, rule, proposal, piece)
        fix = self.crashes.guarded(f"the fix of {code}", make, None, row, function)
        self._report(rule, verdict, where, scope, inner, fix)

    def _without_slice(self, observed: Observed) -> None:
        """Report what LibCST cannot parse: without fixes, but nothing is lost."""
        for rule_class in self.rules:
            for scope, observation in observed:
                if type(observation) in rule_class.meta.subscription.observations:
                    judge = partial(self._judged, rule_class, scope, observation)
                    row = getattr(observation.node, "lineno", 1)
                    self.crashes.guarded(f"rule {rule_class.meta.code}", judge, None, row, scope.qualified_name)

    def _judged(self, rule_class: type[Rule], scope: Scope, observation: Observation) -> None:
        rule = self._made(rule_class, _NoFacts(), 1)
        verdict = rule.judge(observation)
        if verdict is not None:
            self._report(rule, verdict, _range(observation.node, self.module), scope, observation.node, None)

    def _fix(self, rule: Rule, proposal: Proposal | None, piece: Slice) -> Fix | None:
        if proposal is None:
            return None
        from poolint.fixes.build import edits_for
        from poolint.fixes.plans import isolation_of

        edits = edits_for(proposal.plan, piece, self.module.source)
        if not edits:
            return None
        uncovers = tuple(sorted(rule.meta.uncovers))
        return Fix(proposal.applicability, proposal.message, edits, isolation_of(proposal.plan), uncovers)

    def _report(
        self, rule: Rule, verdict: Verdict, where: Range, scope: Scope, node: ast.AST | None, fix: Fix | None
    ) -> None:
        function = scope.qualified_name
        is_relaxed = self.crashes.guarded(
            f"the check of where {rule.meta.code} is off",
            lambda: relaxations.is_relaxed(rule.meta, verdict, self.kinds, function, scope.node),
            False,
            where.start.row,
            function,
        )
        last = where.end.row
        if node is not None:
            statement = statement_of(node)
            header = getattr(statement, "body", None)
            last = statement.end_lineno or last
            if isinstance(header, list) and header:
                last = max(where.end.row, header[0].lineno - 1)
        (self.relaxed if is_relaxed else self.found).append(
            Diagnostic(
                code=rule.meta.code,
                name=rule.meta.name,
                message=verdict.message,
                filename=self.module.source.path,
                range=where,
                function=function,
                resource=verdict.resource,
                certainty=verdict.certainty,
                path=verdict.path,
                fix=fix,
                statement_end_row=last,
            )
        )


class _NoFacts:
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

    def call(self, node: cst.Call) -> CallFact | None:
        del node
        return None


def _region(node: ast.AST, scope: Scope) -> ast.stmt:
    """The outermost function around a node, or the module-level statement."""
    function = scope.outermost_function
    if function is not None:
        assert isinstance(function.node, ast.stmt)
        return function.node
    return statement_of(node)


def _rows(region: ast.stmt) -> tuple[int, int]:
    decorators = getattr(region, "decorator_list", None) or [region]
    return min(region.lineno, *(one.lineno for one in decorators)), region.end_lineno or region.lineno


def _fingerprinted(diagnostics: list[Diagnostic], relative: str) -> list[Diagnostic]:
    """Give each finding its fingerprint: a hash of what it is about, that moved lines do not change."""
    counts: dict[tuple[str, str, str], int] = {}
    result = []
    for one in diagnostics:
        key = (one.code, one.function, one.resource)
        ordinal = counts[key] = counts.get(key, 0) + 1
        text = "\0".join((relative, *key, str(ordinal)))
        result.append(
            replace(one, fingerprint=hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16])
        )
    return result
