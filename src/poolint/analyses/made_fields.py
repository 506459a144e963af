"""What a call that makes an object fixes of the fields by which the methods of that decide: ``with Sql(autocommit=True):``, and
``if not self.autocommit`` as the block ends."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.assumed import UNKNOWN, Hint, told_key, value
from poolint.analyses.conditions import DECIDES_IN
from poolint.analyses.graphs import BlockEnd
from poolint.syntax.expressions import argument_for, tells_all, without_await
from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import parent_of
from poolint.types.call_sites import callees_of
from poolint.types.fields import constructor_of
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from poolint.analyses.conditions import Known
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_PLAINLY: frozenset[Passage] = frozenset()


class _Field(NamedTuple):
    """A place where a method decides by a field, and the parameter of the constructor that sets this, with its place and its
    default."""

    read: ast.Attribute
    parameter: str
    place: int
    default: ast.expr | None


class MadeFields:
    """Answers for the calls of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._fields: dict[Scope, tuple[Scope | None, tuple[_Field, ...]]] = {}

    def known(self, node: ast.expr, target: Scope, scope: Scope) -> Known:
        """What is known of a method where ``node`` runs it: a call, or the end of a block that an object is made for."""
        built, fields = self._by_fields(target)
        made = self._made(node, scope) if fields and built is not None else None
        if made is None or built is None or not tells_all(made):
            return ()
        callees = callees_of(self.ev, made, scope)
        cls = callees[0] if len(callees) == 1 and isinstance(callees[0], ClassObject) else None
        if (
            cls is None
            or constructor_of(self.ev, cls) is not built
            or target.enclosing_class not in lineage(self.ev, cls)
        ):
            return ()
        found = []
        for field in fields:
            passed = argument_for(made, field.parameter, field.place)
            given, where = (passed, scope) if passed is not None else (field.default, built)
            what = value(given, {}, where) if given is not None else UNKNOWN
            if what is not UNKNOWN and not isinstance(what, Hint):
                found.append((told_key(field.read), what))
        return tuple(sorted(found, key=lambda one: one[0]))

    def _made(self, node: ast.expr, scope: Scope) -> ast.Call | None:
        """The call that has made the object of which a method runs, where that is one of the same function."""
        item = parent_of(node) if isinstance(node, BlockEnd) else None
        if isinstance(item, ast.withitem):
            receiver: ast.expr | None = without_await(item.context_expr)
        else:
            receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if receiver is None or (isinstance(receiver, ast.Name) and receiver.id == "self"):
            return None
        made = origin(self.ev, receiver, scope, _PLAINLY)
        return made.node if isinstance(made.node, ast.Call) and made.scope is scope else None

    def _by_fields(self, method: Scope) -> tuple[Scope | None, tuple[_Field, ...]]:
        """The constructor of the class of a method, and the fields by which the method decides that it sets to what it is
        passed, and nothing else does."""
        found = self._fields.get(method)
        if found is None:
            found = self._fields[method] = self._find(method)
        return found

    def _find(self, method: Scope) -> tuple[Scope | None, tuple[_Field, ...]]:
        owner = method.enclosing_class
        reads = [parent_of(one) for one in method.loads.get("self", ())] if owner is not None else []
        deciding = [one for one in reads if isinstance(one, ast.Attribute) and isinstance(parent_of(one), DECIDES_IN)]
        if owner is None or not deciding or method.name == "__init__":
            return None, ()
        cls = self.ev.class_object(owner)
        built = constructor_of(self.ev, cls)
        if built is None or not isinstance(built.node, ast.FunctionDef):
            return None, ()
        arguments, family = built.node.args, lineage(self.ev, cls)
        places = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][1:]
        defaults = {one.arg: default for one, default in with_defaults(arguments)}
        fields = []
        for read in deciding:
            stored = [one for each in family for one in each.self_assignments.get(read.attr, ())]
            given = stored[0].value if len(stored) == 1 else None
            if isinstance(given, ast.Name) and stored[0].scope is built and len(built.bindings.get(given.id, ())) == 1:
                place = places.index(given.id) if given.id in places else -1
                fields.append(_Field(read, given.id, place, defaults.get(given.id)))
        return built, tuple(fields)
