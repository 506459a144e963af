"""Databases without a server: in memory, where nobody else waits for their connections, or in a file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses import pool_limits
from poolint.analyses.applications import Applications
from poolint.analyses.only_pools import OnlyPools, kept_as
from poolint.analyses.pools import UNPOOLED
from poolint.flow.flags import name_of
from poolint.frameworks.entries import parameters, required, routes
from poolint.models.schema import SESSIONS
from poolint.syntax.expressions import call_arguments, without_await
from poolint.syntax.purposes import library_names
from poolint.types.bound import elsewhere
from poolint.types.following import origin
from poolint.types.values import Function, Instance, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.pools import Pool
    from poolint.configuration.engines import EngineSpec
    from poolint.configuration.urls import Url
    from poolint.detect.services import Services
    from poolint.models.loader import Models
    from poolint.models.schema import Class
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_CONSTANTS: frozenset[Passage] = frozenset(("import", "attribute"))
_NAMES = (":memory:", "mode=memory")
"""What SQLite calls a database in memory."""


def is_in_memory(services: Services, pool: Pool | None) -> bool:
    """Whether a pool's engine has a database in memory: all URLs that it may be given are known, and say so."""
    spec = engine_of(services, pool)
    return spec is not None and bool(spec.urls) and all(one.memory for one in spec.urls)


def is_in_a_file(services: Services, pool: Pool | None, cls: Class | None, scope: Scope) -> bool:
    """Whether a pool's engine has a database in a file: all URLs that it may be given are known, say so, and nobody outside
    may say otherwise. Where it is not known which engine has the pool of an object of a class, whether all engines have one
    that the project makes."""
    spec = engine_of(services, pool)
    if spec is not None:
        # Who uses a library may bring another engine where its own is made of what it is passed.
        applications = services.evaluator.derived(Applications)
        is_own = all(one.known.whole for one in spec.urls) or applications.serves(scope.module)
        made = branches(services, spec)
        return is_own and all(_is_for_a_file(services, one) for one in made)
    configured = _configured(services, pool)
    if configured or cls is None:
        return _are_files(services, configured)
    is_known = _module_of(services, pool) is not None or (pool or ())[:1] == UNPOOLED
    return not is_known and _everywhere(services).are_files(cls, scope.module)


def lets_nobody_wait(services: Services, pool: Pool, cls: Class | None, scope: Scope) -> bool:
    """Whether who asks what has a pool always gets a connection. Where it is not known which engine that is, whether it is so of
    all engines that the project makes."""
    if pool[:1] == UNPOOLED or is_kept_by_none(services, pool):
        return True
    is_known = cls is None or _module_of(services, pool) is not None
    return not is_known and cls is not None and _everywhere(services).let_nobody_wait(cls, scope.module)


def _everywhere(services: Services) -> _Everywhere:
    return services.kept(_Everywhere, lambda: _Everywhere(services))


def branches(services: Services, spec: EngineSpec) -> list[EngineSpec]:
    """An engine with those that other branches put in its place: ``if is_file: engine = …``, ``else: engine = …``."""
    if not isinstance(spec.node, ast.Call):
        return [spec]
    kept = kept_as(spec.node, spec.scope)
    made = services.engines.of_module(spec.scope.module)
    return [one for one in made if isinstance(one.node, ast.Call) and kept_as(one.node, one.scope) == kept]


class _Everywhere:
    """What is so of all engines of a project, or of no one."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._only = services.evaluator.derived(OnlyPools)
        self._applications = services.evaluator.derived(Applications)
        self._found: dict[tuple[str, str, str], bool] = {}

    def are_files(self, cls: Class, near: Module) -> bool:
        """Whether all engines that the objects of a class may work with have databases in files."""
        key = (near.path, cls.mode, "" if cls.kind in SESSIONS else cls.name.partition(".")[0])
        if key not in self._found:  # who asks rests on what is told
            self._found[key] = self._are(*key[1:], near) and self._applications.serves(near)
        return self._found[key]

    def let_nobody_wait(self, cls: Class, near: Module) -> bool:
        """Whether none of them has a pool that others wait for."""
        made = self._only.all_engines(cls.mode, near)
        is_own = bool(made) and self._applications.serves(near)
        return is_own and all(pool_limits.lets_nobody_wait(self._services.evaluator, *one) for one in made)

    def _are(self, mode: str, library: str, near: Module) -> bool:
        made = self._only.all_engines(mode, near)
        return bool(made) and all(self._is(library, *one) for one in made)

    def _is(self, library: str, call: ast.Call, scope: Scope) -> bool:
        """Whether an engine that a call makes, of a library where that matters, has a database in a file."""
        found = alternatives(self._services.evaluator.type_of(call, scope))
        if all(isinstance(one, Instance) and one.base is not None and one.base.embedded for one in found):
            return True
        spec = self._services.engines.of_call(call, scope)
        if spec is None or spec.maker.makes != "engine":
            return False
        return (not library or spec.maker.name.startswith(f"{library}.")) and _is_for_a_file(self._services, spec)


def _is_for_a_file(services: Services, spec: EngineSpec) -> bool:
    if _asks_for_a_file(services, spec) or (spec.has_all_urls and _are_files(services, spec.urls)):
        return True
    if named := services.deployed.databases(spec):
        return _are_embedded(services, named)
    return _are_embedded(services, (one.dialect for one in spec.urls)) and _has_drivers_of_files(services, spec)


def _are_files(services: Services, urls: tuple[Url, ...]) -> bool:
    return _are_embedded(services, (one.dialect if one.known.given else "" for one in urls))


def _are_embedded(services: Services, dialects: Iterable[str]) -> bool:
    """Whether there are databases, and all of them are of dialects whose databases are files."""
    rows = [services.evaluator.models.dialects.get(one) for one in dialects]
    return bool(rows) and all(row is not None and row.embedded for row in rows)


def _has_drivers_of_files(services: Services, spec: EngineSpec) -> bool:
    """Whether a project asks for the library of an engine, and for no driver by which that would reach a server."""
    models, module = services.evaluator.models, spec.scope.module
    imported = sorted({one.partition(".")[0] for one in library_names(module).imported})
    drivers = (one for (dialect, _), one in models.drivers.items() if not models.dialects[dialect].embedded)
    servers = sorted(
        {name for one in drivers if one.kind in (spec.kind, "both") for name in one.distributions or (one.name,)}
    )
    asks_for = services.evaluator.project.versions.asks_for
    is_asked_for = any(asks_for(one, module.path) for one in imported)
    return is_asked_for and not any(asks_for(one, module.path) for one in servers)


def _asks_for_a_file(services: Services, spec: EngineSpec) -> bool:
    """Whether an engine in any case gives its driver what those of files take, and those of servers refuse, as far as that is
    known of them: ``check_same_thread``."""
    telling = services.evaluator.models.derived(_arguments_of_files)
    passed = spec.arguments.get("connect_args")
    return (
        passed is not None
        and passed.always
        and any(spec.connect_args[one].always for one in telling & spec.connect_args.keys())
    )


def _arguments_of_files(models: Models) -> frozenset[str]:
    """The arguments that drivers of files take, and those of servers refuse."""
    accepted: dict[bool, set[str]] = {True: set(), False: set()}
    refused: set[str] = set()
    for (name, _), driver in models.drivers.items():
        dialect = models.dialects.get(name)
        is_file = dialect is not None and dialect.embedded
        accepted[is_file].update(driver.accepts)
        refused.update(driver.refuses if not is_file else ())
    return frozenset((accepted[True] & refused) - accepted[False])


def held_from(services: Services, hold: Hold, scope: Scope) -> Pool | None:
    """The pool of a connection that is held in a function, or that of all who pass the function what it holds."""
    around = services.holdings.held_around(hold, scope)
    if around is not None:
        return held_from(services, *around)
    found = services.pools.of_hold(hold, scope) or services.pools.of_given(hold.resource, scope)
    found = found or _of_registry(services, hold, scope) or _of_dependency(services, hold, scope)
    return found or _held_by_manager(services, hold, scope, (scope,)) or _taken_by_method(services, hold, scope)


def _taken_by_method(services: Services, hold: Hold, scope: Scope) -> Pool | None:
    """The pool of a connection that another method of the same object has left there: ``await self.acquire()``."""
    call = hold.since
    if not (
        hold.resource.startswith("self.") and isinstance(call, ast.Call) and name_of(call.func).startswith("self.")
    ):
        return None
    found: set[Pool | None] = set()
    for callee in alternatives(services.evaluator.type_of(call.func, scope)):
        if isinstance(callee, Function) and callee.scope is not scope and not callee.scope.yields:
            left = services.holdings.left(callee.scope)[0]
            found.update(services.pools.of_hold(one, callee.scope) for one in left if one.resource == hold.resource)
    return found.pop() if len(found) == 1 else None


def _of_registry(services: Services, hold: Hold, scope: Scope) -> Pool | None:
    """The pool of the session of a registry, which is the same for all functions that run in a request or a thread."""
    registry = services.holdings.objects.registry(hold.resource, scope)
    module = services.evaluator.project.module(registry.module) if registry is not None and registry.module else None
    if registry is None or module is None:
        return None
    node: ast.expr = elsewhere(registry.name)
    for step in filter(None, registry.path.split(".")):
        node = ast.Attribute(node, step, ast.Load())
    return services.pools.identity(node, module.scope)


def _of_dependency(services: Services, hold: Hold, scope: Scope) -> Pool | None:
    """The pool of the session that a dependency further up has used, for which a function has no name of its own."""
    found = {services.pools.of_function(one) for one in givers(services.evaluator, hold, scope)}
    return found.pop() if len(found) == 1 else None


def givers(ev: Evaluator, hold: Hold, scope: Scope, *, surely: bool = False) -> list[Scope]:
    """The functions among the dependencies of an endpoint that may have given what another dependency has used: it is called by
    the name of the function. None where that is no dependency's; with ``surely``, none where a parameter may as well have what
    another function gives."""
    name, is_given, _ = hold.resource.partition("()")
    if not is_given or hold.cause is None or name not in hold.cause.about:
        return []
    around = scope.parent or scope
    asked = [one.provider.scope for route in routes(ev, scope) for one in required(ev, route, around)]
    waiting = [scope, *asked]
    several: set[Scope] = set()
    for function in waiting:  # grows
        given: dict[ast.arg, list[Scope]] = {}
        for _, parameter, one in parameters(ev, function):
            given.setdefault(parameter, []).append(one.scope)
        for found in given.values():
            several.update(found if len(found) > 1 else ())
            waiting += [one for one in found if one not in waiting]
    return [one for one in waiting if one.name == name and one is not scope and not (surely and one in several)]


def _held_by_manager(services: Services, hold: Hold, scope: Scope, around: tuple[Scope, ...]) -> Pool | None:
    """The pool that a context manager or a generator of the project holds a connection of while its block or a loop runs,
    whatever it yields."""
    header = without_await(hold.since)
    if not isinstance(header, ast.Call):
        return None
    found: set[Pool | None] = set()
    for callee in alternatives(services.evaluator.type_of(header.func, scope)):
        if isinstance(callee, Function) and callee.scope.yields and callee.scope not in around:
            for pool in _left_by(services, callee.scope, around):
                found.add(services.pools.lent_by(header, scope, callee, pool))
    for method in services.holdings.objects.entering(header, scope):
        if method not in around:
            found.update(_left_by(services, method, around))
    return found.pop() if len(found) == 1 else None


def _left_by(services: Services, function: Scope, around: tuple[Scope, ...]) -> Iterator[Pool | None]:
    """The pools of what a function leaves held, or holds as it first yields."""
    for one in services.holdings.left(function)[0]:
        pool = services.pools.of_hold(one, function) or services.pools.of_given(one.resource, function)
        yield pool or _held_by_manager(services, one, function, (*around, function))


def engine_of(services: Services, pool: Pool | None) -> EngineSpec | None:
    """The engine that has a pool; None where it is not known which one is made there."""
    module = _module_of(services, pool)
    if module is None or pool is None:
        return None
    made = services.engines.of_module(module)
    return next((one for one in made if (one.node.lineno, one.node.col_offset) == pool[2:]), None)


def is_kept_by_none(services: Services, pool: Pool | None) -> bool:
    """Whether a pool is that of an engine which keeps no connection: who asks it gets a new one. ``StaticPool`` keeps one."""
    is_said = (pool or ())[:1] == UNPOOLED
    spec = engine_of(services, pool)
    limits = {one.facts.limit for one in spec.pools} if spec is not None else set()
    return limits == {"none"} or (is_said and not limits)


def _module_of(services: Services, pool: Pool | None) -> Module | None:
    """The module that makes what has a pool."""
    if pool is None or pool[:1] not in (("place",), UNPOOLED) or pool == UNPOOLED:
        return None
    return services.evaluator.project.module(str(pool[1]))


def _configured(services: Services, pool: Pool | None) -> tuple[Url, ...]:
    """The URLs of what looks its database up in the configuration of the application."""
    from poolint.configuration.entries import Entries

    found = _made_as(services, pool)
    if found is None or not found[1].url_in:
        return ()
    entries = services.kept(Entries, lambda: Entries(services.evaluator, services.engines.folder))
    return entries.urls_of(found[1].url_in, found[2])


def connections_by_default(services: Services, pool: Pool | None) -> int | None:
    """How many connections what looks its database up in the configuration of the application opens, where nothing in the
    project says otherwise; None where something may, or it is of another class."""
    found = _made_as(services, pool)
    if found is None or not found[1].connections:
        return None
    call, cls, module = found
    is_given = any(one.arg is None or one.arg in cls.connections_in for one in call.keywords)
    saying = services.evaluator.project.saying
    if is_given or any(saying(one, module) for one in cls.connections_in):
        return None
    options = [one for one in cls.options_in if saying(one, module)]
    is_told = any(one.arg in cls.options_in for one in call.keywords) or bool(options)
    if not is_told:
        return cls.connections
    written = _written_out(services, options, module)
    if not written:
        return None
    if not any(saying(one, module) for one in cls.sized_by):
        return cls.connections
    return min(_sum_of(one, cls) for one in written) or None


def usual_limit(services: Services) -> int:
    """How many connections the pool of an engine opens where nobody says otherwise: the fewest of all that makers open."""
    makers = (one for one in services.evaluator.models.makers.values() if one.makes == "engine")
    limits = ((one.defaults.get(one.size), one.defaults.get(one.overflow)) for one in makers)
    return min(int(size + overflow) for size, overflow in limits if size is not None and overflow is not None)


def _written_out(services: Services, names: list[str], near: Module) -> list[ast.Dict] | None:
    """The dictionaries that a project calls so, also those of either branch of a condition; None where one is not written out."""
    project = services.evaluator.project
    modules = [project.module(path) for name in names for path in project.saying(name, near)]
    scopes = [scope for one in modules if one is not None for scope in (one.scope, *one.scope.descendants())]
    waiting = [binding.value for scope in scopes for name in names for binding in scope.bindings.get(name, ())]
    found: list[ast.Dict] = []
    for one in waiting:  # grows
        if isinstance(one, ast.IfExp):
            waiting += [one.body, one.orelse]
        elif isinstance(one, ast.Dict) and None not in one.keys:
            found.append(one)
        else:
            return None
    return found


def _sum_of(options: ast.Dict, cls: Class) -> int:
    """How many connections an engine opens at most that is made with such options; none where that is not seen."""
    items = {
        one.value: number
        for one, number in zip(options.keys, options.values, strict=True)
        if isinstance(one, ast.Constant)
    }
    if len(items) < len(options.keys):
        return 0
    given = [items[name] for name in cls.sized_by if name in items]
    numbers = [
        one.value for one in given if isinstance(one, ast.Constant) and type(one.value) is int and one.value >= 0
    ]
    if len(numbers) < len(given):
        return 0
    return sum(numbers) if given else cls.connections


def _made_as(services: Services, pool: Pool | None) -> tuple[ast.Call, Class, Module] | None:
    """The call that makes what has a pool, with the class of the models that this is of, and the module it stands in."""
    module = _module_of(services, pool)
    if module is None or pool is None:
        return None
    for scope in module.scope.descendants():
        for call in scope.calls:
            if (call.lineno, call.col_offset) == pool[2:]:
                made = alternatives(services.evaluator.type_of(call, scope))
                cls = made[0].base if len(made) == 1 and isinstance(made[0], Instance) else None
                return (call, cls, module) if cls is not None else None
    return None


def opens_in_memory(ev: Evaluator, call: ast.Call, scope: Scope | None) -> bool:
    """Whether a driver's connection is one to a database in memory. Constants are followed where the function that the call
    stands in is given."""
    written = call_arguments(call)
    if scope is not None:
        names = (ast.Name, ast.Attribute)
        written = [origin(ev, one, scope, _CONSTANTS).node if isinstance(one, names) else one for one in written]
    parts = [part for one in written for part in (one.values if isinstance(one, ast.JoinedStr) else (one,))]
    texts = [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(name in text for text in texts for name in _NAMES)


def closes_itself(cls: Class) -> bool:
    """Whether a connection takes no slot from anybody and is closed the moment that nothing refers to it: what a function
    leaves behind of it is gone with the function, and only a reference that somebody keeps makes it last."""
    return cls.embedded and cls.mode == "sync"
