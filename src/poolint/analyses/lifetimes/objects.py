"""Objects of the project that check something out for themselves, as they are made or by a method: ``ledger = Ledger(engine)``,
or ``ledger = Ledger(pool)`` and then ``await ledger.open()``. Who has made one, and gives it to nobody else, owes the call of a
method that gives it back. So does who makes one with what nobody else has a name for: ``ledger = Ledger(pool.getconn())``.
"""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.carrying import Carrying
from poolint.analyses.lifetimes.acquisitions import Site, checkout
from poolint.analyses.lifetimes.constructors import CONSTRUCTORS, put_at, puts_by
from poolint.analyses.lifetimes.field_factories import Taken, by_fields
from poolint.analyses.ownership import Fate
from poolint.flow.flags import name_of
from poolint.models.schema import HANDLES, OWNERS, RELEASABLE
from poolint.syntax.captures import is_captured
from poolint.syntax.expressions import first_name, last_name, without_await
from poolint.syntax.scopes import Scope, parent_of
from poolint.syntax.surroundings import method_call, with_await
from poolint.types.call_sites import callees_of
from poolint.types.decorated import is_plainly_made
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.carried import Carried
    from poolint.analyses.graphs import Graphs
    from poolint.types.evaluator import Evaluator


_KINDS = HANDLES | OWNERS
_STEPS = 3
"""Methods that call one another to take it: ``__init__``, ``connect`` and one more."""


class Objects:
    """The obligations of the functions of one project that begin with such objects."""

    def __init__(self, ev: Evaluator, carried: Carried, graphs: Graphs) -> None:
        self.ev = ev
        self.carried = carried
        self.graphs = graphs
        self._ends = ev.models.words("shuts-down")
        self._taken: dict[tuple[Scope, str], Taken | None] = {}
        self._sites: dict[Scope, tuple[Site, ...]] = {}

    def of(self, scope: Scope) -> tuple[Site, ...]:
        """Those of one function, in the order in which they begin."""
        found = self._sites.get(scope)
        if found is None:
            made = chain(self._own(scope), self._of_helpers(scope)) if scope.kind == "function" else ()
            owed = [site for site, owner in made if self._is_owed(site, owner, scope)]
            given = self._given(scope) if scope.kind == "function" else ()
            owed += [one for one, owner in given if one.cls.kind not in OWNERS or self._is_owed(one, owner, scope)]
            found = self._sites[scope] = tuple(owed)
        return found

    def _own(self, scope: Scope) -> Iterator[tuple[Site, Instance]]:
        """What begins with the objects that a function makes itself."""
        for call, name in self._calls(scope):
            owner = self._new(call, scope) if not isinstance(parent_of(call), ast.Await) else None
            if owner is not None:
                yield from ((site, owner) for site in self._begun(call, name, owner, scope))

    def _given(self, scope: Scope) -> Iterator[tuple[Site, Instance]]:
        """What begins with the objects that a function makes with something that it checks out for them alone, and keeps under
        a name or asks for one method."""
        told = None
        for call in scope.calls:
            given = [one for _, one in arguments_of(call) if isinstance(one, (ast.Call, ast.Await))]
            name = _made_under(call) if given else ""
            if not given or not (name or method_call(call)) or not isinstance(call.func, (ast.Name, ast.Attribute)):
                continue
            told = self.ev.derived(Carrying).first_names(scope) if told is None else told
            if not any(first_name(one) in told for one in (call.func, *given)):
                continue
            if name and not _is_own(name, call, scope):
                continue
            if (owner := self._new(call, scope)) is not None:
                sites = (self._given_to(call, argument, name, owner, scope) for argument in given)
                yield from ((site, owner) for site in sites if site is not None)

    def _new(self, call: ast.Call, scope: Scope) -> Instance | None:
        """The object of a class of the project that a call makes, of which all is known that may become of it."""
        made = callees_of(self.ev, call, scope)
        if len(made) != 1 or not isinstance(made[0], ClassObject) or not isinstance(made[0].cls, Scope):
            return None
        return made[0].instance() if made[0].base is None and self._is_plain(made[0]) else None

    def _taken_for(self, call: ast.Call, argument: ast.expr, owner: Instance, scope: Scope) -> Taken | None:
        """What an argument checks out for the object that it is passed to, which puts it by and does no more with it."""
        node = without_await(argument)
        if not isinstance(node, ast.Call) or (found := checkout(self.ev, node, argument, scope)) is None:
            return None
        if found[1].kind not in RELEASABLE | OWNERS or not puts_by(self.ev, call, argument, scope):
            return None
        paths = put_at(self.ev, owner, call, argument)
        taken = Taken(paths[0], found[0], found[1]) if len(paths) == 1 else None
        return taken if taken is not None and self._is_left_by_constructors(owner, taken) else None

    def _given_to(self, call: ast.Call, argument: ast.expr, name: str, owner: Instance, scope: Scope) -> Site | None:
        """What begins with an object that is made with an argument which checks something out."""
        taken = self._taken_for(call, argument, owner, scope)
        if taken is None:
            return None
        site = Site(call, call, call, name, taken.fact, taken.cls, _name_of(owner), taken.part)
        if not name:
            asked = method_call(call)
            doing = self.carried.of_method(asked, owner, taken.part, taken.cls) if asked is not None else None
            is_lost = doing is not None and doing.fate is Fate.USED and (site.start != "idle" or doing.reaches)
            node = without_await(argument)
            if not is_lost or taken.cls.kind in OWNERS or not isinstance(node, ast.Call):
                return None
            return Site(node, argument, call, "", taken.fact, taken.cls, "", taken.part)
        loads = scope.loads.get(name, ())
        is_lent = taken.cls.kind in RELEASABLE and any(isinstance(parent_of(load), ast.Yield) for load in loads)
        return site if not is_lent and self._is_followed(taken, owner, name, scope) else None

    def _of_helpers(self, scope: Scope) -> Iterator[tuple[Site, Instance]]:
        """What begins with the objects that functions of the project make for their callers, and hand to nobody else."""
        for call, name in self._calls(scope):
            made = callees_of(self.ev, call, scope)
            if len(made) != 1 or not isinstance(made[0], Function) or made[0].scope.kind != "function":
                continue
            inner, value = made[0].scope, with_await(call)
            if not _is_run_at_once(inner) or inner.is_async != isinstance(value, ast.Await):
                continue
            for taken, owner in self._handed_by(inner):
                if self._is_followed(taken, owner, name, scope):
                    yield Site(call, value, value, name, taken.fact, taken.cls, inner.name, taken.part), owner
                    break

    def _handed_by(self, function: Scope) -> Iterator[tuple[Taken, Instance]]:
        """What the object has for itself that a function makes for its caller, under a name that does no more or on the spot."""
        given = function.returns[0]
        if isinstance(given, ast.Name):
            loads = function.loads[given.id]
            if [one for one in loads if not isinstance(parent_of(one), ast.Attribute)] != [given]:
                return  # somebody else has it as well
            for site, owner in self._own(function):
                if site.name == given.id and self.graphs.always_runs(site.value, function):
                    yield Taken(site.part, site.fact, site.cls), owner
        elif isinstance(given, ast.Call) and (made := self._new(given, function)) is not None:
            taken = [
                *(self._takes(made, one) for one in CONSTRUCTORS),
                *(one for one in by_fields(self.ev, made, given) if self._is_left_by_constructors(made, one)),
                *(self._taken_for(given, one, made, function) for _, one in arguments_of(given)),
            ]
            yield from ((one, made) for one in taken if one is not None)

    def _calls(self, scope: Scope) -> Iterator[tuple[ast.Call, str]]:
        """The calls that may give such an object to a name of a function, which is its own."""
        told = None
        for call in scope.calls:
            name = _made_under(call)
            if not name or not isinstance(call.func, (ast.Name, ast.Attribute)):
                continue
            told = self.ev.derived(Carrying).first_names(scope) if told is None else told
            is_likely = first_name(call.func) in told or name in told or self._is_ended(name, scope)
            if is_likely and _is_own(name, call, scope):
                yield call, name

    def _is_ended(self, name: str, scope: Scope) -> bool:
        """Whether a function ends what a name holds, as far as words tell: an object with a client of its own says no more."""
        asked = (method_call(load) for load in scope.loads.get(name, ()))
        return any(one is not None and last_name(one.func) in self._ends for one in asked)

    def _begun(self, call: ast.Call, name: str, owner: Instance, scope: Scope) -> Iterator[Site]:
        """What begins with an object that ``call`` makes: in its constructor, or in methods that are called on it."""
        for one in CONSTRUCTORS:
            taken = self._takes(owner, one)
            if taken is not None and self._is_followed(taken, owner, name, scope):
                yield Site(call, call, call, name, taken.fact, taken.cls, _name_of(owner), taken.part)
                return
        for taken in by_fields(self.ev, owner, call):
            if self._is_left_by_constructors(owner, taken) and self._is_followed(taken, owner, name, scope):
                yield Site(call, call, call, name, taken.fact, taken.cls, _name_of(owner), taken.part)
                return
        for load in scope.loads.get(name, ()):
            begun = method_call(load)
            if begun is None:
                continue
            value, method = with_await(begun), last_name(begun.func)
            if not isinstance(parent_of(value), ast.Expr) or self._is_late(owner, method, value):
                continue
            taken = self._takes(owner, method)
            if taken is not None and self._is_followed(taken, owner, name, scope):
                yield Site(begun, value, value, name, taken.fact, taken.cls, f"{name}.{method}", taken.part)

    def _is_late(self, owner: Instance, method: str, value: ast.expr) -> bool:
        """Whether a method is a coroutine, and is not awaited."""
        callee = self.ev.type_of_member(owner, method)
        return isinstance(callee, Function) and callee.scope.is_async and not isinstance(value, ast.Await)

    # Classes

    def _is_plain(self, cls: ClassObject) -> bool:
        """Whether each call of a class makes an object of its own, of which all is known that may become of it."""
        for home in lineage(self.ev, cls):
            if not is_plainly_made(self.ev, home) or "__new__" in home.bindings or "__del__" in home.bindings:
                return False
            if not all(is_known_base(self.ev, base, home) for base in getattr(home.node, "bases", ())):
                return False
        return True

    def _takes(self, owner: Instance, name: str) -> Taken | None:
        """What a method of an object takes for it, and does nothing else with than to use it."""
        key = (owner.cls, name)
        if key not in self._taken:
            self._taken[key] = None  # type: ignore[index]
            found = self._surely_takes(owner, name, _STEPS)
            steps = (*(one for one in CONSTRUCTORS if self._defines(owner, one)), name)
            is_plain = found is not None and all(
                self.carried.of_member(owner, one, found.part, found.cls).fate is Fate.USED for one in steps
            )
            self._taken[key] = found if is_plain else None  # type: ignore[index]
        return self._taken[key]  # type: ignore[index]

    def _surely_takes(self, owner: Instance, name: str, steps: int) -> Taken | None:
        callee = self.ev.type_of_member(owner, name)
        if not steps or not isinstance(callee, Function) or not isinstance(callee.scope.node, _FUNCTIONS):
            return None
        inner = callee.scope
        own = inner.first_parameter
        if own is None or inner.is_generator or inner.node.decorator_list:  # type: ignore[attr-defined]
            return None
        for call in inner.calls:
            found = self._taken_by(call, with_await(call), owner, inner, steps)
            if found is not None and self.graphs.always_runs(with_await(call), inner):
                return found
        return None

    def _taken_by(self, call: ast.Call, value: ast.expr, owner: Instance, scope: Scope, steps: int) -> Taken | None:
        """What a call takes for the object: a checkout that an attribute gets, or another of its methods."""
        statement, own = parent_of(value), scope.first_parameter.arg  # type: ignore[union-attr]
        if isinstance(statement, ast.Expr):
            root, _, method = name_of(call.func).partition(".")
            return (
                self._surely_takes(owner, method, steps - 1)
                if root == own and not self._is_late(owner, method, value)
                else None
            )
        if isinstance(statement, ast.Assign):
            target = statement.targets[0] if len(statement.targets) == 1 else None
        else:
            target = statement.target if isinstance(statement, ast.AnnAssign) else None
        root, _, part = name_of(target).partition(".") if target is not None else ("", "", "")
        taken = checkout(self.ev, call, value, scope) if root == own and part else None
        return Taken(part, taken[0], taken[1]) if taken is not None and taken[1].kind in _KINDS else None

    def _is_left_by_constructors(self, owner: Instance, taken: Taken) -> bool:
        """Whether what makes an object does no more with what that has than to use it."""
        steps = [one for one in CONSTRUCTORS if self._defines(owner, one)]
        return all(self.carried.of_member(owner, one, taken.part, taken.cls).fate is Fate.USED for one in steps)

    def _defines(self, owner: Instance, name: str) -> bool:
        return any(name in one.bindings for one in lineage(self.ev, owner))

    def _gives_back(self, owner: Instance, taken: Taken) -> bool:
        """Whether any method gives it back: where none does, the class itself is told of."""
        methods = {each.name for home in lineage(self.ev, owner) for each in home.children if each.kind == "function"}
        return any(self.carried.of_member(owner, one, taken.part, taken.cls).fate is Fate.RELEASED for one in methods)

    # Functions

    def _is_followed(self, taken: Taken, owner: Instance, name: str, scope: Scope) -> bool:
        """Whether all that a function does with an object is seen: it calls its methods, uses what it has taken, asks whether it
        is there, and hands it on as a whole."""
        return all(self._is_seen(load, taken, owner) for load in scope.loads.get(name, ()))

    def _is_owed(self, site: Site, owner: Instance, scope: Scope) -> bool:
        """Whether there is something by which a function gives back what an object has taken. What it yields and never gives back
        is its consumer's."""
        loads, taken = scope.loads.get(site.name, ()), Taken(site.part, site.fact, site.cls)
        if any(self._is_given_back(load, taken, owner, scope) for load in loads):
            return True
        if site.cls.kind in OWNERS:
            return False  # what nobody closes who has it is for its class, and for those who make one for each request
        return self._gives_back(owner, taken) and not any(isinstance(parent_of(load), ast.Yield) for load in loads)

    def _is_given_back(self, load: ast.expr, taken: Taken, owner: Instance, scope: Scope) -> bool:
        """Whether a method of an object, or a function that it is passed to, gives back what it has taken."""
        around = parent_of(load)
        if isinstance(around, ast.Attribute) and around.attr == taken.part:
            return self.carried.ownership.of_use(around, scope, taken.cls) is Fate.RELEASED
        call = parent_of(around) if isinstance(around, (ast.keyword, ast.Attribute)) else around
        if not isinstance(call, ast.Call):
            return False
        if isinstance(around, ast.Attribute):
            is_method = call.func is around
            doing = self.carried.of_method(call, owner, taken.part, taken.cls) if is_method else None
        else:
            doing = self.carried.of_argument(call, load, owner, taken.part, taken.cls, scope)
        return doing is not None and doing.fate is Fate.RELEASED

    def _is_seen(self, load: ast.expr, taken: Taken, owner: Instance) -> bool:
        around = parent_of(load)
        if not isinstance(around, ast.Attribute):
            return isinstance(around, _WHOLE)
        if around.attr == taken.part:
            return isinstance(around.ctx, ast.Load)
        call = parent_of(around)
        if isinstance(call, ast.Call) and call.func is around:
            return True
        return not any(one.scope for home in lineage(self.ev, owner) for one in home.bindings.get(around.attr, ()))


_PLAIN = frozenset({"classmethod", "staticmethod"})
"""Decorators that leave open nothing of what a call runs."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WHOLE = (ast.Call, ast.keyword, ast.Return, ast.Yield, ast.If, ast.While, ast.Compare, ast.UnaryOp, ast.withitem)
"""What an object may stand in as a whole: passed, given, entered or asked for."""


def is_known_base(ev: Evaluator, base: ast.expr, home: Scope) -> bool:
    """Whether a base of the class ``home`` is a class of the project, or one that adds nothing."""
    found = alternatives(ev.type_of(base, home.parent or home))
    if found and all(isinstance(one, ClassObject) and one.cls is not one.base for one in found):
        return True
    return ev.qualified_name(found[0]) in ev.models.manners["maps-nothing"] if len(found) == 1 else False


def _is_run_at_once(function: Scope) -> bool:
    """Whether a call runs a function, all of it, for the one value that it returns."""
    decorators = {last_name(one) for one in getattr(function.node, "decorator_list", ())}
    return not function.is_generator and decorators <= _PLAIN and len(function.returns) == 1


def _name_of(owner: Instance) -> str:
    assert isinstance(owner.cls, Scope)
    return owner.cls.name


def _made_under(call: ast.Call) -> str:
    """The one local name that gets what a call gives, by a statement of its own."""
    made = parent_of(call)
    made = parent_of(made) if isinstance(made, ast.Await) else made
    if isinstance(made, ast.Assign) and len(made.targets) == 1:
        return made.targets[0].id if isinstance(made.targets[0], ast.Name) else ""
    return made.target.id if isinstance(made, ast.AnnAssign) and isinstance(made.target, ast.Name) else ""


def _is_own(name: str, call: ast.Call, scope: Scope) -> bool:
    """Whether a name of a function is its own, and gets nothing but what a call makes, or None."""
    if name in scope.globals or name in scope.declared or is_captured(name, scope):
        return False
    values = [one.value for one in scope.bindings.get(name, ()) if one.kind != "narrowed"]
    return all(
        one is call or one is parent_of(call) or (isinstance(one, ast.Constant) and one.value is None) for one in values
    )
