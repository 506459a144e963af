"""Findings that concern a line, the ones that are not reported included, with the reasons why they are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from poolint import relaxations
from poolint.analyses.waypoints import range_of
from poolint.config import shown
from poolint.detect.observation import Dismissed, GivenUp
from poolint.explain.report import Finding
from poolint.explain.words import DISMISSALS
from poolint.judgement import Judgement
from poolint.options import resolved
from poolint.selection import decision, ignored_in, ignoring
from poolint.suppression import silencing_row

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Mapping

    from poolint.analyses.unreached import Dead
    from poolint.config import Settings
    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.detect.observation import Observation
    from poolint.diagnostics import Diagnostic
    from poolint.explain.line import Line
    from poolint.facts import Observed
    from poolint.relaxations import Relaxation
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module


class Judged(NamedTuple):
    """A finding, and why it is not reported; empty where it is."""

    finding: Diagnostic
    silent: tuple[str, ...]


class Judgements:
    """All that detectors have observed in one module and every installed rule says of it, whatever settings and comments
    say; and what detectors let pass and rules decline."""

    def __init__(
        self,
        module: Module,
        analysis: Analysis,
        observed: Observed,
        crashes: Crashes,
        settings: Settings,
        rules: Mapping[str, type[Rule]],
        screened: bool,
    ) -> None:
        self.module = module
        self.settings = settings
        self.rules = rules
        self.screened = screened
        relative = os.path.relpath(module.source.path, settings.root).replace(os.sep, "/")
        options = resolved(settings, rules.values())
        judgement = Judgement(module, analysis, observed, list(rules.values()), relative, crashes, options)
        found = [(one, None) for one in judgement.diagnostics() if one.code not in ("POL900", "POL901")]
        self._unreached = judgement.unreached
        every: list[tuple[Diagnostic, Relaxation | None]] = [*found, *judgement.relaxed]
        self.all = [Judged(one, tuple(self._why_silent(one, why))) for one, why in every]
        self.all.sort(key=lambda one: one.finding.sort_key)
        self._at: dict[ast.AST, list[Observation]] = {}
        for _, one in observed:
            self._at.setdefault(one.node, []).append(one)
        self._declined: dict[Observation, list[str]] = {}
        for one, code, declined in judgement.declined:
            self._declined.setdefault(one, []).append(f"{code} declines: {declined.reason}")

    def on(self, line: Line) -> list[Finding]:
        """The findings that stand on the line, or whose path or statement passes it."""
        return [_finding(one, line) for one in self.all if _concerns(one.finding, line)]

    def at(self, node: ast.expr | ast.stmt) -> tuple[str, ...]:
        """The codes of the findings at a node, with why one is not reported."""
        texts = []
        for one in self._of(node):
            code = one.finding.code
            texts.append(f"{code}, not reported: {one.silent[0]}" if one.silent else code)
        return tuple(dict.fromkeys(texts))

    def is_told_at(self, node: ast.expr | ast.stmt) -> bool:
        """Whether a finding at a node is reported."""
        return any(not one.silent for one in self._of(node))

    def reasons(self, node: ast.AST) -> Iterator[str]:
        """Why detectors and rules let pass what they have looked at, at a node."""
        for one in self._at.get(node, ()):
            if isinstance(one, Dismissed):
                yield DISMISSALS[one.reason].format(one.about)
            yield from self._declined.get(one, ())

    def let_pass(self, line: Line) -> Iterator[str]:
        """The same of all that stands on a line, but for what holds and what is owed, which is reported by itself."""
        for node in self._at:
            if line.holds(node):
                yield from self.reasons(node)

    def is_observed(self, node: ast.AST) -> bool:
        """Whether a detector has observed anything at a node that a rule might report."""
        return any(not isinstance(one, (Dismissed, GivenUp)) for one in self._at.get(node, ()))

    def _of(self, node: ast.expr | ast.stmt) -> list[Judged]:
        where = range_of(node, self.module)
        return [one for one in self.all if one.finding.range == where]

    # Why not

    def _why_silent(self, one: Diagnostic, relaxed: Relaxation | None) -> Iterator[str]:
        if self.screened:
            yield "the file is screened out: nothing in it is checked"
        rule = self.rules.get(one.code)
        if rule is not None:
            if relaxed is not None:
                yield _relaxation(one, relaxed)
            decided = decision(rule.meta, self.settings.layers(), self.settings.preview)
            if decided.where == "preview":
                yield "the rule is on trial: `--preview` turns it on"
            elif not decided.is_on and decided.selector:
                yield f"the rule is off: `{decided.where}` has {decided.selector}"
            elif not decided.is_on and decided.where:
                yield f"the rule is off: `{decided.where}` does not have {one.code}"
            elif not decided.is_on:
                yield f"the rule is off by default: `--extend-select {one.code}` turns it on"
            selector = ignoring(ignored_in(self.settings, one.filename), rule.meta)
            if selector:
                settings = shown(self.settings.source) if self.settings.source else "the settings"
                yield f"`per-file-ignores` of {settings} has {selector} for this file"
        if one.certainty == "possible" and self.settings.certainty == "certain":
            why = self._unreached.get((one.code, one.range))
            because = f", since {_nobody(why)}" if why is not None else ""
            yield f"it is only possible, not certain{because}: `--certainty possible` reports it"
        row = silencing_row(self.module.source, one)
        if row:
            yield f"a comment silences it (line {row})"


def _nobody(dead: Dead) -> str:
    if dead.kind == "module":
        return f"nothing that runs imports `{dead.name}`, nor does what the repository deploys start it"
    if dead.kind == "broken":
        return f"`{dead.name}` cannot be imported: Python refuses it, or another module lacks a name that it asks for"
    return f"nothing that runs names `{dead.name}`"


def _relaxation(one: Diagnostic, relaxed: Relaxation) -> str:
    kind, words = relaxed.kind, relaxations.KINDS[relaxed.kind]
    if not relaxed.for_process:
        return f"{one.code} is off in {kind}: this is one of the {words}"
    lives = f"for what lives as long as the process, as what `{one.function}` takes does"
    return f"{one.code} is off in {kind} {lives}: {words}"


def _finding(judged: Judged, line: Line) -> Finding:
    one = judged.finding
    start = one.range.start
    message = one.message
    for number, step in enumerate(one.path, 1):
        row = step.range.start.row
        if not line.first <= start.row <= line.last and line.first <= row <= line.last:
            message += f" [this line is step {number}: {step.message}]"
            break
    return Finding(one.code, one.name, message, start.row, start.column, judged.silent)


def _concerns(one: Diagnostic, line: Line) -> bool:
    if one.range.start.row <= line.last and one.range.end.row >= line.first:
        return True
    return any(step.filename == one.filename and line.first <= step.range.start.row <= line.last for step in one.path)
