"""Calls on a line over which connections are held: what the engine gives the detectors, and why nothing is reported of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.explain.line import is_standard, scopes_on
from poolint.explain.report import HeldOver
from poolint.rules.paths import text
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import UNKNOWN, Function, LibraryName, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold
    from poolint.detect.analysis import Analysis
    from poolint.explain.judged import Judgements
    from poolint.explain.known import Knowledge
    from poolint.explain.line import Line
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope


class Held:
    """Answers for one line of a module."""

    def __init__(self, analysis: Analysis, knowledge: Knowledge, judged: Judgements) -> None:
        self.analysis = analysis
        self.knowledge = knowledge
        self.judged = judged

    def on(self, module: Module, line: Line) -> Iterator[HeldOver]:
        """What is held over on the line, in the order of the function."""
        for scope in scopes_on(module, line):
            for node, held in self.over(scope):
                if line.holds(node):
                    yield self._of(node, held, scope)

    def over(self, scope: Scope) -> Iterator[tuple[ast.expr, list[Hold]]]:
        """The calls, and the blocks and loops that wait, over which something is held."""
        holdings = self.analysis.holdings
        yield from holdings.over(scope)
        for node, _ in self.analysis.slow.implied(scope):
            held = holdings.at(node, scope)
            if held:
                yield node, held

    def _of(self, node: ast.expr, held: list[Hold], scope: Scope) -> HeldOver:
        holders = tuple(self._holder(one, scope) for one in held)
        reported = self.judged.at(node)
        silent: list[str] = []
        if not self.judged.is_told_at(node):
            silent += self.judged.reasons(node)
            if not silent and not reported:
                silent.append(self._quiet(node, scope))
        return HeldOver(text_of(node, scope), node.lineno, holders, reported, tuple(dict.fromkeys(silent)))

    def _holder(self, hold: Hold, scope: Scope) -> str:
        sure = "" if hold.is_sure else ", on some ways here"
        if hold.header is not None:
            header = f"`{text_of(hold.header, scope)}` (line {hold.header.lineno})"
            return f"the transaction of {header} is open and holds a connection{sure}"
        note = f" ({text(*hold.cause)})" if hold.cause else ""
        return f"`{hold.resource}` holds a connection, since line {hold.since.lineno}{note}{sure}"

    def _quiet(self, node: ast.expr, scope: Scope) -> str:
        """Why no detector has looked at a call: nothing is known by which it would wait."""
        changes = self.analysis.holdings.changes(scope).calls.get(node, ())
        for change in changes:
            does = "works on" if change.holds else "ends the use of"
            return f"it {does} `{change.resource}`, which is what the connection is for"
        if self.judged.is_observed(node):
            return "no rule reports what is observed of it"
        if not isinstance(node, ast.Call):
            return "it waits for nothing that keeps others waiting"
        for one in self.analysis.coverage.unmodelled(node, scope):
            at = self.knowledge.at(one.node, one.scope)
            return f"it awaits `{one.name}` ({at}), and the models say nothing of {one.package}"
        return self._callee(node, scope)

    def _callee(self, call: ast.Call, scope: Scope) -> str:
        callee = self.analysis.evaluator.type_of(call.func, scope)
        if callee is UNKNOWN:
            return f"what is called is unknown: {self.knowledge.why_unknown(call.func, scope)}"
        fact = call_site(self.analysis.evaluator, call, scope)
        if fact is not None and fact.row is not None:
            return f"by the models {fact.api} waits for nothing outside of the database"
        for one in alternatives(callee):
            if isinstance(one, Function):
                at = self.knowledge.at(one.scope.node, one.scope)
                return f"nothing that `{one.scope.name}` ({at}) does is known to wait"
            if isinstance(one, LibraryName) and not is_standard(one.name):
                return f"the models say nothing of {one.name}"
        return "nothing that it does is known to wait"
