"""Arguments that are refused: by the class of pool, by the driver, by what makes the pool, or by each other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal

from poolint.configuration.urls import is_wrong_for
from poolint.detect.observation import Observation
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import may_await

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.configuration.engines import EngineSpec
    from poolint.configuration.keywords import Argument
    from poolint.models import schema
    from poolint.models.loader import Models
    from poolint.syntax.scopes import Scope


Refuser = Literal["pool", "url", "maker", "driver", "argument", "default"]
"""What refuses an argument: a class of pool, also by a URL; what makes the pool; the driver; another argument, or its
default."""

When = Literal["engine-made", "pool-made", "made", "connecting"]
"""When an argument is refused: when the engine, the pool or either of them is made, or at the first connection."""


class RefusedArgument(Observation, frozen=True, eq=False):
    """An argument that is refused. ``by`` says what refuses it, by what ``names``; ``error`` is what that raises ``when``.

    ``names`` are those of the class of pool and the URL that asks for it, of what makes the pool, of the driver where it is
    known, or the other argument with its value. ``error`` is empty where it is not known. ``removable``: without it
    everything is right.
    """

    argument: str
    by: Refuser
    names: tuple[str, ...]
    error: str
    when: When
    removable: bool = True


class Refusals:
    """Knows the arguments that some library takes and others do not."""

    def __init__(self, models: Models) -> None:
        self.models = models
        makers = models.makers.values()
        numbers = {name for one in makers for name in (one.size, one.overflow, one.minimum) if len(name) > 3}
        self._of_engines = frozenset(name for one in makers for name in one.pools)
        self._of_pools = self._of_engines | numbers
        self._choosing = frozenset(
            name for cls in models.classes.values() if cls.pool is not None for name in cls.pool.arguments
        )
        drivers = models.drivers.values()
        self._of_drivers = frozenset(name for one in drivers for name in (*one.accepts, *one.refuses))

    def of_engine(self, spec: EngineSpec) -> Iterator[tuple[Scope, RefusedArgument]]:
        """What is refused of the arguments of one engine or pool."""
        if spec.maker.makes == "engine":
            yield from self._by_pool_class(spec)
            yield from self._in_connect_args(spec)
        yield from self._by_maker(spec)
        yield from self._below_minimum(spec)

    def _by_pool_class(self, spec: EngineSpec) -> Iterator[tuple[Scope, RefusedArgument]]:
        """``pool_size`` with ``NullPool``: each class takes its own."""
        given = spec.arguments.get("poolclass")
        by_url = given is None and spec.has_all_urls and all(one.known.given for one in spec.urls)
        pools = spec.chosen if given is not None else spec.pools if by_url else ()
        if not pools:
            return
        for name in sorted(self._choosing & spec.arguments.keys()):
            argument = spec.arguments[name]
            if any(name in one.facts.arguments for one in pools):
                continue
            if given is not None and not given.together(argument):
                continue
            by: Refuser = "pool" if given is not None else "url"
            names = (pools[0].name, *(one.text for one in spec.urls[:1] if by == "url"))
            yield _refused(spec, argument, by, names, "TypeError", "engine-made")

    def _by_maker(self, spec: EngineSpec) -> Iterator[tuple[Scope, RefusedArgument]]:
        """``max_size`` for an engine, ``pool_size`` for a pool of a driver."""
        maker = spec.maker
        driver = self._driver(spec) if maker.makes == "pool" else None
        strange = self._of_pools if maker.makes == "pool" else self._of_pools - self._of_engines
        for name, argument in sorted(spec.arguments.items()):
            if maker.accepts:
                known = name in strange or (driver is not None and name in self._of_drivers)
                is_refused = name not in maker.accepts and known
            else:
                own = {maker.size, maker.overflow, maker.minimum, maker.timeout, *maker.positional, "pool_recycle"}
                is_refused = name in strange and name not in own
            if is_refused and not _is_own(maker):
                when: When = "connecting" if driver is not None and maker.driver else "made"
                is_of_pool = name in self._of_pools
                yield _refused(spec, argument, "maker", (last(maker),), maker.refusal, when, removable=is_of_pool)

    def _in_connect_args(self, spec: EngineSpec) -> Iterator[tuple[Scope, RefusedArgument]]:
        """``connect_args={"pool_size": 5}``: what stands there is for the driver."""
        if spec.urls and all(is_wrong_for(one, spec.kind) for one in spec.urls):
            return  # nothing ever connects by that driver: the engine cannot be made
        driver = self._driver(spec)
        for name, argument in sorted(spec.connect_args.items()):
            if not spec.arguments["connect_args"].always or not argument.always:
                continue
            names = (driver.name,) if driver is not None else ()
            error = driver.refusal if driver is not None else ""
            if name in self._of_engines:
                if self._may_pool(spec, driver, name):
                    continue
                yield _refused(spec, argument, "driver", names, error, "connecting")
            elif driver is not None and self._refuses(driver, name):
                # Without it the program connects in another way than was meant: perhaps without encryption.
                yield _refused(spec, argument, "driver", names, error, "connecting", removable=False)

    def _refuses(self, driver: schema.Driver, name: str) -> bool:
        if name in driver.refuses:
            return True
        return bool(driver.accepts) and name not in driver.accepts and name in self._of_drivers

    def _may_pool(self, spec: EngineSpec, driver: schema.Driver | None, name: str) -> bool:
        """Whether the driver has a pool of its own that takes this argument, as far as that is known."""
        if driver is not None:
            return name in driver.pools
        others = [one for one in self.models.drivers.values() if name in one.pools]
        return bool(others) and (not spec.dialect or any(spec.dialect in one.dialects for one in others))

    def _driver(self, spec: EngineSpec) -> schema.Driver | None:
        return self.models.drivers.get((spec.dialect, spec.driver))

    def _below_minimum(self, spec: EngineSpec) -> Iterator[tuple[Scope, RefusedArgument]]:
        """``max_size=5`` under a ``min_size`` that is 10 by default."""
        maker = spec.maker
        if not maker.ordered or not maker.minimum:
            return
        size, minimum = spec.size, spec.minimum
        if not (size.certain and minimum.certain) or size.most is None or minimum.most is None:
            return
        if maker.unlimited.get(maker.size) == size.most or size.most >= minimum.most:
            return
        name = maker.size if maker.size in spec.arguments else maker.minimum
        argument = spec.arguments.get(name)
        if argument is None:
            return
        other, quantity = (maker.minimum, minimum) if name == maker.size else (maker.size, size)
        by: Refuser = "default" if quantity.origin == "default" else "argument"
        yield _refused(spec, argument, by, (f"{other}={quantity.most}",), "ValueError", "pool-made", removable=False)


def last(maker: schema.Maker) -> str:
    """The last part of a maker's name, or the last two where one says too little."""
    parts = maker.name.split(".")
    return parts[-1] if maker.makes == "engine" else ".".join(parts[-2:])


def _is_own(maker: schema.Maker) -> bool:
    """Whether nothing is known of what a maker takes."""
    return maker.makes == "pool" and not maker.accepts and maker.refusal == "TypeError"


def _refused(
    spec: EngineSpec,
    argument: Argument,
    by: Refuser,
    names: tuple[str, ...],
    error: str,
    when: When,
    *,
    removable: bool = True,
) -> tuple[Scope, RefusedArgument]:
    where = (argument.node, argument.scope.qualified_name, may_await(spec.node, spec.scope))
    found = RefusedArgument(*where, argument.name, by, names, error, when, removable and _is_at(argument, spec))
    return argument.scope, found


def _is_at(argument: Argument, spec: EngineSpec) -> bool:
    """Whether an argument is written at the call itself, so that nobody else gets it."""
    if argument.node is not argument.settings[-1].node:
        return False  # what stands there is a dictionary of another module, with whatever else is in it
    current: ast.AST | None = argument.node
    while current is not None and current is not spec.node:
        current = parent_of(current)
    return current is spec.node
