"""POL510: a pool that a child process shares with its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.children import PoolInChild
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.children import Child
    from poolint.detect.observation import Observation


class EngineCrossesProcesses(Rule):
    """A child process takes connections from a pool that its parent has filled.

    ## What it does
    Reports functions that run in a child process (`multiprocessing.Process`, `Pool` and `ProcessPoolExecutor`, `os.fork`,
    the tasks of a Celery worker) and take a connection from an engine or a pool of a module, where the parent is seen to
    have taken one before, and nothing disposes of the pool in the child.

    ## Why is this bad?
    A process that is forked begins with a copy of the pool, idle connections included. Parent and child then speak over
    the same sockets: one reads what the other has asked for, and a transaction of one is ended by the other.

    ## Example
    ```python
    from multiprocessing import Process

    from sqlalchemy import create_engine, text

    engine = create_engine("postgresql+psycopg://db/shop")


    def work() -> None:
        with engine.begin() as conn:
            conn.execute(text("DELETE FROM jobs WHERE done"))


    def start() -> None:
        with engine.connect() as conn:
            print(conn.execute(text("SELECT count(*) FROM jobs")).scalar())
        Process(target=work).start()
    ```

    ## Use instead
    ```python
    from multiprocessing import Process

    from sqlalchemy import create_engine, text

    engine = create_engine("postgresql+psycopg://db/shop")


    def work() -> None:
        engine.dispose(close=False)
        with engine.begin() as conn:
            conn.execute(text("DELETE FROM jobs WHERE done"))


    def start() -> None:
        with engine.connect() as conn:
            print(conn.execute(text("SELECT count(*) FROM jobs")).scalar())
        Process(target=work).start()
    ```

    ## When to ignore
    When processes are spawned, as they are on macOS and Windows, or started by a fork server, as from Python 3.14 on. A
    project that says so (`set_start_method`, `get_context`), or that does something first in each child
    (`os.register_at_fork`, `worker_process_init`, `post_fork`), is not reported.
    """

    meta = Meta(
        code="POL510",
        name="engine-crosses-processes",
        summary="a child process takes connections from a pool that its parent has filled",
        subscription=Subscription(observations=frozenset({PoolInChild})),
        relaxed_in=frozenset({"tests", "alembic", "scripts"}),
        holds_unrun=True,
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, PoolInChild)
        child = CHILDREN[observation.child].format(observation.starter)
        chain = " → ".join(f"`{name}`" for name in observation.names)
        return Verdict(
            f"{child} takes a connection from a pool that its parent has used before: {chain}; both speak over "
            "the same connections, unless the child disposes of the pool first, with `close=False`",
            observation.pool,
            observation.path,
        )


CHILDREN: dict[Child, str] = {
    "started": "a child process that `{}` starts",
    "forked": "the child of `os.fork`",
    "worker": "a worker process, which is forked when this has been imported,",
}
