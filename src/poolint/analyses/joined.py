"""What a call waits for that runs something in a thread, or joins one: what the thread runs, where the thread is of the
project's own class or was made with a function of the project. How long another one takes that the function has started
itself, nobody can tell, unless it gets what is for work on a database."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.schema import HANDLES, OWNERS
from poolint.syntax.scopes import parent_of, placed
from poolint.types.following import origin
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.models.named_rows import Threaded
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


OF_DATABASE = frozenset({*HANDLES, *OWNERS, "factory", "registry"})
"""Kinds of what works on a database, or leads to what does."""

_MOMENT = 2
"""Seconds that a thread is waited for as it ends, so that it is not cut short."""


def run_in_thread(models: Models, call: ast.Call) -> tuple[ast.expr, list[ast.expr]] | None:
    """The function that an awaitable call runs in a thread, and the arguments by place that it passes on:
    ``asyncio.to_thread(work, session)``, ``sync_to_async(work)(session)``; None where it runs none, or does not say which."""
    made = call.func if isinstance(call.func, ast.Call) else call
    row = models.threaded.get(last_name(made.func))
    if row is None or row.wraps is (made is call) or len(made.args) <= row.argument:
        return None
    if not _is_of_module(row, made.func):
        return None
    return made.args[row.argument], call.args if row.wraps else call.args[row.argument + 1 :]


class _CalledInThreads:
    """The calls that threads make for those that are awaited, each made once."""

    def __init__(self, ev: Evaluator) -> None:
        self.models = ev.models
        self._made: dict[ast.Call, ast.Call] = {}

    def by(self, call: ast.Call) -> ast.Call:
        if call not in self._made:
            run = run_in_thread(self.models, call)
            made = ast.Call(*run, call.keywords) if run is not None else None
            self._made[call] = call if made is None else placed(made, call, parent_of(call))
        return self._made[call]


def called_in_thread(ev: Evaluator, call: ast.Call) -> ast.Call:
    """The call that a thread makes for one that is awaited: ``work(session)`` for ``await asyncio.to_thread(work, session)``. It
    stands where that does. Any other call is itself."""
    if not isinstance(parent_of(call), ast.Await):
        return call
    return ev.derived(_CalledInThreads).by(call)


def _is_of_module(row: Threaded, function: ast.expr) -> bool:
    """Whether a function is written as one of the module that the row has it in, where others have methods of its name."""
    if not row.of_module or not isinstance(function, ast.Attribute):
        return True
    return last_name(function.value) in {name.split(".")[-2] for name in row.names}


class Join(NamedTuple):
    """A thread that is waited for, or several: what they run, as far as it is known, and whether that may be anything, in
    threads that the function has started."""

    run: tuple[Scope, ...]
    may_be_anything: bool


def joined(ev: Evaluator, fact: CallSite, scope: Scope) -> Join | None:
    """The thread that a call waits for; None where it waits for something else."""
    function = fact.node.func
    if not ev.models.ends("joins-thread", fact.name) or not isinstance(function, ast.Attribute):
        is_wait = ev.models.ends("waits-for-thread", fact.name) and fact.row is not None and fact.row.effect == "wait"
        return _submitted(ev, scope) if is_wait else None
    if _is_brief(fact.node):
        return Join((), True)  # who waits for a moment goes on without it
    thread = fact.name.rpartition(".")[0]
    end, where = origin(ev, function.value, scope)
    made = end if isinstance(end, ast.Call) and _is_of(thread, ev, end, where) else None
    run = _run_by_class(ev, function.value, scope) or (_run_by_target(ev, made, where) if made is not None else None)
    starts = ev.models.words("starts-thread")
    is_started = any(_is_of(thread, ev, call, scope) for call in scope.calls_named(starts))
    return Join(
        (run,) if run is not None else (), is_started and not (made is not None and _gets_database(ev, made, where))
    )


def _is_brief(join: ast.Call) -> bool:
    """Whether a thread is waited for no longer than a moment, which the call says."""
    limits = [*join.args[:1], *(one.value for one in join.keywords if one.arg == "timeout")]
    seconds = [one.value for one in limits if isinstance(one, ast.Constant)]
    return any(isinstance(one, (int, float)) and one <= _MOMENT for one in seconds)


def _submitted(ev: Evaluator, scope: Scope) -> Join | None:
    """What a function has given the threads of an executor to run, and waits for; None where it has given them nothing, or
    something that works on a database."""
    run: dict[Scope, None] = {}
    is_any = False
    for call in scope.calls_of("submit"):
        if not (isinstance(call.func, ast.Attribute) and call.args and _is_executor(ev, call.func.value, scope)):
            continue
        if not _kinds(ev, [*call.args[1:], *(one.value for one in call.keywords)], scope).isdisjoint(OF_DATABASE):
            return None
        is_any = True
        for one in alternatives(ev.type_of(call.args[0], scope)):
            if isinstance(one, Function) and not (one.scope.is_generator or one.scope.is_async):
                run[one.scope] = None
    return Join(tuple(run), True) if is_any else None


def _is_executor(ev: Evaluator, node: ast.expr, scope: Scope) -> bool:
    """Whether an object is one whose threads or processes run what it is given, and that waits for them to shut down."""
    bases = [one.base for one in alternatives(ev.type_of(node, scope)) if isinstance(one, Instance)]
    rows = [ev.models.method(base, "shutdown") for base in bases if base is not None]
    return any(row is not None and row.effect == "wait" for row in rows)


def _run_by_class(ev: Evaluator, thread: ast.expr, scope: Scope) -> Scope | None:
    """The ``run`` of an object whose class is one of the project."""
    found = alternatives(ev.type_of(thread, scope))
    one = found[0] if len(found) == 1 else None
    if not isinstance(one, Instance) or one.cls is one.base:
        return None
    run = ev.type_of_member(one, "run")
    return run.scope if isinstance(run, Function) else None


def _run_by_target(ev: Evaluator, made: ast.Call, scope: Scope) -> Scope | None:
    """The function that a thread is made with."""
    target = next((one.value for one in made.keywords if one.arg == "target"), None)
    found = alternatives(ev.type_of(target, scope)) if target is not None else ()
    one = found[0] if len(found) == 1 else None
    return one.scope if isinstance(one, Function) and not (one.scope.is_generator or one.scope.is_async) else None


def _gets_database(ev: Evaluator, made: ast.Call, scope: Scope) -> bool:
    """Whether a thread is made with a session, a connection, or what those are taken from."""
    given = [one.value for one in made.keywords if one.arg in ("args", "kwargs")]
    parts = [part for one in given if isinstance(one, (ast.Tuple, ast.List)) for part in one.elts]
    parts += [part for one in given if isinstance(one, ast.Dict) for part in one.values]
    return not _kinds(ev, parts, scope).isdisjoint(OF_DATABASE)


def _kinds(ev: Evaluator, given: list[ast.expr], scope: Scope) -> set[str]:
    return {
        one.base.kind
        for part in given
        for one in alternatives(ev.type_of(part, scope))
        if isinstance(one, Instance) and one.base is not None
    }


def _is_of(cls: str, ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call gives an object of a library's class, or of one that is derived from it."""
    return any(
        isinstance(one, Instance) and one.base is not None and one.base.name == cls
        for one in alternatives(ev.type_of(call, scope))
    )
