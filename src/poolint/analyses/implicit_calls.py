"""What happens without being called by its name: blocks that wait as they are entered or left, loops whose iterator
sleeps between two rounds, and what decorators do around the function that is called.

Entering the block of what has an `acquire` waits as that does: of locks, semaphores and limiters. A lock whose block
does nothing that takes time, itself or in functions that it calls, is held for an instant, whoever holds it, and is no wait.
At a semaphore that a call makes for its own tasks nobody else stands: who calls waits for what these do, and for nothing more.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from poolint.analyses.graphs import BlockEnd
from poolint.analyses.managers import exits_of
from poolint.analyses.process_locks import is_of_one_call, typed
from poolint.analyses.queues import Queues
from poolint.flow.summaries import Summaries
from poolint.models.schema import REACHING_ROLES
from poolint.models.standard import BUILTINS
from poolint.syntax.scopes import ScopeKey, nearest
from poolint.types.call_sites import CallSite, call_site, callees_of, text_of
from poolint.types.following import PASSAGES, origin
from poolint.types.values import UNKNOWN, Function, Instance, LibraryFunction, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class, Method
    from poolint.models.schema import Function as Function_
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator

_MAX_STEPS = 4


class Implied(NamedTuple):
    """Something that is called by a block, a loop or a decorator: where it stands, and what it is, as people say it."""

    node: ast.expr
    name: str
    fact: CallSite


def entered(ev: Evaluator, scope: Scope) -> Iterator[Implied]:
    """The blocks of a function that wait before they begin."""
    for statement in scope.withs:
        for item in statement.items:
            lock = typed(ev, item.context_expr, statement, scope)
            if lock is not None and lock.cls and lock.acquire and _takes_time(ev, statement, scope):
                keyword = "async with" if isinstance(statement, ast.AsyncWith) else "with"
                is_own = lock.acquire.effect == "wait" and is_of_one_call(ev, lock, scope)
                row = replace(lock.acquire, effect="lock") if is_own else lock.acquire
                fact = _fact(lock.node, lock.cls, "acquire", row)
                yield Implied(lock.node, f"{keyword} {text_of(lock.node, scope)}", fact)


def left(ev: Evaluator, scope: Scope) -> Iterator[Implied]:
    """The blocks of a function that wait as they end: ``with Popen(…)`` for its process."""
    for statement in scope.withs:
        method = "__aexit__" if isinstance(statement, ast.AsyncWith) else "__exit__"
        for item in statement.items:
            for base, row in _effective(ev, item.context_expr, method, scope):
                if method in row.names:  # what any other method does says nothing of this one
                    fact = _fact(item.context_expr, base, method, row)
                    yield Implied(BlockEnd.of(item), f"{base.name.rpartition('.')[2]}.{method}", fact)


def left_by(ev: Evaluator, scope: Scope) -> Iterator[tuple[BlockEnd, Scope]]:
    """What runs of classes of the project as the blocks of their objects end: ``async with self.work:``, ``with Receipt():``."""
    for item, block in ((one, statement) for statement in scope.withs for one in statement.items):
        for one in alternatives(ev.type_of(item.context_expr, scope)):
            for method in exits_of(ev, one, block) if isinstance(one, Instance) else ():
                yield BlockEnd.of(item), method


def _takes_time(ev: Evaluator, statement: WithNode, scope: Scope) -> bool:
    """Whether who holds a lock does something meanwhile that takes time: awaits, or reaches a database or further."""
    for part in statement.body:
        for node in ast.walk(part):
            if isinstance(statement, ast.AsyncWith):
                if isinstance(node, (ast.AsyncWith, ast.AsyncFor)):
                    return True
                if isinstance(node, ast.Await) and not _is_at_once(ev, node.value, scope):
                    return True
            elif isinstance(node, ast.Call) and ev.derived(TakingTime).of_call(node, scope):
                return True
    return False


_PLAIN = frozenset(name for one in (dict, list, set, str, bytes, tuple, int, float, deque) for name in dir(one))


class TakingTime:
    """Which plain functions of a project may take time: all but those that only count, or look up what they have in memory."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._taking: Summaries[ScopeKey, bool] = Summaries("takes-time", self._takes, bottom=False, join=bool.__or__)

    def of_call(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call reaches a database or further, or runs a function of the project that may take time."""
        fact = call_site(self.ev, call, scope)
        if fact is not None and fact.row is not None and (fact.row.effect or fact.role in REACHING_ROLES):
            return True
        callees = callees_of(self.ev, call, scope)
        return any(isinstance(one, Function) and self._taking.of(one.scope.key) for one in callees)

    def _takes(self, key: ScopeKey) -> bool:
        scope = self.ev.project.scope(key)
        if scope.withs or scope.yields or scope.is_async:
            return True
        return any(self.of_call(call, scope) or self._is_unknown(call, scope) for call in scope.calls)

    def _is_unknown(self, call: ast.Call, scope: Scope) -> bool:
        """Whether nothing is known of what a call runs: no function of the project or of a library, nothing of Python's."""
        if isinstance(call.func, ast.Name) and call.func.id in BUILTINS and not nearest(call.func.id, scope):
            return False
        if isinstance(call.func, ast.Attribute) and call.func.attr in _PLAIN:
            return False
        return not callees_of(self.ev, call, scope) or self.ev.type_of(call.func, scope) is UNKNOWN


def _is_at_once(ev: Evaluator, awaited: ast.expr, scope: Scope) -> bool:
    """Whether what is awaited never lets others have their turn: a queue that has room for everything."""
    fact = call_site(ev, awaited, scope) if isinstance(awaited, ast.Call) else None
    return fact is not None and ev.derived(Queues).waits(fact, scope) is False


def iterated(ev: Evaluator, scope: Scope) -> Iterator[Implied]:
    """The loops of a function whose iterator has an effect between two rounds: ``for attempt in Retrying(wait=…)``."""
    for bindings in scope.bindings.values():
        for binding in bindings:
            if binding.kind != "for" or not isinstance(binding.value, (ast.Name, ast.Attribute, ast.Call)):
                continue
            for method in ("__anext__", "__aiter__") if binding.asynchronous else ("__iter__",):
                for base, row in _effective(ev, binding.value, method, scope):
                    if is_set_up(row, made_by(ev, binding.value, scope)):
                        fact = _fact(binding.value, base, method, row)
                        yield Implied(binding.value, base.name.rpartition(".")[2], fact)


def _effective(ev: Evaluator, node: ast.expr, method: str, scope: Scope) -> Iterator[tuple[Class, Method]]:
    """The classes of libraries that an object may be of, as far as this method of theirs has an effect, with its row."""
    for one in alternatives(ev.type_of(node, scope)):
        base = one.base if isinstance(one, Instance) else None
        row = ev.models.method(base, method) if base is not None else None
        if base is not None and row is not None and row.effect:
            yield base, row


def effective(ev: Evaluator, node: ast.expr, method: str, scope: Scope) -> Iterator[CallSite]:
    """The facts about such a method, where what an expression gives is asked for it."""
    yield from (_fact(node, base, method, row) for base, row in _effective(ev, node, method, scope))


def _fact(node: ast.expr, cls: Class, method: str, row: Method) -> CallSite:
    """The fact about a call that nobody has written."""
    call = node if isinstance(node, ast.Call) else ast.copy_location(ast.Call(node, [], []), node)
    return CallSite(call, f"{cls.name}.{method}", "", row, cls)


class Around(NamedTuple):
    """What decorators do around a function: calls of libraries, by their names, and wrappers of the project."""

    library: tuple[tuple[str, CallSite], ...]
    wrappers: tuple[Scope, ...]


NOTHING_AROUND = Around((), ())


def around(ev: Evaluator, callee: Scope) -> Around:
    """What is done around each call of a function."""
    decorators = getattr(callee.node, "decorator_list", None)
    if not decorators:
        return NOTHING_AROUND
    library: list[tuple[str, CallSite]] = []
    wrappers: list[Scope] = []
    outside = callee.parent or callee
    for decorator in decorators:
        made = decorator if isinstance(decorator, ast.Call) else made_by(ev, decorator, outside)
        target = made.func if made is not None else decorator
        for one in alternatives(ev.type_of(target, outside if made in (None, decorator) else callee.module.scope)):
            if isinstance(one, LibraryFunction) and one.row.effect:
                if is_set_up(one.row, made):
                    call = made or ast.copy_location(ast.Call(decorator, [], []), decorator)
                    library.append((one.row.name, CallSite(call, one.row.name, "", one.row)))
            elif isinstance(one, Function) and one.scope.kind == "function":
                wrappers += _wrappers(one.scope, is_async=callee.is_async)
    return Around(tuple(library), tuple(wrappers)) if library or wrappers else NOTHING_AROUND


def _wrappers(decorator: Scope, *, is_async: bool) -> list[Scope]:
    """The functions inside a decorator that call the function which it is given, for one of this kind."""
    found = [
        inner
        for inner in decorator.descendants()
        if inner is not decorator and inner.kind == "function" and any(_is_given(call, inner) for call in inner.calls)
    ]
    fitting = [one for one in found if one.is_async is is_async] or found
    return [one for one in fitting if not _picks_arguments(one)]


def _picks_arguments(wrapper: Scope) -> bool:
    """Whether a wrapper hands something of its arguments to others: a session that these may end, for one."""
    arguments = wrapper.node.args if isinstance(wrapper.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
    several = {one.arg for one in (arguments.vararg, arguments.kwarg) if one is not None} if arguments else set()
    return any(
        isinstance(one, ast.Subscript) and isinstance(one.value, ast.Name) and one.value.id in several
        for call in wrapper.calls
        for one in call.args
    )


def _is_given(call: ast.Call, wrapper: Scope) -> bool:
    """Whether a wrapper calls a parameter of the function around it, or hands it to what may."""
    for one in (call.func, *call.args[:1]):
        if isinstance(one, ast.Name) and one.id not in wrapper.bindings and wrapper.parent is not None:
            bindings = nearest(one.id, wrapper.parent)
            if any(binding.kind == "parameter" for binding in bindings):
                return True
    return False


def made_by(ev: Evaluator, node: ast.expr, scope: Scope) -> ast.Call | None:
    """The call that makes what an expression stands for: itself, or what the trail of a name or attribute ends at."""
    found = origin(ev, node, scope, PASSAGES - {"function"}).node
    return found if isinstance(found, ast.Call) else None


def is_set_up(row: Method | Function_, made: ast.Call | None) -> bool:
    """Whether a call, or what it is called on, is made such that the effect takes place."""
    if not row.only_with:
        return True
    return made is not None and any(
        keyword.arg in row.only_with and not _is_nothing(keyword.value, row) for keyword in made.keywords
    )


def _is_nothing(value: ast.expr, row: Method | Function_) -> bool:
    """Whether an argument says not to wait: ``None``, 0 where that is no wait without end, ``wait_none()``."""
    if isinstance(value, ast.Constant):
        return value.value is None if row.zero_waits else not value.value
    name = value.func if isinstance(value, ast.Call) else value
    return getattr(name, "attr", getattr(name, "id", "")) == "wait_none"
