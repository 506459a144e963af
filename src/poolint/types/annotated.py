"""From annotations to types, in all the wrappings that real code uses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models import standard
from poolint.syntax.expressions import is_none, last_name
from poolint.syntax.nodes import walk, with_defaults
from poolint.syntax.scopes import parent_of
from poolint.trees import tree_of
from poolint.types import returns
from poolint.types.aliases import alias_of
from poolint.types.modelled import type_expression
from poolint.types.values import (
    NOTHING,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Function,
    Holder,
    Instance,
    LibraryFunction,
    LibraryName,
    Pending,
    TupleOf,
    Type,
    alternatives,
    known,
    union,
    with_foreign,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.framework_rows import Injection
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator


def annotation(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """What a value annotated with ``node`` is. ``scope`` is where the annotation stands."""
    return ev.once((node, "annotation"), _annotation, ev, node, scope)


def _annotation(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    if isinstance(node, ast.Constant):
        if node.value is None:
            return NOTHING
        return _quoted(ev, node, scope) if isinstance(node.value, str) else UNKNOWN
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _either(ev, [node.left, node.right], scope)
    if isinstance(node, ast.Subscript):
        return _subscript(ev, node, scope)
    if isinstance(node, ast.Tuple):
        is_given = getattr(parent_of(node), "returns", None) is node
        if is_given and not any(map(is_none, node.elts)):  # `-> (Session, bool)`, as some write it
            return TupleOf(tuple(annotation(ev, one, scope) for one in node.elts))
        return _either(ev, node.elts, scope)
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return UNKNOWN
    return _named(ev, node, scope)


def _named(ev: Evaluator, node: ast.Name | ast.Attribute, scope: Scope) -> Type:
    stands_for: Type | None = node.__dict__.get("_poolint_stands_for")  # a type variable, by types.generics
    if stands_for is not None:
        return stands_for
    if last_name(node) == "Self":
        owner = _class_around(scope)
        if owner is not None:
            return ev.class_object(owner).instance()
    one = ev.type_of(node, scope)
    if type(one) is ClassObject:
        return _meant(ev, one).instance()
    found = alternatives(one)
    classes = [member for member in found if isinstance(member, ClassObject)]
    if classes and len(classes) == len(found):
        return union([_meant(ev, cls).instance() for cls in classes])
    alias = alias_of(ev, node, scope)
    if alias is not None:
        return annotation(ev, *alias)
    if isinstance(one, LibraryFunction) and one.row.call == "sync":
        return type_expression(ev, one.row.returns, None)  # wrong, but often written: `client: boto3.client`
    if isinstance(one, LibraryName):
        short = one.name.rpartition(".")[2]
        if short in standard.SYNC_ITERABLES or short in standard.MAPPINGS:
            return Pending("iterable")
    return UNKNOWN


def _meant(ev: Evaluator, cls: ClassObject) -> ClassObject:
    """The class whose objects an annotation means: of an interface the one that fills it, where there is just one."""
    if cls.cls is cls.base:
        return cls
    from poolint.types.overrides import Heirs

    return ev.derived(Heirs).filled(cls)


def _quoted(ev: Evaluator, node: ast.Constant, scope: Scope) -> Type:
    expression = unquoted(node)
    return UNKNOWN if expression is None else annotation(ev, expression, scope)


def unquoted(node: ast.Constant) -> ast.expr | None:
    """The expression that a quoted annotation stands for, the same one each time: what is known of it is known by it."""
    if "_poolint_expression" not in node.__dict__:
        node.__dict__["_poolint_expression"] = _parsed(node)
    found: ast.expr | None = node.__dict__["_poolint_expression"]
    return found


def _parsed(node: ast.Constant) -> ast.expr | None:
    try:
        expression = tree_of(str(node.value).strip(), "eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None
    for inner in ast.walk(expression):  # a tree of its own: it needs parents and positions like any other
        for child in ast.iter_child_nodes(inner):
            child.__dict__["_poolint_parent"] = inner
        if isinstance(inner, ast.expr):
            inner.lineno, inner.col_offset = node.lineno, node.col_offset
    expression.__dict__["_poolint_parent"] = node.__dict__.get("_poolint_parent")
    return expression


def _class_around(scope: Scope | None) -> Scope | None:
    while scope is not None and scope.kind != "class":
        scope = scope.parent
    return scope


def _either(ev: Evaluator, parts: list[ast.expr], scope: Scope) -> Type:
    """One of several: of ``Engine | str`` the engine, since nobody connects, enters or awaits a text."""
    found = [one for part in parts for one in _alternatives(part)]
    objects = [one for one in found if not is_scalar(one)]
    is_told = any(not isinstance(one, ast.Constant) or isinstance(one.value, str) for one in objects)
    return with_foreign([annotation(ev, one, scope) for one in (objects if is_told else found)])


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """What stands between the bars of an annotation."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def is_scalar(node: ast.expr) -> bool:
    """Whether an annotation names a text or a number."""
    return isinstance(node, ast.Name) and node.id in standard.SCALAR_CLASSES


def arguments_of(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets of a generic class."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _subscript(ev: Evaluator, node: ast.Subscript, scope: Scope) -> Type:
    head = ev.type_of(node.value, scope)
    arguments = arguments_of(node)
    if not arguments:
        return UNKNOWN
    if isinstance(head, ClassObject):
        meant = _meant(ev, head)
        if meant is not head:
            return meant.instance()
        return ClassObject(head.cls, head.base, tuple(annotation(ev, one, scope) for one in arguments)).instance()
    name = ev.qualified_name(head).rpartition(".")[2]
    if not name and isinstance(node.value, (ast.Name, ast.Attribute)):
        name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
    if name == "Union":
        return _either(ev, arguments, scope)
    first = arguments[0]
    if name == "Annotated":
        for extra in arguments[1:]:
            one = injected(ev, extra, scope)
            if one is not UNKNOWN:
                return one_of_several(one, annotation(ev, first, scope)) if type(one) is Either else one
    if name in standard.WRAPPERS or (isinstance(head, LibraryName) and _is_first_argument(ev, head.name, name)):
        inner = annotation(ev, first, scope)
        return union([inner, NOTHING]) if name == "Optional" and inner is not UNKNOWN else inner
    if name in ("type", "Type"):
        return with_foreign([_class(one) for one in alternatives(annotation(ev, first, scope))])
    if isinstance(head, LibraryName):
        handed = ev.models.handed.get((head.name.partition(".")[0], name))
        if handed is not None:
            members = [(key, arguments[index]) for key, index in handed.attributes.items() if index < len(arguments)]
            return Holder(tuple((key, annotation(ev, one, scope)) for key, one in members))
    if name in ("tuple", "Tuple"):
        return TupleOf(tuple(annotation(ev, one, scope) for one in arguments))
    return _protocol(ev, name, arguments, scope)


def _class(one: Type) -> Type:
    """The class of an object."""
    return ClassObject(one.cls, one.base, one.arguments) if isinstance(one, Instance) else UNKNOWN


def _is_first_argument(ev: Evaluator, name: str, last: str) -> bool:
    """Whether a generic class of a library is what its first type argument is."""
    row = ev.models.handed.get((name.partition(".")[0], last))
    return row is not None and not row.attributes


def _protocol(ev: Evaluator, name: str, arguments: list[ast.expr], scope: Scope) -> Type:
    if name == "Callable":
        return CallableValue(annotation(ev, arguments[-1], scope))
    last = annotation(ev, arguments[-1], scope)
    first = last if len(arguments) == 1 else annotation(ev, arguments[0], scope)
    if name in standard.AWAITABLES:
        return Pending("coroutine" if name in ("Awaitable", "Coroutine") else "awaitable", awaited=last)
    if name in standard.ASYNC_ITERABLES:
        return Pending("async-generator", item=first)
    if name in standard.SYNC_ITERABLES:
        return Pending("generator" if name == "Generator" else "iterable", item=first)
    if name in standard.MAPPINGS or name in standard.VARIABLES:
        return Pending("iterable", item=last)
    if name in standard.ASYNC_MANAGERS:
        return Pending("async-cm", entered=first)
    if name in standard.SYNC_MANAGERS:
        return Pending("cm", entered=first)
    return UNKNOWN


def generic_alias(ev: Evaluator, head: ClassObject | LibraryName, node: ast.Subscript, scope: Scope) -> Type:
    """A class with type arguments, where it is used as a value (``async_sessionmaker[AsyncSession](engine)``)."""
    if not isinstance(head, ClassObject):
        return UNKNOWN
    return ClassObject(head.cls, head.base, tuple(annotation(ev, one, scope) for one in arguments_of(node)))


def classes_of(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """What ``isinstance(x, node)`` shows ``x`` to be."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return union([annotation(ev, part, scope) for part in parts])


def is_injected(ev: Evaluator, parameter: Binding, scope: Scope) -> bool:
    """Whether a framework passes a parameter: by its default, or by the metadata of its ``Annotated``; also where nothing is
    known of what gives the value."""
    for one, where in dependencies(ev, parameter, scope):
        row = injection(ev, one, where)
        if row is not None and provider_in(row, one) is not None:
            return True
    return False


def is_given_in_sight(ev: Evaluator, parameter: Binding, scope: Scope) -> bool:
    """The same, where it is known what gives the value."""
    return any(injected(ev, one, where) is not UNKNOWN for one, where in dependencies(ev, parameter, scope))


def dependencies(ev: Evaluator, parameter: Binding, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """The calls that may say what a framework passes for a parameter, each with the scope that it stands in.

    They are the default, and the metadata of its ``Annotated``, here or behind ``Db = Annotated[…]`` of any module.
    """
    around = scope.parent or scope
    if isinstance(parameter.value, ast.Call):
        yield parameter.value, around
    node = parameter.annotation
    if isinstance(node, (ast.Name, ast.Attribute)):
        node, around = alias_of(ev, node, scope) or (None, around)
    if isinstance(node, (ast.Subscript, ast.BinOp, ast.Call)):  # nothing else has metadata
        for one in _calls_in(node):
            yield one, around


def _calls_in(node: ast.expr) -> list[ast.Call]:
    """The calls in an annotation, looked for once: every question about a parameter asks for them."""
    if "_poolint_calls" not in node.__dict__:
        node.__dict__["_poolint_calls"] = [one for one in walk(node) if isinstance(one, ast.Call)]
    found: list[ast.Call] = node.__dict__["_poolint_calls"]
    return found


def injection(ev: Evaluator, call: ast.Call, scope: Scope) -> Injection | None:
    """The row of the models for a marker such as ``Depends(…)``; None where a call is none."""
    return ev.models.injections.get(ev.qualified_name(ev.type_of(call.func, scope)))


def provider_in(row: Injection, marker: ast.Call) -> ast.expr | None:
    """What a marker names as what gives the value; the class that it is declared with, where it may leave out the name."""
    if marker.args:
        return marker.args[0]
    named = next((one.value for one in marker.keywords if one.arg == row.argument), None)
    return named if named is not None or not row.declared else _declared_with(marker)


def _declared_with(marker: ast.Call) -> ast.expr | None:
    """What stands beside a marker: ``Svc`` of ``Annotated[Svc, Depends()]`` and of ``svc: Svc = Depends()``."""
    around = parent_of(marker)
    found: ast.expr | None = None
    if isinstance(around, ast.Tuple) and isinstance(parent_of(around), ast.Subscript):
        found = around.elts[0]
    elif isinstance(around, ast.arguments):
        found = next((one.annotation for one, default in with_defaults(around) if default is marker), None)
    return unquoted(found) if isinstance(found, ast.Constant) and isinstance(found.value, str) else found


def one_of_several(given: Type, declared: Type) -> Type:
    """What is injected where a dependency may give several things: the one that is declared, if it is one of these."""
    return declared if declared in alternatives(given) else given


def injected(ev: Evaluator, node: ast.expr, scope: Scope) -> Type:
    """What a parameter gets whose default or ``Annotated`` metadata is ``Depends(dependency)``."""
    if not isinstance(node, ast.Call):
        return UNKNOWN
    row = injection(ev, node, scope)
    target = provider_in(row, node) if row is not None else None
    if target is None:
        return UNKNOWN
    found = alternatives(ev.type_of(target, scope))
    if any(isinstance(one, ClassObject) and one.cls is one.base for one in found) and target is _declared_with(node):
        return UNKNOWN  # a class of a library that is only declared: the application overrides it with what gives one
    return known([_given(ev, one) for one in found])


def _given(ev: Evaluator, dependency: Type) -> Type:
    """What a framework passes on for a dependency: it awaits coroutines and drives generators."""
    if isinstance(dependency, Function):
        value = returns.returned(ev, dependency.scope, dependency.receiver)
    elif isinstance(dependency, (ClassObject, CallableValue, Instance)):
        value = returns.called(ev, _meant(ev, dependency) if isinstance(dependency, ClassObject) else dependency)
    else:
        return UNKNOWN
    if isinstance(value, Pending):
        if value.call in ("coroutine", "awaitable"):
            return value.awaited
        if value.call in ("generator", "async-generator", "iterable"):
            return value.item
    return value  # also a block, which nobody enters for who asks for it (FastAPI 0.110; 0.165 raises for a decorated generator)
