"""What methods do with the session or connection that their object was made with: ``orders = Orders(session)``, and then
``orders.add(order)``."""

from __future__ import annotations

import ast
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.given_parts import owner_of
from poolint.analyses.lifetimes.constructors import CONSTRUCTORS, puts_by
from poolint.analyses.lifetimes.meanings import made_around, passed_with
from poolint.analyses.ownership import Fate
from poolint.analyses.places import Places
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.models.schema import REACHING_ROLES, RELEASABLE
from poolint.syntax.scopes import only_binding, parent_of, reads_of
from poolint.syntax.surroundings import method_call
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, LibraryName

if TYPE_CHECKING:
    from poolint.analyses.ownership import Ownership
    from poolint.flow.summaries import Components
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Instance, Type


class Doing(NamedTuple):
    """What is done with it: its fate, whether a session may have taken a connection by then, and whether there is something
    that rolls back."""

    fate: Fate = Fate.USED
    reaches: bool = False
    undoes: bool = False


_KEPT = Doing(Fate.KEPT, reaches=True)


class _Method(NamedTuple):
    """A method of an object of a class of the project, or a function that is passed one as a parameter, and the path from that
    object to a resource of a class of the models."""

    function: ScopeKey
    owner: ScopeKey
    path: str
    cls: str
    parameter: str = ""


class Carried:
    """Answers for one project: what a method does is a problem of summaries, over ``_Method``."""

    def __init__(self, ev: Evaluator, ownership: Ownership, components: Components | None = None) -> None:
        self.ev = ev
        self.ownership = ownership
        self._summaries: Summaries[_Method, Doing] = Summaries(
            "carried", self._compute, bottom=Doing(), join=_worse, components=components
        )

    def of_call(self, call: ast.Call, names: frozenset[str], scope: Scope, cls: Class) -> Doing | None:
        """What a method does with what its object was made with, if one of ``names`` holds that; None where it is not known,
        or where the object is no such one."""
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        owner, paths = self._parts_with(receiver, names, scope, cls)
        doings = (self.of_method(call, owner, path, cls) for path in paths if owner is not None)
        return reduce(_worse, doings, Doing()) if paths else None

    def of_passing(
        self, call: ast.Call, argument: ast.expr, names: frozenset[str], scope: Scope, cls: Class
    ) -> Doing | None:
        """The same of a function that such an object is passed to."""
        owner, paths = self._parts_with(argument, names, scope, cls)
        if owner is None:
            return None
        doings = [self.of_argument(call, argument, owner, path, cls, scope) for path in paths]
        known = [one for one in doings if one is not None]
        return reduce(_worse, known, Doing()) if len(known) == len(paths) else None

    def _parts_with(
        self, node: ast.expr | None, names: frozenset[str], scope: Scope, cls: Class
    ) -> tuple[Instance | None, list[str]]:
        """An object that was made with what one of ``names`` holds and that has only put that by, and the paths to it there; none
        where that is not so."""
        made = self._made(node, scope)
        owner = owner_of(self.ev.type_of(node, scope)) if node is not None and made is not None else None
        if made is None or owner is None or cls.kind not in RELEASABLE:
            return None, []
        paths = [path for path, place in self.ev.derived(Places).made(made, scope).items() if place in names]
        if not paths or not self._is_only_put_by(made, names, scope):
            return None, []
        for path in paths:
            steps = [self.of_member(owner, name, path, cls) for name in CONSTRUCTORS if self._defines(owner, name)]
            if any(one.fate is not Fate.USED for one in steps) or self._defines(owner, "__del__"):
                return None, []
        return owner, paths

    def of_member(self, owner: Type, name: str, path: str, cls: Class) -> Doing:
        """What a method that is called does with what is at a path from its object."""
        callee = self.ev.type_of_member(owner, name)
        one = owner_of(owner)
        if one is None or not isinstance(callee, Function) or callee.scope.kind != "function":
            return _KEPT
        return self._summaries.of(_Method(callee.scope.key, one.cls.key, path, cls.name))  # type: ignore[union-attr]

    def of_method(self, call: ast.Call, owner: Type, path: str, cls: Class) -> Doing:
        """The same of a call, which may only make what is to be awaited."""
        assert isinstance(call.func, ast.Attribute)
        found = self.of_member(owner, call.func.attr, path, cls)
        callee = self.ev.type_of_member(owner, call.func.attr)
        is_late = isinstance(callee, Function) and callee.scope.is_async and not callee.scope.is_generator
        return _KEPT if is_late and not isinstance(parent_of(call), ast.Await) else found

    def of_argument(
        self, call: ast.Call, argument: ast.expr, owner: Type, path: str, cls: Class, scope: Scope
    ) -> Doing | None:
        """What a function that an object is passed to does with what is at a path from it; None where that is not known."""
        keyword = next((one.arg for one in call.keywords if one.value is argument), None)
        passed, one = self.ownership.passed(call, argument, scope, cls, keyword), owner_of(owner)
        if passed is None or one is None:
            return None
        callee = self.ev.project.scope(passed.function)
        if callee.is_generator or len(callee.bindings[passed.parameter]) != 1:
            return _KEPT
        if callee.is_async and not isinstance(parent_of(call), ast.Await):
            return _KEPT
        return self._summaries.of(_Method(passed.function, one.cls.key, path, cls.name, passed.parameter))  # type: ignore[union-attr]

    def is_used_at_once(self, made: ast.Call, names: frozenset[str], scope: Scope, cls: Class) -> bool:
        """Whether what a call makes is only asked for one method, of which is known what it does: ``Orders(session).all()``."""
        call = method_call(made)
        return call is not None and self.of_call(call, names, scope, cls) is not None

    def leaves_as_it_is(self, call: ast.Call, names: frozenset[str], scope: Scope, cls: Class) -> bool:
        """Whether a method of the object at hand, ``self.prepare()``, only works with what attributes of it hold, or mentions
        none of them."""
        owner, callee, own = scope.enclosing_class, self.ev.type_of(call.func, scope), scope.first_parameter
        attributes = {name.rpartition(".")[2] for name in names}
        if not isinstance(callee, Function):
            return False
        if not any(isinstance(one, ast.Attribute) and one.attr in attributes for one in ast.walk(callee.scope.node)):
            return True
        is_own = isinstance(call.func, ast.Attribute) and own is not None and name_of(call.func.value) == own.arg
        if owner is None or not is_own:
            return False
        one, paths = self.ev.class_object(owner).instance(), [name.partition(".")[2] for name in names]
        return all(path and self.of_method(call, one, path, cls).fate is Fate.USED for path in paths)

    def of_object(self, made: ast.Call, argument: ast.AST, scope: Scope, cls: Class) -> Fate:
        """What is done with what a call makes an object with: on the spot, or by the name that gets it."""
        name, around = name_of(argument), parent_of(made_around(self.ev, made, scope))
        if not name or cls.kind not in RELEASABLE:
            return Fate.KEPT
        members = [around]
        if isinstance(around, ast.Assign) and [type(one) for one in around.targets] == [ast.Name]:
            reads = list(reads_of(around.targets[0].id, scope))  # type: ignore[attr-defined]
            members = [parent_of(load) if inner is scope else None for inner, load in reads]
        found = Fate.USED
        for member in members:
            call = parent_of(member) if isinstance(member, ast.Attribute) else None
            is_called = isinstance(call, ast.Call) and call.func is member
            doing = self.of_call(call, frozenset([name]), scope, cls) if is_called else None  # type: ignore[arg-type]
            if doing is None:
                return Fate.KEPT
            found = max(found, doing.fate)
        return found

    def _made(self, receiver: ast.expr | None, scope: Scope) -> ast.Call | None:
        """The call that has made an object."""
        if isinstance(receiver, ast.Name):
            binding, home = only_binding(receiver.id, scope)
            receiver = binding.value if binding is not None and home is scope and binding.kind == "assign" else None
        return receiver if isinstance(receiver, ast.Call) else None

    def _is_only_put_by(self, made: ast.Call, names: frozenset[str], scope: Scope) -> bool:
        """Whether what makes an object does no more with what one of these names holds than to put it by, in the object itself or
        in one that it is passed."""
        given = passed_with(self.ev, made, names, scope)
        if len(given) != 1 or not puts_by(self.ev, made, given[0], scope):
            return False
        return not isinstance(given[0], ast.Call) or self._is_only_put_by(given[0], names, scope)

    def _defines(self, owner: Instance, name: str) -> bool:
        return any(name in one.bindings for one in lineage(self.ev, owner))

    # What a method does

    def _compute(self, key: _Method) -> Doing:
        scope = self.ev.project.scope(key.function)
        own = scope.first_parameter
        name = key.parameter or (own.arg if own is not None else "")
        if not name:
            return _KEPT
        owner = self.ev.class_object(self.ev.project.scope(key.owner)).instance()
        doing = Doing()
        for inner, load in reads_of(name, scope):
            if inner is not scope:
                return _KEPT
            doing = _worse(doing, self._of_load(load, owner, key.path, scope, self.ev.models.classes[key.cls]))
        return doing

    def _of_load(self, load: ast.expr, owner: Type, path: str, scope: Scope, cls: Class) -> Doing:
        """What is done at a place where a method reads its object, with what is at a path from that."""
        node, rest = load, path.split(".")
        while rest:
            attribute = parent_of(node)
            if not isinstance(attribute, ast.Attribute):
                return self._of_whole(node, owner, ".".join(rest), scope, cls)
            if not isinstance(attribute.ctx, ast.Load):
                return Doing()
            steps = self._steps_of(attribute.attr, owner)
            if rest[: len(steps)] != steps:
                return self._of_other(attribute, owner, ".".join(rest), cls)
            owner = self.ev.type_of_member(owner, attribute.attr)
            node, rest = attribute, rest[len(steps) :]
        return self._of_resource(node, scope, cls)

    def _steps_of(self, name: str, owner: Type) -> list[str]:
        """A member of an object, or what a property gives that has another name: ``_session`` for ``session``."""
        one, places = owner_of(owner), self.ev.derived(Places)
        given = (places.of_property(cls, name, "") for cls in (lineage(self.ev, one) if one is not None else ()))
        return next(filter(None, given), name).split(".")

    def _of_whole(self, node: ast.expr, owner: Type, path: str, scope: Scope, cls: Class) -> Doing:
        """What is done with an object itself: it is asked for, passed to a function, or goes elsewhere."""
        around = parent_of(node)
        if isinstance(around, (ast.If, ast.While, ast.Compare, ast.UnaryOp)):
            return Doing()
        call = parent_of(around) if isinstance(around, ast.keyword) else around
        doing = self.of_argument(call, node, owner, path, cls, scope) if isinstance(call, ast.Call) else None
        return doing if doing is not None else _KEPT

    def _of_other(self, attribute: ast.Attribute, owner: Type, path: str, cls: Class) -> Doing:
        """What another member does: a method, a property, or nothing."""
        call = parent_of(attribute)
        if isinstance(call, ast.Call) and call.func is attribute:
            is_class = isinstance(self.ev.type_of_member(owner, attribute.attr), (ClassObject, LibraryName))
            return Doing() if is_class else self.of_method(call, owner, path, cls)
        one = owner_of(owner)
        for scope in lineage(self.ev, one) if one is not None else ():
            for binding in scope.bindings.get(attribute.attr, ()):
                if binding.scope is not None:
                    is_method = isinstance(self.ev.type_of_member(owner, attribute.attr), Function)
                    key = _Method(binding.scope.key, one.cls.key, path, cls.name)  # type: ignore[union-attr]
                    return _KEPT if is_method else self._summaries.of(key)
        return Doing()

    def _of_resource(self, node: ast.expr, scope: Scope, cls: Class) -> Doing:
        """What is done with the resource itself, where it is read."""
        around = parent_of(node)
        call = parent_of(around) if isinstance(around, ast.Attribute) else None
        row = self.ev.models.method(cls, around.attr) if isinstance(around, ast.Attribute) else None
        takes = row is None or row.role in REACHING_ROLES or row.role == "external" or bool(row.returns)
        reaches = takes or not isinstance(call, ast.Call)
        if isinstance(around, ast.Assign) and [type(one) for one in around.targets] == [ast.Name]:
            name = around.targets[0].id  # type: ignore[attr-defined]
            return Doing(self.ownership.of_name(name, scope, cls), reaches=True)
        undoes = row is not None and row.role == "rollback"
        return Doing(self.ownership.of_use(node, scope, cls), reaches, undoes)


def _worse(one: Doing, other: Doing) -> Doing:
    return Doing(max(one.fate, other.fate), one.reaches or other.reaches, one.undoes or other.undoes)
