"""What calls on a value tell of it: statements that they run, objects that they add, transactions that they are inside."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from poolint.models.standard import ENTERING
from poolint.syntax.expressions import dotted, is_partial, kept_as
from poolint.syntax.purposes import is_imported
from poolint.syntax.scopes import only_binding, parent_of, reads_of
from poolint.syntax.surroundings import call_taking, methods_called
from poolint.types.evidence import says_database
from poolint.types.other_results import has_other_results
from poolint.types.values import ClassObject, Function, Instance, LibraryFunction, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage
    from poolint.types.values import Type

Mode: TypeAlias = Literal["async", "sync"]

_PLACEHOLDER = re.compile(r"\$\d")
_MAX_STEPS = 12
_MAX_CALLERS = 3
"""Functions that a statement may be passed through."""


class Call(NamedTuple):
    """A call on a value, or one that a thread makes for the call at hand: ``submit(session.scalar, statement)``.
    ``passed_by`` is the call that passes the value to the function in which this one stands."""

    node: ast.Call
    scope: Scope
    function: ast.Attribute
    arguments: list[ast.expr]
    is_handed: bool = False
    passed_by: ast.Call | None = None

    @property
    def method(self) -> str:
        """The name of what is called."""
        return self.function.attr

    @property
    def is_awaited(self) -> bool:
        """Whether what it gives is awaited by its function."""
        return not self.is_handed and isinstance(parent_of(self.node), ast.Await)

    @property
    def item(self) -> ast.withitem | None:
        """The item of a ``with`` that it is, or that of the exit stack that enters it."""
        parent = None if self.is_handed else parent_of(self.node)
        if isinstance(parent, ast.Call) and entering(self.node, parent) is not None:
            stack = parent.func.value  # type: ignore[attr-defined]
            bound = self.scope.bindings.get(stack.id, ()) if isinstance(stack, ast.Name) else ()
            found = [one.node for one in bound if one.kind == "with"]
            parent = parent_of(found[0]) if len(found) == 1 else None
        return parent if isinstance(parent, ast.withitem) else None

    @property
    def entering(self) -> Literal["async with", "with", ""]:
        """How the block, or the exit stack, enters what it gives that does so."""
        parent = parent_of(self.node)
        if isinstance(parent, ast.withitem):
            return "async with" if isinstance(parent_of(parent), ast.AsyncWith) else "with"
        return entering(self.node, parent) or ""


class Made(NamedTuple):
    """How the value of a call is kept: the name that it is bound to, with the calls on that; ``how`` it is taken."""

    how: Literal["async with", "with", "await", "assign"]
    calls: list[Call]


_OF_MODULES: frozenset[Passage] = frozenset(("import", "attribute"))


class UseCalls:
    """Answers for one evaluator."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._queries, self._of_session, self._alone = (
            ev.models.words("shows-query"),
            ev.models.words("shows-session"),
            ev.models.words("shows-alone"),
        )
        self._of_classes, self._by_key = ev.models.words("shows-mapped"), ev.models.words("shows-entity")
        self._words = self._queries | self._of_session | self._of_classes | self._by_key | {"transaction", "cursor"}
        self._hands = ev.models.words("starts-thread") | ev.models.threaded.keys()
        """The last names of what runs in a thread what it is passed."""
        self._drivers: dict[str, set[str]] = {}
        """The import roots of the drivers of whose connections a method is, and of nothing else there."""
        for name in ev.models.manners.get("shows-driver", ()):
            self._drivers.setdefault(name.rpartition(".")[2], set()).add(name.partition(".")[0])
        self._roots, self._rows = ev.models.words("makes-statement"), ev.models.words("shows-rows")
        known = [ev.models.classes[name] for name in sorted(ev.models.manners["used-session"])]
        self._known = sorted(known, key=lambda one: len([*ev.models.lineage(one)]))
        """The classes of sessions, those before that others are derived from."""
        self._sessions = [one for one in known if one.mode == "async"]
        asked = [(name, one) for one in known for name in self._of_classes if ev.models.method(one, name) is not None]
        self._asks_in: dict[str, Mode] = {name: "async" if one.mode == "async" else "sync" for name, one in asked}
        """Methods that are asked for mapped classes, with the mode of the sessions that have them."""
        found = [ev.models.method(one, name) for one in self._sessions for name in self._of_session]
        self._ends = frozenset(
            name for row in found if row is not None and row.call == "coroutine" for name in row.names
        )
        """Methods that are awaited on an asynchronous session, of those that tell sessions."""

    def of(self, scope: Scope) -> Iterator[tuple[str, Call]]:
        """The calls of telling methods in a function, each with what it is called on, as written."""
        for call in scope.calls_named(self._words):
            if not isinstance(call.func, ast.Attribute) or (call.func.attr in self._by_key and len(call.args) < 2):
                continue  # most of what is called `get`
            if text := kept_as(call.func.value):
                yield text, Call(call, scope, call.func, call.args)
        for call in scope.calls_named(self._hands):
            for index, one in enumerate(call.args):
                if isinstance(one, ast.Attribute) and one.attr in self._words and (text := dotted(one.value)):
                    yield text, Call(call, scope, one, call.args[index + 1 :], is_handed=True)

    def below(self, name: str, scope: Scope) -> Iterator[Call]:
        """The calls of telling methods that functions of the project make on what they are passed under a name, where nothing
        is declared of it there."""
        from poolint.types.arguments import positional

        for inner, load in reads_of(name, scope):
            taking = call_taking(load)
            if taking is None or any(type(one) is ast.Starred for one in taking[0].args):
                continue
            call, keyword = taking
            for callee, before in self._run_by(call, load, inner):
                if not isinstance(callee, Function) or self._words.isdisjoint(callee.scope.called):
                    continue
                taken = positional(callee)
                index = call.args.index(load) - before if load in call.args else len(taken)
                given = keyword or (taken[index].arg if index < len(taken) else "")
                bound = callee.scope.bindings.get(given, ())
                if len(bound) == 1 and bound[0].kind == "parameter" and bound[0].annotation is None:
                    yield from (one._replace(passed_by=call) for text, one in self.of(callee.scope) if text == given)

    def _run_by(self, call: ast.Call, passed: ast.expr, scope: Scope) -> Iterator[tuple[Type, int]]:
        """What a call runs that something is passed to, or what a thread runs for it, or a ``partial`` will: that is passed what
        stands behind it. With each the number of arguments that are not for it."""
        from poolint.types.call_sites import callees_of

        yield from ((one, 0) for one in callees_of(self.ev, call, scope))
        if (is_partial(call) or last_name(call.func) in self._hands) and passed in call.args:
            for index, one in enumerate(call.args[: call.args.index(passed)], 1):
                yield from ((each, index) for each in alternatives(self.ev.type_of(one, scope)))

    # What the calls tell

    def of_statements(self, calls: list[Call], how: str) -> Mode | None:
        """Whether statements of SQLAlchemy are run by these calls, and how."""
        if not any(self._is_statement(one) for one in calls):
            return None
        mode = mode_of([one for one in calls if self.is_query(one)], how)
        return None if mode == "async" and any(map(self._has_other_results, calls)) else mode

    def _has_other_results(self, one: Call) -> bool:
        return any(has_other_results(self.ev, cls, one.node, one.scope) for cls in self._sessions if not one.is_handed)

    def of_objects(self, calls: list[Call], how: str) -> Mode | None:
        """Whether objects that a class maps to a table are added by these calls, or asked for by their keys, to be written
        there as well, and how what follows of it is called."""
        ends = [one for one in calls if one.method in self._ends]
        is_told = any(map(self._adds_object, calls)) or (bool(ends) and any(map(self._asks_by_key, calls)))
        return mode_of(ends, how) if is_told else None

    def of_classes(self, calls: list[Call]) -> Mode | None:
        """Whether a class that is mapped to a table, or a part of one, is asked for, which sessions of one kind alone can do."""
        return next((self._asks_in[one.method] for one in calls if self._asks_for_class(one)), None)

    def of_session(self, calls: list[Call]) -> Mode | None:
        """Whether what others give is a session, by all calls on it, and of which kind."""
        found = self.of_statements(calls, "") if self.is_session(calls) else None
        return found or self.of_classes(calls)

    def session_of(self, mode: Mode, calls: list[Call]) -> Class | None:
        """The class of sessions that work in a mode which all queries among some calls are methods of, the most general one;
        without such a class the most general one of all."""
        fitting = [one for one in self._known if one.mode == mode]
        asked = {one.method for one in calls if self.is_query(one)}
        having = (one for one in fitting if all(self.ev.models.method(one, name) is not None for name in asked))
        return next(having, fitting[0] if fitting else None)

    def is_session(self, calls: list[Call]) -> bool:
        """Whether more is done than to run statements, as helpers do that have a connection for each."""
        return any(one.method in self._of_session for one in calls) or any(
            one.method in self._alone and self._is_statement(one) for one in calls
        )

    def of_transaction(self, calls: list[Call]) -> Mode | None:
        """Whether queries are run inside a ``transaction()`` of what they are called on, and how."""
        for one in calls:
            if one.method != "transaction" or one.item is None:
                continue
            mode: Mode = "async" if one.entering == "async with" else "sync"
            inside = [other for other in within(one.item, calls) if self.is_query(other)]
            if inside and mode_of(inside, "with" if mode == "sync" else "") == mode:
                return mode
        return None

    def of_driver(self, made: Made, filed: dict[str, list[Call]]) -> Mode | None:
        """Whether what is called is the connection of a driver: it has transactions, takes numbered placeholders, has
        methods that only those of a driver at hand have, gives rows, or cursors to blocks that run queries on them."""
        if (by_cursor := self._of_cursor(made, filed)) is not None:
            return by_cursor
        queries = [one for one in made.calls if self.is_query(one)]
        if made.how == "with":
            is_shown = any(self._gives_rows(one) for one in queries)
        else:
            is_shown = any(_has_placeholder(one) or self._is_of_named_driver(one) for one in queries)
            is_shown = is_shown or (made.how == "async with" and any(map(self._gives_rows, queries)))
        if not is_shown and self.of_transaction(made.calls) is None:
            return None
        mode = mode_of(queries, made.how)
        return mode if mode == "async" or made.how == "with" else None

    def of_named(self, made: Made) -> Mode | None:
        """Whether what a pool gives is the connection of a driver by its name, where queries of it are awaited that no other
        connections have."""
        asked = [
            one for one in made.calls if one.method in self._drivers and says_database(last_name(one.function.value))
        ]
        return "async" if made.how != "with" and any(one.is_awaited for one in asked) else None

    def is_query(self, one: Call) -> bool:
        """Whether a statement is run by a call, as far as its name tells."""
        return one.method in self._queries

    def _is_statement(self, one: Call) -> bool:
        """Whether a call runs a statement that a function of SQLAlchemy has made."""
        return self.is_query(one) and bool(one.arguments) and self._is_made(one.arguments[0], one.scope, _MAX_CALLERS)

    def _is_made(self, node: ast.expr, scope: Scope, callers: int) -> bool:
        """Whether a function of SQLAlchemy has made what an expression stands for, or all that is passed for it."""
        from poolint.types.following import origin

        for _ in range(_MAX_STEPS):
            if isinstance(node, ast.Call):
                node = node.func
                continue
            if not isinstance(node, (ast.Name, ast.Attribute)):
                return False
            found = self.ev.type_of(node, scope)
            if isinstance(found, (LibraryName, LibraryFunction, ClassObject)):
                return self.ev.qualified_name(found).partition(".")[0] in self._roots
            made = origin(self.ev, node, scope, _OF_MODULES)
            if made.node is not node:
                node, scope = made.node, made.scope
            elif isinstance(node, ast.Attribute):
                node = node.value
            else:
                return callers > 0 and self._are_made(node.id, scope, callers - 1)
        return False

    def _are_made(self, name: str, scope: Scope, callers: int) -> bool:
        """Whether SQLAlchemy has made all that is passed for a parameter that nothing declares, or that a loop goes over."""
        from poolint.types.listed import items

        binding, home = only_binding(name, scope)
        if binding is None:
            return False
        if binding.kind == "parameter":
            passed = [(one, at) for one, at, _ in self.ev.callers.given(binding, home)]
        else:
            passed = [*items(self.ev, binding, home)]
        return bool(passed) and all(one is not None and self._is_made(one, at, callers) for one, at in passed)

    def _adds_object(self, one: Call) -> bool:
        """Whether a call takes objects of classes that are mapped to tables."""
        if one.method not in self._of_session:
            return False
        several = (each.elts if isinstance(each, (ast.List, ast.Tuple)) else [each] for each in one.arguments[:1])
        return any(self._is_mapped(each, one.scope) for each in next(several, ()))

    def _asks_for_class(self, one: Call) -> bool:
        if one.method not in self._asks_in:
            return False
        asked = (each.value if isinstance(each, ast.Attribute) else each for each in one.arguments)
        return any(self._is_mapped(each, one.scope, ClassObject) for each in asked) or self._is_prolonged(one)

    def _is_prolonged(self, one: Call) -> bool:
        """Whether something of a library that is not at hand is asked for, and what that gives is prolonged and run as queries
        of sessions are: ``session.query(Order).filter(Order.id == 1).first()``."""
        if one.is_handed or not any(
            isinstance(self.ev.type_of(each, one.scope), LibraryName) for each in one.arguments
        ):
            return False
        found = (self.ev.models.method(cls, one.method) for cls in self._known)
        given = next((self.ev.models.classes.get(row.returns) for row in found if row is not None), None)
        steps = [self.ev.models.method(given, name) for name in methods_called(one.node)] if given is not None else []
        return len(steps) > 1 and all(row is not None for row in steps)

    def _asks_by_key(self, one: Call) -> bool:
        """Whether a call asks for an object of a class that is mapped to a table: ``session.get(Order, 1)``."""
        is_asked = one.method in self._by_key and len(one.arguments) > 1
        return is_asked and self._is_mapped(one.arguments[0], one.scope, ClassObject)

    def _is_mapped(self, node: ast.expr, scope: Scope, kind: type[Instance | ClassObject] = Instance) -> bool:
        """Whether an expression is an object of a class that is mapped to a table, or the class."""
        from poolint.types.mapped_classes import MappedClasses

        if isinstance(node, ast.Constant):
            return False
        found = self.ev.type_of(node, scope)
        return isinstance(found, kind) and self.ev.derived(MappedClasses).is_mapped(found)

    def _gives_rows(self, one: Call) -> bool:
        """Whether rows are read from what a call gives, where it stands or by the one name that this has; from what is awaited
        in the same way: what SQLAlchemy gives is read at once."""
        value = parent_of(one.node) if one.is_awaited else one.node
        reads = parent_of(value) if value is not None else None
        found = [reads]
        if isinstance(reads, ast.Assign) and len(reads.targets) == 1 and isinstance(reads.targets[0], ast.Name):
            name = reads.targets[0].id
            is_one = len(one.scope.bindings.get(name, ())) == 1
            found = [parent_of(load) for load in one.scope.loads.get(name, ())] if is_one else []
        return not one.is_handed and any(
            isinstance(read, ast.Attribute)
            and read.attr in self._rows
            and (not one.is_awaited or _is_called_and_awaited(read))
            for read in found
        )

    def _of_cursor(self, made: Made, filed: dict[str, list[Call]]) -> Mode | None:
        """How a connection works that a block has, and in which another has a cursor of it and runs queries on that."""
        if made.how not in ("async with", "with"):
            return None
        for one in made.calls:
            item = one.item if one.method == "cursor" else None
            if item is None or not isinstance(item.optional_vars, ast.Name):
                continue
            is_async = isinstance(parent_of(item), ast.AsyncWith)
            if is_async != (made.how == "async with"):
                continue
            inside = [each for each in within(item, filed.get(item.optional_vars.id, [])) if self.is_query(each)]
            if inside and mode_of(inside, made.how) == ("async" if is_async else "sync"):
                return "async" if is_async else "sync"
        return None

    def _is_of_named_driver(self, one: Call) -> bool:
        """Whether a method is one of a driver's connections, in a module that imports the driver."""
        return any(is_imported(root, one.scope.module) for root in self._drivers.get(one.method, ()))


def mode_of(calls: list[Call], how: str) -> Mode | None:
    """Whether calls are awaited; None where that cannot be told, since an ``await`` may be what is missing."""
    if any(one.is_awaited for one in calls):
        return "async" if how != "with" else None
    if how == "async with":
        return "async"
    if how == "with" or (calls and not any(one.scope.is_async and not one.is_handed for one in calls)):
        return "sync"
    return None


def entering(call: ast.Call, parent: ast.AST | None) -> Literal["async with", "with"] | None:
    """How an exit stack enters what a call gives, if one does."""
    if not (isinstance(parent, ast.Call) and parent.args[:1] == [call] and isinstance(parent.func, ast.Attribute)):
        return None
    found = ENTERING.get(parent.func.attr)
    return None if found is None else "async with" if found == "coroutine" else "with"


def _is_called_and_awaited(read: ast.Attribute) -> bool:
    call = parent_of(read)
    return isinstance(call, ast.Call) and call.func is read and isinstance(parent_of(call), ast.Await)


def within(item: ast.withitem, calls: list[Call]) -> list[Call]:
    """Those of the calls that stand behind an item of a ``with``, up to the end of its block."""
    statement, header = parent_of(item), item.context_expr
    begin, last = (header.end_lineno or 0, header.end_col_offset or 0), getattr(statement, "end_lineno", 0)
    places = ((one, one.passed_by or one.node) for one in calls)
    return [one for one, at in places if begin <= (at.lineno, at.col_offset) and at.lineno <= last]


def _has_placeholder(one: Call) -> bool:
    first = one.arguments[0] if one.arguments else None
    return (
        isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and _PLACEHOLDER.search(first.value) is not None
    )
