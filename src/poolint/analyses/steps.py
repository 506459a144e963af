"""Steps of a path: where a node stands, and what is said of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.diagnostics import Position, Range, Step

if TYPE_CHECKING:
    from poolint.analyses.effects import Witness
    from poolint.syntax.project import Module


def range_of(
    node: ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.alias | ast.keyword, module: Module
) -> Range:
    """The range of a node, in characters."""
    source = module.source
    end_row = node.end_lineno or node.lineno
    return Range(
        Position(node.lineno, source.column(node.lineno, node.col_offset)),
        Position(end_row, source.column(end_row, node.end_col_offset or 0)),
    )


def step(message: str, node: ast.expr | ast.stmt | ast.arg, module: Module) -> Step:
    """A station on a finding's path, at ``node``."""
    return Step(message, module.source.path, range_of(node, module))


def calls_of(witness: Witness) -> tuple[Step, ...]:
    """The stations of a chain of calls, each at its call."""
    return tuple(step(f"calls `{link.name}`", link.node, link.scope.module) for link in witness.links)
