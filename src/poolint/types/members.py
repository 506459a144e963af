"""What an attribute is: members of modules, classes and instances, the project's and the libraries'."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.models import standard
from poolint.models.schema import HANDLES, RELEASABLE
from poolint.models.standard import ENTERS, LEAVES
from poolint.syntax.scopes import Scope
from poolint.types import (
    annotated,
    application_state,
    decorated,
    entities,
    evidence,
    made_of,
    makers,
    modelled,
    narrowing,
    returns,
)
from poolint.types.class_attributes import type_of_set
from poolint.types.set_outside import set_on_application, set_outside
from poolint.types.specialised import replaced, specialised
from poolint.types.values import (
    FOREIGN,
    NOTHING,
    UNKNOWN,
    CallableValue,
    ClassObject,
    Function,
    Holder,
    Instance,
    LibraryMethod,
    LibraryName,
    ModuleObject,
    Pending,
    TupleOf,
    Type,
    alternatives,
    held,
    is_of_library,
    known,
    union,
    without_none,
)

if TYPE_CHECKING:
    from poolint.models.schema import Kind
    from poolint.types.evaluator import Evaluator
    from poolint.types.overrides import Heirs

_GENERATOR = "poolint.evidence.AsyncGenerator"
_MANAGER = {"__exit__": "poolint.evidence.ContextManager", "__aexit__": "poolint.evidence.AsyncContextManager"}
_TAKING_ITEM = frozenset({"get", "pop", "popleft", "setdefault", "__next__", "__anext__"})
_FINDING = frozenset({"__getattr__", "__getattribute__"})
"""What finds members that no method of a class assigns."""


def member(ev: Evaluator, receiver: Type, attribute: str, node: ast.Attribute | None, scope: Scope | None) -> Type:
    """What ``receiver.attribute`` is. ``node`` and ``scope`` are the expression's, where there is one."""
    owners = alternatives(receiver)
    if len(owners) > 1:
        having = [one for one in owners if not _lacks(ev, one, attribute)]
        known = [one for one in having if not _is_elsewhere(ev, one, attribute)]
        found = union([_member(ev, one, attribute) for one in known or having])
    elif owners[0] is UNKNOWN:
        found = UNKNOWN
    else:
        found = _member(ev, owners[0], attribute)
        found = UNKNOWN if found is FOREIGN else found
    if found is UNKNOWN and node is not None and scope is not None:
        state = application_state.of_state(ev, node, scope)
        return set_on_application(ev, receiver, attribute, scope) if state is UNKNOWN else state
    if found is NOTHING and ev.project.traces is not None and node is not None and scope is not None:
        from poolint.types.traced import unless_empty

        return unless_empty(ev, node, scope)
    return found


def _lacks(ev: Evaluator, one: Type, attribute: str) -> bool:
    """Whether it is known that there is no such member: then this alternative is not the one at hand."""
    if isinstance(one, Pending):
        return one.call in ("coroutine", "awaitable", "awaitable-cm", "async-cm", "cm") and not attribute.startswith(
            "__"
        )
    if not isinstance(one, Instance):
        return False
    if one.base is None:
        return is_without(ev, one, attribute)
    return (
        one.cls is one.base
        and one.base.kind not in ("client", "other")  # which may have members without a row, such as a command of Redis
        and ev.models.method(one.base, attribute) is None
        and ev.models.attribute(one.base, attribute) is None
        and not one.base.contents
    )


def _is_elsewhere(ev: Evaluator, one: Type, attribute: str) -> bool:
    """Whether a library's class keeps what it offers by other names: where another alternative has this one, that is the one at
    hand, as of clients of two providers the one that has ``chat``."""
    if not isinstance(one, Instance) or one.base is None or one.cls is not one.base or not one.base.attributes:
        return False
    return ev.models.method(one.base, attribute) is None and ev.models.attribute(one.base, attribute) is None


def is_without(ev: Evaluator, one: Instance, attribute: str) -> bool:
    """Whether a class of the project, all of whose bases it has written as well, has no such member."""
    for cls in lineage(ev, one):
        assert isinstance(cls.node, ast.ClassDef)
        is_open = len(bases_of(ev, cls)) < len(cls.node.bases) or not decorated.is_plainly_made(ev, cls)
        if is_open or cls.bindings.keys() & (_FINDING | {attribute}) or attribute in cls.self_assignments:
            return False
    return True


def _member(ev: Evaluator, receiver: Type, attribute: str) -> Type:
    if receiver is FOREIGN:
        return FOREIGN
    if isinstance(receiver, ModuleObject):
        return ev.module_name(receiver.module, attribute)
    if isinstance(receiver, LibraryName):
        return ev.library(f"{receiver.name}.{attribute}")
    if isinstance(receiver, Instance):
        return of_instance(ev, receiver, attribute)
    if isinstance(receiver, ClassObject):
        return _of_class(ev, receiver, attribute)
    if isinstance(receiver, Holder):
        return receiver.member(attribute)
    if isinstance(receiver, Function):
        return decorated.member_of(ev, receiver, attribute)
    if isinstance(receiver, Pending):
        if attribute == "aclose" and receiver.call == "async-generator":
            return _lending(ev, _GENERATOR, receiver.item, attribute, HANDLES)
        if attribute in _TAKING_ITEM:
            if receiver.call == "async-generator":
                return CallableValue(Pending("coroutine", awaited=receiver.item))
            return CallableValue(receiver.item)
        if attribute == "popitem" and receiver.call == "iterable":
            return CallableValue(TupleOf((UNKNOWN, receiver.item)))
        if attribute in ("values", "copy") and receiver.call == "iterable":
            return CallableValue(receiver)
        if attribute == "items" and receiver.call == "iterable":
            return CallableValue(Pending("iterable", item=TupleOf((UNKNOWN, receiver.item))))
        if attribute in ENTERS:
            pending = Pending("coroutine", awaited=receiver.entered)
            return CallableValue(pending if attribute == "__aenter__" else receiver.entered)
        if attribute in LEAVES:
            return _lending(ev, _MANAGER[attribute], receiver.entered, attribute, RELEASABLE)
        if is_itself(receiver):
            return _member(ev, receiver.entered, attribute)
    return UNKNOWN


def is_itself(made: Pending) -> bool:
    """Whether what a call makes to be entered is a transaction already, which may as well be begun by hand: its own block, and
    ``await`` where that can be, give the very same object."""
    one = made.entered
    if not is_of_library(one) or one.base is None or one.base.kind != "transaction" or one.base.async_enter != "self":
        return False
    return made.call == "async-cm" or (made.call == "awaitable-cm" and one.base.awaits == "self")


def _lending(ev: Evaluator, name: str, lent: Type, attribute: str, kinds: frozenset[Kind]) -> Type:
    """What gives back a session or connection that a generator or a context manager lends: ``aclose`` of the one, what leaves
    the block of the other; ``UNKNOWN`` where these lend something else."""
    cls = ev.models.classes[name]
    row = ev.models.method(cls, attribute)
    holds = all(
        isinstance(one, Instance) and one.base is not None and one.base.kind in kinds for one in alternatives(lent)
    )
    return LibraryMethod(Instance(cls, cls), row, attribute) if holds and row is not None else UNKNOWN


def of_instance(ev: Evaluator, receiver: Instance, attribute: str) -> Type:
    """A member of an instance, by its classes."""
    if receiver.cls is not receiver.base:
        found = _first_party(ev, receiver, attribute)
        if found is None or found is NOTHING or found is UNKNOWN:
            outside = set_outside(ev, receiver, attribute)
            found = outside if outside is not UNKNOWN else found
        elif isinstance(found, Instance) and found.base is not None and found.base.twin:
            outside = set_outside(ev, receiver, attribute)
            found = outside if evidence.is_twin(ev, found, outside) else found
        if found is not None:
            return found
        if receiver.base is None:
            heirs = _heirs(ev)
            given = heirs.attribute(receiver, attribute) if ev.interfaces.get(receiver.cls) is not False else UNKNOWN
            return heirs.mixed_in(receiver, attribute) if given is UNKNOWN else given
    return _of_library(ev, receiver, attribute)


def _heirs(ev: Evaluator) -> Heirs:
    from poolint.types.overrides import Heirs

    return ev.derived(Heirs)


def _of_library(ev: Evaluator, receiver: Instance | ClassObject, attribute: str) -> Type:
    base = receiver.base
    if base is None:
        return UNKNOWN
    row = ev.models.method(makers.working_as(ev, receiver) or base, attribute)
    if row is not None:
        return LibraryMethod(receiver, row, attribute)
    expression = ev.models.attribute(base, attribute)
    if expression:
        instance = receiver.instance() if isinstance(receiver, ClassObject) else receiver
        found = modelled.type_expression(ev, expression, instance)
        return entities.asked_by_class(found, receiver)
    if attribute in base.classes:
        cls = ev.models.classes[base.classes[attribute]]
        return ClassObject(cls, cls)
    if attribute in base.made_of and isinstance(receiver, Instance) and receiver.cls is not base:
        return made_of.type_of_part(ev, receiver, attribute)
    return content(ev, receiver) if not attribute.startswith("_") else UNKNOWN


def content(ev: Evaluator, receiver: Type) -> Type:
    """What an instance of a library's class gives for a key, or for any name that means nothing else to it; None has no
    keys, and what may be that is none where it is asked for one."""
    receiver = without_none(receiver)
    if not isinstance(receiver, Instance) or receiver.base is None or not receiver.base.contents:
        return UNKNOWN
    return modelled.type_expression(ev, receiver.base.contents, receiver)


def _of_class(ev: Evaluator, receiver: ClassObject, attribute: str) -> Type:
    if receiver.cls is receiver.base:
        return _of_library(ev, receiver, attribute)
    for scope in lineage(ev, receiver):
        if attribute not in scope.bindings:
            if attribute in scope.self_assignments:  # ``cls.engine = …`` in a class method
                return _field(ev, scope, attribute)
            continue
        one = ev.scope_name(attribute, scope)
        if one is NOTHING:  # ``_instance = None``, until somebody makes one
            made = _field(ev, scope, attribute)
            return set_outside(ev, receiver.instance(), attribute) if made is NOTHING else made
        decorators = returns.decorators(ev, one.scope) if isinstance(one, Function) else frozenset()
        if isinstance(one, Function) and "builtins.classmethod" in decorators:
            # Python 3.9 to 3.12 have properties of classes.
            is_property = not standard.PROPERTIES.isdisjoint(decorators)
            return returns.returned(ev, one.scope, receiver) if is_property else Function(one.scope, receiver)
        return entities.asked_by_owner(one, receiver)
    found = _of_library(ev, receiver, attribute)
    found = type_of_set(ev, lineage(ev, receiver), attribute) if found is UNKNOWN else found
    return _heirs(ev).mixed_in(receiver, attribute) if found is UNKNOWN and receiver.base is None else found


def lineage(ev: Evaluator, cls: ClassObject | Instance) -> list[Scope]:
    """The first-party classes among ``cls`` and its ancestors, depth first, each once."""
    if cls.cls is cls.base:
        return []
    assert isinstance(cls.cls, Scope)
    known = ev.lineages.get(cls.cls)
    if known is not None:
        return known
    found: list[Scope] = []
    stack = [cls.cls]
    while stack and len(found) < 40:
        scope = stack.pop()
        if scope in found:
            continue
        found.append(scope)
        bases = [base.cls for base in bases_of(ev, scope) if base.cls is not base.base]
        stack.extend(reversed(bases))  # type: ignore[arg-type]
    if ev.is_final:
        ev.lineages[cls.cls] = found
    return found


def bases_of(ev: Evaluator, scope: Scope) -> list[ClassObject]:
    """The bases of a class that are known, as written."""
    assert isinstance(scope.node, ast.ClassDef)
    found = []
    for expression in scope.node.bases:
        base = ev.type_of(expression, scope.parent or scope)
        if isinstance(base, ClassObject) and base.cls is not scope:
            found.append(base)
    return found


def _first_party(ev: Evaluator, receiver: Instance, attribute: str) -> Type | None:
    """A member that a class of the project defines, None where none of the classes does."""
    declared = False
    classes = lineage(ev, receiver)
    for scope in classes:
        if "__getattribute__" in scope.bindings:
            return UNKNOWN
        bindings = scope.bindings.get(attribute, ())
        functions = [one for one in bindings if one.kind == "function"]
        if functions:
            inner = functions[-1].scope
            assert inner is not None
            return _method(ev, inner, receiver)
        has_it = bool(bindings) or attribute in scope.self_assignments
        may_differ = has_it and (scope is not classes[0] or bool(receiver.arguments))
        found = specialised(ev, receiver, classes, scope, attribute) if may_differ else UNKNOWN
        if found is UNKNOWN:
            gone = replaced(classes, scope, attribute) if scope is not classes[0] else frozenset()
            found = _field(ev, scope, attribute, gone)
        if found is not UNKNOWN and found is not NOTHING:
            return found
        declared = declared or has_it
    return UNKNOWN if declared else None


def _method(ev: Evaluator, scope: Scope, receiver: Instance) -> Type:
    decorators = returns.decorators(ev, scope)
    if not decorators:
        return Function(scope, receiver)
    if not standard.PROPERTIES.isdisjoint(decorators) or any(one.endswith(".setter") for one in decorators):
        given = returns.returned(ev, scope, receiver)
        return UNKNOWN if _passes_another_off(ev, scope, given) else given
    if "builtins.staticmethod" in decorators:
        return Function(scope)
    if "builtins.classmethod" in decorators:
        return Function(scope, ClassObject(receiver.cls, receiver.base, receiver.arguments))
    return Function(scope, receiver)


def _passes_another_off(ev: Evaluator, scope: Scope, declared: Type) -> bool:
    """Whether a property declares a class of the project, but gives an object of another one, which finds by
    ``__getattr__`` what it is asked for: what that does with the methods of the first one, nobody knows."""
    if not isinstance(declared, Instance) or declared.cls is declared.base or len(scope.returns) != 1:
        return False
    given = scope.returns[0]
    if not (isinstance(given, ast.Attribute) and isinstance(given.value, ast.Name) and given.value.id == "self"):
        return False
    for one in alternatives(ev.type_of(given, scope)):
        if isinstance(one, Instance) and one.cls is not one.base and one.cls is not declared.cls:
            classes = lineage(ev, one)
            if declared.cls not in classes and any("__getattr__" in each.bindings for each in classes):
                return True
    return False


def _field(ev: Evaluator, scope: Scope, attribute: str, without: frozenset[str] = frozenset()) -> Type:
    """An attribute as the class body and the methods that assign ``self.attribute`` tell it, but for those ``without`` which a
    class does; what they declare, it is."""
    return ev.once((scope, attribute, without, "field"), _compute_field, ev, scope, attribute, without)


def _compute_field(ev: Evaluator, scope: Scope, attribute: str, without: frozenset[str]) -> Type:
    found: list[Type] = []
    for binding in scope.bindings.get(attribute, ()):
        one = ev.binding(binding, scope)
        if binding.kind == "annotated" and one is not UNKNOWN and one is not NOTHING:
            return makers.asked(one, lambda: _written(ev, scope, attribute))
        found.append(one)
    for binding in scope.self_assignments.get(attribute, ()):
        if binding.annotation is not None:
            declared = annotated.annotation(ev, binding.annotation, binding.scope or scope)
            if declared is not UNKNOWN and not isinstance(held(declared), CallableValue):
                return makers.asked(declared, lambda: _written(ev, scope, attribute))
        if binding.scope is None or binding.scope.method_around.name not in without:
            found.append(ev.binding(binding, binding.scope or scope))
    one = known(found)
    return narrowing.checked(ev, scope, attribute) if one is UNKNOWN else one


def _written(ev: Evaluator, scope: Scope, attribute: str) -> Type:
    """What methods assign to ``self.attribute`` without declaring it."""
    written = [one for one in scope.self_assignments.get(attribute, ()) if one.annotation is None]
    return known([ev.binding(one, one.scope or scope) for one in written])


def enter(ev: Evaluator, receiver: Instance, *, asynchronous: bool) -> Type:
    """What ``with`` or ``async with`` on an instance binds; ``UNKNOWN`` where it cannot be entered."""
    if receiver.cls is not receiver.base:
        found = _first_party(ev, receiver, "__aenter__" if asynchronous else "__enter__")
        if isinstance(found, Function):
            value = returns.returned(ev, found.scope, receiver)
            if asynchronous and isinstance(value, Pending):
                value = value.awaited
            return value
    if receiver.base is None:
        return UNKNOWN
    expression = receiver.base.async_enter if asynchronous else receiver.base.enter
    return modelled.type_expression(ev, expression, receiver) if expression else UNKNOWN
