"""From what was observed in a module to diagnostics: rules judge it, and slices are cut where one of them has a fix."""

from __future__ import annotations

import ast
from functools import cached_property, partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from poolint import relaxations
from poolint.analyses.occasions import Occasions
from poolint.analyses.waypoints import range_of
from poolint.detect.observation import GivenUp, is_only_possible
from poolint.diagnostics import Certainty, Diagnostic, Fix, Place, Position, Range, Silence
from poolint.facts import NoFacts, SliceFacts, fingerprinted, observed_range, region_of, rows_of, starts
from poolint.rules.base import Declined, Rule, own_visits, visitor_of
from poolint.rules.paths import steps
from poolint.rules.wording import ELSEWHERE, given_up
from poolint.syntax.scopes import statement_of
from poolint.text.slices import Slice, cut

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import libcst as cst

    from poolint.analyses.unreached import Dead
    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.detect.observation import Observation
    from poolint.facts import Observed
    from poolint.options import Given
    from poolint.relaxations import Relaxation
    from poolint.rules.base import Facts, Meta, Proposal, Verdict
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite

MAX_SLICE_ROWS = 1_500
"""Rows of a function that are parsed for a fix; the longest function of 31 real packages with a resource has 769."""

MAX_SLICES = 400
"""Slices of one file; what is found beyond is reported without fixes."""


class _Found(msgspec.Struct):
    """What a rule has judged to be a finding."""

    rule: type[Rule]
    scope: Scope
    observation: Observation
    verdict: Verdict
    fix: Fix | None = None
    is_repairable: bool = False
    """Whether the rule has a plan that needs no slice."""

    @property
    def may_have_fix(self) -> bool:
        """Whether the rule has fixes at all."""
        return self.rule.fix is not Rule.fix or self.rule.repair is not Rule.repair

    @property
    def has_fix(self) -> bool:
        """Whether a slice is worth its while: the rule has a fix, or can only tell by what LibCST sees."""
        return self.is_repairable or self.rule.fix is not Rule.fix

    @property
    def row(self) -> int:
        """Where the finding begins."""
        return getattr(self.observation.node, "lineno", 1)


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
        self._observed_at: dict[ast.AST, list[Observation]] = {}
        for _, one in observed:
            self._observed_at.setdefault(one.node, []).append(one)
        self.found: list[Diagnostic] = []
        self.relaxed: list[tuple[Diagnostic, Relaxation]] = []
        """What is not expected to be reported in a place of these kinds, and why: kept for `poolint why`."""
        self.declined: list[tuple[Observation, str, Declined]] = []
        """What rules do not report on purpose, by their codes: kept for `poolint why`."""
        self.unreached: dict[tuple[str, Range], Dead] = {}
        """Why nobody runs the code of a finding, which is only possible then, by its code and place: likewise."""

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of place that this file is; asked where something is found."""
        ev = self.analysis.evaluator
        return self.crashes.guarded(
            "the check of what kind of file this is",
            lambda: relaxations.kinds_of(self.module, self.relative, ev.models, ev.project),
            frozenset[str](),
        )

    def diagnostics(self) -> list[Diagnostic]:
        """The findings, sorted; what crashed on the way to them, here or before, is among them."""
        self.found += dict.fromkeys(self._given_up(one) for _, one in self.observed if isinstance(one, GivenUp))
        regions = self._regions()
        slices = 0
        for region, observed, calls in regions:
            found = self._judged(observed)
            visitors = self._visitors(observed, calls)
            first, last = rows_of(region)
            if visitors or any(one.may_have_fix for one in found):
                slices += 1
            is_small = slices <= MAX_SLICES and last - first < MAX_SLICE_ROWS
            if is_small:
                self._plan(found, observed, first)
            is_worth_it = bool(visitors) or any(one.has_fix for one in found)
            piece = self._cut(first, last) if is_small and is_worth_it else None
            if piece is not None:
                self._in_slice(piece, observed, calls, found, visitors)
            else:
                self._tell([*found, *self._judged_by(visitors, observed)])
        self.found += self.crashes.diagnostics(self.module.source.path)
        return fingerprinted(sorted(self.found, key=lambda one: one.sort_key), self.relative)

    def silenced(self) -> list[Diagnostic]:
        """What :meth:`diagnostics` has found and does not report, since its rules are off in such a place."""
        told = [replace(one, silence=Silence("place", why.kind)) for one, why in self.relaxed]
        return fingerprinted(sorted(told, key=lambda one: one.sort_key), self.relative)

    def _plan(self, found: list[_Found], observed: Observed, row: int) -> None:
        """Ask the rules whose plans need no slice whether they have any: most have none, and then none is cut."""
        facts = SliceFacts(None, self.module, self.analysis, observed, self.crashes)
        for one in found:
            if one.rule.repair is not Rule.repair:
                rule = self._made(one.rule, facts, row)
                one.is_repairable = rule.repaired(partial(rule.repair, one.observation)) is not None

    def _cut(self, first: int, last: int) -> Slice | None:
        return self.crashes.guarded("the cutting of slices", lambda: cut(self.module.source, first, last), None, first)

    def _given_up(self, observation: GivenUp) -> Diagnostic:
        """A function that was not followed to its end is reported, not hidden; and so is the rest of a file."""
        node = observation.node
        start = range_of(node, self.module).start if isinstance(node, (ast.stmt, ast.expr)) else Position(1, 1)
        return Diagnostic(
            code="POL903",
            name="bound-hit",
            message=given_up(observation),
            filename=self.module.source.path,
            range=Range(start, start),
            function=observation.function,
        )

    def _regions(self) -> list[tuple[ast.stmt, Observed, list[CallSite]]]:
        """What was observed, by the outermost function or module-level statement around it."""
        wanted = frozenset[type["Observation"]]().union(*(rule.meta.subscription.observations for rule in self.rules))
        names = frozenset[str]().union(*(rule.meta.subscription.names for rule in self.rules))
        roles = frozenset[str]().union(*(rule.meta.subscription.roles for rule in self.rules))
        regions: dict[ast.stmt, tuple[Observed, list[CallSite]]] = {}
        for scope, observation in self.observed:
            if type(observation) not in wanted:
                continue
            regions.setdefault(region_of(observation.node, scope), ([], []))[0].append((scope, observation))
        if names or roles:
            asked: list[tuple[Scope, CallSite]] = []
            asked = self.crashes.guarded(
                "the search for calls", lambda: list(self.analysis.calls(self.module, names, roles)), asked
            )
            for scope, call in asked:
                regions.setdefault(region_of(call.node, scope), ([], []))[1].append(call)
        return [(region, *found) for region, found in sorted(regions.items(), key=lambda one: one[0].lineno)]

    def _visitors(self, observed: Observed, calls: list[CallSite]) -> list[type[Rule]]:
        """The rules that visit a slice with these observations and calls for themselves."""
        kinds = {type(observation) for _, observation in observed}
        names = {call.name for call in calls}
        roles = {call.role for call in calls}
        return [
            rule
            for rule in self.rules
            if own_visits(rule)
            and not (
                rule.meta.subscription.observations.isdisjoint(kinds)
                and rule.meta.subscription.names.isdisjoint(names)
                and rule.meta.subscription.roles.isdisjoint(roles)
            )
        ]

    def _judged(self, observed: Observed) -> list[_Found]:
        """What rules that do not visit for themselves find: nothing of it takes a slice."""
        return self._judged_by([rule for rule in self.rules if not own_visits(rule)], observed)

    def _judged_by(self, rules: list[type[Rule]], observed: Observed) -> list[_Found]:
        found = []
        for rule_class in rules:
            for scope, observation in observed:
                if type(observation) in rule_class.meta.subscription.observations:
                    rule = self._made(rule_class, NoFacts(), 1)
                    row = getattr(observation.node, "lineno", 1)
                    nothing: Verdict | None = None
                    verdict = self.crashes.guarded(
                        f"rule {rule_class.meta.code}",
                        partial(rule.judged, observation),
                        nothing,
                        row,
                        scope.qualified_name,
                    )
                    self._put_down(rule)
                    if verdict is not None and self._gives_way(rule_class.meta, observation):
                        self.declined.append((observation, rule_class.meta.code, ELSEWHERE))
                    elif verdict is not None:
                        found.append(_Found(rule_class, scope, observation, verdict))
        return found

    def _gives_way(self, meta: Meta, observation: Observation) -> bool:
        """Whether something else is observed there, or at the cause, that has precedence with a rule: as surely as what would
        have to give way."""
        kinds = meta.yields_to - {type(observation)}
        others = (one for node in observation.places for one in self._observed_at.get(node, ()) if type(one) in kinds)
        return any(is_only_possible(observation) or not is_only_possible(one) for one in others)

    def _tell(self, found: list[_Found]) -> None:
        """Report findings that have no fixes, or whose fixes are with them."""
        for one in found:
            where = observed_range(one.observation.node, self.module)
            self._report(one.rule, one.verdict, where, one.scope, one.observation.node, one.fix)

    def _made(self, rule_class: type[Rule], facts: Facts, row: int, found: Collection[Observation] = ()) -> Rule:
        """A rule with the options of the project, before a slice that begins in ``row`` with what it has ``found`` there."""
        rule = rule_class(facts)
        rule.found = found
        code = rule_class.meta.code
        rule.options = {**rule.options, **self.options.get(code, {})}
        rule.repaired = lambda make: self.crashes.guarded(f"the fix of {code}", make, None, row)
        return rule

    def _in_slice(
        self, piece: Slice, observed: Observed, calls: list[CallSite], found: list[_Found], visitors: list[type[Rule]]
    ) -> None:
        facts = SliceFacts(piece, self.module, self.analysis, observed, self.crashes)
        wanted: dict[type[Rule], set[Observation]] = {rule: set() for rule in visitors}
        for one in found:
            if one.has_fix:
                wanted.setdefault(one.rule, set()).add(one.observation)
        heard = self._heard(piece, wanted, facts)
        for one in found:
            proposal = heard[one.rule].proposals.get(one.observation) if one.rule in heard else None
            one.fix = self._fixed(one.rule, proposal, piece, one.row, one.scope.qualified_name)
        self._tell(found)
        places: dict[Range, tuple[Scope, ast.AST]] = {
            range_of(call.node, self.module): (self.module.scope_of(call.node), call.node) for call in calls
        }
        places.update({observed_range(one.node, self.module): (scope, one.node) for scope, one in observed})
        for rule in visitors:
            if rule in heard:
                self._put_down(heard[rule])
            for node, verdict, proposal in heard[rule].reports if rule in heard else ():
                self.crashes.guarded(
                    f"rule {rule.meta.code}",
                    partial(self._told, rule, node, verdict, proposal, piece, places),
                    None,
                    piece.first_row,
                )

    def _heard(
        self, piece: Slice, wanted: Mapping[type[Rule], set[Observation]], facts: Facts
    ) -> dict[type[Rule], Rule]:
        """Rules that have visited a slice: all in one walk, and each alone where one of them crashes."""
        import libcst as cst

        row = piece.first_row
        try:
            together = {rule: self._made(visitor_of(rule), facts, row, found) for rule, found in wanted.items()}
            cst.visit_batched(piece.module, list(together.values()))
        except (Exception, SystemExit):
            heard = {rule: self._alone(piece, rule, facts, row, found) for rule, found in wanted.items()}
            return {rule: one for rule, one in heard.items() if one is not None}
        return together

    def _alone(
        self, piece: Slice, rule_class: type[Rule], facts: Facts, row: int, found: set[Observation]
    ) -> Rule | None:
        import libcst as cst

        def visited() -> Rule:
            rule = self._made(visitor_of(rule_class), facts, row, found)
            cst.visit_batched(piece.module, [rule])
            return rule

        return self.crashes.guarded(f"rule {rule_class.meta.code}", visited, None, row)

    def _told(
        self,
        rule: type[Rule],
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
        fix = self._fixed(rule, proposal, piece, where.start.row, scope.qualified_name)
        self._report(rule, verdict, where, scope, inner, fix)

    def _fixed(self, rule: type[Rule], proposal: Proposal | None, piece: Slice, row: int, function: str) -> Fix | None:
        make = partial(self._fix, rule, proposal, piece)
        return self.crashes.guarded(f"the fix of {rule.meta.code}", make, None, row, function)

    def _put_down(self, rule: Rule) -> None:
        self.declined += ((observation, rule.meta.code, why) for observation, why in rule.declined)

    def _fix(self, rule: type[Rule], proposal: Proposal | None, piece: Slice) -> Fix | None:
        if proposal is None:
            return None
        from poolint.fixes.build import edits_for
        from poolint.fixes.plans import isolation_of

        edits = edits_for(proposal.plan, piece, self.module.source)
        if not edits:
            return None
        uncovers = tuple(sorted(rule.meta.uncovers))
        return Fix(proposal.applicability, proposal.message, edits, isolation_of(proposal.plan), uncovers)

    def _ends_process(self, scope: Scope) -> bool:
        return self.analysis.evaluator.derived(Occasions).ends_with_process(scope)

    def _report(
        self, rule: type[Rule], verdict: Verdict, where: Range, scope: Scope, node: ast.AST | None, fix: Fix | None
    ) -> None:
        function = scope.qualified_name
        nothing: Relaxation | None = None
        relaxed = self.crashes.guarded(
            f"the check of where {rule.meta.code} is off",
            lambda: relaxations.relaxation(rule.meta, verdict, self.kinds, scope, self._ends_process),
            nothing,
            where.start.row,
            function,
        )
        if relaxed is None:
            verdict = self._graded(rule.meta, verdict, where, scope)
        last = where.end.row
        if node is not None:
            statement = statement_of(node)
            header = getattr(statement, "body", None)
            last = statement.end_lineno or last
            if isinstance(header, list) and header:
                last = max(where.end.row, header[0].lineno - 1)
        found = Diagnostic(
            code=rule.meta.code,
            name=rule.meta.name,
            message=verdict.message,
            filename=self.module.source.path,
            range=where,
            function=function,
            resource=verdict.resource,
            certainty=verdict.certainty,
            severity=rule.meta.grade(verdict.certainty),
            path=steps((*verdict.path, *verdict.elsewhere)),
            fix=fix,
            statement_end_row=last,
            decision=verdict.decision,
            after=starts(verdict.after, self.module),
            elsewhere=tuple(Place(one.filename, one.range) for one in verdict.elsewhere),
        )
        if relaxed is None:
            self.found.append(found)
        else:
            self.relaxed.append((found, relaxed))

    def _graded(self, meta: Meta, verdict: Verdict, where: Range, scope: Scope) -> Verdict:
        """The verdict, which is no more than possible where nobody runs the code that it is about."""
        if verdict.certainty is not Certainty.CERTAIN or meta.holds_unrun:
            return verdict
        ask = partial(self.analysis.unreached.why, scope)
        nobody: Dead | None = None
        why = self.crashes.guarded("the search for who runs it", ask, nobody, where.start.row, scope.qualified_name)
        if why is None:
            return verdict
        self.unreached[meta.code, where] = why
        return replace(verdict, certainty=Certainty.POSSIBLE)
