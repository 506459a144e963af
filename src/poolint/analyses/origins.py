"""Origins: where a value was made, followed backwards from an expression to the one that it comes from.

A trail leads through names with one binding, ``await``, imports, attributes of modules and of ``self``, parameters that a
framework fills, and functions of the project that give one thing. It ends at a call that makes something, at a parameter,
or where there is more than one way to go on; what cannot be followed is its own origin. Who asks which pool, which
engine, which client or whose session walks this trail, and judges what stands on it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, NamedTuple

from poolint.frameworks.entries import providers
from poolint.syntax.scopes import only_binding
from poolint.types import imports
from poolint.types.values import Function, ModuleObject, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set
    from typing import TypeAlias

    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

    Makes: TypeAlias = Callable[[ast.Call, Scope], bool]

Passage = Literal["import", "attribute", "with", "parameter", "function"]
"""What a trail may lead through beside names and ``await``: ``with`` stands for what a block binds with ``as``,
``parameter`` for one that a framework fills, ``function`` for a call of the project's that passes nothing."""

PASSAGES: frozenset[Passage] = frozenset(("import", "attribute", "with", "parameter", "function"))

_MAX_STEPS = 12


class Origin(NamedTuple):
    """An expression on a trail, and the scope it stands in; ``binding`` is what binds it, where it is a name or an
    attribute with a single binding."""

    node: ast.expr
    scope: Scope
    binding: Binding | None = None


def trail(ev: Evaluator, node: ast.expr, scope: Scope, through: Set[Passage] = PASSAGES) -> Iterator[Origin]:
    """The expressions that the value of ``node`` has come by, from itself to its origin; at most ``_MAX_STEPS``."""
    for _ in range(_MAX_STEPS):
        binding, home = _bound(node, scope)
        yield Origin(node, scope, binding)
        step = _before(ev, node, scope, binding, home, through)
        if step is None:
            return
        node, scope = step


def origin(ev: Evaluator, node: ast.expr, scope: Scope, through: Set[Passage] = PASSAGES) -> Origin:
    """The end of the trail."""
    *_, last = trail(ev, node, scope, through)
    return last


def are_different(ev: Evaluator, one: ast.expr, other: ast.expr, scope: Scope, makes: Makes) -> bool:
    """Whether two expressions in ``scope`` surely stand for different objects: two parameters, or what two calls have
    made, as ``makes`` says of a call; what cannot be told may be the same."""
    through: frozenset[Passage] = frozenset(("attribute",))
    first, second = (origin(ev, node, scope, through) for node in (one, other))
    ends = [_object(end, makes) for end in (first, second)]
    return None not in ends and ends[0] is not ends[1]


def _object(end: Origin, makes: Makes) -> ast.AST | None:
    if end.binding is not None and end.binding.kind == "parameter":
        return end.binding.node
    return end.node if isinstance(end.node, ast.Call) and makes(end.node, end.scope) else None


def _bound(node: ast.expr, scope: Scope) -> tuple[Binding | None, Scope]:
    """The only binding of a name or of an attribute of ``self``, and the scope that has it."""
    if isinstance(node, ast.Name):
        return only_binding(node.id, scope)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
        owner: Scope | None = scope
        while owner is not None and owner.kind != "class":
            owner = owner.parent
        found = owner.self_assignments.get(node.attr, []) if owner is not None else []
        if owner is not None and len(found) == 1:
            return found[0], owner
    return None, scope


def _before(
    ev: Evaluator, node: ast.expr, scope: Scope, binding: Binding | None, home: Scope, through: Set[Passage]
) -> tuple[ast.expr, Scope] | None:
    """The expression before this one on its trail."""
    if isinstance(node, (ast.Await, ast.NamedExpr)):
        return node.value, scope
    if binding is not None:
        if isinstance(node, ast.Attribute) and "attribute" not in through:
            return None
        return _assigned(ev, binding, home, through)
    if isinstance(node, ast.Attribute) and "attribute" in through:
        for one in alternatives(ev.type_of(node.value, scope)):
            if isinstance(one, ModuleObject) and node.attr in one.module.scope.bindings:
                return ast.copy_location(ast.Name(node.attr, ast.Load()), node), one.module.scope
    if isinstance(node, ast.Call) and "function" in through and not (node.args or node.keywords):
        return only_given(
            [one.scope for one in alternatives(ev.type_of(node.func, scope)) if isinstance(one, Function)]
        )
    return None


def _assigned(ev: Evaluator, binding: Binding, home: Scope, through: Set[Passage]) -> tuple[ast.expr, Scope] | None:
    """What a binding binds."""
    if binding.kind == "import" and "import" in through:
        dotted, _, inner = binding.origin.partition(":")
        module = imports.first_party(ev, dotted, binding.level, home.module) if inner else None
        if module is None or inner not in module.scope.bindings:
            return None
        return ast.Name(inner, ast.Load()), module.scope
    if binding.kind == "parameter" and "parameter" in through:
        return only_given([one.scope for one in providers(ev, binding, home)])
    bound = binding.kind in ("assign", "annotated") or (binding.kind == "with" and "with" in through)
    if not bound or binding.value is None or binding.index >= 0:
        return None
    return binding.value, binding.scope or home


def given(function: Scope) -> list[ast.expr]:
    """What a function yields, or returns if it is no generator; ``None`` and other constants are nothing."""
    if function.yields:
        return [one.value for one in function.yields if isinstance(one, ast.Yield) and one.value is not None]
    return [one for one in function.returns if not isinstance(one, ast.Constant)]


def only_given(functions: list[Scope]) -> tuple[ast.expr, Scope] | None:
    """The one thing that a single function gives, and where that stands."""
    found = [(one, function) for function in functions for one in given(function)]
    return found[0] if len(found) == 1 and len(functions) == 1 else None
