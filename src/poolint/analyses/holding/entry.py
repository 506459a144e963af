"""What is held when a function begins: by what its framework has run before it, by the decorators around it, and by the
method of a base class that calls it.

FastAPI runs the dependencies of an endpoint first and gives those that ask for it the same session, so one that the
authentication has used holds its connection in the endpoint too. A decorator of the project may open a transaction
around the function that it wraps, or hold a connection while that runs.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.kept_back import is_kept_back
from poolint.analyses.holding.passed_in import lent_by_block, passed_in
from poolint.analyses.holding.run_around import RunAround
from poolint.analyses.holding.settled import Settled
from poolint.analyses.holding.templates import Templates
from poolint.analyses.holding.transactions import Region, decorating, inside, managers_around, transactions
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.places import Places
from poolint.analyses.waypoints import Cause, waypoint
from poolint.flow.flags import name_of
from poolint.flow.summaries import Summaries
from poolint.frameworks.entries import in_order, made_by_libraries, parameters, required, routes
from poolint.models.schema import SESSIONS
from poolint.syntax.expressions import call_arguments
from poolint.syntax.file_kinds import is_test
from poolint.syntax.nodes import with_defaults
from poolint.types.call_sites import CallSite, call_site, callees_of, text_of
from poolint.types.decorated import wrapped
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Hold, Holdings
    from poolint.analyses.waypoints import Waypoint, What
    from poolint.syntax.scopes import Scope, ScopeKey
    from poolint.types.evaluator import Evaluator


_MAX_DEPTH = 4
"""Dependencies of dependencies that are looked into for what objects are made with."""


class Used(NamedTuple):
    """What a dependency has left in use, or a decorator holds: the name of its class, how that has come about, and which
    of those that its endpoint asks for, or that are around a function, has done it; whether on some of its ways only."""

    cls: str
    cause: Cause
    place: int
    at_times: bool = False


class _Taken(NamedTuple):
    """What a function finds held when it begins, by its own name for it."""

    name: str
    used: Used


class Beginnings:
    """What functions find open and held when they begin.

    The sessions that dependencies hold are a problem of summaries: an endpoint may be called by one of its own.
    """

    def __init__(self, ev: Evaluator, holdings: Holdings) -> None:
        self.ev = ev
        self.holdings = holdings
        self._around: dict[Scope, list[Region]] = {}
        self._places: dict[Scope, list[tuple[ast.expr, Function]]] = {}
        self._taken: Summaries[ScopeKey, tuple[_Taken, ...]] = Summaries(
            "begun", self._found, bottom=(), join=_more, components=holdings.components
        )
        self._lent: Summaries[ScopeKey, tuple[_Taken, ...]] = Summaries(
            "lent", self._of_wrappers, bottom=(), join=_more, components=holdings.components
        )
        self._lending: dict[Scope, dict[str, Scope]] = {}
        self._run_by_framework: dict[Scope, bool] = {}
        self._templates = Templates(ev, holdings, holdings.objects)
        self.run_around = RunAround(ev, holdings)

    def of(self, scope: Scope) -> tuple[list[Region], list[Change]]:
        """The transactions around a function, and what it finds held when it begins."""
        before = self._templates.of(scope)
        decorators = getattr(scope.node, "decorator_list", None)
        if not decorators:
            return [], before + self._given(scope)
        regions = self._around.get(scope)
        if regions is None:
            regions = self._around[scope] = list(around(self.ev, scope))
        held = before + [
            Change(one.name(scope), True, one.header, one.fact.cls, True) for one in regions if not one.session
        ]
        held += self.run_around.held(scope)
        for name, used in self._lent.of(scope.key):
            cls = self.ev.models.classes[used.cls]
            held.append(Change(name, True, decorators[used.place], cls, cause=used.cause))
        return regions, held + self._given(scope)

    def _given(self, scope: Scope) -> list[Change]:
        """What a function holds that whoever calls it, or has it called, has taken for it."""
        return self._begun_with(scope) or passed_in(self.ev, scope)

    def _begun_with(self, scope: Scope) -> list[Change]:
        """What the dependencies hold of a function that a framework calls; nothing of any other."""
        found: list[Change] = []
        if next(routes(self.ev, scope), None) is None and not self._is_run_by_framework(scope):
            return found
        for name, used in self._taken.of(scope.key):
            asked, cls = self._asked(scope)[used.place][0], self.ev.models.classes[used.cls]
            found.append(Change(name, True, asked, cls, cause=used.cause, at_times=used.at_times))
        return found

    def _is_run_by_framework(self, scope: Scope) -> bool:
        """Whether a function asks for dependencies and the project itself never calls it: a dependency, or an endpoint that is
        registered elsewhere, ``router.post("/orders")(create)``."""
        found = self._run_by_framework.get(scope)
        if found is None:
            found = self._run_by_framework[scope] = (
                scope.kind == "function"
                and next(parameters(self.ev, scope), None) is not None
                and all(is_test(inner.module, self.ev.project) for _, inner in self.ev.callers.of(scope))
            )
        return found

    def _asked(self, scope: Scope) -> list[tuple[ast.expr, Function]]:
        """The dependencies of an endpoint in the order in which they run, each with where it is asked for."""
        found = self._places.get(scope)
        if found is None:
            route, around = next(routes(self.ev, scope), None), scope.parent or scope
            found = [(one.at, one.provider) for one in required(self.ev, route, around)] if route is not None else []
            found += [(_place(parameter, scope), provider) for _, parameter, provider in parameters(self.ev, scope)]
            self._places[scope] = found
        return found

    def _of_wrappers(self, key: ScopeKey) -> tuple[_Taken, ...]:
        """What the decorators of a function hold, outside of a transaction's block, where they call it."""
        scope = self.ev.project.scope(key)
        decorators = scope.node.decorator_list  # type: ignore[attr-defined]
        taken: dict[str, Used] = {}
        for decorator, hold, function, passed in self._around_function(scope, decorators):
            if hold.is_sure and hold.cls is not None and hold.header is None:
                made = last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
                what: What = "decorator-used" if hold.cls.kind in SESSIONS else "decorator-took"
                name = self.holdings.objects.shared(hold.resource, function, scope) or passed or f"{made}()"
                taken.setdefault(name, Used(hold.cls.name, Cause(what, (made,)), decorators.index(decorator)))
        return tuple(_Taken(name, used) for name, used in taken.items())

    def _around_function(self, scope: Scope, decorators: list[ast.expr]) -> Iterator[tuple[ast.expr, Hold, Scope, str]]:
        """What decorators of the project hold while a function runs: those that call it, and the context managers that are used
        as such; each with what holds it, and the name under which that passes it on, if any."""
        for decorator, call, wrapper in wrapped(self.ev, scope):
            for hold in self.holdings.at(call, wrapper) if call in self.holdings.may_be_held(wrapper) else ():
                yield decorator, hold, wrapper, _passed(hold.resource, call, scope)
        for decorator in decorators:
            managers = managers_around(self.ev, decorator, scope)
            for hold in self.holdings.left(managers[0])[0] if len(managers) == 1 else ():
                yield decorator, hold, managers[0], ""

    def _found(self, key: ScopeKey) -> tuple[_Taken, ...]:
        """The sessions that the dependencies of an endpoint hold when it begins, under its own name for them."""
        scope = self.ev.project.scope(key)
        own = {source: place for place, source in reversed(self.lent_to(scope).items())}
        used: dict[Scope, Used] = {}
        done: set[Scope] = set()
        settled = Settled()
        for place, (_, provider) in enumerate(self._asked(scope)):
            for function in in_order(self.ev, provider.scope, done):
                self._run_libraries(function, place, used)
                self._run(self.lent_to(function), function, place, used, settled)
                settled.add(function)
        self._run_libraries(scope, len(self._asked(scope)) - 1, used)
        return tuple(_Taken(own.get(session, f"{session.name}()"), how) for session, how in used.items())

    def _run(
        self, names: dict[str, Scope], function: Scope, place: int, used: dict[Scope, Used], settled: Settled
    ) -> None:
        """Note which sessions a dependency has used or ended, of those that it has by these ``names``; one that it has used on
        some ways only is held on these."""
        taken = lent_by_block(self.ev, function)
        if taken is not None:
            used[function] = Used(taken.name, Cause("dependency-took", (function.name,)), place)
        held, ended = self.holdings.left(function)
        given = _given(self.holdings, function) if held else ()
        for name in names.keys() & (set(ended) - {hold.resource for hold in held}):
            used.pop(names[name], None)
        for hold in held:
            if hold.cls is None or (not hold.is_sure and settled.rule_out(hold.since, function)):
                continue
            if hold.cls.kind in SESSIONS and hold.resource in names:
                source = names[hold.resource]
                cause = Cause("dependency-used" if hold.is_sure else "dependency-may-use", (function.name, source.name))
            elif hold.resource in given and (hold.is_sure or hold.cls.kind in SESSIONS):
                source = function
                what: What = "dependency-used-own" if hold.is_sure else "dependency-may-use-own"
                cause = Cause(what if hold.cls.kind in SESSIONS else "dependency-took", (function.name,))
            elif hold.is_sure and hold.resource not in names and is_kept_back(self.holdings, hold, function):
                source, cause = function, Cause("dependency-took", (function.name,))
            else:
                continue
            if hold.is_sure or source not in used:
                used[source] = Used(hold.cls.name, cause, place, not hold.is_sure)

    def _run_libraries(self, function: Scope, place: int, used: dict[Scope, Used]) -> None:
        """Note which sessions the dependencies of a function have used that libraries make."""
        for provider, path in made_by_libraries(self.ev, function):
            lent = self.lent_to(provider.scope)
            source = next((lent[own] for own in _named(path, _parts(self.ev, provider.scope)) if own in lent), None)
            given = source.yields[0].value if source is not None and source.yields else None
            cls = kept_class(self.ev.type_of(given, source)) if given is not None and source is not None else None
            if source is not None and cls is not None and source not in used:
                cause = Cause("dependency-used", (provider.scope.name, source.name))
                used[source] = Used(cls.name, cause, place)

    def lent_to(self, function: Scope, depth: int = 0) -> dict[str, Scope]:
        """What a function has from its dependencies, each with the one that it comes from first: parameters, and then the members
        of those that are objects, which dependencies have made with what they were given themselves."""
        found = self._lending.get(function)
        if found is not None or depth > _MAX_DEPTH:
            return found or {}
        passed = list(parameters(self.ev, function))
        found = {name: _source(self.ev, provider.scope) for name, _, provider in passed}
        for name, _, provider in passed:
            parts = _parts(self.ev, provider.scope)
            inner = self.lent_to(provider.scope, depth + 1) if parts else {}
            own = dict.fromkeys(set(parts.values()) & _bound_by_blocks(provider.scope), provider.scope)
            if own and found[name] is provider.scope:
                del found[name]  # it gives no connection, but an object that has one
            lent = {**inner, **own}
            kept = self.ev.derived(Places).kept(self.ev.scope_name(name, function)) if parts else {}
            for path, place in parts.items():
                below = {f"{path}{one[len(place) :]}": lent[one] for one in lent if f"{one}.".startswith(f"{place}.")}
                found.update({f"{name}.{one}": below[one] for one in below if one == path or one in kept})
        if not depth:
            self._lending[function] = found
        return found


def _parts(ev: Evaluator, provider: Scope) -> dict[str, str]:
    """What the object that a dependency gives, or is made by, keeps of what that is passed: places by their paths."""
    places, owner = ev.derived(Places), provider.enclosing_class
    if provider.name == "__init__" and owner is not None:
        names = {name: name for name, found in provider.bindings.items() if found[0].kind == "parameter"}
        return places.attributes_set(lineage(ev, ClassObject(owner, None)), provider, names, 0)
    given = [one.value for one in provider.yields if isinstance(one, ast.Yield)] or provider.returns
    return places.of(given[0], provider) if len(given) == 1 and given[0] is not None else {}


def _named(path: str, parts: dict[str, str]) -> Iterator[str]:
    """What a place in an object is called by who has made that of ``parts``."""
    for part, own in parts.items():
        if path == part or path.startswith(f"{part}."):
            yield own + path[len(part) :]


def _more(one: tuple[_Taken, ...], other: tuple[_Taken, ...]) -> tuple[_Taken, ...]:
    """What is held by either of two answers: of one session, what was found first."""
    known = {each.name for each in one}
    return (*one, *(each for each in other if each.name not in known))


def _source(ev: Evaluator, dependency: Scope) -> Scope:
    """The dependency that what one gives comes from: one that returns a dependency of its own hands that on."""
    seen = {dependency}
    while dependency.returns and not dependency.is_generator:
        given = {one.id if isinstance(one, ast.Name) else "" for one in dependency.returns}
        own = {provider.scope for name, _, provider in parameters(ev, dependency) if {name} == given}
        if len(own) != 1 or not own.isdisjoint(seen):
            break
        seen |= own
        (dependency,) = own
    return dependency


def _given(holdings: Holdings, function: Scope) -> set[str]:
    """The names of what a dependency gives to those that depend on it, and of what it makes the object with that it gives."""
    given = function.yields[0].value if function.yields else None
    if isinstance(given, ast.Name):
        return {given.id}
    return set(_parts(holdings.objects.ev, function).values()) & _bound_by_blocks(function)


def _bound_by_blocks(function: Scope) -> set[str]:
    """The names of what a generator has for as long as it is in a block."""
    if not function.is_generator:
        return set()
    return {name for name, found in function.bindings.items() if len(found) == 1 and found[0].kind == "with"}


def _place(parameter: ast.arg, scope: Scope) -> ast.expr:
    """Where in the endpoint's own lines a dependency is asked for."""
    if parameter.annotation is not None:
        return parameter.annotation
    return dict(with_defaults(scope.node.args))[parameter]  # type: ignore[attr-defined]


class _Beginning:
    """Decorators of libraries that begin a transaction on the connection of the thread or task."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._rows = {name: one for name, one in ev.models.functions.items() if one.role == "begin"}
        self._words = {name.rpartition(".")[2] for name in self._rows}

    def of(self, decorator: ast.expr, scope: Scope) -> CallSite | None:
        """What a decorator does before the function runs; None of one that begins no transaction."""
        made = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last_name(made) not in self._words:
            return None
        name = self.ev.qualified_name(self.ev.type_of(made, scope.parent or scope))
        row = self._rows.get(name)
        node = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        return CallSite(node, name, row=row) if row is not None else None


def around(ev: Evaluator, scope: Scope) -> Iterator[Region]:
    """The transactions that decorators of the project, or of a library, have open while a function runs."""
    for decorator in getattr(scope.node, "decorator_list", ()):
        begun = ev.derived(_Beginning).of(decorator, scope)
        if begun is not None:
            yield Region(scope.node, decorator, begun, "")  # type: ignore[arg-type]
        elif (region := decorating(ev, decorator, scope)) is not None:
            yield region
    for decorator, call, wrapper in wrapped(ev, scope):
        for region in transactions(ev, wrapper) if wrapper.withs else ():
            if inside(call, region.statement):
                session = _passed(region.session, call, scope) if region.session else ""
                if session or not region.session:
                    yield Region(scope.node, decorator, region.fact, session)  # type: ignore[arg-type]


def is_committed_after(ev: Evaluator, resource: str, scope: Scope) -> bool:
    """Whether a decorator of the project commits what it passes to a function once that has returned: itself, or by the
    context manager that it has it from."""
    for _, call, wrapper in wrapped(ev, scope):
        given = call_arguments(call)
        names = {each.id for each in given if isinstance(each, ast.Name)}
        mine = {name for name in names if _passed(name, call, scope) == resource}
        if any(_commits_after(ev, name, call, wrapper) for name in mine):
            return True
    return False


def _commits_after(ev: Evaluator, name: str, call: ast.Call, wrapper: Scope) -> bool:
    for one in wrapper.calls:
        is_on = isinstance(one.func, ast.Attribute) and name_of(one.func.value) == name
        if is_on and (one.lineno, one.col_offset) > (call.lineno, call.col_offset):
            fact = call_site(ev, one, wrapper)
            if fact is not None and fact.role == "commit":
                return True
    for statement in wrapper.withs:
        for item in statement.items if inside(call, statement) else ():
            header = item.context_expr
            if item.optional_vars is not None and name_of(item.optional_vars) == name and isinstance(header, ast.Call):
                managers = callees_of(ev, header, wrapper)
                if any(isinstance(one, Function) and _commits_at_its_end(ev, one.scope) for one in managers):
                    return True
    return False


def _commits_at_its_end(ev: Evaluator, manager: Scope) -> bool:
    """Whether a generator commits after it has been resumed."""
    first = min(((one.lineno, one.col_offset) for one in manager.yields), default=None)
    later = (one for one in manager.calls if first is not None and (one.lineno, one.col_offset) > first)
    return any((fact := call_site(ev, one, manager)) is not None and fact.role == "commit" for one in later)


def _passed(session: str, call: ast.Call, scope: Scope) -> str:
    """The name under which a function gets its wrapper's session; one of an attribute keeps its own."""
    if "." in session:
        return session
    arguments = scope.node.args  # type: ignore[attr-defined]
    for parameter, value in zip([*arguments.posonlyargs, *arguments.args], call.args, strict=False):
        if isinstance(value, ast.Name) and value.id == session:
            return str(parameter.arg)
    for keyword in call.keywords:
        if isinstance(keyword.value, ast.Name) and keyword.value.id == session and keyword.arg in scope.bindings:
            return keyword.arg or ""
    return ""


def since(hold: Hold, scope: Scope, does: What = "takes-connection") -> Waypoint:
    """Where a connection came to be held, and how; ``does`` is what the call there does by itself."""
    what, about = hold.cause or Cause(does, (text_of(hold.since, scope),))
    return waypoint(what, hold.since, scope.module, *about)


def branch_of(hold: Hold, scope: Scope) -> Iterator[Waypoint]:
    """The branch by which a way leads past what ends the use of a connection on others."""
    if hold.branch is not None:
        test, truth, end, is_asked = hold.branch
        said = (text_of(test, scope), "true" if truth else "false", text_of(end, scope))
        yield waypoint("left-held-by" if is_asked else "passed-by", test, scope.module, *said)
