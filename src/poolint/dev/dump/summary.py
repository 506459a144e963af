"""The summary of a function, which its callers go by: effects, what it gives, and what becomes of what it is passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.explain.words import of_class, of_type
from poolint.models.schema import SESSIONS
from poolint.types import returns
from poolint.types.values import Instance, alternatives

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from poolint.dev.dump.function import Subject
    from poolint.models.schema import Class


def lines(subject: Subject) -> Iterator[str]:
    """Each fact on a line of its own; effects with their witness, a shortest chain of calls."""
    analysis, scope = subject.analysis, subject.scope
    if scope.kind == "function":
        yield f"gives: {of_type(returns.returned(analysis.evaluator, scope, None), subject.module)}"
    effects = {
        "slow": analysis.slow,
        "foreign": analysis.foreign,
        "database": analysis.database,
        "synchronous session": analysis.sync_sessions,
    }
    for what, effect in effects.items():
        witness = effect.of_function(scope)
        if witness is not None:
            chain = " → ".join(f"{link.name} ({subject.knowledge.at(link.node, link.scope)})" for link in witness.links)
            yield f"effect {what}: {witness.effect}, by {chain}"
    held, ended = analysis.holdings.left(scope)
    for hold in held:
        yield f"leaves held: `{hold.resource}`, since line {hold.since.lineno}"
    for name in sorted(set(ended)):
        yield f"leaves ended: `{name}`"
    for name, cls in _resources(subject):
        fate = analysis.ownership.parameter(scope, name, cls)
        yield f"parameter `{name}`, {of_class(cls)}: {fate.name.lower()}{_left(subject, name, cls)}"


def _resources(subject: Subject) -> Iterator[tuple[str, Class]]:
    """The parameters that are objects of the models."""
    ev, scope = subject.analysis.evaluator, subject.scope
    arguments: ast.arguments | None = getattr(scope.node, "args", None)
    if arguments is None:
        return
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        for binding in scope.bindings.get(one.arg, ())[:1]:
            for each in alternatives(ev.binding(binding, scope)):
                if isinstance(each, Instance) and each.base is not None:
                    yield one.arg, each.base


def _left(subject: Subject, name: str, cls: Class) -> str:
    """How a session that is passed in is left."""
    if cls.kind not in SESSIONS:
        return ""
    return f", left {subject.analysis.holdings.leaving.parameter(subject.scope, name).name.lower()}"
