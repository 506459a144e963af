"""Whether control can leave a function from a place without passing others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import asked, name_of
from poolint.flow.solver import raised, reach
from poolint.syntax.expressions import asked_bound
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.flow.cfg import Edge, Node
    from poolint.flow.flags import Flags
    from poolint.syntax.scopes import Scope


_PASSING = frozenset({"reraise", "except", "raise"})
"""Events that pass on what was raised before them."""


def escapes(
    node: Node,
    stops: Set[Node],
    name: str,
    *,
    raising: bool = True,
    decided: Set[ast.AST] = frozenset(),
    flags: Flags | None = None,
) -> bool:
    """Whether an exception at an event leaves the function without passing one of ``stops``; see :func:`walk`."""
    ways = walk(raised([node]), stops, name, raising=raising, decided=decided, flags=flags)
    return any(one.kind == "exit-exception" for one in ways)


def passes_on(edge: Edge) -> bool:
    """Whether what was raised before is only passed on along an edge."""
    return edge.source.kind in _PASSING or (edge.source.kind == "exit" and edge.source.way != "normal")


def walk(
    edges: Iterable[Edge],
    stops: Set[Node],
    name: str,
    *,
    raising: bool = True,
    decided: Set[ast.AST] = frozenset(),
    flags: Flags | None = None,
) -> Iterable[Node]:
    """What comes along some edges, and after that, but for ``stops`` and what only they lead to.

    ``name``, dotted or not, is that of something that is there: no way leads through a test that says it is not. Without
    ``raising``, nothing raises but what the edges begin with. ``decided`` are tests by which the function settles the matter,
    however they come out: no way leads past them either. With the ``flags`` of the function, no way leads through a test
    that comes out otherwise there.
    """
    begun = list(edges)

    def passes(edge: Edge) -> bool:
        if (
            edge.target in stops
            or edge.test in decided
            or not (raising or not edge.is_unwinding or passes_on(edge) or edge in begun)
        ):
            return False
        return edge.asked is None or (name, False) not in (asked(*edge.asked), asked_bound(*edge.asked))

    allowed = list(filter(passes, begun))
    return reach(allowed, passes) if flags is None else flags.reach(allowed, passes)


def decisions(release: ast.AST, name: str, method: Scope) -> Iterator[ast.AST]:
    """The parts of the tests by which a method decides whether it is the one to release what is called ``name``: what
    nothing changes while it runs, as ``self.depth == 0``. Who comes to such a test skips no release, whatever was raised
    before."""
    child, current = release, parent_of(release)
    while current is not None and current is not method.node:
        if isinstance(current, ast.If) and child in current.body and _is_settled(current.test, name, method):
            yield from ast.walk(current.test)
        child, current = current, parent_of(current)


def _is_settled(test: ast.expr, name: str, method: Scope) -> bool:
    """Whether a test asks for nothing but parameters and attributes of their objects, neither of which its method sets."""
    parts = list(_asked(test, method))
    if any(isinstance(one, (ast.Call, ast.Await, ast.NamedExpr, ast.Subscript)) for one in parts):
        return False
    names = {one.id for one in parts if isinstance(one, ast.Name)}
    asked_for = {name_of(one) for one in parts if isinstance(one, ast.Attribute)}
    inside = list(ast.walk(method.node))
    stored = {name_of(one) for one in inside if isinstance(getattr(one, "ctx", None), ast.Store)}
    stored |= {name_of(each) for one in inside if (each := _named(one, ("setattr", "delattr"), method)) is not None}
    is_of_it = any(one == name or one.startswith(f"{name}.") for one in asked_for)
    return (
        bool(names)
        and not is_of_it
        and asked_for.isdisjoint(stored)
        and all(one.kind == "parameter" for each in names for one in method.bindings.get(each, ()))
        and names <= method.bindings.keys()
    )


def _asked(test: ast.AST, method: Scope) -> Iterator[ast.AST]:
    """The parts of a test, with ``state.keeps_open`` for ``getattr(state, KEEPS_OPEN, False)``."""
    test = _named(test, ("getattr",), method) or test
    yield test
    for one in ast.iter_child_nodes(test):
        yield from _asked(one, method)


def _named(node: ast.AST, functions: tuple[str, ...], method: Scope) -> ast.Attribute | None:
    """The attribute that a call of one of these functions names, by a text or by a constant of the module."""
    if not isinstance(node, ast.Call) or name_of(node.func) not in functions or len(node.args) < 2:
        return None
    owner, named, *rest = node.args
    if isinstance(named, ast.Name):
        bindings = method.module.scope.bindings.get(named.id, ())
        value = bindings[0].value if len(bindings) == 1 and named.id not in method.bindings else None
    else:
        value = named
    is_plain = isinstance(value, ast.Constant) and isinstance(value.value, str)
    if not is_plain or (functions == ("getattr",) and not all(isinstance(one, ast.Constant) for one in rest)):
        return None
    return ast.Attribute(owner, value.value, ast.Load())  # type: ignore[union-attr]
