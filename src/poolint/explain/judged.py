"""Findings that concern a line, the ones that are not told included, with the reasons why they are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import relaxations
from poolint.config import shown
from poolint.explain.report import Finding
from poolint.judgement import Judgement
from poolint.options import resolved
from poolint.selection import enabled, ignored_in, matches
from poolint.suppression import silencing_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poolint.config import Settings
    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.diagnostics import Diagnostic
    from poolint.explain.line import Line
    from poolint.facts import Observed
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module


class Judged:
    """All that every installed rule finds in one module, whatever settings and comments say."""

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
        self.found = [one for one in judgement.diagnostics() if one.code not in ("POL900", "POL901")]
        self.relaxed = judgement.relaxed
        self.kinds = judgement.kinds
        self._enabled = enabled(settings, rules.values())

    def on(self, line: Line) -> list[Finding]:
        """The findings that stand on the line, or whose path or statement passes it."""
        return [self._finding(one, line) for one in self._all() if _concerns(one, line)]

    def at(self, row: int) -> tuple[str, ...]:
        """The codes of the findings that begin on a row, told or not."""
        here = [one for one in self._all() if one.range.start.row == row]
        texts = []
        for one in here:
            silent = list(self._why_silent(one))
            texts.append(f"{one.code}, not told: {silent[0]}" if silent else one.code)
        return tuple(dict.fromkeys(texts))

    def _all(self) -> list[Diagnostic]:
        return sorted([*self.found, *self.relaxed], key=lambda one: one.sort_key)

    def _finding(self, one: Diagnostic, line: Line) -> Finding:
        start = one.range.start
        message = one.message
        for number, step in enumerate(one.path, 1):
            row = step.range.start.row
            if not line.first <= start.row <= line.last and line.first <= row <= line.last:
                message += f" [this line is step {number}: {step.message}]"
                break
        return Finding(one.code, one.name, message, start.row, start.column, tuple(self._why_silent(one)))

    def _why_silent(self, one: Diagnostic) -> Iterator[str]:
        if self.screened:
            yield "the file is screened out: nothing in it is checked"
        rule = self.rules.get(one.code)
        if rule is not None:
            if any(one is other for other in self.relaxed):
                yield self._relaxation(rule, one)
            if one.code not in self._enabled:
                yield self._off(rule)
            for selector in ignored_in(self.settings, one.filename):
                if matches(selector, one.code, one.name):
                    yield f"`per-file-ignores` of {self._file()} has {selector} for this file"
                    break
        if one.certainty == "possible" and self.settings.certainty == "certain":
            yield "it is only possible, not certain: `--certainty possible` tells it"
        row = silencing_row(self.module.source, one)
        if row:
            yield f"a comment silences it (line {row})"

    def _relaxation(self, rule: type[Rule], one: Diagnostic) -> str:
        meta = rule.meta
        kinds = sorted(self.kinds & meta.relaxed_in)
        if kinds:
            return f"{one.code} is off in {kinds[0]}: this is one of the {relaxations.KINDS[kinds[0]]}"
        kinds = sorted(self.kinds & meta.relaxed_for_process_in) or ["scripts"]
        return (
            f"{one.code} is off in {kinds[0]} for what lives as long as the process, as what `{one.function}` takes "
            f"does: {relaxations.KINDS[kinds[0]]}"
        )

    def _off(self, rule: type[Rule]) -> str:
        meta = rule.meta
        for layer in reversed(self.settings.layers()):
            where = f"{layer.origin}"
            for key, selectors in (("ignore", layer.ignore), ("extend-ignore", layer.extend_ignore)):
                for selector in selectors:
                    if matches(selector, meta.code, meta.name):
                        return f"the rule is off: `{where}{key}` has {selector}"
            if layer.select is not None:
                return f"the rule is off: `{where}select` does not have {meta.code}"
        return f"the rule is off by default: `--extend-select {meta.code}` turns it on"

    def _file(self) -> str:
        return shown(self.settings.source) if self.settings.source else "the settings"


def _concerns(one: Diagnostic, line: Line) -> bool:
    if one.range.start.row <= line.last and one.range.end.row >= line.first:
        return True
    return any(step.filename == one.filename and line.first <= step.range.start.row <= line.last for step in one.path)
