"""Observations about the configuration of the engines and pools that a module makes."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.waypoints import waypoint
from poolint.configuration.extensions import Extensions
from poolint.configuration.urls import is_wrong_for
from poolint.detect.engines.observations import (
    DriverMismatch,
    NoLivenessCheck,
    NoPool,
    SmallPool,
    SyncPoolClass,
    UnboundedPool,
)
from poolint.detect.engines.reasons import comments_beside
from poolint.detect.engines.refused_arguments import Refusals, last
from poolint.detect.engines.uses import Uses
from poolint.detect.patience import NoTimeout
from poolint.flow.flags import name_of
from poolint.syntax.guards import tests_before
from poolint.syntax.purposes import comes_and_goes, migrates, serves
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import holding, text_of
from poolint.types.following import origin
from poolint.types.members import lineage
from poolint.types.values import ClassObject, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.pools import Pools
    from poolint.analyses.waypoints import Waypoint
    from poolint.configuration.engines import Engines, EngineSpec
    from poolint.detect.observation import Observation
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

_WORD = re.compile(r"\w+")


class Configuration:
    """Observes the engines and pools of one project. ``has_pooler`` says whether the deployments of a file's project bring
    what keeps connections for its engines."""

    def __init__(self, engines: Engines, pools: Pools, has_pooler: Callable[[str], bool]) -> None:
        self.engines = engines
        self.extensions = Extensions(engines)
        self.ev = engines.ev
        self.refusals = Refusals(engines.ev.models)
        self.uses = Uses(engines, pools)
        self._has_pooler = has_pooler

    def observe(self, module: Module) -> Iterator[tuple[Scope, Observation]]:
        """What is observed in a module, each at a place once."""
        seen: set[tuple[ast.AST, type]] = set()
        for spec in (*self.engines.of_module(module), *self.extensions.of_module(module)):
            for scope, observation in self._of(spec):
                key = (observation.node, type(observation))
                if key not in seen:
                    seen.add(key)
                    yield scope, observation

    def _of(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        for found in (
            self._driver(spec),
            self._pool_class(spec),
            self._size(spec),
            self._no_pool(spec),
            self._unbounded(spec),
            self._endless(spec),
            self._unasked(spec),
            self.refusals.of_engine(spec),
        ):
            yield from found

    # Drivers

    def _driver(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """A URL whose driver is of the other kind, in every case that is known."""
        argument = spec.arguments.get(spec.maker.address)
        if spec.maker.makes != "engine" or argument is None or not spec.urls or "_is_async" in spec.arguments:
            return
        if not all(is_wrong_for(one, spec.kind) for one in spec.urls) or self.uses.is_only_a_dialect(spec):
            return
        if argument.folded.is_remade or self._asks_for_a_driver(argument.node, spec, argument.scope):
            return  # who takes a driver out of a URL, or asks for one there, knows it
        url = spec.urls[0]
        row = url.row
        dialect = self.ev.models.dialects.get(url.dialect)
        assert row is not None
        right = f"{url.dialect}{row.substitute}" if row.substitute else ""
        newer = dialect.newer if dialect is not None and not url.named else ""
        if dialect is not None and newer and dialect.fact and spec.kind == "async":
            other = self.ev.models.drivers.get((url.dialect, newer))
            taken = holding(self.ev, dialect.fact, argument.scope)
            newer = newer if other is not None and other.kind != "sync" and "newer" in taken else ""
            if newer and len(taken) == 1:
                return  # it is the one that is installed
        place = url.known
        path: tuple[Waypoint, ...] = ()
        if place.node is not argument.node and hasattr(place.node, "lineno"):
            path = (waypoint("url", place.node, place.module, url.scheme),)
        yield (
            argument.scope,
            DriverMismatch(
                *_where(argument.node, argument.scope, spec),
                last(spec.maker),
                spec.kind,
                url.scheme,
                row.name,
                url.named,
                newer,
                right,
                url.known.given,
                url.known.name,
                path,
            ),
        )

    def _asks_for_a_driver(self, url: ast.expr, spec: EngineSpec, scope: Scope) -> bool:
        """Whether a URL is only used where a test of it says that its driver is of the engine's kind: ``"+asyncpg" in URL``, or
        what has been set to that."""
        if not name_of(url):
            return False
        for written, outcome in tests_before(url, scope):
            test = origin(self.ev, written, scope).node
            kinds = self._kinds_named(test)
            if kinds and any(name_of(one) == name_of(url) for one in ast.walk(test)):
                is_there = outcome is not (
                    isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.NotIn, ast.NotEq))
                )
                if is_there is not kinds.isdisjoint(("both", spec.kind)):
                    return True
        return False

    def _kinds_named(self, test: ast.expr) -> set[str]:
        """The kinds of the drivers that a test names."""
        texts = (one.value for one in ast.walk(test) if isinstance(one, ast.Constant) and isinstance(one.value, str))
        words = {word for text in texts for word in _WORD.findall(text)}
        return {row.kind for (_, name), row in self.ev.models.drivers.items() if name in words}

    def _pool_class(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """A class of pool that blocks, in an engine of a loop."""
        argument = spec.arguments.get("poolclass")
        if spec.maker.makes != "engine" or spec.maker.kind != "async" or argument is None or not argument.settings:
            return
        setting = argument.settings[-1]
        chosen = self.engines.choices(self.ev.type_of(setting.node, setting.scope), setting.node)
        if not chosen or any(one.facts.engines != "sync" for one in chosen):
            return
        for one in alternatives(self.ev.type_of(setting.node, setting.scope)):
            if isinstance(one, ClassObject) and any("_is_asyncio" in home.bindings for home in lineage(self.ev, one)):
                return
        written = text_of(setting.node, setting.scope)
        base = chosen[0].cls.name.rpartition(".")[2]
        is_plain = written.rpartition(".")[2] == base
        refused = chosen[0].facts.refused_by
        yield (
            argument.scope,
            SyncPoolClass(
                *_where(argument.node, argument.scope, spec),
                last(spec.maker),
                written.rpartition(".")[2],
                "" if is_plain else base,
                chosen[0].facts.substitute if is_plain else "",
                bool(refused) and holding(self.ev, refused, argument.scope) == {"no"},
            ),
        )

    # Sizes

    def _size(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """A pool that surely has few connections, or fewer than are asked for at once beside it."""
        size, overflow, limit = spec.size, spec.overflow, spec.limit
        names = (spec.maker.size, spec.maker.overflow, spec.maker.minimum)
        argument = next((spec.arguments[name] for name in names if name in spec.arguments), None)
        if (
            limit.most is None
            or limit.unlimited
            or limit.most < (spec.minimum.most or 0)
            or self.uses.is_of_a_file(spec)
        ):
            return
        if any(one.facts.limit != "queue" for one in spec.pools) or not (size.certain and overflow.certain):
            return
        wanted = self.uses.wanted(spec)
        is_bounded = overflow.most == 0 and overflow.origin == "given"
        is_small = argument is not None and argument.folded.only is not None and (is_bounded or size.most == 1)
        crowd = wanted is not None and wanted.most > limit.most
        if (not is_small and not crowd) or size.most is None or overflow.most is None:
            return
        is_served = serves(spec.scope.module, self.ev.models)
        if is_served and not crowd and self.uses.stays_inside(spec):
            return  # each request has a pool of its own: none waits for another
        at, scope = (argument.node, argument.scope) if argument is not None else (spec.node, spec.scope)
        path = (
            (waypoint("admits", wanted.node, spec.scope.module, wanted.text, str(wanted.most)),)
            if wanted and crowd
            else ()
        )
        yield (
            scope,
            SmallPool(
                *_where(at, scope, spec),
                last(spec.maker),
                spec.name,
                size.most,
                overflow.most,
                wanted.most if wanted is not None and crowd else 0,
                wanted.text if wanted is not None and crowd else "",
                is_bounded,
                is_served,
                bool(overflow.most),
                bool(spec.maker.timeout),
                path,
            ),
        )

    def _no_pool(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """An engine that lives on, and has a class of pool that keeps nothing, in any case."""
        argument = spec.arguments.get("poolclass")
        if spec.maker.makes != "engine" or argument is None or not argument.always:
            return
        if not spec.pools or any(one.facts.limit != "none" for one in spec.pools) or len(argument.settings) > 1:
            return
        if self.uses.is_of_a_file(spec) or self.uses.is_short_lived(spec) or self.uses.is_a_choice(spec):
            return
        if any(one.scope is not spec.scope and one.scope.kind == "function" for one in argument.settings):
            return  # who passes it from within a function has an engine for as long as that runs
        modules = (spec.scope.module, *(one.scope.module for one in argument.settings))
        if any(comes_and_goes(one, self.ev.models) or migrates(one, self.ev.models) for one in modules):
            return
        if self._is_for_a_pooler(spec):
            return
        yield (
            argument.scope,
            NoPool(
                *_where(argument.node, argument.scope, spec),
                last(spec.maker),
                spec.name,
                spec.pools[0].name,
                tuple(one.text for one in spec.urls),
                self.uses.addresses(spec),
                *comments_beside(argument.node, argument.scope),
            ),
        )

    def _is_for_a_pooler(self, spec: EngineSpec) -> bool:
        """Whether something outside keeps the connections of an engine: the deployment brings it, or the driver is told to keep
        no prepared statements, which others would find on what they are given."""
        kept = self.ev.models.words("kept-by-connection")
        given = (one.node for name, one in spec.connect_args.items() if name in kept)
        if any(not (isinstance(one, ast.Constant) and one.value) for one in given):
            return True
        return self._has_pooler(spec.path)

    def _unbounded(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """Arguments by which a pool has no limit."""
        if self.uses.is_of_a_file(spec):
            return
        if any(one.facts.limit != "queue" for one in spec.pools):
            return
        for name in sorted(spec.maker.unlimited.keys() & spec.arguments.keys()):
            argument = spec.arguments[name]
            values = argument.folded.known
            if not values or not all(
                isinstance(one.value, int) and not isinstance(one.value, bool) and spec.is_unlimited(name, one.value)
                for one in values
            ):
                continue
            yield (
                argument.scope,
                UnboundedPool(
                    *_where(argument.node, argument.scope, spec),
                    last(spec.maker),
                    spec.name,
                    f"{name}={values[0].value}",
                    all(one.given for one in values) and argument.folded.complete,
                ),
            )

    def _endless(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """``pool_timeout=None``: every pool that takes the argument has a default, which this takes away."""
        argument = spec.arguments.get(spec.maker.timeout) if spec.maker.endless else None
        if argument is None or not argument.always or any(one.facts.limit != "queue" for one in spec.pools):
            return
        only = argument.folded.only
        if only is None or only.value is not None or not only.given or self.uses.is_of_a_file(spec):
            return
        where = _where(argument.node, argument.scope, spec)
        yield argument.scope, NoTimeout(*where, spec.name, argument.name, True, maker=last(spec.maker))

    # What is not asked for

    def _unasked(self, spec: EngineSpec) -> Iterator[tuple[Scope, Observation]]:
        """Arguments that one may want a pool to have."""
        if (
            not spec.complete
            or not isinstance(spec.node, ast.Call)
            or (spec.pools and not any(one.facts.limit == "queue" for one in spec.pools))
        ):
            return
        if self.uses.is_of_a_file(spec) or self.uses.is_short_lived(spec):
            return
        where = _where(spec.node, spec.scope, spec)
        checks = ("pool_pre_ping", "pool_recycle", "pool", "creator", "async_creator")
        if spec.maker.makes == "engine" and spec.pools and not any(_may_be_on(spec, one) for one in checks):
            yield spec.scope, NoLivenessCheck(*where, last(spec.maker), spec.name)


def _where(node: ast.expr, scope: Scope, spec: EngineSpec) -> tuple[ast.expr, str, bool]:
    """What every observation begins with."""
    return node, scope.qualified_name, may_await(spec.node, spec.scope)


def _may_be_on(spec: EngineSpec, name: str) -> bool:
    """Whether an argument is given, and may say anything but no."""
    argument = spec.arguments.get(name)
    if argument is None:
        return False
    only = argument.folded.only
    return only is None or only.value not in (False, None, -1)
