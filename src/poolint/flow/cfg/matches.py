"""``match``: cases tried one after the other, a pattern first, then what it binds, then its guard."""

from __future__ import annotations

import ast

from poolint.flow.cfg.builder import Builder, End, StatementBuilder, Steps
from poolint.syntax.nodes import captured_name
from poolint.syntax.patterns import takes_all


def match_(b: Builder, node: ast.Match) -> Steps:
    yield b.evaluate(node.subject)
    after: list[End] = []
    for case in node.cases:
        missed: list[End] = []
        if not takes_all(case.pattern):
            event = b.emit("test", case.pattern)
            b.ends = [End(event, "true", case.pattern, True)]
            missed.append(End(event, "false", case.pattern, False))
        _capture(b, case.pattern, node.subject)
        if case.guard is not None:
            true: list[End] = []
            yield b.condition(case.guard, true, missed)
            b.ends = true
        yield b.block(case.body)
        after += b.ends
        b.ends = missed
        if not missed:
            break
    b.ends = after + b.ends


def _capture(b: Builder, pattern: ast.pattern, subject: ast.expr) -> None:
    """Bind the names in a pattern that has matched; those that stand for all of the subject know it as their value."""
    pending: list[tuple[ast.AST, ast.expr | None]] = [(pattern, subject)]
    while pending:
        node, value = pending.pop()
        if captured_name(node):
            b.emit("store", node, value=None if isinstance(node, ast.MatchMapping) else value, how="capture")
        whole = value if isinstance(node, (ast.MatchAs, ast.MatchOr)) else None
        children = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.pattern)]
        pending.extend((one, whole) for one in reversed(children))


STATEMENTS: dict[type[ast.stmt], StatementBuilder] = {ast.Match: match_}
