"""Command lines: which program they start in the end, with how many processes and threads, and for which module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poolint.deployment.commands import Commands
from poolint.deployment.values import Figure, Place, Unit, Word

if TYPE_CHECKING:
    from pathlib import Path

    from poolint.deployment.values import Service

PLACE = Place("compose.yaml", 7)


def started(command: str, folder: str = "/nowhere", **environment: str) -> list[Service]:
    words = tuple(Word(text, PLACE) for text in ("sh", "-c", command))
    variables = {name: Word(text, Place("env", 1)) for name, text in environment.items()}
    unit = Unit("web", PLACE, words, variables, Figure(1, "once"), folder)
    return Commands().services(unit)


@pytest.mark.parametrize(
    ("command", "program", "processes", "threads", "targets"),
    [
        ("gunicorn app.main:app", "gunicorn", 1, 1, "app.main"),
        ("gunicorn -w 4 --threads=8 app.wsgi", "gunicorn", 4, 8, "app.wsgi"),
        ("gunicorn -w4 -b 0.0.0.0:8000 app.main:app", "gunicorn", 4, 1, "app.main"),
        ("gunicorn -k uvicorn.workers.UvicornWorker --workers 3 app.main:make()", "gunicorn", 3, None, "app.main"),
        ("gunicorn --preload --log-level info --workers=2 app.wsgi", "gunicorn", 2, 1, "app.wsgi"),
        ("uvicorn app.main:app --host 0.0.0.0 --port 80 --workers 2", "uvicorn", 2, None, "app.main"),
        ("uvicorn --factory app.main:create_app", "uvicorn", 1, None, "app.main"),
        ("fastapi run app/main.py --workers 4", "fastapi", 4, None, "app/main.py"),
        ("hypercorn -w 3 app:app", "hypercorn", 3, None, "app"),
        ("granian --interface asgi app.main:app --workers 6", "granian", 6, None, "app.main"),
        ("uwsgi --http :80 -p 4 --threads 2 --module app.wsgi:application", "uwsgi", 4, 2, "app.wsgi"),
        ("celery -A app.tasks worker -c 8 -l info", "celery", 8, 1, "app.tasks"),
        ("celery -A app worker --autoscale=10,3", "celery", 10, 1, "app"),
        ("celery -A app worker", "celery", None, 1, "app"),
        ("celery --app=app worker --pool=gevent --concurrency=100", "celery", 1, 100, "app"),
        ("celery -A app worker -P solo", "celery", 1, 1, "app"),
        ("arq app.worker.Settings", "arq", 1, None, "app.worker.Settings"),
        ("dramatiq app.actors app.more -p 2 -t 4", "dramatiq", 2, 4, "app.actors app.more"),
        ("dramatiq app.actors", "dramatiq", None, 8, "app.actors"),
        ("taskiq worker app.broker:broker app.tasks", "taskiq", 2, None, "app.broker"),
        ("rq worker-pool -n 3", "rq", 3, 1, ""),
        ("python -m app.clock --every 5", "python", 1, None, "app.clock"),
        ("python -u app/main.py", "python", 1, None, "app/main.py"),
        ("python manage.py runserver", "python", 1, None, "manage.py"),
        ("python3.12 -m gunicorn -w 2 app:app", "gunicorn", 2, 1, "app"),
    ],
)
def test_programs(command: str, program: str, processes: int | None, threads: int | None, targets: str) -> None:
    [service] = started(command)
    assert (service.program, service.processes.value, service.threads.value) == (program, processes, threads)
    assert " ".join(service.targets) == targets


@pytest.mark.parametrize(
    "command",
    [
        "poetry run gunicorn -w 5 app:app",
        "uv run --frozen gunicorn -w 5 app:app",
        "exec gunicorn -w 5 app:app",
        "tini -s -- gunicorn -w 5 app:app",
        "env LEVEL=info PYTHONPATH=. gunicorn -w 5 app:app",
        "LEVEL=info gunicorn -w 5 app:app",
        "newrelic-admin run-program gunicorn -w 5 app:app",
        "sh -c 'gunicorn -w 5 app:app'",
        "bash -lc \"exec gunicorn -w ${WORKERS:-5} app:app\"",
        "./wait-for-it.sh db:5432 -- gunicorn -w 5 app:app",
        "sleep 2; cd /app && gunicorn \\\n  --workers=5 \\\n  app:app",
        "WORKERS=5; gunicorn -w $WORKERS app:app",
        "export WEB_CONCURRENCY=5; gunicorn app:app",
        "if [ -n \"$DEBUG\" ]; then uvicorn --reload app:app; else gunicorn -w 5 app:app; fi",
    ],
)  # fmt: skip
def test_ways_to_the_program(command: str) -> None:
    [service] = started(command)
    assert (service.program, service.processes.value) == ("gunicorn", 5)


def test_variables_know_where_they_are_set() -> None:
    [service] = started("gunicorn -w $WORKERS app:app", WORKERS="6")
    assert service.processes == Figure(6, "`gunicorn --workers`", Place("env", 1))
    [service] = started("gunicorn app:app", WEB_CONCURRENCY="7")
    assert service.processes == Figure(7, "`WEB_CONCURRENCY`", Place("env", 1))


def test_what_nothing_sets_is_named() -> None:
    [service] = started("gunicorn -w $WORKERS app:app")
    assert service.processes == Figure(None, "`gunicorn --workers` is `$WORKERS`, which nothing sets", PLACE)
    [service] = started("gunicorn -w $(nproc) app:app")
    assert service.processes.value is None


def test_migrations_come_before_and_beside() -> None:
    web, migrations = started("alembic upgrade head && gunicorn -w 2 app:app")
    assert (web.kind, web.name, migrations.kind, migrations.name) == ("web", "web", "migration", "web-migrations")
    [release] = started("python manage.py migrate --noinput")
    assert (release.kind, release.name) == ("migration", "web")
    assert started("alembic check") == []


def test_what_python_runs_before_a_server_prepares_for_it() -> None:
    [worker] = started("python -m playwright install chromium && celery -A app worker")
    assert (worker.program, worker.threads.value) == ("celery", 1)
    [web] = started("python scripts/seed.py && uvicorn app:app")
    assert (web.kind, web.program) == ("web", "uvicorn")
    [last] = started("python -m app.wait_for_db && python -m app.main")
    assert last.targets == ("app.main",)


BRANCHES = """\
#!/bin/sh
if [ "$1" = "api" ]; then
    python -m app.main
elif [ "$1" = "worker" ]; then
    celery -A app worker --pool=gevent --concurrency=7
elif [[ $1 != beat && -n "$1" ]]; then
    gunicorn -w 4 app:app
else
    celery -A app beat
fi
"""


@pytest.mark.parametrize(
    ("given", "program"), [("api", "python"), ("worker", "celery"), ("web", "gunicorn"), ("beat", "gunicorn")]
)
def test_a_comparison_of_what_is_known_leads_to_one_branch(tmp_path: Path, given: str, program: str) -> None:
    (tmp_path / "start.sh").write_text(BRANCHES)
    [service] = started(f"sh start.sh {given}", folder=str(tmp_path))
    assert service.program == program


def test_what_goes_to_the_background_counts_as_well() -> None:
    worker, web = started("celery -A app worker -c 2 & gunicorn -w 3 app:app")
    assert (worker.name, worker.processes.value) == ("web-celery", 2)
    assert (web.name, web.processes.value) == ("web-gunicorn", 3)


@pytest.mark.parametrize(
    "command",
    [
        "pip install gunicorn",
        "echo gunicorn app:app",
        "npm run dev",
        "python -c 'import app'",
        "nginx",
        "celery -A app beat",
        "",
    ],
)
def test_no_program(command: str) -> None:
    assert started(command) == []


SCRIPT = """\
#!/bin/sh
# Starts what it is told to.
set -e
case "$1" in
    web | serve)
        alembic upgrade head
        exec gunicorn app.main:app \\
            --workers "${WEB_CONCURRENCY:-2}"
        ;;
    worker) exec celery -A app.tasks worker -c 4 ;;
    *) exec "$@" ;;
esac
"""


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("web", ["gunicorn 2", "alembic 1"]),
        ("serve", ["gunicorn 2", "alembic 1"]),
        ("worker", ["celery 4"]),
        ("dramatiq app -p 3", ["dramatiq 3"]),
        ("", []),
    ],
)
def test_scripts_are_read(argument: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "start.sh").write_text(SCRIPT)
    found = started(f"/srv/docker/start.sh {argument}", str(tmp_path))
    assert [f"{one.program} {one.processes.value}" for one in found] == expected
    if argument == "web":
        assert found[0].processes.place == Place(str(tmp_path / "docker" / "start.sh"), 7)


@pytest.mark.parametrize(
    ("lines", "workers"),
    [
        (': "${WORKERS:=5}"', 5),
        (': "${A:=5}" "${WORKERS=$A}"\n: ${WORKERS:=7}', 5),
        ("WORKERS=3\n: ${WORKERS:=7}", 3),
        ("WORKERS=\n: ${WORKERS:=7}", 7),
    ],
)
def test_a_script_sets_what_nothing_has_set(lines: str, workers: int, tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text(f"{lines}\nexec gunicorn -w $WORKERS app:app\n")
    [service] = started("/srv/start.sh", str(tmp_path))
    assert service.processes.value == workers


def test_a_script_that_cannot_be_understood_is_told(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/sh\necho 'over\nrows'\necho 'never closed\ngunicorn app:app\n")
    commands = Commands()
    words = (Word("./start.sh", PLACE),)
    assert [one.program for one in commands.services(Unit("a", PLACE, words, {}, Figure(1, ""), str(tmp_path)))] == [
        "gunicorn"
    ]
    [problem] = commands.problems
    assert (problem.place.row, problem.message) == (4, "cannot be understood as a command: No closing quotation")


CONFIG = """\
import multiprocessing
import os

bind = "0.0.0.0:8000"
threads = 2 * 2
workers = {workers}
"""


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ("4", 4),
        ("int(os.environ.get('WEB_CONCURRENCY', 3))", 3),
        ("int(os.getenv('WEB_CONCURRENCY', '3')) * 2 + 1", 7),
        ("int(os.getenv('WEB_CONCURRENCY') or 5)", 5),
        ("max(2, threads)", 4),
        ("multiprocessing.cpu_count() * 2 + 1", None),
        ("int(os.environ['SECRET'])", None),
    ],
)
def test_files_of_settings_of_gunicorn(workers: str, expected: int | None, tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text(CONFIG.format(workers=workers))
    for command in ("gunicorn app:app", "gunicorn -c /srv/gunicorn.conf.py app:app"):
        [service] = started(command, str(tmp_path))
        assert (service.processes.value, service.threads.value) == (expected, 4)
        assert service.processes.place == Place(str(path), 6)
    [service] = started("gunicorn -w 9 app:app", str(tmp_path))
    assert service.processes.value == 9
    [service] = started("gunicorn app:app", str(tmp_path), GUNICORN_CMD_ARGS="--workers=8 --timeout 30")
    assert service.processes.value == 8


def test_the_environment_reaches_files_of_settings(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("import os\nworkers = int(os.environ.get('N', 2))\n")
    [service] = started("gunicorn app:app", str(tmp_path), N="6")
    assert service.processes == Figure(6, "`workers = int(os.environ.get('N', 2))`", Place("env", 1))


def test_a_broken_file_of_settings_is_told(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("bind = 1\nworkers = = 4\n")
    commands = Commands()
    words = tuple(Word(text, PLACE) for text in ("gunicorn", "app:app"))
    [service] = commands.services(Unit("a", PLACE, words, {}, Figure(1, ""), str(tmp_path)))
    assert service.processes.value == 1
    [problem] = commands.problems
    assert (problem.place.row, problem.message) == (2, "broken Python: invalid syntax")


def test_a_program_that_is_told_nothing_looks_for_its_module() -> None:
    [service] = started("fastapi run --workers 4")
    assert service.targets == ("main.py|app.py|api.py|app/main.py|app/app.py|app/api.py",)


SUPERVISOR = """\
[supervisord]
nodaemon=true

[program:api]
command=uvicorn app.main:app
    --workers %(ENV_WORKERS)s   ; as many as fit
[program:jobs]
command = celery -A app.tasks worker -c 2
numprocs=3
environment=LEVEL="info",QUEUE=high
[program:shell]
command=python -m app.shell
autostart=false
"""


def test_what_supervisord_starts(tmp_path: Path) -> None:
    (tmp_path / "supervisord.conf").write_text(SUPERVISOR)
    for command in ("supervisord -n", "supervisord -c /etc/supervisor/conf.d/supervisord.conf"):
        api, jobs = started(command, str(tmp_path), WORKERS="4")
        assert (api.name, api.processes.value, api.kind) == ("web-api", 4, "web")
        assert (jobs.name, jobs.processes.value, jobs.processes.how) == ("web-jobs", 6, "3 × `celery --concurrency`")
        assert jobs.processes.place == Place(str(tmp_path / "supervisord.conf"), 8)
        assert jobs.environment["QUEUE"].text == "high"


def test_commands_that_the_project_brings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n[project.scripts]\nshop = "shop.cli:main"\n')
    [service] = started("shop serve --log-level info", str(tmp_path))
    assert (service.program, service.targets, service.processes.value) == ("shop", ("shop.cli",), 1)
    [service] = started("exec shop server start shop.main:app --workers 3", str(tmp_path))
    assert (service.targets, service.processes.value) == (("shop.cli", "shop.main"), 3)
    assert started("store serve", str(tmp_path)) == []


@pytest.mark.parametrize("command", ["python -m app", "python app/__main__.py"])
def test_modules_that_serve_themselves(command: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    path = tmp_path / "app" / "__main__.py"
    path.write_text(
        "import os\n\nimport uvicorn\n\nif __name__ == '__main__':\n"
        "    uvicorn.run('app.main:app', port=80, workers=int(os.getenv('WORKERS', 2)))\n"
    )
    [service] = started(command, str(tmp_path))
    assert (service.processes.value, service.processes.place) == (2, Place(str(path), 6))
    [service] = started(command, str(tmp_path), WORKERS="5")
    assert (service.processes.value, service.processes.place) == (5, Place("env", 1))
    path.write_text("import uvicorn\nuvicorn.run('app.main:app')\n")
    [service] = started(command, str(tmp_path))
    assert service.processes.value == 1


def test_defaults_of_defaults() -> None:
    text = 'NAME=app.main; export TARGET=${TARGET:-"$NAME:${ATTRIBUTE:-app}"}; gunicorn -w ${A:-${B:-3}} $TARGET'
    [service] = started(text)
    assert (service.targets, service.processes.value) == (("app.main",), 3)


PASTED = """\
[DEFAULT]
debug = false

[app:main]
use = egg:orders-api
pyramid.includes =
    pyramid_mailer
    pyramid_tm

[server:main]
use = egg:waitress#main
listen = 127.0.0.1:6543
"""


@pytest.mark.parametrize(
    ("text", "command", "program", "threads"),
    [
        (PASTED, "pserve production.ini", "waitress-serve", 4),
        (f"{PASTED}threads = 12\n", "pserve --reload production.ini", "waitress-serve", 12),
        (PASTED.replace("waitress", "cherrypy"), "pserve production.ini", "pserve", None),
        (PASTED.replace("egg:orders-api", "call:orders_api:main"), "pserve production.ini", "waitress-serve", 4),
        (PASTED, "gunicorn --paste production.ini -b :8080 --timeout 120", "gunicorn", 1),
    ],
)
def test_what_paste_describes(tmp_path: Path, text: str, command: str, program: str, threads: int | None) -> None:
    (tmp_path / "production.ini.in").write_text(text, encoding="utf-8")
    [service] = started(command, str(tmp_path))
    assert (service.kind, service.program, service.threads.value) == ("web", program, threads)
    assert service.targets == ("orders_api",)


def test_a_file_of_paste_that_is_not_there(tmp_path: Path) -> None:
    assert started("pserve production.ini", str(tmp_path)) == []


def test_a_file_of_paste_that_uses_another(tmp_path: Path) -> None:
    (tmp_path / "common.ini").write_text(PASTED, encoding="utf-8")
    (tmp_path / "production.ini").write_text("[app:main]\nuse = config:common.ini\n", encoding="utf-8")
    (tmp_path / "again.ini").write_text("[app:main]\nuse = config:again.ini\n", encoding="utf-8")
    [service] = started("gunicorn --paste production.ini", str(tmp_path))
    assert service.targets == ("orders_api",)
    [service] = started("gunicorn --paste again.ini", str(tmp_path))
    assert service.targets == ()
