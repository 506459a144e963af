"""Comprehensions: loops, run where they stand.

A generator expression is one where something goes over it on the spot and does nothing else meanwhile, ``any(...)``; whether
that stops early nobody knows. Elsewhere it only evaluates what it iterates first, as any expression does its parts: its body
runs in whoever consumes it, which the graph of this function does not see.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg.bindings import store
from poolint.flow.cfg.builder import Builder, End, StatementBuilder, Steps, loop_back
from poolint.flow.cfg.loops import step
from poolint.syntax.generator_runs import is_run_at_once

if TYPE_CHECKING:
    from poolint.flow.cfg.graph import Node

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def comprehension(b: Builder, node: Comprehension) -> Steps:
    heads: list[Node] = []
    # Only what is iterated first belongs to the scope around.
    yield b.evaluate(node.generators[0].iter)
    b.comprehensions += 1
    for generator in node.generators:
        if heads:
            yield b.evaluate(generator.iter)
        head = step(b, generator, is_async=bool(generator.is_async))
        heads.append(head)
        b.ends = [End(head, "item")]
        yield store(b, generator.target, generator.iter, "for")
        for test in generator.ifs:
            true: list[End] = []
            false: list[End] = []
            yield b.condition(test, true, false)
            loop_back(false, head)
            b.ends = true
    for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
        yield b.evaluate(part)
    for head in reversed(heads):
        loop_back(b.ends, head)
        b.ends = [End(head, "exhausted")]
    b.comprehensions -= 1


def generator(b: Builder, node: ast.GeneratorExp) -> Steps:
    yield comprehension(b, node) if is_run_at_once(node) else b.evaluate(node.generators[0].iter)


EXPRESSIONS: dict[type[ast.expr], StatementBuilder] = {
    ast.DictComp: comprehension,
    ast.GeneratorExp: generator,
    ast.ListComp: comprehension,
    ast.SetComp: comprehension,
}
