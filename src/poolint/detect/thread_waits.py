"""What waits until a thread has done its work: by the future, the thread, or whatever else it was started with.

``future.result()`` waits, and so do ``wait(futures)``, ``thread.join()`` and the end of the executor's block; a method of the
same name on something else, ``logger.exception(…)`` or ``", ".join(…)``, does not.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.flow.flags import name_of
from poolint.syntax.surroundings import end_of, is_inside, start_of
from poolint.types.call_sites import callees_of
from poolint.types.plain import is_plain
from poolint.types.values import LibraryName
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Waits:
    """The calls and awaits of one function that wait for a thread.

    ``node`` makes the thread or hands it its work, and ``started`` runs it. ``resources`` are the sessions that it gets:
    they tell nothing of when it is done.
    """

    def __init__(
        self, ev: Evaluator, node: ast.Call, started: ast.Call, resources: Iterable[str], scope: Scope
    ) -> None:
        self._ev = ev
        self._words = ev.models.words("waits-for-thread")
        self._keeps = ev.models.words("keeps")
        self._made = (node, started)
        self._scope = scope
        self._locals = set(_locals(node, scope)) - {one.partition(".")[0] for one in resources}
        own = scope.method_around.first_parameter
        self._beside = self._locals - {own.arg if own is not None else ""}
        """What tells when it is done without being it: the executor, an event that it sets; the object has more than that."""
        runs = started.func.value if isinstance(started.func, ast.Attribute) else None
        self._names: set[str] = set()
        """The thread or future itself, and lists of those, by names, dotted or not."""
        if runs is not None:
            (self._names if started is not node else self._beside).add(name_of(runs))
        self._follow()

    def before(self, later: ast.expr) -> bool:
        """Whether one of them stands between the start of the thread and ``later``, which it does not wait for as well."""
        begun = end_of(self._made[1])
        between = (one for one in self._all() if begun < end_of(one) and start_of(one) < start_of(later))
        return any(not is_inside(later, one) for one in between)

    def any(self) -> bool:
        """Whether one of them stands anywhere behind the start of the thread."""
        begun = end_of(self._made[1])
        return any(begun < end_of(one) for one in self._all())

    def may_be_told(self) -> bool:
        """Whether the function goes on to call anything with what else the thread is given, such as a queue or an event: that
        may tell when it is done. A text or a number does not."""
        begun = end_of(self._made[1])
        telling = {name for name in self._locals if not is_plain(ast.Name(name, ast.Load()), self._scope)}
        later = [one for one in self._scope.calls if begun < end_of(one) and one not in self._made]
        return any(isinstance(part, ast.Name) and part.id in telling for one in later for part in ast.walk(one))

    def within(self, statement: ast.AST) -> bool:
        """Whether a call that waits stands in a statement, as in each round of a loop."""
        return any(is_inside(one, statement) for one in self._calls())

    def concerns(self, node: ast.expr) -> bool:
        """Whether an expression mentions the thread, task or future, or a list of those."""
        return self._mentions(node, self._names)

    def is_cancelled_by(self, call: ast.Call) -> bool:
        """Whether a call makes it stop."""
        return last_name(call.func) == "cancel" and self.concerns(call.func)

    def _all(self) -> Iterator[ast.expr]:
        yield from self._calls()
        around = {
            name.partition(".")[0] for name in self._names if "." in name
        }  # its methods may wait for what it keeps
        for one in ast.walk(self._scope.node):
            if isinstance(one, ast.Await) and self._mentions(one.value, self._names | around):
                yield one

    def _calls(self) -> Iterator[ast.Call]:
        for one in self._scope.calls:
            if last_name(one.func) not in self._words:
                continue
            is_function = any(isinstance(each, LibraryName) for each in callees_of(self._ev, one, self._scope))
            if isinstance(one.func, ast.Attribute) and not is_function:
                if self._mentions(one.func.value, self._names | self._beside):
                    yield one
            elif self._mentions(one, self._names):
                yield one

    def _follow(self) -> None:
        """Follow the thread or future forward, to the names that it is given and the lists that it is put into."""
        bound = [*_bound(self._scope), *self._kept()]
        known = -1
        while known < len(self._names):
            known = len(self._names)
            self._names |= {name for name, value in bound if name and self._mentions(value, self._names)}

    def _kept(self) -> Iterator[tuple[str, ast.expr]]:
        """What is put into lists and the like, by the names of these."""
        for call in self._scope.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in self._keeps:
                yield from ((name_of(call.func.value), one) for one in call.args)

    def _mentions(self, node: ast.expr, names: set[str]) -> bool:
        return any(
            one in self._made or (isinstance(one, (ast.Name, ast.Attribute)) and name_of(one) in names)
            for one in ast.walk(node)
        )


def _locals(node: ast.Call, scope: Scope) -> Iterator[str]:
    """What a call is passed that its function has made, and what functions in there that it is passed take from around."""
    given = (each for one in [*node.args, *node.keywords] for each in ast.walk(one))
    for name in {one.id for one in given if isinstance(one, ast.Name)} & scope.bindings.keys():
        yield name
        for inner in scope.children:
            if inner.name == name:
                yield from inner.loads.keys() & scope.bindings.keys()


def _bound(scope: Scope) -> Iterator[tuple[str, ast.expr]]:
    """What names, attributes and items of a function are assigned, or go over."""
    for name, bindings in scope.bindings.items():
        yield from ((name, one.value) for one in bindings if one.value is not None)
    for one in (each for each in ast.walk(scope.node) if isinstance(each, ast.Assign)):
        for target in one.targets:
            if isinstance(target, ast.Attribute):
                yield name_of(target), one.value
            elif isinstance(target, ast.Subscript):
                yield from ((name_of(target.value), part) for part in (one.value, target.slice))
