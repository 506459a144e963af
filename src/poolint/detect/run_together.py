"""What functions of the project run at once of what they are passed: ``async def all_of(calls): await gather(*calls)``.

Which parameters those are is a problem of summaries: a function runs at once what it gathers or makes tasks of itself, or
passes on to one that does.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.collected import comprehended_over, gone_over, looped_over, named
from poolint.analyses.process_locks import process_locks
from poolint.detect.sizes import has_a_bound
from poolint.flow.summaries import Summaries
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import around
from poolint.types.arguments import parameter_for, positional
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


class RunTogether:
    """Answers for the functions of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._at_once, self._starts = ev.models.words("at-once"), ev.models.words("makes-task", "starts")
        self._parameters: Summaries[ScopeKey, frozenset[str]] = Summaries(
            "runs-together", self._runs, bottom=frozenset(), join=frozenset.union
        )

    def given(self, node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
        """The collections of coroutines that a call passes to a function of the project which runs all of them at once."""
        if not (node.args or node.keywords) or not isinstance(parent_of(node), (ast.Await, ast.Return)):
            return
        for one in callees_of(self.ev, node, scope):
            if isinstance(one, Function) and one.scope.kind == "function":
                run = self._parameters.of(one.scope.key)
                if run:
                    yield from (value for name, value in _passed(one, node) if name in run)

    def _runs(self, key: ScopeKey) -> frozenset[str]:
        """The parameters of a function of which it runs all items at once; none of one that lets in only so many."""
        function = self.ev.project.scope(key)
        if function.is_generator or any(not one.is_mutex for one in process_locks(self.ev, function)):
            return frozenset()
        always = (
            one for one in function.calls_named(self._at_once) if around(one, function, (ast.If, ast.IfExp)) is None
        )
        run = [one for node in always for one in node.args]
        run += [one for node in function.calls_named(self._starts) for one in _started(node, function)]
        run += [one for node in function.calls for one in self.given(node, function)]
        names = [
            one.id for one in map(named, run) if isinstance(one, ast.Name) and not has_a_bound(self.ev, one, function)
        ]
        return frozenset(
            one for one in names if [type(each.node) for each in function.bindings.get(one, ())] == [ast.arg]
        )


def _started(node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
    """The collection of coroutines of which a loop makes a task each."""
    coroutines = gone_over(node.args[0], scope) if node.args else None
    if coroutines is not None and coroutines in (looped_over(node, scope), comprehended_over(node)):
        yield coroutines


def _passed(callee: Function, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """What a call passes a function, by its parameters, one of which takes all that is left (``*calls``)."""
    for keyword, one in [(None, one) for one in call.args] + [(one.arg, one.value) for one in call.keywords]:
        name = parameter_for(callee, call, one, keyword)
        if name is not None:
            yield name, one
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    rest = node.args.vararg
    if rest is not None:
        yield from ((rest.arg, one) for one in call.args[len(positional(callee)) :])
