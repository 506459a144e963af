"""Calls that have a thread run a function: an executor's ``submit`` and ``map``, ``Thread(…).start()``, ``run_in_executor``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.places import bound_value
from poolint.analyses.submitted import Submitted, Work
from poolint.flow.flags import name_of
from poolint.models.standard import START, THREADS
from poolint.syntax.expressions import is_none
from poolint.syntax.scopes import nearest, parent_of
from poolint.syntax.surroundings import REPEATING, around, is_inside, start_of
from poolint.syntax.unpacked import items_of
from poolint.types.values import Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator


def work_of(ev: Evaluator, node: ast.Call, scope: Scope) -> Work | None:
    """What a call has a thread run, and what that is called with; None where that is not said, or no thread runs it."""
    work = _work(node) if _is_of_threads(ev, node, scope) else None
    return ev.derived(Submitted).work_of(work.function, work.given, work.keywords, scope) if work is not None else None


def _work(node: ast.Call) -> Work | None:
    """The same as it is written."""
    name = last_name(node.func)
    if name in THREADS:
        named = {one.arg: one.value for one in node.keywords}
        function = named.get("target") or named.get("function") or (node.args[1] if len(node.args) > 1 else None)
        arguments = named.get("args") or (node.args[2] if name == "Timer" and len(node.args) > 2 else None)
        given = arguments.elts if isinstance(arguments, (ast.Tuple, ast.List)) else []
        passed = items_of(options) if isinstance(options := named.get("kwargs"), ast.Dict) else []
        keywords = [ast.keyword(name, value) for name, value in passed if name is not None]
        return Work(function, given, keywords) if function is not None else None
    work = node.args[1:] if name == "run_in_executor" else node.args
    if not work:
        return None
    return Work(work[0], [], []) if name == "map" else Work(work[0], work[1:], node.keywords)


def _is_of_threads(ev: Evaluator, node: ast.Call, scope: Scope) -> bool:
    """Whether a call starts a thread: not a process, to which no session can be sent."""
    name, starting = last_name(node.func), ev.models.manners["starts-thread"]
    if name in THREADS:
        return ev.qualified_name(ev.type_of(node.func, scope)) in starting
    if name == "run_in_executor":
        return not isinstance(parent_of(node), ast.Await)
    if not isinstance(node.func, ast.Attribute):
        return False  # the builtin `map`
    executors = alternatives(ev.type_of(node.func.value, scope))
    bases = [one.base for one in executors if isinstance(one, Instance) and one.base is not None]
    return any(f"{one.name}.{name}" in starting for one in bases)


def begun_by(node: ast.Call, scope: Scope) -> ast.Call | None:
    """The call that begins the thread of a call: this one, or that of what it makes, of which there may be none."""
    return started(node, scope) if last_name(node.func) in THREADS else node


def started(node: ast.Call, scope: Scope) -> ast.Call | None:
    """Where a thread is started that a call makes: ``Thread(…).start()``, or ``thread.start()`` further down."""
    parent = parent_of(node)
    if isinstance(parent, ast.Attribute) and parent.attr == START:
        call = parent_of(parent)
        return call if isinstance(call, ast.Call) else None
    names = {name for name, bindings in scope.bindings.items() for one in bindings if bound_value(one) is node}
    for call in sorted(scope.calls, key=start_of):
        root = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == START else None
        if isinstance(root, ast.Name) and root.id in names and start_of(call) > start_of(node):
            return call
    # Kept in a list, whose threads another loop starts.
    if around(node, scope, REPEATING) is not None and any(last_name(one.func) == START for one in scope.calls):
        return node
    return None


def executor_of(node: ast.Call) -> ast.expr | None:
    """What a call submits its work to; None where that is a thread of its own, or one that the event loop has for all."""
    name = last_name(node.func)
    if name == "run_in_executor":
        return node.args[0] if node.args and not is_none(node.args[0]) else None
    return node.func.value if name not in THREADS and isinstance(node.func, ast.Attribute) else None


def blocks(begun: ast.Call, scope: Scope) -> Iterator[WithNode]:
    """The blocks of the executor that a thread is started by, which wait for it at their ends."""
    executor = executor_of(begun)
    for statement in scope.withs:
        bound = {name_of(one.optional_vars or one.context_expr) for one in statement.items}
        if executor is not None and name_of(executor) in bound and is_inside(begun, statement):
            yield statement


def has_one_thread(submit: ast.Call, scope: Scope) -> bool:
    """Whether what an executor is given it runs one after the other, in its only thread."""
    executor = executor_of(submit)
    made = executor
    if isinstance(executor, ast.Name):
        bindings = nearest(executor.id, scope)
        made = bindings[0].value if len(bindings) == 1 else None
    if not isinstance(made, ast.Call):
        return False
    sizes = [*made.args[:1], *(one.value for one in made.keywords if one.arg == "max_workers")]
    return any(isinstance(one, ast.Constant) and one.value == 1 for one in sizes)
