"""Which engines a service has: those of the modules that its command leads to, as far as they are used there."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poolint.config import Settings
from poolint.engine import Checker
from poolint.rules.registry import LazyRules

if TYPE_CHECKING:
    from collections.abc import Callable

    Parts = Callable[..., dict[tuple[str, str], int | None]]

ENGINE = """\
    from sqlalchemy import create_engine

    engine = create_engine("postgresql://db/app", pool_size=2, max_overflow=1)
"""


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """``parts({"web": "gunicorn app:app"}, {"app.py": text})``: connections by service and pool, for a Procfile with
    one of each, and what each module is called."""

    def call(commands: dict[str, str], files: dict[str, str]) -> dict[tuple[str, str], int | None]:
        lines = (f"  {name}:\n    build: .\n    command: {command}\n" for name, command in commands.items())
        (tmp_path / "compose.yaml").write_text(f"services:\n{''.join(lines)}")
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        checker = Checker(Settings(root=str(tmp_path)), LazyRules())
        [found] = checker.fleet().of(str(tmp_path)).budgets
        return {(row.service.name, row.pool.qualified): row.connections for row in found.rows}

    return call


def test_modules_are_followed_through_imports(parts: Parts) -> None:
    files = {
        "app/__init__.py": "",
        "app/main.py": "from app import api\n",
        "app/api.py": "from .db.session import make\n\nmake()\n",
        "app/db/__init__.py": "",
        "app/db/engine.py": ENGINE,
        "app/db/session.py": "from app.db import engine as e\n\ndef make():\n    return e.engine\n",
        "app/other.py": ENGINE,
    }
    assert parts({"web": "gunicorn -w 2 app.main:app"}, files) == {("web", "app.db.engine.engine"): 6}


def test_packages_on_the_way_use_nothing(parts: Parts) -> None:
    files = {
        "shop/__init__.py": "from shop.db import engine\n",
        "shop/db.py": ENGINE,
        "shop/mail.py": "",
        "shop/web.py": "",
    }
    found = parts({"mail": "python -m shop.mail", "web": "gunicorn shop:app"}, files)
    assert found == {("web", "shop.db.engine"): 3}


def test_what_no_module_takes_is_not_asked_for_connections(parts: Parts) -> None:
    two = ENGINE + '    reports = create_engine("postgresql://db/app")\n\n    def report():\n        return reports\n'
    files = {
        "db.py": two,
        "web.py": "import db\n\nprint(db.report())\n",
        "jobs.py": "from db import engine\n",
        "all.py": "from db import *\n\nprint(report())\n",
    }
    found = parts({"web": "gunicorn web:app", "jobs": "python -m jobs", "all": "python all.py"}, files)
    assert found == {
        ("web", "db.reports"): 15,
        ("jobs", "db.engine"): 3,
        ("all", "db.engine"): 3,
        ("all", "db.reports"): 15,
    }


def test_workers_are_told_their_modules_by_name(parts: Parts) -> None:
    files = {
        "proj/__init__.py": "",
        "proj/celery.py": """\
            from celery import Celery

            app = Celery(include=["proj.tasks"])
            app.autodiscover_tasks(["proj.sub"])
        """,
        "proj/db.py": ENGINE,
        "proj/tasks.py": "from proj.db import engine\n",
        "proj/sub/__init__.py": "",
        "proj/sub/tasks.py": ENGINE,
        "proj/sub/use.py": "",
        "serve.py": "import uvicorn\n\nif __name__ == '__main__':\n    uvicorn.run('proj.tasks:app', workers=2)\n",
    }
    found = parts({"worker": "celery -A proj worker -c 4", "web": "python serve.py"}, files)
    assert found == {("worker", "proj.db.engine"): 12, ("web", "proj.db.engine"): 6}


def test_a_context_that_is_copied_from_a_folder_below(parts: Parts) -> None:
    files = {
        "backend/app/__init__.py": "",
        "backend/app/main.py": "from app.db import engine\n",
        "backend/app/db.py": ENGINE,
    }
    assert parts({"web": "uvicorn app.main:app", "cli": "fastapi run"}, files) == {
        ("web", "app.db.engine"): 3,
        ("cli", "app.db.engine"): 3,
    }


@pytest.mark.parametrize(
    ("settings", "size", "variable"),
    [
        ("import os", 'int(os.environ["SIZE"])', "SIZE"),
        ("import os\nSIZE = int(os.getenv('POOL_SIZE', '9'))", "SIZE", "POOL_SIZE"),
        (
            """\
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_")
    pool_size: int = 9


settings = Settings()
""",
            "settings.pool_size",
            "app_pool_size",
        ),
    ],
)
def test_the_environment_of_a_service_decides(
    settings: str, size: str, variable: str, parts: Parts, tmp_path: Path
) -> None:
    engine = f"engine = create_engine('postgresql://db/a', pool_size={size}, max_overflow=0)"
    text = f"from sqlalchemy import create_engine\n{settings}\n\n{engine}\n"
    (tmp_path / ".env").write_text(f"{variable}=7\n")
    found = parts({"web": "gunicorn app:app\n    env_file: .env"}, {"app.py": text})
    assert found == {("web", "app.engine"): 7}


@pytest.mark.parametrize(
    ("url", "counts"),
    [("postgresql://x@db/app", True), ("mysql+pymysql://x@db/app", False), ("postgres://x@db/app", True)],
)
def test_the_environment_says_which_database_it_is(url: str, counts: bool, parts: Parts) -> None:
    text = "import os\nfrom sqlalchemy import create_engine\nengine = create_engine(os.environ.get('URL', 'sqlite:///a.db'))\n"
    found = parts({"web": f"gunicorn app:app\n    environment: ['URL={url}']"}, {"app.py": text})
    assert bool(found) == counts
    assert not parts({"web": "gunicorn app:app"}, {"app.py": text})


def test_engines_of_tests_and_migrations_do_not_count(parts: Parts) -> None:
    files = {
        "app.py": "from conftest import engine\nimport env\n",
        "conftest.py": ENGINE,
        "env.py": "from alembic import context\n\nconfig = context.config\n" + textwrap.dedent(ENGINE),
    }
    assert parts({"web": "gunicorn app:app"}, files) == {}


@pytest.mark.parametrize(
    ("start", "counts"),
    [
        ("import db\n", False),
        ("from db import count\n", False),
        ("import db\n\ndb.count()\n", True),
        ("import sys\nimport db\nfrom db import count\n\ngetattr(db, sys.argv[1])()\n", True),
        ("import sys\nimport importlib\nfrom db import count\n\nimportlib.import_module(sys.argv[1]).main()\n", True),
        ("import db\n\nrun('db.engine')\n", True),
        ("import db\n\nrun('db:engine')\n", True),
    ],
)
def test_an_engine_counts_where_something_uses_it(start: str, counts: bool, parts: Parts) -> None:
    text = (
        ENGINE
        + "\n    def count():\n        with engine.connect() as conn:\n            return conn.scalar('SELECT 1')\n"
    )
    found = parts({"web": "gunicorn web:app"}, {"web.py": "import start\n", "start.py": start, "db.py": text})
    assert found == ({("web", "db.engine"): 3} if counts else {})
