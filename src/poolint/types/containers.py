"""What else gives the type of an assigned value: what is put into a container that begins empty, elsewhere in its
module, or under a key; of what nothing is known, the annotation of the generator that yields it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from poolint.syntax.expressions import text_of_key
from poolint.syntax.scopes import home_of, parent_of
from poolint.syntax.surroundings import is_behind_star
from poolint.types import annotated, imports, yields
from poolint.types.application_state import is_application, state_bindings
from poolint.types.members import content, lineage
from poolint.types.values import (
    NEVER,
    NOTHING,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Either,
    Function,
    Instance,
    LibraryName,
    Pending,
    TupleOf,
    Type,
    alternatives,
    held,
    known,
    union,
)
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.bound import Bound
    from poolint.types.evaluator import Evaluator


_MAX_ITEMS = 8
"""Items of one container that are asked what they are; the rest is of their kind."""


def declared(ev: Evaluator, value: Type, binding: Binding, scope: Scope) -> Type:
    """What a name is that is declared: the ``value`` that is really assigned to it, where that says more than the promise."""
    assert binding.annotation is not None
    if value is NEVER or (isinstance(value, Instance) and value.base is not None):
        return value
    promised = annotated.annotation(ev, binding.annotation, scope)
    if isinstance(value, Instance) and scope.kind != "class" and not _is_base_of(ev, value, promised):
        return value
    one = value if promised is UNKNOWN and value is not NOTHING else promised
    return filled(ev, of_functions(ev, one, value), binding, scope)


def _is_base_of(ev: Evaluator, value: Instance, promised: Type) -> bool:
    """Whether something is declared to be of a class that is derived from its own: it is known to be more than it seems."""
    return any(
        isinstance(one, Instance) and one.cls is not value.cls and value.cls in lineage(ev, one)
        for one in alternatives(promised)
    )


def filled(ev: Evaluator, one: Type, binding: Binding, scope: Scope) -> Type:
    """The type of a container bound by ``binding`` in ``scope``, with its items where only its stores tell them."""
    if one is UNKNOWN:
        return yields.told(ev, one, binding, scope)
    if not (isinstance(one, Pending) and one.call == "iterable" and one.item is UNKNOWN):
        return one
    target = binding.node
    name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
    items = [
        ev.binding(stored, stored.scope)
        for stored in scope.module.stored_in(name)
        if stored.scope is not None and _is_same(stored, stored.scope, target, name, scope)
    ]
    item = union(items)
    return one if item is UNKNOWN else Pending("iterable", item=item)


def of_functions(ev: Evaluator, declared: Type, value: Type) -> Type:
    """A declared type, or what is assigned where that is a function of the project, or a container of nothing else, unless only
    the declaration knows what these give: all that is declared of a function is how it can be called."""
    from poolint.types.returns import called  # which asks for what objects have

    functions, promised = alternatives(held(value)), alternatives(held(declared))
    if not all(isinstance(one, Function) for one in functions):
        return declared
    is_promised = any(isinstance(one, CallableValue) and one.gives not in (UNKNOWN, NOTHING) for one in promised)
    return declared if is_promised and any(called(ev, one) is UNKNOWN for one in functions) else value


def behind(ev: Evaluator, one: Pending, node: ast.Subscript, scope: Scope) -> Type:
    """What stands behind a key of a container: of a table that is written out, and that nobody adds to, what it has there; of
    one that may have anything in it, what the module puts there. A slice of a list is one as well."""
    if one.call != "iterable":
        return UNKNOWN
    if isinstance(node.slice, ast.Slice):
        return one
    if (one.item is UNKNOWN or isinstance(one.item, Either)) and isinstance(node.slice, ast.Constant):
        found = _written_for(ev, node.value, node.slice.value, scope)
        if found is not None or one.item is not UNKNOWN:
            return one.item if found is None else found
    return known([ev.binding(*each) for each in put(ev, node, scope)]) if one.item is UNKNOWN else one.item


def displayed(ev: Evaluator, node: ast.List | ast.Set | ast.Dict, scope: Scope) -> Type:
    """A container as it is written out, also with the items of others: ``[*rows, last]``, ``{**usual, "mail": by_mail}``."""
    found: list[Type] = []
    for item in (node.values if isinstance(node, ast.Dict) else node.elts)[:_MAX_ITEMS]:
        is_whole = isinstance(item, ast.Starred)
        one = ev.type_of(item.value if isinstance(item, ast.Starred) else item, scope)
        found.append(ev.item(one, asynchronous=False) if is_whole else one)
    for position, key in enumerate(node.keys[: len(found)] if isinstance(node, ast.Dict) else ()):
        if key is None:
            found[position] = ev.item(found[position], asynchronous=False)
    return Pending("iterable", item=union(found))


def row(ev: Evaluator, value: Type) -> Type:
    """The elements of an object of a class of the project that is a ``NamedTuple``; anything else as it is."""
    from poolint.types.fields import fields_of  # which asks for what objects have

    family = lineage(ev, value) if isinstance(value, Instance) else []
    if not any(last_name(one) == "NamedTuple" for cls in family for one in cls.node.bases):  # type: ignore[attr-defined]
        return value
    return TupleOf(tuple(ev.type_of_member(value, name) for name in fields_of(family)))


def element(ev: Evaluator, value: Type, binding: Binding) -> Type:
    """What a target in a tuple of targets is bound to, of a value that is taken apart."""
    value = row(ev, value)
    if not isinstance(value, TupleOf):
        return ev.item(value, asynchronous=False)
    is_known = binding.index < len(value.items) and not is_behind_star(binding.node, binding.index)
    return value.items[binding.index] if is_known else UNKNOWN


def part(ev: Evaluator, owner: Type, node: ast.Subscript) -> Type:
    """What stands behind a key of an object: of a ``TypedDict``, what that declares for it; else what its class gives for one."""
    from poolint.types.returns import called  # which asks for what objects have

    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    classes = lineage(ev, owner) if isinstance(key, str) and isinstance(owner, Instance) else []
    if isinstance(key, str) and any(last_name(one) == "TypedDict" for cls in classes for one in cls.node.bases):  # type: ignore[attr-defined]
        return ev.type_of_member(owner, key)
    is_ours = isinstance(owner, Instance) and owner.cls is not owner.base
    asked = ev.type_of_member(owner, "__getitem__") if is_ours else UNKNOWN
    return called(ev, asked) if isinstance(asked, Function) else content(ev, owner)


def asked(ev: Evaluator, item: ast.Subscript, scope: Scope) -> Type:
    """What ``kept.get("pool")`` gives where nothing else tells, written as an item: of a container what stands behind the key; of
    what nobody knows, what the module puts there into that very one. A class has a ``get`` of its own, and other objects may."""
    owner = ev.type_of(item.value, scope)
    if isinstance(owner, ClassObject) or (
        isinstance(owner, Instance) and ev.type_of_member(owner, "get") is not UNKNOWN
    ):
        return UNKNOWN
    if (owner is UNKNOWN or isinstance(owner, LibraryName)) and not is_application(ev, item.value, scope):
        return known([ev.binding(*each) for each in put(ev, item, scope)])
    return ev.subscript(item, scope)


def put(ev: Evaluator, node: ast.Subscript, scope: Scope, *, of_one: bool = False) -> list[Bound]:
    """What a module puts behind the text by which a container is asked, into that or into one that another function is passed
    under the same name, as all jobs of a worker are passed its ``ctx``. ``of_one``: two objects of a class have two."""
    key = text_of_key(node)
    if key is None:
        return []
    found = _stored_under(ev, key, last_name(node.value), scope.module)
    return [
        (each, inner) for each, inner in found if _may_be_one(ev, each.node, inner, node.value, scope, of_one=of_one)
    ]


def _may_be_one(
    ev: Evaluator, one: ast.AST, inner: Scope, other: ast.expr, scope: Scope, *, of_one: bool = False
) -> bool:
    """Whether two containers that are called alike can be the same: by one variable, by what functions are passed, or as the
    attributes of objects, those of a class of the project only with it and with those derived from it."""
    if isinstance(one, ast.Attribute) and isinstance(other, ast.Attribute):
        if of_one and _is_own(one, inner) is not _is_own(other, scope):
            return False
        first, second = (ev.type_of(each.value, at) for each, at in ((one, inner), (other, scope)))
        if not (_is_of_project(first) and _is_of_project(second)):
            return _is_of_project(first) is _is_of_project(second)
        return first.cls in lineage(ev, second) or second.cls in lineage(ev, first)
    if not (isinstance(one, ast.Name) and isinstance(other, ast.Name)):
        return False
    homes = [home_of(name, at) for name, at in ((one.id, inner), (other.id, scope))]
    return homes[0] is homes[1] or all(home is not None and _is_passed(other.id, home) for home in homes)


def _is_of_project(one: Type) -> TypeGuard[Instance]:
    return isinstance(one, Instance) and one.cls is not one.base


def _is_own(container: ast.Attribute, scope: Scope) -> bool:
    """Whether a container is an attribute of a method's own object: ``self.kept``."""
    method, owner = scope.method_around, container.value
    first = method.first_parameter if method.enclosing_class is not None else None
    return first is not None and isinstance(owner, ast.Name) and owner.id == first.arg


def _is_passed(name: str, scope: Scope) -> bool:
    """Whether a function is passed something as it is: not what it makes of the rest of a call, ``**options``."""
    rest = getattr(getattr(scope.node, "args", None), "kwarg", None)
    return any(one.kind == "parameter" and one.node is not rest for one in scope.bindings.get(name, ()))


def _written_for(ev: Evaluator, table: ast.expr, key: object, scope: Scope) -> Type | None:
    from poolint.types.bound import bindings  # which asks for what objects have

    found = bindings(ev, table, scope) or list(state_bindings(ev, table, scope))
    binding, home = found[0] if len(found) == 1 else (None, scope)
    if binding is None or not isinstance(binding.value, ast.Dict) or home.module.stored_in(last_name(table)):
        return None
    items = zip(binding.value.keys, binding.value.values, strict=True)
    values = [value for name, value in items if isinstance(name, ast.Constant) and name.value == key]
    return ev.type_of(values[-1], home) if values and None not in binding.value.keys else None


def keyed(ev: Evaluator, node: ast.Subscript, scope: Scope) -> Type:
    """What stands behind a key, ``request.app["sessions"]``: a text, a constant that is one, or an object that says what stands
    behind it. Where it says nothing, it is what the module, or that of the key, puts there into what is called alike, or else
    what others do that have the key under the same name."""
    if isinstance(node.slice, ast.Constant):
        key = node.slice.value
        return _put_there(ev, node, key, [scope.module], scope) if isinstance(key, str) else UNKNOWN
    if not (isinstance(node.slice, (ast.Name, ast.Attribute)) and is_application(ev, node.value, scope)):
        return UNKNOWN
    bound = _key(ev, node.slice, scope)
    if bound is None:
        return UNKNOWN
    told, near = _told(ev, *bound), [scope.module, bound[1].module]
    return _put_there(ev, node, _meant(*bound), near, scope) if told is UNKNOWN else told


def _put_there(ev: Evaluator, node: ast.Subscript, key: object, near: list[Module], scope: Scope) -> Type:
    """What these modules put under a key, or, where they put nothing there, what others put there into an application."""
    found = _stored(ev, node, key, dict.fromkeys(near))
    if found is not UNKNOWN or not is_application(ev, node.value, scope):
        return found
    words = [key] if isinstance(key, str) else []
    words += [last_name(node.slice)] if isinstance(node.slice, (ast.Name, ast.Attribute)) else []
    paths = dict.fromkeys(path for one in words for path in ev.project.saying(one, near[0]))
    others = map(ev.project.module, paths)
    return _stored(ev, node, key, [one for one in others if one is not None])


def _stored(ev: Evaluator, node: ast.Subscript, key: object, modules: Iterable[Module]) -> Type:
    """What modules put under a key into what is called as the container is."""
    name = last_name(node.value)
    return known([ev.binding(*one) for module in modules for one in _stored_under(ev, key, name, module)])


def _stored_under(ev: Evaluator, key: object, name: str, module: Module) -> Iterator[Bound]:
    for stored in module.stored_under(name, key):
        target, inner = parent_of(stored.node), stored.scope
        if isinstance(target, ast.Subscript) and inner is not None and _is_key(ev, target.slice, key, inner):
            yield stored, inner


def _is_key(ev: Evaluator, node: ast.expr, key: object, scope: Scope) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value == key
    bound = _key(ev, node, scope)
    return bound is not None and _meant(*bound) == key


def _key(ev: Evaluator, node: ast.expr, scope: Scope) -> Bound | None:
    """The one binding of a module or class that a key has its value from; None where it has another, or several."""
    from poolint.types.bound import bindings, elsewhere, of_name  # which ask for what objects have

    found = bindings(ev, node, scope)
    seen: set[Binding] = set()
    while len(found) == 1 and found[0][0].kind == "import" and found[0][0] not in seen:
        seen.add(found[0][0])
        source = imports.source(ev, found[0][0], found[0][1].module)
        found = of_name(ev, elsewhere(source[1]), source[0].scope) if source is not None else []
    if len(found) != 1:
        return None
    binding, home = found[0]
    is_constant = home.kind in ("module", "class") and binding.kind in ("assign", "annotated") and binding.index < 0
    return found[0] if is_constant and binding.value is not None else None


def _meant(binding: Binding, _: Scope) -> object:
    """What tells a key from others: its text, or itself."""
    value = binding.value
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else binding


def _told(ev: Evaluator, binding: Binding, scope: Scope) -> Type:
    """What stands behind a key that says so by a class that it is made with, or by its type argument."""
    call = binding.value
    if not isinstance(call, ast.Call):
        return UNKNOWN
    made = ev.type_of(call.func, scope)
    if not (isinstance(made, ClassObject) and made.base is not None and made.base.keys):
        return UNKNOWN
    if made.arguments:
        return made.arguments[0]
    for name, place in made.base.keys.items():
        given = [one.value for one in call.keywords if one.arg == name] or call.args[place : place + 1]
        if given:
            return annotated.annotation(ev, given[0], scope)
    declared = annotated.annotation(ev, binding.annotation, scope) if binding.annotation is not None else UNKNOWN
    return declared.arguments[0] if isinstance(declared, Instance) and declared.arguments else UNKNOWN


def _is_same(stored: Binding, inner: Scope, target: ast.AST, name: str, scope: Scope) -> bool:
    """Whether what is stored into is the container that ``target`` binds."""
    container = stored.node
    if scope.kind == "class" and isinstance(container, ast.Attribute):
        # ``cls._pools[name] = …``, ``Pools._pools[name] = …``
        return _class_around(inner) is scope or last_name(container.value) == scope.name
    if isinstance(target, ast.Name):
        return isinstance(container, ast.Name) and (inner is scope or name not in inner.bindings)
    return isinstance(container, ast.Attribute) and _class_around(inner) is _class_around(scope)


def _class_around(scope: Scope) -> Scope | None:
    current: Scope | None = scope
    while current is not None and current.kind != "class":
        current = current.parent
    return current
