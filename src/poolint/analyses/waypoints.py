"""Waypoints of a path: what happens where on the way to a finding, as plain values that a rule words."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from poolint.diagnostics import Position, Range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.effects import Witness
    from poolint.syntax.project import Module

What = Literal[
    # of functions and tasks
    "calls",
    "runs-for-each-item",
    "runs-after-response",
    "runs-on-new-loop",
    "raises",
    "fails",
    "cancelled",
    "tries-again",
    # of what is checked out
    "checked-out",
    "checked-out-unheld",
    "created",
    "entered",
    "closed",
    "released",
    "would-be-released",
    "rebinds-name",
    "rebinds-attribute",
    "raises-after-checkout",
    "yields",
    "leaves",
    "generator-left",
    "generator-stepped-once",
    "never-removed",
    # of connections that are held
    "takes-connection",
    "takes-another",
    "passed-by",
    "left-held-by",
    "held-already",
    "parent-takes-connection",
    "dependency-used",
    "dependency-used-own",
    "dependency-may-use",
    "dependency-may-use-own",
    "dependency-took",
    "passed-in",
    "decorator-used",
    "guard-used",
    "decorator-took",
    "template-took",
    "opens-transaction",
    "begins",
    "autobegins",
    "row-lock",
    "maybe-row-lock",
    "table-lock",
    "advisory-lock",
    "locks-first",
    "locks-then",
    # of sessions and their objects
    "is-synchronous",
    "has-to-await",
    "needs-no-loop",
    "awaits-nothing-else",
    "expires",
    "reloads",
    "loaded-without",
    "read",
    "given-to-task",
    "given-to-thread",
    "called-at-once",
    "used-meanwhile",
    # of pools
    "makes-pool",
    "has-own-pool",
    "made-for-each-request",
    "made-for-each-round",
    "made-for-each-call",
    # of configuration
    "url",
    "admits",
    "processes",
    "replicas",
    "connections",
    "migrations",
    "max-connections",
]
"""What happens at a waypoint. In words: ``poolint.rules.paths``."""


class Cause(NamedTuple):
    """What has happened, and the names of what it has happened to, as written."""

    what: What
    about: tuple[str, ...]


class Waypoint(msgspec.Struct, frozen=True):
    """One stop on the path that leads to a finding: ``what`` happens there, to or by what ``about`` names."""

    what: What
    filename: str
    range: Range
    about: tuple[str, ...] = ()


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


def waypoint(what: What, node: ast.expr | ast.stmt | ast.arg, module: Module, *about: str) -> Waypoint:
    """What happens at ``node``."""
    return Waypoint(what, module.source.path, range_of(node, module), about)


def in_order(found: Iterable[Waypoint]) -> tuple[Waypoint, ...]:
    """Waypoints that no path brings into an order, in that of their places."""
    return tuple(sorted(found, key=lambda one: (one.filename, one.range)))


def calls_of(witness: Witness) -> tuple[Waypoint, ...]:
    """The waypoints of a chain of calls, each at its call."""
    return tuple(waypoint("calls", link.node, link.scope.module, link.name) for link in witness.links)
