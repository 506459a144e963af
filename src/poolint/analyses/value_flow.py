"""The way of a value that is derived from a resource: what it passes through, and the name or statement where it ends."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from poolint.models import standard
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import call_site, callees_of
from poolint.types.values import ClassObject, Function, Instance, LibraryName, ModuleObject, Pending

if TYPE_CHECKING:
    from poolint.analyses.derived import Derived, Origin

_PLAIN = frozenset(
    {
        "rowcount", "lastrowid", "fetchall", "fetchmany", "fetchone", "count", "closed", "is_active", "engine", "dialect",
        "in_transaction", "is_closed", "inserted_primary_key", "returns_rows",
    }
)  # fmt: skip
"""Attributes and methods, of PEP 249 and SQLAlchemy, that are plain data whatever they are read off, called or not: no row
of one class says it, since the class is not known here."""
_COUNTS = frozenset({"update", "delete"})
"""Methods of a query that give the number of rows they have changed."""
_EAGER = (ast.ListComp, ast.SetComp, ast.DictComp)


class Flow:
    """The way of one value outwards, from a read to the statement or the name where it ends."""

    def __init__(self, derived: Derived, origin: Origin, *, lazy: bool = False) -> None:
        self.derived = derived
        self.holds = origin.holds
        self.is_container = origin.is_container
        self.bare = origin.is_resource and not lazy  # the very object, not a part of something
        self.lazy = lazy  # read only when somebody iterates over it
        self.runs_on = False  # somebody works on it while the function goes on
        self.is_pending = False  # a coroutine, generator or context manager of it, which nobody has run or entered yet

    def climb(self, load: ast.expr) -> None:
        """Follow the value up to where it ends."""
        child: ast.expr = load
        while True:
            parent = parent_of(child)
            if isinstance(parent, (ast.keyword, ast.comprehension)):
                holder = parent_of(parent)
                if isinstance(parent, ast.comprehension):
                    if not isinstance(holder, ast.expr) or not self._through_comprehension(child, parent, holder):
                        return
                    child = holder
                    continue
                parent = holder
            if not isinstance(parent, ast.expr):
                self._end(child, parent)
                return
            if not self._passes(child, parent):
                return
            child = parent

    def _passes(self, child: ast.expr, parent: ast.expr) -> bool:
        """Whether the value of ``parent`` is derived where that of its part ``child`` is."""
        if isinstance(parent, ast.Call):
            return self._through_call(child, parent)
        if isinstance(parent, ast.Attribute):
            self.holds = self.bare = False
            return not self._is_plain(parent)
        if isinstance(parent, ast.Subscript):
            self.holds = self.bare = False
            return child is parent.value
        if isinstance(parent, ast.IfExp):
            return child is not parent.test
        if isinstance(parent, (ast.Compare, ast.JoinedStr, ast.FormattedValue)):
            return False
        if isinstance(parent, ast.UnaryOp):
            return not isinstance(parent.op, ast.Not)
        if isinstance(parent, ast.NamedExpr):
            self.derived.bind(parent.target, holds=self.holds, bare=self.bare)
            return True
        if isinstance(parent, (ast.Yield, ast.YieldFrom)):
            self.derived.yields = True
            return False
        if isinstance(parent, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
            self.bare = False
        elif isinstance(parent, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            self.bare = False
            self.lazy = isinstance(parent, ast.GeneratorExp)
        elif isinstance(parent, ast.BinOp):
            self.bare = self.holds = False
        return True

    def _is_plain(self, attribute: ast.Attribute) -> bool:
        name = attribute.attr
        if name in _PLAIN:
            return True
        if self.derived.keeps_entities:
            return name in _COUNTS and self._is_query(attribute.value)
        if name in self.derived.ev.models.words("reads-rows") or name.startswith("fetch"):
            return True
        call = parent_of(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute:
            return False
        fact = call_site(self.derived.ev, call, self.derived.scope, use_evidence=False)
        return (
            fact is not None
            and fact.row is not None
            and fact.role == "query"
            and not fact.row.returns
            and fact.row.call in ("sync", "coroutine")
        )

    def _is_query(self, node: ast.expr) -> bool:
        one = self.derived.ev.type_of(node, self.derived.scope)
        return isinstance(one, Instance) and one.base is not None and one.base.kind == "query"

    def _through_call(self, child: ast.expr, call: ast.Call) -> bool:
        derived = self.derived
        if child is call.func:
            takes_in = derived.ev.models.words("attaches")
            if derived.keeps_entities and isinstance(child, ast.Attribute) and child.attr in takes_in:
                for argument in call.args:
                    self._join_names(argument, call)
            self.is_pending = not _is_awaited(call) and self._gives_pending(call)
            self.holds = self.holds or self._gives_what_asks_it(call)
            return True
        self.holds = self.holds or self.is_pending
        function = call.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        self.lazy = False
        if isinstance(function, ast.Name) and name in standard.ASKING:
            return False
        if isinstance(function, ast.Name) and name in standard.EAGER and not derived.keeps_entities:
            return self.is_container
        if isinstance(function, ast.Attribute) and name in derived.ev.models.words("logs"):
            return False
        self.bare = False
        if _is_awaited(call):
            self.holds = False  # a result, not the resource
            return False
        if isinstance(function, ast.Attribute):
            self._join_receiver(function, call)
        starts = derived.ev.models.words("makes-task", "starts", "starts-later")
        self.runs_on = self.holds and name in starts and not self._ends_with_a_block(function)
        self.holds = self.holds and self._makes_object(call)
        return True

    def _join_receiver(self, function: ast.Attribute, call: ast.Call) -> None:
        root = root_name(function.value)
        if root is None:
            return
        derived = self.derived
        if self.holds and function.attr in derived.ev.models.words("keeps") and not derived.is_local(root.id):
            derived.refuse("stored")
        one = derived.ev.type_of(root, derived.scope)
        # A module may have been given a connection to keep (`context.configure(conn)`), but not what was read from it.
        if not isinstance(one, (LibraryName, ModuleObject)) or (self.holds and not _is_standard(one)):
            derived.join(root, call)

    def _gives_what_asks_it(self, call: ast.Call) -> bool:
        """Whether a call gives a cursor or a transaction, which works by the connection for as long as it lives."""
        fact = call_site(self.derived.ev, call, self.derived.scope, use_evidence=False)
        return fact is not None and fact.role in ("cursor", "begin")

    def _gives_pending(self, call: ast.Call) -> bool:
        one = self.derived.ev.type_of(call, self.derived.scope)
        return isinstance(one, Pending) and one.call not in ("iterable", "awaitable")

    def _ends_with_a_block(self, function: ast.expr) -> bool:
        """Whether what is started is waited for at the end of a block: ``group.create_task(…)`` in a task group."""
        root = root_name(function)
        bindings = self.derived.scope.bindings.get(root.id, ()) if root is not None else ()
        return bool(bindings) and all(one.kind == "with" for one in bindings)

    def _makes_object(self, call: ast.Call) -> bool:
        """Whether a call makes an object, which may keep what it is given, and not just a result."""
        for one in callees_of(self.derived.ev, call, self.derived.scope):
            if isinstance(one, ClassObject):
                return True
            if isinstance(one, LibraryName):
                models = self.derived.ev.models
                # A class, or what makes an object of it: `MigrationContext.configure(conn)`.
                is_of_class = any(part[:1].isupper() for part in one.name.split(".")[-2:])
                looks_at_it = one.name in models.manners["looks-at"]
                if is_of_class or looks_at_it or any((how, one.name) in models.passed for how in ("same", "type")):
                    return True
            if isinstance(one, Function) and (one.scope.is_async or one.scope.is_generator):
                return True  # a coroutine or generator, which has it when it runs
        return False

    def _join_names(self, argument: ast.expr, at: ast.AST) -> None:
        if isinstance(argument, ast.Name):
            self.derived.join(argument, at)
        elif isinstance(argument, (ast.List, ast.Tuple)):
            for element in argument.elts:
                self._join_names(element, at)

    def _through_comprehension(self, child: ast.expr, part: ast.comprehension, whole: ast.expr) -> bool:
        if child is not part.iter:
            return False
        self.holds = self.bare = False
        self.lazy = isinstance(whole, ast.GeneratorExp)
        return not isinstance(whole, _EAGER) or self.derived.keeps_entities or self.is_container

    def _end(self, child: ast.expr, parent: ast.AST | None) -> None:
        """The value has reached its statement."""
        derived = self.derived
        if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.Return)):
            self.holds = self.holds or self.is_pending
        if isinstance(parent, ast.arguments):
            derived.refuse("captured")
        elif isinstance(parent, ast.Assign) and child is parent.value:
            for target in parent.targets:
                derived.bind(target, holds=self.holds, bare=self.bare)
        elif isinstance(parent, (ast.AnnAssign, ast.AugAssign)) and child is parent.value:
            derived.bind(parent.target, holds=self.holds, bare=self.bare)
        elif isinstance(parent, (ast.For, ast.AsyncFor)) and child is parent.iter:
            if derived.keeps_entities or self.is_container:
                derived.bind(parent.target, holds=False, bare=False)
        elif isinstance(parent, ast.withitem) and child is parent.context_expr:
            if parent.optional_vars is not None:
                derived.bind(parent.optional_vars, holds=self.holds, bare=False)
        elif isinstance(parent, ast.Expr) and self.runs_on:
            derived.refuse("runs-on")
        elif isinstance(parent, ast.Return):
            derived.gives_back(parent.value, holds=self.holds, lazy=self.lazy)


def deferring(load: ast.Name) -> ast.GeneratorExp | None:
    """The outermost generator expression that reads a name only when somebody iterates over it."""
    found = None
    child: ast.AST = load
    parent = parent_of(load)
    while isinstance(parent, (ast.expr, ast.keyword, ast.comprehension)):
        if isinstance(parent, ast.GeneratorExp) and not _is_first_iterable(child, load, parent):
            found = parent
        child, parent = parent, parent_of(parent)
    return found


def _is_first_iterable(child: ast.AST, load: ast.Name, whole: ast.GeneratorExp) -> bool:
    """Whether a name stands in what a generator expression iterates over, which is read at once."""
    first = whole.generators[0]
    return child is first and any(node is load for node in ast.walk(first.iter))


def _is_standard(one: LibraryName | ModuleObject) -> bool:
    return isinstance(one, LibraryName) and one.name.partition(".")[0] in sys.stdlib_module_names


def _is_awaited(call: ast.Call) -> bool:
    """Whether a call is awaited, itself or as an argument of what is."""
    current: ast.AST | None = parent_of(call)
    while isinstance(
        current, (ast.Call, ast.Starred, ast.keyword, ast.List, ast.Tuple, ast.ListComp, ast.GeneratorExp)
    ):
        current = parent_of(current)
    return isinstance(current, ast.Await)


def root_name(node: ast.expr) -> ast.Name | None:
    """The name at the beginning of a chain of attributes, subscripts and calls."""
    while not isinstance(node, ast.Name):
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return None
    return node
