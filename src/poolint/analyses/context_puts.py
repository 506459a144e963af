"""What functions put into variables for the time of something: into those of the context, into globals, into attributes.

A variable has a name of its own here. That of a context variable, of a global, and of an attribute of an object that a
module makes is the same wherever it is seen from; that of another object's attribute is what a function calls it.
"""

from __future__ import annotations

import ast
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import UNKNOWN, Hint, value
from poolint.analyses.managers import entry_of
from poolint.flow.flags import name_of
from poolint.models.schema import HANDLES, OWNERS
from poolint.models.standard import ENTERING
from poolint.syntax.scopes import ScopeKey, home_of, parent_of, statement_of
from poolint.syntax.surroundings import follows, is_inside
from poolint.types.call_sites import callees_of
from poolint.types.following import origin
from poolint.types.values import ClassObject, Either, Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

IN = "<in> "
"""What stands under a name that begins like this is known of all that a call runs."""

OWN = "<of> "
"""What stands under one like this is known in one function, of attributes of what it has."""

RUNNING = "<running> "
"""What a value is called that is the same for all that one task runs: the task, or its loop."""

_THROUGH: frozenset[Passage] = frozenset(("import", "attribute"))
_OPENED = frozenset({*HANDLES, *OWNERS})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Values = dict[str, object]
Place = tuple[int, int]


class Put(NamedTuple):
    """That variables have something from a place in a function on: from the end of a call or a statement, or in a block."""

    place: Place
    node: ast.AST
    what: Values


class Puts:
    """Answers for the functions of one project; ``left`` says what is in variables when a function has returned, or while
    the block of a manager runs."""

    def __init__(self, ev: Evaluator, left: Callable[[ScopeKey], Known]) -> None:
        self.ev = ev
        self._left = left
        self._variables: dict[ast.expr, str] = {}

    def of(self, scope: Scope) -> list[Put]:
        """What a function puts into variables, in the order of the text."""
        return sorted(self._found(scope), key=itemgetter(0))

    def _found(self, scope: Scope) -> Iterator[Put]:
        for call in scope.calls_named({"set", "reset"}):
            variable = self.asked(call, scope)
            if variable:
                is_set = last_name(call.func) == "set" and len(call.args) == 1
                yield Put(_end(call), call, self._set(variable, call.args[0] if is_set else None, scope))
        for node in scope.attributes:
            if not isinstance(node.ctx, ast.Load) and (variable := self.variable(node, scope)):
                yield Put(_end(statement_of(node)), node, self._set(variable, _assigned(node), scope))
        for name in scope.globals:
            for one in scope.module.scope.bindings.get(name, ()):
                if one.scope is scope:
                    given = one.value if one.kind in ("assign", "annotated") and one.index < 0 else None
                    yield Put(_end(statement_of(one.node)), one.node, self._set(_global(name, scope), given, scope))
        for call in scope.calls:
            parent = parent_of(call)
            statement = parent_of(parent) if isinstance(parent, ast.Await) else parent
            what: Values = {}
            if last_name(call.func) in ENTERING and call.args:
                what = self._of_manager(call.args[0], scope)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
                what = self._of_callee(call, scope, is_manager=False)
            if what:
                yield Put(_end(call), call, what)
        for block in scope.withs:
            for item in block.items:
                what = self._of_manager(item.context_expr, scope, isinstance(block, ast.AsyncWith))
                if what:
                    yield Put(_end(item.context_expr), item.context_expr, what)

    def _of_manager(self, node: ast.expr, scope: Scope, asynchronous: bool | None = None) -> Values:
        """What is in variables while a block of this manager runs, of the one kind or of either."""
        if isinstance(node, ast.Call) and (what := self._of_callee(node, scope, is_manager=True)):
            return what
        found = alternatives(self.ev.type_of(node, scope))
        one = found[0] if len(found) == 1 else None
        entry = entry_of(self.ev, one, asynchronous) if isinstance(one, Instance) else None
        return self._seen_from(entry.scope, node, scope) if entry is not None else {}

    def _of_callee(self, call: ast.Call, scope: Scope, *, is_manager: bool) -> Values:
        """What a function leaves in variables when it has returned, or yielded: one that opens something."""
        found = callees_of(self.ev, call, scope)
        if len(found) != 1 or not isinstance(found[0], Function):
            return {}
        inner, receiver = found[0].scope, call.func.value if isinstance(call.func, ast.Attribute) else None
        if is_manager and not inner.is_generator and not inner.is_async and len(inner.returns) == 1:
            return self._seen_from(inner, receiver, scope, self._of_manager(inner.returns[0], inner).items())
        if inner.is_generator is not is_manager or not (is_manager or inner.calls_of("set") or inner.globals):
            return {}
        return self._seen_from(inner, receiver, scope)

    def _seen_from(
        self, inner: Scope, receiver: ast.expr | None, scope: Scope, left: Iterable[tuple[str, object]] | None = None
    ) -> Values:
        """What a function leaves in variables, or what it returns does, by the names that its caller has for them."""
        first, base = _own_name(inner), self.base(receiver, scope) if receiver is not None else ""
        found: Values = {}
        for name, what in self._left(inner.key) if left is None else left:
            if name.startswith(IN):
                found[name] = what
            elif first and base and name.startswith(f"{OWN}{first}."):
                found[base + name.removeprefix(f"{OWN}{first}")] = what
        return found

    def called(self, around: Values, node: ast.expr, target: Scope, scope: Scope) -> Values:
        """What is in variables around a call, by the names that the function which it runs has for them."""
        found = {name: what for name, what in around.items() if name.startswith(IN)}
        function = node.func if isinstance(node, ast.Call) else node
        first = _own_name(target)
        base = self.base(function.value, scope) if first and isinstance(function, ast.Attribute) else ""
        for name, what in around.items() if base else ():
            if name.startswith(f"{base}."):
                found[f"{OWN}{first}{name.removeprefix(base)}"] = what
        return found

    def _set(self, variable: str, given: ast.expr | None, scope: Scope) -> Values:
        """What is known of a variable once something has been put into it: of an object in it the members as well that
        it was made with."""
        if given is None:
            return {variable: UNKNOWN}
        found: Values = {variable: self._worth(given, scope)}
        for one in ast.walk(given):
            for each in one.keywords if isinstance(one, ast.Call) and self._is_made(one, scope) else ():
                if each.arg is not None and (member := self.same_for_all(each.value, scope)):
                    found[f"{variable}[{each.arg}]"] = member
        return found

    def _worth(self, node: ast.expr, scope: Scope) -> object:
        """What is known of a value: that of a constant, that it is true, or nothing."""
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return Hint.TRUE if any(not isinstance(one, ast.Starred) for one in node.elts) else UNKNOWN
        if isinstance(node, ast.Dict):
            return Hint.TRUE if any(one is not None for one in node.keys) else UNKNOWN
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.BitOr)):
            return (
                Hint.TRUE if Hint.TRUE in (self._worth(node.left, scope), self._worth(node.right, scope)) else UNKNOWN
            )
        if isinstance(node, ast.Constant):
            return value(node, {}, scope)
        found = self.ev.type_of(node, scope)
        several = found.members if isinstance(found, Either) else (found,)
        if all(isinstance(one, Instance) and one.base is not None and one.base.kind in _OPENED for one in several):
            return Hint.TRUE
        end = origin(self.ev, node, scope, frozenset())
        is_new = isinstance(end.node, ast.Call) and self._is_made(end.node, end.scope)
        return Hint.TRUE if is_new else UNKNOWN

    def _is_made(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call makes an object of a class of the project, which is true unless the class says otherwise."""
        found = callees_of(self.ev, call, scope)
        return len(found) == 1 and isinstance(found[0], ClassObject) and found[0].cls is not found[0].base

    def same_for_all(self, node: ast.expr, scope: Scope) -> str:
        """A text that is the same for all expressions in the methods of a class that come to the same for one object, or for
        one task; empty where an expression is of something else."""
        end = origin(self.ev, node, scope, frozenset())
        if isinstance(end.node, ast.Call) and last_name(end.node.func) in self.ev.models.words("needs-loop"):
            full = self.ev.qualified_name(self.ev.type_of(end.node.func, end.scope))
            return f"{RUNNING}{full}" if self.ev.models.ends("needs-loop", full) else ""
        cls = scope.enclosing_class
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        names -= {one for one in names if home_of(one, scope) is None}
        return f"{cls.key} {ast.dump(node)}" if cls is not None and names == {"self"} else ""

    # The names of variables

    def asked(self, call: ast.Call, scope: Scope) -> str:
        """The context variable whose method a call calls; empty for anything else."""
        if not isinstance(call.func, ast.Attribute) or not isinstance(call.func.value, (ast.Name, ast.Attribute)):
            return ""
        node = call.func.value
        found = self._variables.get(node)
        if found is None:
            end = origin(self.ev, node, scope, _THROUGH)
            found = ""
            if isinstance(end.node, ast.Call) and last_name(end.node.func) == "ContextVar":
                is_one = self.ev.qualified_name(self.ev.type_of(end.node.func, end.scope)) == "contextvars.ContextVar"
                found = _made(end.node, end.scope) if is_one else ""
            self._variables[node] = found
        return found

    def variable(self, node: ast.expr, scope: Scope) -> str:
        """The variable that a global or an attribute is; empty for anything else."""
        if isinstance(node, ast.Attribute):
            base = self.base(node.value, scope)
            return f"{base}.{node.attr}" if base else ""
        home = home_of(node.id, scope) if isinstance(node, ast.Name) else None
        is_global = home is not None and home.kind == "module" and home is not scope
        return _global(node.id, scope) if is_global and isinstance(node, ast.Name) else ""

    def base(self, node: ast.expr, scope: Scope) -> str:
        """What the names of an object's attributes begin with; empty for what has no name."""
        name = name_of(node)
        home = home_of(name.partition(".")[0], scope) if name else None
        if home is None or home.kind == "class":
            return ""
        if home.kind != "module":
            return f"{OWN}{name}"
        end = origin(self.ev, node, scope, _THROUGH)
        return _made(end.node, end.scope) if isinstance(end.node, ast.Call) and end.scope.kind == "module" else ""


def is_on_the_way(before: ast.AST, node: ast.AST) -> bool:
    """Whether who comes to a node of a function, or to its end, has come by another one before it in the text; of a block,
    and has not left it since."""
    item = parent_of(before)
    if isinstance(item, ast.withitem) and before is item.context_expr:
        block = parent_of(item)
        return block is not None and is_inside(node, block)
    if isinstance(node, _FUNCTIONS):
        return statement_of(before) in node.body
    return follows(node, before)


def place_of(node: ast.AST) -> Place:
    """Where a node begins; of a function the row behind its end, where its last statement has been run."""
    if isinstance(node, _FUNCTIONS):
        return (_end(node)[0] + 1, 0)
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def drop(variable: str, around: Values) -> None:
    """Forget what is known of a variable, and of an object in it."""
    for name in [one for one in around if one == variable or one.startswith(f"{variable}[")]:
        del around[name]


def _end(node: ast.AST) -> Place:
    return (getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0)


def _made(call: ast.Call, scope: Scope) -> str:
    return f"{IN}{scope.module.path}:{call.lineno}:{call.col_offset}"


def _global(name: str, scope: Scope) -> str:
    return f"{IN}{scope.module.path}:{name}"


def _own_name(function: Scope) -> str:
    """What a method calls its object; empty for other functions."""
    first = function.first_parameter if function.enclosing_class is not None else None
    return first.arg if first is not None else ""


def _assigned(node: ast.Attribute) -> ast.expr | None:
    """What a statement sets an attribute to."""
    parent = parent_of(node)
    return parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
