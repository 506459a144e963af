"""Types: what the names, attributes and calls of a function are, row by row, and by what each is known."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.explain.line import Line, calls_on, names_on
from poolint.explain.words import of_type
from poolint.types.call_sites import call_site, text_of
from poolint.types.values import UNKNOWN, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.dev.dump.function import Subject
    from poolint.syntax.scopes import Scope


def lines(subject: Subject) -> Iterator[str]:
    """A line for each expression, those of one row in the order of evaluation, names before calls."""
    node = subject.scope.node
    last = getattr(node, "end_lineno", None) or len(subject.module.source.lines)
    inner = subject.scopes
    for row in range(getattr(node, "lineno", 1), last + 1):
        line = Line(row, row, row, subject.scope)
        for expression, scope in names_on(subject.module, line):
            if scope in inner:
                known = subject.knowledge.of(expression, scope)
                by = f"; {'; '.join(known.by)}" if known.by else ""
                yield f"  line {row} `{known.text}`: {known.what}{by}"
        for call, scope in calls_on(subject.module, line):
            if scope in inner and call.lineno == row:
                yield f"  line {row} `{text_of(call, scope)}`: {_call(subject, call, scope)}"


def _call(subject: Subject, call: ast.Call, scope: Scope) -> str:
    ev = subject.analysis.evaluator
    gives = of_type(ev.type_of(call, scope), subject.module)
    fact = call_site(ev, call, scope)
    if fact is not None and fact.provenance == "evidence":
        return f"{gives}; its receiver is known by its use alone"
    if fact is not None and fact.row is not None:
        effect = f", effect {fact.row.effect}" if fact.row.effect else ""
        return f"{gives}; by the model of {fact.name}: {fact.row.call}, role {fact.role}{effect}"
    callees = alternatives(ev.type_of(call.func, scope))
    if callees == (UNKNOWN,):
        return f"{gives}: {subject.knowledge.why_unknown(call.func, scope)}"
    return f"{gives}; by {' or '.join(of_type(callee, subject.module) for callee in callees)}"
