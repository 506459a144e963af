"""What a call that makes an object fixes of the fields by which the methods of that decide, and those that they call in turn:
``with Sql(autocommit=True):``, and ``if not self.autocommit`` as the block ends."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import UNKNOWN, value
from poolint.analyses.conditions import DECIDES_IN
from poolint.analyses.graphs import BlockEnd
from poolint.analyses.hints import Hints
from poolint.models.standard import ENTERS
from poolint.syntax.expressions import argument_for, tells_all, without_await
from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of
from poolint.types.fields import constructor_of, fields_of, is_made_by_its_fields, kept_parameter
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_PLAINLY: frozenset[Passage] = frozenset()


class _Field(NamedTuple):
    """A field by which a method decides, and what sets it as an object is made: a parameter of the constructor, or the field as
    such, with its place and its default."""

    name: str
    parameter: str
    place: int
    default: ast.expr | None


class MadeFields:
    """Answers for the calls of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._hints = Hints(ev)
        self._fields: dict[Scope, tuple[Scope | None, tuple[_Field, ...]]] = {}
        self._read: dict[Scope, tuple[frozenset[str], frozenset[str]]] = {}

    def known(self, node: ast.expr, target: Scope, scope: Scope, caller: Known) -> Known:
        """What is known of a method where ``node`` runs it: a call, what a block enters, or the end of one. Of a method of the
        same object the ``caller`` knows it as well."""
        built, fields = self._by_fields(target)
        if not fields:
            return ()
        if _is_on_self(node):
            names = {f"self.{one.name}" for one in fields}
            return tuple(one for one in caller if one[0] in names)
        made = self._made(node, target, scope)
        if made is None or not tells_all(made):
            return ()
        callees = callees_of(self.ev, made, scope)
        cls = callees[0] if len(callees) == 1 and isinstance(callees[0], ClassObject) else None
        if (
            cls is None
            or constructor_of(self.ev, cls) is not built
            or target.enclosing_class not in lineage(self.ev, cls)
            or (built is None and cls.cls is not target.enclosing_class)
        ):
            return ()
        order = fields_of(lineage(self.ev, cls)) if built is None else []
        found = []
        for field in fields:
            place = order.index(field.name) if field.name in order else field.place
            passed = argument_for(made, field.parameter, place)
            given, where = (passed, scope) if passed is not None else (field.default, built or target)
            what = value(given, {}, where) if given is not None else UNKNOWN
            if what is UNKNOWN and passed is not None:
                what = self._hints.of(passed, scope)
            if what is not UNKNOWN:
                found.append((f"self.{field.name}", what))
        return tuple(sorted(found, key=lambda one: one[0]))

    def _made(self, node: ast.expr, target: Scope, scope: Scope) -> ast.Call | None:
        """The call that has made the object of which a method runs, where that is one of the same function."""
        item = parent_of(node) if isinstance(node, BlockEnd) else None
        if isinstance(item, ast.withitem):
            receiver: ast.expr | None = without_await(item.context_expr)
        elif target.name in ENTERS and not (isinstance(node, ast.Call) and last_name(node.func) in ENTERS):
            receiver = without_await(node)  # what a block enters
        else:
            receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if receiver is None:
            return None
        made = origin(self.ev, receiver, scope, _PLAINLY)
        return made.node if isinstance(made.node, ast.Call) and made.scope is scope else None

    def _by_fields(self, method: Scope) -> tuple[Scope | None, tuple[_Field, ...]]:
        """The constructor of the class of a method, if it has one, and the fields by which the method decides, or one that it
        calls: those that are set to what is passed as an object is made, and by nothing else."""
        found = self._fields.get(method)
        if found is None:
            found = self._fields[method] = self._find(method)
        return found

    def _find(self, method: Scope) -> tuple[Scope | None, tuple[_Field, ...]]:
        owner = method.enclosing_class
        if owner is None or method.name == "__init__":
            return None, ()
        if any("__new__" in one.bindings for one in lineage(self.ev, self.ev.class_object(owner))):
            return None, ()
        family = lineage(self.ev, self.ev.class_object(owner))
        names = self._deciding(method, family)
        built = constructor_of(self.ev, self.ev.class_object(owner)) if names else None
        if built is not None:
            return built, tuple(_set_by(built, names, family))
        if not names or not all(is_made_by_its_fields(self.ev, one) for one in family):
            return None, ()
        return None, tuple(
            _Field(name, name, -1, cls.bindings[name][0].value)
            for name in sorted(names)
            for cls in [next((one for one in family if name in one.bindings), None)]
            if cls is not None
            and cls.bindings[name][0].kind == "annotated"
            and not isinstance(cls.bindings[name][0].value, ast.Call)  # ``field(init=False)``
            and _is_never_set(name, family)
        )

    def _deciding(self, method: Scope, family: list[Scope]) -> set[str]:
        """The members of its object by which a method decides, or one that it calls on it."""
        found: set[str] = set()
        waiting, seen = [method], {method}
        while waiting:
            names, called = self._members_of(waiting.pop())
            found |= names
            for name in called:
                one = next((each for cls in family for each in cls.children if each.name == name), None)
                if one is not None and one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return found

    def _members_of(self, method: Scope) -> tuple[frozenset[str], frozenset[str]]:
        """The members of its object by which a method decides itself, and those that it calls."""
        found = self._read.get(method)
        if found is None:
            reads = [one for load in method.loads.get("self", ()) if isinstance(one := parent_of(load), ast.Attribute)]
            deciding = frozenset(one.attr for one in reads if isinstance(parent_of(one), DECIDES_IN))
            called = (one for one in reads if isinstance(call := parent_of(one), ast.Call) and call.func is one)
            found = self._read[method] = deciding, frozenset(one.attr for one in called)
        return found


def _is_on_self(node: ast.expr) -> bool:
    """Whether a call is of a method of the object that the calling method has itself."""
    receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    return isinstance(receiver, ast.Name) and receiver.id == "self"


def _set_by(built: Scope, names: set[str], family: list[Scope]) -> Iterator[_Field]:
    """Those of the members of an object that its constructor sets to what it is passed, and nothing else does."""
    if not isinstance(built.node, ast.FunctionDef):
        return
    arguments = built.node.args
    places = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][1:]
    defaults = {one.arg: default for one, default in with_defaults(arguments)}
    for name in sorted(names):
        given, method = kept_parameter(family, name) or ("", None)
        if method is built:
            place = places.index(given) if given in places else -1
            yield _Field(name, given, place, defaults.get(given))


def _is_never_set(name: str, family: list[Scope]) -> bool:
    """Whether no method of an object sets a field anew."""
    return not any(name in one.self_assignments for one in family)
