"""The one walk over a module: which names each scope binds, and the nodes that the analyses ask about.

Repeated walks are half of the cost of semantic analysis, so this is the only full one. It files, by scope, bindings,
calls, ``with`` statements, returns and yields, and notes each node's parent.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from poolint.syntax.nodes import BLOCKS, FIELDS, captured_name
from poolint.syntax.scopes import Binding, BindingKind, FunctionNode, Scope, UnreadScope, WithNode
from poolint.syntax.unread import Unread
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from poolint.syntax.project import Module
    from poolint.text.skeleton import Body

_PUTS = frozenset({"append", "appendleft", "add", "setdefault"})
"""Methods of Python's containers that put their last argument into one."""

Stack = list[ast.AST | Scope]


def walk(tree: ast.Module, module: Module) -> Scope:
    """File everything in ``tree`` but the bodies that the module has not read; gives the module's scope."""
    root = Scope("module", tree, module.name, None, module)
    module.scope = root
    scopes: dict[ast.AST, Scope] = {tree: root}
    module.scopes = scopes
    _Filing(scopes).body(tree, tree.body, root)
    return root


def file_body(scope: Scope, body: Body) -> None:
    """File the body of a function that is read after all. One that is not Python does nothing, as far as anybody knows."""
    node = scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    owner, first = scope.enclosing_class, scope.first_parameter
    settled = owner if owner is not None and (first is None or not body.assigns(first.arg)) else None
    try:
        node.body = body.parsed()
    except SourceError:
        scope.module.is_broken = True
        node.body = [ast.Pass(lineno=body.row, col_offset=0, end_lineno=body.row, end_col_offset=0)]
    node.end_lineno, node.end_col_offset = node.body[-1].end_lineno, node.body[-1].end_col_offset
    filing = _Filing(scope.module.scopes, settled)
    filing.parameters(node.args, scope)
    filing.body(node, node.body, scope)


class _Filing:
    """The walk itself: an explicit stack, since deep expressions would exhaust Python's own."""

    def __init__(self, scopes: dict[ast.AST, Scope], settled: Scope | None = None) -> None:
        """``settled``: a class of whose attributes it has been said already that nothing is assigned to them here."""
        self.scopes = scopes
        self._settled = settled
        self._tests: list[tuple[Scope, str, Binding]] = []

    def body(self, owner: ast.AST, nodes: list[ast.stmt], scope: Scope) -> None:
        for one in nodes:
            one.__dict__["_poolint_parent"] = owner
        stack: Stack = [*reversed(nodes)]
        plans, leaf, call, name, attribute, load = _PLANS, ast.Constant, ast.Call, ast.Name, ast.Attribute, ast.Load
        while stack:
            node = stack.pop()
            kind = type(node)
            # Names, attributes and calls are most of what there is.
            while kind is attribute:
                value = node.__dict__["value"]
                parent = node.__dict__["_poolint_parent"]
                if type(parent) is not call or parent.func is not node:
                    scope.attributes.append(node)  # type: ignore[arg-type]
                value._poolint_parent = node
                node, kind = value, type(value)
            if kind is name:
                if type(node.ctx) is load:  # type: ignore[union-attr]
                    loads, word = scope.loads, node.id  # type: ignore[union-attr]
                    if word in loads:
                        loads[word].append(node)  # type: ignore[arg-type]
                    else:
                        loads[word] = [node]  # type: ignore[list-item]
                continue
            if kind is Scope:
                scope = node  # type: ignore[assignment]
                continue
            held = node.__dict__
            handler, fields = plans[kind]
            if kind is call:
                scope.calls.append(node)  # type: ignore[arg-type]
                function, given = held["func"], held["args"]
                if given and type(function) is attribute and function.attr in _PUTS:
                    self._stored(function.value, scope, given[-1])
            elif handler is not None and not handler(self, node, scope, stack):
                continue
            for field in fields:
                value = held.get(field)
                if type(value) is list:
                    for item in reversed(value):
                        if item is not None:
                            item._poolint_parent = node
                            if type(item) is not leaf:
                                stack.append(item)
                elif value is not None:
                    value._poolint_parent = node
                    if type(value) is not leaf:
                        stack.append(value)
        for home, word, test in self._tests:
            if word in home.bindings:  # a name that is bound elsewhere is not this scope's for being tested
                home.bind(word, test)

    # Each handler files one node; it gives whether its children are to be pushed. A scope on the stack is that of what was
    # pushed before it.

    def function(self, node: FunctionNode, scope: Scope, stack: Stack) -> bool:
        body = scope.module.bodies.get(node.lineno)
        inner = (Scope if body is None else UnreadScope)("function", node, node.name, scope, scope.module, body)
        self.scopes[node] = inner
        scope.children.append(inner)
        scope.bind(node.name, Binding("function", node, scope=inner))
        if body is not None:
            node.end_lineno = body.end
            node.body = Unread(inner)
            scope.module.unread.append(inner)
            if scope.kind == "class":
                scope.has_unread(inner)
        else:
            if scope.module.has_global_statement:
                inner.globals = _declared_global(node.body)
            self.parameters(node.args, inner)
            self._inside(node, inner, scope, stack)
        for outer in (*node.decorator_list, node.args, *((node.returns,) if node.returns else ())):
            outer.__dict__["_poolint_parent"] = node
            stack.append(outer)
        return False

    def _inside(self, node: FunctionNode | ast.ClassDef, inner: Scope, scope: Scope, stack: Stack) -> None:
        stack.append(scope)
        for child in reversed(node.body):
            child.__dict__["_poolint_parent"] = node
            stack.append(child)
        stack.append(inner)

    def lambda_(self, node: ast.Lambda, scope: Scope, stack: Stack) -> bool:
        inner = Scope("lambda", node, "<lambda>", scope, scope.module)
        self.scopes[node] = inner
        scope.children.append(inner)
        self.parameters(node.args, inner)
        node.body.__dict__["_poolint_parent"] = node
        node.args.__dict__["_poolint_parent"] = node
        stack += (scope, node.body, inner, node.args)
        return False

    def class_(self, node: ast.ClassDef, scope: Scope, stack: Stack) -> bool:
        inner = Scope("class", node, node.name, scope, scope.module)
        self.scopes[node] = inner
        scope.children.append(inner)
        scope.bind(node.name, Binding("class", node, scope=inner))
        self._inside(node, inner, scope, stack)
        for outer in (*node.decorator_list, *node.bases, *node.keywords):
            outer.__dict__["_poolint_parent"] = node
            stack.append(outer)
        return False

    def parameters(self, arguments: ast.arguments, scope: Scope) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults += arguments.defaults
        for parameter, default in zip(positional, defaults, strict=True):
            scope.bind(parameter.arg, Binding("parameter", parameter, default, parameter.annotation))
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            scope.bind(parameter.arg, Binding("parameter", parameter, default, parameter.annotation))
        for star in (arguments.vararg, arguments.kwarg):
            if star is not None:
                scope.bind(star.arg, Binding("opaque", star))

    def assign(self, node: ast.Assign, scope: Scope, stack: Stack) -> bool:
        for target in node.targets:
            self._target(target, scope, "assign", node.value)
        return True

    def annotated(self, node: ast.AnnAssign, scope: Scope, stack: Stack) -> bool:
        if isinstance(node.target, ast.Name):
            scope.bind(node.target.id, Binding("annotated", node.target, node.value, node.annotation))
        else:
            self._attribute(node.target, scope, Binding("annotated", node.target, node.value, node.annotation))
        return True

    def walrus(self, node: ast.NamedExpr, scope: Scope, stack: Stack) -> bool:
        self._target(node.target, scope, "assign", node.value)
        return True

    def augmented(self, node: ast.AugAssign, scope: Scope, stack: Stack) -> bool:
        if isinstance(node.target, ast.Name):
            scope.bind(node.target.id, Binding("opaque", node.target))
        return True

    def with_(self, node: WithNode, scope: Scope, stack: Stack) -> bool:
        scope.withs.append(node)
        asynchronous = isinstance(node, ast.AsyncWith)
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars, scope, "with", item.context_expr, asynchronous=asynchronous)
        return True

    def for_(self, node: ast.For | ast.AsyncFor, scope: Scope, stack: Stack) -> bool:
        self._target(node.target, scope, "for", node.iter, asynchronous=isinstance(node, ast.AsyncFor))
        return True

    def comprehension(self, node: ast.comprehension, scope: Scope, stack: Stack) -> bool:
        self._target(node.target, scope, "for", node.iter, asynchronous=bool(node.is_async))
        return True

    def import_(self, node: ast.Import, scope: Scope, stack: Stack) -> bool:
        scope.module.take_import(node, scope)
        for alias in node.names:
            if alias.asname:
                scope.bind(alias.asname, Binding("import", node, origin=alias.name))
            else:
                top = alias.name.partition(".")[0]
                scope.bind(top, Binding("import", node, origin=top))
        return False

    def import_from(self, node: ast.ImportFrom, scope: Scope, stack: Stack) -> bool:
        base = node.module or ""
        scope.module.take_import(node, scope)
        for alias in node.names:
            alias.__dict__["_poolint_parent"] = node
            if alias.name == "*":
                scope.module.stars.append((base, node.level))
            else:
                origin = f"{base}:{alias.name}"
                scope.bind(alias.asname or alias.name, Binding("import", node, origin=origin, level=node.level))
        return False

    def if_(self, node: ast.If, scope: Scope, stack: Stack) -> bool:
        test = node.test
        if (
            isinstance(test, ast.Call)
            and isinstance(test.func, ast.Name)
            and test.func.id == "isinstance"
            and len(test.args) == 2
            and isinstance(test.args[0], ast.Name)
        ):
            self._tests.append((scope, test.args[0].id, Binding("narrowed", node.body[0], annotation=test.args[1])))
        return True

    def handler(self, node: ast.ExceptHandler, scope: Scope, stack: Stack) -> bool:
        scope.handlers.append(node)
        if node.name:
            scope.bind(node.name, Binding("opaque", node))
        return True

    def pattern(self, node: ast.pattern, scope: Scope, stack: Stack) -> bool:
        if name := captured_name(node):
            scope.bind(name, Binding("opaque", node))
        return True

    def return_(self, node: ast.Return, scope: Scope, stack: Stack) -> bool:
        if node.value is not None:
            scope.returns.append(node.value)
        return True

    def yield_(self, node: ast.Yield | ast.YieldFrom, scope: Scope, stack: Stack) -> bool:
        scope.yields.append(node)
        if type(node.value) is ast.Dict and getattr(scope.node, "decorator_list", None):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if type(key) is ast.Constant and type(key.value) is str:
                    yielded = Binding("assign", key, value, scope=scope)
                    scope.module.state_assignments.setdefault(key.value, []).append(yielded)
        return True

    def declared(self, node: ast.Global | ast.Nonlocal, scope: Scope, stack: Stack) -> bool:
        around: Scope | None = scope
        while around is not None:
            around.declared |= frozenset(node.names)
            around = around.parent
        return False

    def leaf(self, node: ast.AST, scope: Scope, stack: Stack) -> bool:
        """Constants and statements without parts: nothing to file."""
        return False

    def _target(
        self,
        target: ast.expr,
        scope: Scope,
        kind: BindingKind,
        value: ast.expr,
        *,
        asynchronous: bool = False,
        index: int = -1,
    ) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, Binding(kind, target, value, asynchronous=asynchronous, index=index))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for position, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    element = element.value
                if isinstance(element, ast.Name):
                    scope.bind(
                        element.id,
                        Binding(
                            kind if index < 0 else "opaque", element, value, asynchronous=asynchronous, index=position
                        ),
                    )
                elif isinstance(element, ast.Attribute) and index < 0:
                    binding = Binding(kind, element, value, asynchronous=asynchronous, index=position)
                    self._attribute(element, scope, binding)
                else:
                    self._target(element, scope, "opaque", value, index=position)
        elif index < 0:
            self._attribute(target, scope, Binding(kind, target, value, asynchronous=asynchronous))

    def _attribute(self, target: ast.expr, scope: Scope, binding: Binding) -> None:
        """File ``self.x = …`` with the class, ``….state.x = …``, ``x[key] = …`` and a module's own ``X.y = …`` with that."""
        if isinstance(target, ast.Subscript) and binding.value is not None:
            self._stored(target.value, scope, binding.value)
        if not isinstance(target, ast.Attribute):
            return
        receiver = target.value
        if isinstance(receiver, ast.Name):
            method = scope.method_around
            owner = method.enclosing_class
            first = method.first_parameter if owner is not None else None
            if owner is not None and first is not None and receiver.id == first.arg:
                binding.scope = scope
                if owner is not self._settled:
                    owner.assign_own(target.attr, binding)
                return
            if scope.kind == "module":
                scope.module.set_on_names[receiver.id, target.attr] = binding
        binding.scope = scope
        scope.module.set_on(target.attr, binding)
        if (isinstance(receiver, ast.Attribute) and receiver.attr == "state") or (
            isinstance(receiver, ast.Name) and receiver.id == "state"
        ):
            scope.module.state_assignments.setdefault(target.attr, []).append(binding)

    def _stored(self, container: ast.expr, scope: Scope, value: ast.expr) -> None:
        """File what is put into a container, by the container's name."""
        name = container.id if isinstance(container, ast.Name) else getattr(container, "attr", "")
        if name:
            binding = Binding("stored", container, value, scope=scope)
            scope.module.store(name, binding)


def _declared_global(body: list[ast.stmt]) -> frozenset[str]:
    """Names that this function declares global, nested blocks included but not nested functions."""
    names: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global):
            names.update(node.names)
        for field in BLOCKS.get(type(node), ()):
            stack += getattr(node, field)
    return frozenset(names)


_HANDLERS: dict[type[Any], Callable[[_Filing, Any, Scope, Stack], bool]] = {
    ast.FunctionDef: _Filing.function,
    ast.AsyncFunctionDef: _Filing.function,
    ast.Lambda: _Filing.lambda_,
    ast.ClassDef: _Filing.class_,
    ast.Assign: _Filing.assign,
    ast.AnnAssign: _Filing.annotated,
    ast.NamedExpr: _Filing.walrus,
    ast.AugAssign: _Filing.augmented,
    ast.With: _Filing.with_,
    ast.AsyncWith: _Filing.with_,
    ast.For: _Filing.for_,
    ast.AsyncFor: _Filing.for_,
    ast.comprehension: _Filing.comprehension,
    ast.Import: _Filing.import_,
    ast.ImportFrom: _Filing.import_from,
    ast.If: _Filing.if_,
    ast.ExceptHandler: _Filing.handler,
    ast.MatchAs: _Filing.pattern,
    ast.MatchMapping: _Filing.pattern,
    ast.MatchStar: _Filing.pattern,
    ast.Return: _Filing.return_,
    ast.Yield: _Filing.yield_,
    ast.YieldFrom: _Filing.yield_,
    ast.Constant: _Filing.leaf,
    ast.Pass: _Filing.leaf,
    ast.Global: _Filing.declared,
    ast.Nonlocal: _Filing.declared,
}

_PLANS: dict[type[Any], tuple[Callable[[_Filing, Any, Scope, Stack], bool] | None, tuple[str, ...]]] = {
    kind: (_HANDLERS.get(kind), fields[::-1]) for kind, fields in FIELDS.items()
}
"""What files a node of a kind, and its fields in the order in which what stands in them is pushed."""
