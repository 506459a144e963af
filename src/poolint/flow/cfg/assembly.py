"""The entrance: one function's syntax and what is known of its calls go in, its graph comes out.

This is the one place that knows all families of statements.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.cfg import bindings, branches, comprehensions, expressions, jumps, loops, matches, tries, withs
from poolint.flow.cfg.builder import MAX_NODES, Builder, Language, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from poolint.flow.cfg.graph import Graph

_LANGUAGE = Language(
    statements={
        **bindings.STATEMENTS,
        **branches.STATEMENTS,
        **jumps.STATEMENTS,
        **loops.STATEMENTS,
        **matches.STATEMENTS,
        **tries.STATEMENTS,
        **withs.STATEMENTS,
    },
    expressions={**expressions.EXPRESSIONS, **branches.EXPRESSIONS, **comprehensions.EXPRESSIONS},
    generic=expressions.generic,
    condition=branches.condition,
    eventful=expressions.eventful,
)


def build(
    function: ast.AST,
    *,
    raises: Callable[[ast.expr | ast.Import | ast.ImportFrom], bool] | None = None,
    never_returns: Callable[[ast.Call | ast.Import | ast.ImportFrom], bool] | None = None,
    suppresses: Callable[[ast.withitem, bool], bool | tuple[ast.expr, ...]] | None = None,
    reads: Set[ast.AST] = frozenset(),
    max_nodes: int = MAX_NODES,
) -> Graph:
    """The control flow of a function, method, lambda or module; nested functions are only bound in it, never entered.

    ``raises`` says whether something may raise in practice: it is asked with the ``ast.Call``, ``ast.Await``,
    ``ast.Yield``, decorator or import itself, about the entry and exit of a with-item with its context expression, and about
    the steps of a loop with what is iterated. ``never_returns`` says that nothing comes after a call, or after its
    await where it is awaited in place; a coroutine that is only made returns like any other. Of an import it says that it
    raises. ``suppresses`` gets a with-item and whether it is asynchronous, and says whether it may swallow what leaves its
    block, or of which classes that is which it swallows. Without them everything may raise, returns and lets pass. ``reads``
    are the attributes whose reading runs a function, which is not taken to raise.

    Raises :class:`TooComplex` past ``max_nodes`` events, and ``TypeError`` for syntax that has no flow of its own.
    """
    builder = Builder(
        function,
        _LANGUAGE,
        raises=raises,
        never_returns=never_returns,
        suppresses=suppresses,
        reads=reads,
        max_nodes=max_nodes,
    )
    builder.run(_body(builder, function))
    return builder.finish()


def _body(b: Builder, function: ast.AST) -> Steps:
    if isinstance(function, ast.Lambda):
        yield b.evaluate(function.body)
        jumps.give_back(b, function, function.body)
    elif isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        yield b.block(function.body)
    else:
        raise TypeError(f"no control flow in {type(function).__name__}")
