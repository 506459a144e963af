"""Engines whose connections keep nobody out, however long they are held: each is made for who asks, and has no transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.databases import branches, engine_of, held_from
from poolint.syntax.scopes import ScopeKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.analyses.holding.dataflow import Hold
    from poolint.analyses.pools import Pool
    from poolint.configuration.engines import EngineSpec
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


def keep_nobody_out(services: Services, held: Iterable[Hold], scope: Scope) -> bool:
    """Whether nobody minds how long these are held: their engines keep no connection that others wait for, and commit each
    statement by itself, so that there is no transaction and no lock."""
    return all(
        (made := _made(services, held_from(services, one, scope))) and all(map(_keeps_nobody_out, made)) for one in held
    )


def _made(services: Services, pool: Pool | None) -> list[EngineSpec]:
    """The engines that may have a pool: those of all branches that make one in its place."""
    spec = engine_of(services, pool)
    if spec is not None:
        return branches(services, spec)
    if pool is None or pool[0] != "name" or not isinstance(pool[1], ScopeKey):
        return []
    home = services.evaluator.project.scope(pool[1])
    made = [one for one in services.engines.of_module(home.module) if one.scope is home and one.name == pool[2]]
    return made if len(made) == len(home.bindings.get(str(pool[2]), ())) else []


def _keeps_nobody_out(spec: EngineSpec) -> bool:
    name, value = spec.maker.autocommit or ("", "")
    said = spec.arguments.get(name)
    known = said.folded.only if said is not None and said.always else None
    return {one.facts.limit for one in spec.pools} == {"none"} and known is not None and known.value == value
