"""Whether a resource that a name holds leaves its function: released, handed on, or kept by somebody else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics import callables
from poolint.semantics.calls import call_fact
from poolint.semantics.scopes import parent_of
from poolint.semantics.types import Function, LibraryMethod, LibraryName, alternatives

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.semantics.evaluator import Evaluator
    from poolint.semantics.scopes import Scope

_ENDS = {
    "session": frozenset({"release", "dispose", "commit", "rollback"}),
    "connection": frozenset({"release", "dispose"}),
}
"""Roles after which nothing is held: a session gives its connection back at commit, a connection never does."""

_KEEPERS = frozenset({"append", "add", "put", "put_nowait", "appendleft", "insert", "push", "setdefault", "set"})
_MAX_DEPTH = 6


class Ownership:
    """Answers for one project; remembers what its functions do with their parameters."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._parameters: dict[tuple[Scope, str, str], bool] = {}

    def leaves(self, name: str, scope: Scope, cls: Class, depth: int = 0) -> bool:
        """Whether what ``name`` holds in ``scope`` may be released or owned by somebody else."""
        for inner in scope.descendants():
            if inner is not scope and name in inner.bindings:
                continue
            for load in inner.loads.get(name, ()):
                if inner is not scope or self._leaves_at(load, scope, cls, depth):
                    return True
        return False

    def argument_leaves(
        self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, keyword: str | None = None
    ) -> bool:
        """Whether what is passed to ``call`` may be released or owned by whoever is called."""
        return self._argument_leaves(call, argument, scope, cls, 0, keyword)

    def _leaves_at(self, load: ast.Name, scope: Scope, cls: Class, depth: int) -> bool:
        child: ast.AST = load
        parent = parent_of(load)
        while isinstance(parent, (ast.Await, ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Starred)):
            child, parent = parent, parent_of(parent)
        if isinstance(parent, ast.Attribute):
            return self._member_leaves(parent, cls)
        if isinstance(parent, ast.Call):
            return child is not parent.func and self._argument_leaves(parent, child, scope, cls, depth)
        if isinstance(parent, ast.keyword):
            call = parent_of(parent)
            return not isinstance(call, ast.Call) or self._argument_leaves(call, child, scope, cls, depth, parent.arg)
        return not isinstance(
            parent, (ast.Compare, ast.If, ast.While, ast.UnaryOp, ast.Expr, ast.Assert, ast.FormattedValue)
        )

    def _member_leaves(self, attribute: ast.Attribute, cls: Class) -> bool:
        row = self.ev.models.method(cls, attribute.attr)
        ends = _ENDS.get(cls.kind, frozenset())
        if row is None:
            # An attribute: what is stored on the object stays with it; an unknown method may do anything.
            return isinstance(parent_of(attribute), ast.Call) and self.ev.models.attribute(cls, attribute.attr) is None
        if row.role in ends and row.releases == "self":
            return True
        if row.role == "begin" and cls.kind == "session":
            return True  # the end of the transaction, wherever it stands, gives the connection back
        call = parent_of(attribute)
        return not isinstance(call, ast.Call)  # `callback(conn.close)`: the method itself is handed on

    def _argument_leaves(
        self, call: ast.Call, argument: ast.AST, scope: Scope, cls: Class, depth: int, keyword: str | None = None
    ) -> bool:
        fact = call_fact(self.ev, call, scope, use_evidence=False)
        if fact is not None and fact.row is not None:
            if fact.role == "release" and getattr(fact.row, "releases", "self") == "argument":
                return True
            return fact.role in ("create", "open")
        callee = self.ev.type_of(call.func, scope)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _KEEPERS:
            return True
        answers = [self._callee_keeps(one, call, argument, cls, depth, keyword) for one in alternatives(callee)]
        return any(answers)

    def _callee_keeps(
        self, callee: object, call: ast.Call, argument: ast.AST, cls: Class, depth: int, keyword: str | None
    ) -> bool:
        if isinstance(callee, Function) and callee.scope.kind == "function" and depth < _MAX_DEPTH:
            name = _parameter(callee, call, argument, keyword)
            return name is None or self._parameter_leaves(callee.scope, name, cls, depth)
        if isinstance(callee, LibraryName):
            # A third party's function uses the connection (`pd.read_sql(query, conn)`); its classes keep it.
            last = callee.name.rpartition(".")[2]
            return last[:1].isupper() or callee.name.startswith(("contextlib.", "builtins.setattr", "asyncio."))
        if isinstance(callee, LibraryMethod):
            return False
        return True  # a class keeps it; what is unknown may

    def _parameter_leaves(self, scope: Scope, name: str, cls: Class, depth: int) -> bool:
        key = (scope, name, cls.name)
        if key not in self._parameters:
            self._parameters[key] = True  # met again while deciding: assume that somebody takes it
            if scope.name.startswith("__") or callables.decorators(self.ev, scope):
                self._parameters[key] = True
            else:
                self._parameters[key] = self.leaves(name, scope, cls, depth + 1)
        return self._parameters[key]


def _parameter(callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None) -> str | None:
    """The name of the parameter that an argument is bound to; None where it cannot be told."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    positional = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    if keyword is not None:
        return keyword if keyword in positional or keyword in {one.arg for one in node.args.kwonlyargs} else None
    if any(isinstance(one, ast.Starred) for one in call.args):
        return None
    index = next((i for i, one in enumerate(call.args) if one is argument), None)
    if index is None:
        return None
    if callee.receiver is not None:
        index += 1
    return positional[index] if index < len(positional) else None
