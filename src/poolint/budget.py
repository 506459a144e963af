"""The sum: how many connections the services of a deployment may take, against how many the server has.

Deployments come in, and the pools of each service; :class:`Budget` comes out, a plain value. What is not known counts
for the least that it can be, and is asked for: a sum that is over with that is over whatever the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolint.deployment.declared import Declared, DeclaredService
from poolint.deployment.values import Deployment, Figure, Place, Server, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NOT_POSTGRESQL = frozenset({"sqlite", "mysql", "mariadb", "oracle", "mssql", "duckdb", "snowflake", "bigquery"})
"""Dialects of which no connection reaches the server that is counted for."""

_INSIDE = (".local", ".internal", ".svc", ".localhost")
"""How names end that are good only inside of a network."""

_ONCE = "one for each migration command"


class Pool(NamedTuple):
    """An engine or a pool as a service has it. ``limit`` is the most that one process takes from it.

    ``host`` is where it connects to, empty where that is not known. ``module`` is the dotted name of its module;
    ``is_unlimited`` says that nothing bounds it but what runs at once, ``is_of_one_call`` that a call makes it for itself and
    disposes of it.
    """

    name: str
    module: str
    place: Place
    dialect: str
    is_async: bool
    size: Figure
    overflow: Figure
    limit: Figure
    is_unlimited: bool
    host: str = ""
    is_of_one_call: bool = False

    @property
    def qualified(self) -> str:
        """Its name with its module's."""
        return ".".join(part for part in (self.module, self.name) if part)


class Ask(NamedTuple):
    """A figure that nothing says. ``key`` is where it can be said."""

    key: str
    why: str
    place: Place | None


class Row(NamedTuple):
    """What one service may take from one pool: ``each`` process of ``processes`` of each of ``replicas``.

    ``connections`` is None where a factor is not known; ``least`` counts with the smallest that it can be. A worker's
    process takes no more than its tasks ask for: ``at_once`` is how many it runs side by side, None where that is not
    bounded or it serves requests. A task may ask for several, which is not known, so ``in_use`` counts one for each; and one
    for a pool that a call has for itself.
    """

    service: Service
    pool: Pool
    each: Figure
    processes: Figure
    replicas: Figure
    at_once: int | None = None

    @property
    def connections(self) -> int | None:
        """The product."""
        factors = [one.value for one in (self.each, self.processes, self.replicas)]
        return None if None in factors else self.least

    @property
    def least(self) -> int:
        """The product with the least for what is not known: one process, one replica, and a pool that stays empty."""
        return (self.each.value or 0) * self.processes.least * self.replicas.least

    @property
    def in_use(self) -> int:
        """The same, with no more from a process than it has tasks at once, each of which has a pool of its own where that is made
        for one call."""
        each = self.each.value or 0
        if self.pool.is_of_one_call:
            each = max(self.at_once or self.service.threads.value or 1, 1)
        elif self.at_once is not None:
            each = min(each, self.at_once)
        return each * self.processes.least * self.replicas.least


class Budget(NamedTuple):
    """One deployment: its rows, largest first, and what the server has. ``unpooled`` are services without any pool
    that counts, each with the reason."""

    deployment: Deployment
    server: Server | None
    max_connections: Figure
    reserve: Figure
    migrations: Figure
    rows: tuple[Row, ...]
    unpooled: tuple[tuple[Service, str], ...]
    asks: tuple[Ask, ...]

    @property
    def total(self) -> int:
        """The sum of all rows, at least."""
        return sum(row.least for row in self.rows)

    @property
    def largest(self) -> Row | None:
        """Of the pool that has the largest part in the sum, over all services, the largest row."""
        parts: dict[Place, int] = {}
        for row in self.rows:
            parts[row.pool.place] = parts.get(row.pool.place, 0) + row.least
        return max(self.rows, key=lambda row: parts[row.pool.place], default=None)

    @property
    def is_exact(self) -> bool:
        """Whether all factors of all rows are known."""
        return all(row.connections is not None for row in self.rows)

    @property
    def available(self) -> int | None:
        """What the server has for services; None where one of its figures is not known."""
        if self.max_connections.value is None or self.reserve.value is None:
            return None
        return self.max_connections.value - self.reserve.value - self.migrations.least

    @property
    def is_over(self) -> bool:
        """Whether services may ask for more than there is, whatever is not known."""
        return bool(self.rows) and self.available is not None and self.total > self.available

    @property
    def is_over_in_use(self) -> bool:
        """Whether it is over even where each task of a worker takes one connection, whatever its process's pool allows."""
        return self.available is not None and sum(row.in_use for row in self.rows) > self.available


def budget(
    deployment: Deployment,
    declared: Declared,
    pools_of: Callable[[Service], Sequence[Pool] | None],
    everything: Callable[[Service], Sequence[Pool]],
) -> Budget:
    """The sum for one deployment. ``pools_of`` gives the pools that a service's code makes, None where its command
    does not lead to a module; ``everything`` gives all pools of the project, to find those that are named."""
    server = _server(deployment, declared)
    asks: list[Ask] = []
    rows: list[Row] = []
    unpooled: list[tuple[Service, str]] = []
    for service in _services(deployment, declared):
        if service.kind == "migration":
            continue
        said = declared.services.get(service.name, DeclaredService())
        pools = _named(said.engines, everything(service)) if said.engines is not None else pools_of(service)
        if pools is None:
            why = f"`{service.program}` names no module of the project that could be found"
            asks.append(Ask(f"services.{service.name}.engines", why, service.place))
            continue
        others = {pool: other for pool in pools if (other := _elsewhere(pool, server, deployment))}
        counted = [pool for pool in pools if pool not in others]
        if not counted:
            named = " and ".join(sorted(set(others.values())))
            unpooled.append((service, f"its pools connect to {named}" if named else "it uses no pool that is known"))
        found = [_row(service, pool, said, declared.surge) for pool in counted]
        rows += found
        asks += _asks(found)
    limits = _limits(deployment, declared, server)
    for key, figure in (("max-connections", limits[0]), ("reserve", limits[1])):
        if figure.value is None:
            asks.append(Ask(key, figure.how, figure.place))
    rows.sort(key=lambda row: (-row.least, row.service.name, row.pool.place))
    return Budget(deployment, server, *limits, tuple(rows), tuple(unpooled), tuple(dict.fromkeys(asks)))


def _elsewhere(pool: Pool, server: Server | None, deployment: Deployment) -> str:
    """What else a pool connects to than the server that is counted for; empty where it may be that one.

    A server of the deployment has a name in its network; a host name with a domain is one of the outer world.
    """
    if pool.dialect in NOT_POSTGRESQL:
        return pool.dialect
    if server is not None and deployment.is_part and pool.host != server.name:
        return pool.host or "one of several servers, and nothing says which"
    is_outside = "." in pool.host and not pool.host.replace(".", "").isdigit() and not pool.host.endswith(_INSIDE)
    return pool.host if server is not None and is_outside else ""


def is_limited(deployment: Deployment, declared: Declared) -> bool:
    """Whether it is known what the server of a deployment takes."""
    most, reserve, _ = _limits(deployment, declared, _server(deployment, declared))
    return most.value is not None and reserve.value is not None


def _services(deployment: Deployment, declared: Declared) -> Iterator[Service]:
    """Those that were found, and those that only the project's table knows."""
    yield from deployment.services
    known = {service.name for service in deployment.services}
    for name, said in declared.services.items():
        if name not in known:
            place = said.place or Place(deployment.files[0], 1)
            unknown = Figure(None, "nothing says it", place)
            yield Service(name, "worker", "command", place, unknown, unknown, unknown, (), "", {})


def _row(service: Service, pool: Pool, said: DeclaredService, with_surge: bool) -> Row:
    replicas = said.replicas or service.replicas
    if with_surge and service.surge is not None and said.replicas is None:
        value = None if None in (replicas.value, service.surge.value) else replicas.least + (service.surge.value or 0)
        replicas = Figure(value, f"{replicas.how}, and {service.surge.value} by {service.surge.how}", replicas.place)
    limit = said.limits.get(pool.qualified) or said.limits.get(pool.name)
    each = limit or pool.limit
    if pool.is_unlimited and limit is None:
        threads = said.threads or service.threads
        if said.threads is not None or (threads.value is not None and not pool.is_async):
            each = Figure(threads.value, f"one for each thread: {threads.how}", threads.place)
        else:
            why = threads.how if threads.value is None else "it is asynchronous, and serves many requests at once"
            each = Figure(None, f"nothing bounds `{pool.name}`, and {why}", pool.place)
    at_once = (said.threads or service.threads).value if service.kind == "worker" else None
    return Row(service, pool, each, said.processes or service.processes, replicas, at_once)


def _asks(rows: list[Row]) -> Iterator[Ask]:
    for row in rows:
        key = f"services.{row.service.name}"
        for name, figure in (("processes", row.processes), ("replicas", row.replicas)):
            if figure.value is None:
                yield Ask(f"{key}.{name}", figure.how, figure.place)
        if row.each.value is None:
            name = "threads" if row.pool.is_unlimited else f'engines = {{"{row.pool.qualified}" = …}}'
            yield Ask(f"{key}.{name}", row.each.how, row.each.place)


def _server(deployment: Deployment, declared: Declared) -> Server | None:
    """The server that services connect to: what pools connections stands in front of the others."""
    if declared.max_connections is not None:
        return None
    poolers = [one for one in deployment.servers if one.pooler]
    candidates = poolers or list(deployment.servers)
    return candidates[0] if len(candidates) == 1 else None


def _limits(deployment: Deployment, declared: Declared, server: Server | None) -> tuple[Figure, Figure, Figure]:
    """``max_connections``, what is reserved of it, and what migrations take."""
    names = ", ".join(one.name for one in deployment.servers)
    why = f"there are several servers: {names}" if names else "no server is seen"
    unknown = Figure(None, why, deployment.servers[0].max_connections.place if names else None)
    most = declared.max_connections or (server.max_connections if server is not None else unknown)
    reserve = declared.reserve or (server.reserved if server is not None else None)
    if reserve is None:
        reserve = Figure(3, "superuser_reserved_connections, PostgreSQL's own default")
    commands = [one for one in deployment.services if one.kind == "migration"]
    if declared.migrations is not None:
        migrations = declared.migrations
    elif commands:
        migrations = Figure(len(commands), _ONCE, commands[0].place)
    else:
        migrations = Figure(0, "no migration command is seen")
    return most, reserve, migrations


def _named(names: Iterable[str], pools: Sequence[Pool]) -> list[Pool]:
    wanted = set(names)
    return [pool for pool in pools if wanted & {pool.name, pool.qualified}]
