"""Observations about one session or connection in several tasks at once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.facts import Observation, SharedByTasks
from poolint.semantics.observe.common import may_await
from poolint.semantics.scopes import assigned, parent_of
from poolint.semantics.types import Instance, alternatives
from poolint.semantics.vocabulary import AT_ONCE, STARTS, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.scopes import Scope

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The calls in ``scope`` that give one session or connection to several tasks; each resource of a call once."""
    if not scope.is_async:
        return
    yield from _in_one_group(ev, scope)
    for node in scope.calls:
        name = last_name(node.func)
        if name in AT_ONCE:
            yield from _shared(ev, node, _coroutines(node, scope), scope)
        elif name in STARTS and node.args and _in_loop_of_tasks(node):
            for resource, cls in dict(_given_to_task(ev, node, scope)).items():
                if not _bound_within(resource, _loop(node), scope):
                    yield SharedByTasks(node, scope.qualified_name, may_await(node, scope), resource, cls, 0, name)


def _in_one_group(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """The second of the tasks that one group is given side by side, with nothing awaited between them."""
    counts: dict[tuple[ast.AST, str], int] = {}
    for node in scope.calls:
        group = node.func.value if isinstance(node.func, ast.Attribute) and last_name(node.func) in STARTS else None
        if not isinstance(group, ast.Name) or not node.args or not _is_group(block := _block(node), group.id):
            continue
        for resource, cls in dict(_given_to_task(ev, node, scope)).items():
            counts[block, resource] = counts.get((block, resource), 0) + 1
            if counts[block, resource] == 2:
                yield SharedByTasks(
                    node, scope.qualified_name, may_await(node, scope), resource, cls, 2, last_name(node.func)
                )


def _block(node: ast.AST) -> ast.AST:
    """The compound statement that the statement of ``node`` stands in directly."""
    while not isinstance(node, ast.stmt):
        node = parent_of(node) or ast.Pass()
    return parent_of(node) or node


def _is_group(block: ast.AST, name: str) -> bool:
    """Whether a block is that of the task group ``name``, and awaits nothing itself."""
    if not isinstance(block, ast.AsyncWith):
        return False
    is_bound = any(isinstance(one.optional_vars, ast.Name) and one.optional_vars.id == name for one in block.items)
    return is_bound and not any(isinstance(one, ast.Await) for statement in block.body for one in ast.walk(statement))


def _coroutines(node: ast.Call, scope: Scope) -> list[ast.expr]:
    """What is run: the arguments, and the items of lists among them, also of lists that a name holds."""
    found: list[ast.expr] = []
    for argument in node.args:
        value: ast.expr = argument.value if isinstance(argument, ast.Starred) else argument
        if isinstance(value, ast.Name):
            value = assigned(value.id, scope) or value
        if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
            found += [one.value if isinstance(one, ast.Starred) else one for one in value.elts]
        else:
            found.append(value)
    return found


def _shared(ev: Evaluator, node: ast.Call, tasks: list[ast.expr], scope: Scope) -> Iterator[Observation]:
    counts: dict[str, tuple[int, Class]] = {}
    for task in tasks:
        inner = task.elt if isinstance(task, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) else task
        several = inner is not task
        if several and isinstance(inner, ast.Call) and last_name(inner.func) in STARTS:
            continue  # told where the tasks are started
        for resource, cls in dict(_resources(ev, inner, scope)).items():
            if several and _is_target(task, resource):
                continue
            counts[resource] = (counts.get(resource, (0, cls))[0] + (100 if several else 1), cls)
    for resource, (count, cls) in counts.items():
        if count > 1:
            uses = 0 if count >= 100 else count
            yield SharedByTasks(
                node, scope.qualified_name, may_await(node, scope), resource, cls, uses, last_name(node.func)
            )


def _given_to_task(ev: Evaluator, node: ast.Call, scope: Scope) -> Iterator[tuple[str, Class]]:
    """What a task is started with: by its coroutine, or by a function and what that is to be called with."""
    first = node.args[0]
    if isinstance(first, ast.Call):
        yield from _resources(ev, first, scope)
    else:
        yield from _of_kind(ev, [*([first.value] if isinstance(first, ast.Attribute) else []), *node.args[1:]], scope)


def _resources(ev: Evaluator, task: ast.expr, scope: Scope) -> Iterator[tuple[str, Class]]:
    """The sessions and connections that a coroutine is made with, or made on."""
    if isinstance(task, ast.Await) or not isinstance(task, ast.Call):
        return
    if last_name(task.func) in (*STARTS, "wait_for", "shield") and task.args:
        yield from _resources(ev, task.args[0], scope)
        return
    given: list[ast.expr] = [*task.args, *(keyword.value for keyword in task.keywords)]
    if isinstance(task.func, ast.Attribute):
        given.append(task.func.value)
    yield from _of_kind(ev, given, scope)


def _of_kind(ev: Evaluator, given: list[ast.expr], scope: Scope) -> Iterator[tuple[str, Class]]:
    """Those of some values that are asynchronous sessions and connections."""
    for one in given:
        if isinstance(one, ast.Name) or (isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)):
            kinds = [
                member.base
                for member in alternatives(ev.type_of(one, scope))
                if isinstance(member, Instance) and member.base is not None
            ]
            if len(kinds) == 1 and kinds[0].kind in ("session", "connection") and kinds[0].mode == "async":
                yield ast.unparse(one), kinds[0]


def _is_target(comprehension: ast.expr, resource: str) -> bool:
    """Whether each item of a comprehension has its own: ``[work(session) for session in sessions]``."""
    assert isinstance(comprehension, (ast.ListComp, ast.SetComp, ast.GeneratorExp))
    return any(
        isinstance(node, ast.Name) and node.id == resource.partition(".")[0]
        for generator in comprehension.generators
        for node in ast.walk(generator.target)
    )


def _in_loop_of_tasks(node: ast.Call) -> bool:
    """Whether one task after the other is started here, and none is waited for in between."""
    loop = _loop(node)
    if loop is None:
        return False
    parent = parent_of(node)
    if isinstance(parent, ast.Await):
        return False
    if isinstance(loop, _COMPREHENSIONS):
        return True
    body = loop.body if isinstance(loop, (ast.For, ast.AsyncFor, ast.While)) else []
    return isinstance(loop, ast.For) and not any(
        isinstance(one, ast.Await) for statement in body for one in ast.walk(statement)
    )


def _loop(node: ast.AST) -> ast.AST | None:
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        if isinstance(current, (ast.For, ast.AsyncFor, ast.While, *_COMPREHENSIONS)):
            return current
        current = parent_of(current)
    return None


def _bound_within(resource: str, loop: ast.AST | None, scope: Scope) -> bool:
    """Whether each round of a loop has a resource of its own."""
    first = getattr(loop, "lineno", 0)
    last = getattr(loop, "end_lineno", 0)
    name = resource.partition(".")[0]
    return any(first <= one.position[0] <= last for one in scope.bindings.get(name, ()))
