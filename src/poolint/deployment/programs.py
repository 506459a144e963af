"""The programs that run Python services: their options for processes and threads, and what holds without them.

This is data, taken from their manuals. ``None`` as a default means that it depends on the machine.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Option(NamedTuple):
    """How a number is set: by options of the command, else by a variable, else it is the default.

    ``otherwise`` says what holds where there is no default.
    """

    names: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    default: int | None = 1
    otherwise: str = "as many as the machine has processors"


class Program(NamedTuple):
    """``target`` says where the command names the module to run: an option's name, or ``""`` for its other words.

    ``within`` are the words of which one must follow: ``celery worker``. ``pool`` are the options that say what a
    worker's concurrency consists of. ``valued`` are other options that take a value. ``otherwise``
    is what it runs when it is told nothing. ``is_for_developers``: its manual says to serve nobody else by it.
    """

    kind: str
    processes: Option = Option()
    threads: Option = Option()
    target: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    is_for_developers: bool = False


_BIND = ("-b", "--bind", "--host", "--port", "-p", "--log-level", "--log-config", "-k", "--worker-class", "--timeout",
         "-t", "-c", "--config", "-n", "--name", "--access-logfile", "--error-logfile", "--max-requests", "--chdir",
         "--max-requests-jitter", "--graceful-timeout", "--keep-alive", "--env", "-e", "--worker-tmp-dir", "--loop",
         "--http", "--root-path", "--app-dir", "--env-file", "--forwarded-allow-ips", "--interface", "--lifespan",
         "--reload-dir", "--ws", "--limit-concurrency", "--timeout-keep-alive", "--backlog", "--log-file", "--pid",
         "--worker-connections", "--paste", "--paster", "--proxy-headers", "--uds", "--fd", "--umask", "-u", "-g", "--user",
         "--group")  # fmt: skip

_MANY = Option(default=None, otherwise="it serves many requests at once")

PROGRAMS: dict[str, Program] = {
    "gunicorn": Program(
        "web", Option(("-w", "--workers"), ("WEB_CONCURRENCY",)), Option(("--threads",)), valued=_BIND
    ),
    "uvicorn": Program("web", Option(("--workers",), ("WEB_CONCURRENCY",)), _MANY, valued=_BIND),
    "hypercorn": Program("web", Option(("-w", "--workers")), _MANY, valued=_BIND),
    "granian": Program(
        "web", Option(("--workers",), ("GRANIAN_WORKERS",)), _MANY, valued=_BIND
    ),
    "daphne": Program("web", threads=_MANY, valued=_BIND),
    "fastapi": Program(
        "web",
        Option(("--workers",), ("WEB_CONCURRENCY",)),
        _MANY,
        within=("run", "dev"),
        valued=_BIND,
        otherwise=("main.py|app.py|api.py|app/main.py|app/app.py|app/api.py",),
    ),
    "flask": Program("web", threads=_MANY, target=("--app", "-A"), within=("run",), is_for_developers=True),
    "litestar": Program("web", Option(("--wc", "--web-concurrency"), ("WEB_CONCURRENCY",)), _MANY, target=("--app",)),
    "waitress-serve": Program("web", threads=Option(("--threads",), default=4), valued=_BIND),
    "pserve": Program("web"),
    "uwsgi": Program(
        "web",
        Option(("-p", "--processes", "--workers"), ("UWSGI_PROCESSES", "UWSGI_WORKERS")),
        Option(("--threads",), ("UWSGI_THREADS",)),
        target=("-w", "--module", "--wsgi-file", "--file"),
    ),
    # It gives a process of a Python application one request at a time, and starts as many as they need, up to a limit of its
    # own settings (`passenger_max_pool_size`).
    "passenger": Program("web", Option(default=None, otherwise="as many as its settings let it start")),
    "celery": Program(
        "worker",
        Option(("-c", "--concurrency", "--autoscale"), default=None),
        target=("-A", "--app"),
        within=("worker",),
        pool=("-P", "--pool"),
    ),
    "arq": Program("worker", threads=_MANY, valued=("--burst", "--watch")),
    "dramatiq": Program(
        "worker",
        Option(("-p", "--processes"), ("dramatiq_processes",), default=None),
        Option(("-t", "--threads"), ("dramatiq_threads",), default=8),
        valued=("-Q", "--queues", "--path", "-P", "--watch", "--pid-file", "--log-file", "--use-spawn"),
    ),
    "taskiq": Program("worker", Option(("-w", "--workers"), default=2), _MANY, within=("worker",)),
    "rq": Program("worker", Option(("-n", "--num-workers")), within=("worker", "worker-pool")),
    "huey_consumer": Program("worker", Option(), Option(("-w", "--workers"))),
    "huey_consumer.py": Program("worker", Option(), Option(("-w", "--workers"))),
    "procrastinate": Program("worker", threads=_MANY, target=("--app", "-a"), within=("worker",)),
    "saq": Program("worker", Option(("--workers",)), _MANY),
    "alembic": Program("migration", within=("upgrade", "downgrade", "stamp")),
    "aerich": Program("migration", within=("upgrade",)),
    "yoyo": Program("migration", within=("apply",)),
}  # fmt: skip

MIGRATIONS = (("flask", "db", "upgrade"), ("litestar", "database", "upgrade"), ("manage.py", "db", "upgrade"),
              ("manage.py", "migrate"), ("django-admin", "migrate"))  # fmt: skip
"""Commands of programs that serve otherwise, by which they migrate."""

WRAPPERS = frozenset(
    {
        "poetry", "uv", "uvx", "pipenv", "pdm", "hatch", "rye", "env", "dumb-init", "tini", "/sbin/tini", "nice", "sudo",
        "gosu", "su-exec", "newrelic-admin", "ddtrace-run", "opentelemetry-instrument", "doppler", "chamber", "op",
        "infisical", "watchmedo", "wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "dockerize", "timeout",
        "catatonit", "stdbuf", "setpriv", "sentry-wrap", "scout-apm", "exec", "xvfb-run", "coverage", "watchfiles",
    }
)  # fmt: skip
"""Programs that run the command that stands further down their own command line."""

GREEN = ("gevent", "eventlet")
"""Kinds of workers, of gunicorn's and of Celery's, in which as many requests or tasks take turns as come."""

POOLED = {"prefork": "processes", "processes": "processes", "threads": "threads", **dict.fromkeys(GREEN, "threads"),
          "solo": "solo"}  # fmt: skip
"""What the concurrency of a worker consists of, by the kind of its pool."""

THREADED = re.compile(rb"(?:-P|--pool|WORKER_POOL|worker_pool)[\s=:\"']{1,4}threads\b")
"""What asks for a worker's pool of threads, as Celery's command and settings do: a server may have threads as well,
``--threads 1``."""

INFRASTRUCTURE = frozenset(
    {
        "redis", "valkey", "rabbitmq", "nginx", "traefik", "caddy", "memcached", "mailhog", "mailpit", "minio",
        "elasticsearch", "opensearch", "kafka", "zookeeper", "grafana", "prometheus", "jaeger", "adminer", "pgadmin4",
        "flower", "haproxy", "envoy", "vault", "consul", "localstack", "keycloak", "otel", "mongo", "mysql", "mariadb",
        "busybox", "alpine", "curl", "certbot", "node",
    }
)  # fmt: skip
"""Last names of images that run none of a repository's Python."""
