"""A toy linter: enough rules to have something to fix, and none of poolint's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import pytest

from poolint.diagnostics import Applicability, Diagnostic, Fix
from poolint.fixes.build import edits_for
from poolint.fixes.plans import AddAwait, RemoveAwait, SetWithKind
from poolint.text.slices import Slice, cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.fixes.plans import Plan
    from poolint.text.source import Source

ASYNC = frozenset({"close", "commit", "execute", "fetch"})
SYNC = frozenset({"add"})


class _Toy(cst.CSTVisitor):
    """``x.close()`` wants an ``await`` (TOY1), ``await x.add()`` wants none (TOY2), ``with x.begin()`` wants ``async``
    and ``async with x.lock()`` does not (TOY3). Everything in a file is one function."""

    def __init__(self, source: Source, piece: Slice) -> None:
        self.source = source
        self.piece = piece
        self.found: list[Diagnostic] = []

    def report(self, code: str, node: cst.CSTNode, plan: Plan) -> None:
        edits = edits_for(plan, self.piece, self.source)
        fix = Fix(Applicability.SAFE, "toy", edits) if edits else None
        self.found.append(Diagnostic(code, "toy", "toy", self.source.path, self.piece.range_of(node), "f", fix=fix))

    def visit_Call(self, node: cst.Call) -> None:
        awaited = isinstance(self.piece.parent(node), cst.Await)
        if not awaited and _method(node) in ASYNC:
            self.report("TOY1", node, AddAwait(node))

    def visit_Await(self, node: cst.Await) -> None:
        if _method(node.expression) in SYNC:
            self.report("TOY2", node, RemoveAwait(node))

    def visit_With(self, node: cst.With) -> None:
        wanted = {"begin": True, "lock": False}.get(_method(node.items[0].item))
        if wanted is not None and wanted == (node.asynchronous is None):
            self.report("TOY3", node, SetWithKind(node, wanted))


def _method(node: cst.CSTNode) -> str:
    return node.func.attr.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else ""


def _check(source: Source) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for statement in source.tree.body:
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(one.lineno for one in decorators)])
        piece = cut(source, first, statement.end_lineno or first)
        assert piece is not None
        toy = _Toy(source, piece)
        piece.module.visit(toy)
        found += toy.found
    return sorted(found, key=lambda one: one.sort_key)


@pytest.fixture(scope="session")
def toy() -> Callable[[Source], list[Diagnostic]]:
    """The check of the toy linter."""
    return _check
