"""What a module is for is told by its code: words in strings, comments and names of its own change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support import Fixture, fixtures
from tests.support import Project as Laid

from poolint.models.loader import load
from poolint.roots.finder import Finder
from poolint.syntax import purposes
from poolint.syntax.file_kinds import is_test_path, kinds_of
from poolint.syntax.project import Module, Project
from poolint.text.source import Source

if TYPE_CHECKING:
    from pathlib import Path

WORDS = """

__WORDS__ = '''
from alembic import context, op
import uvicorn, gunicorn, celery, dramatiq, multiprocessing, zope.sqlalchemy, threading, flask
if __name__ == "__main__":
    uvicorn.run(FastAPI())
engine.dispose(); client.aclose(); pool.close(); session.remove(); registry.remove(); close_all_sessions()
set_start_method("spawn"); register_at_fork(); worker_process_init; post_fork
lambda_handler AWS_LAMBDA mangum serverless zappa vercel asyncio.run( os.fork( event loop uwsgi gevent pgbouncer
'''
# from alembic import op; if __name__ == "__main__": uvicorn.run(app); engine.dispose(); registry.remove(); pgbouncer
lambda_handler = uvicorn = celery = mangum = pgbouncer = gevent = None
"""


def module(text: str) -> Module:
    path = "/nowhere/app.py"
    return Project(Finder()).replace(Source.from_bytes(path, text.encode()))


def kinds(text: str) -> frozenset[str]:
    one = module(text)
    return kinds_of(one, "app.py", load(), Project(Finder()))


@pytest.mark.parametrize(
    "text",
    [
        "from alembic import op\nop.execute('SELECT 1')",
        "from alembic import context as c\nconfig = c.config",
        "import alembic.op\ndef upgrade():\n    alembic.op.execute('')",
        "from alembic.op import execute\nexecute('')",
        "from alembic import op\nrevision = '1'\ndef upgrade():\n    pass",
    ],
)
def test_what_alembic_runs_is_told_by_its_names(text: str) -> None:
    assert kinds(text) == {"alembic"}


@pytest.mark.parametrize(
    "text",
    [
        "TEXT = '''\nfrom alembic import op\n'''",
        "from .alembic import op\nop.execute('')",
        "from alembic import op",
        "import contextlib as context\ncontext.suppress()",
        "from alembic import op\ndef run(op):\n    op.execute('')",
        "from alembic.config import Config\nConfig('alembic.ini')",
        "if __name__ == 'app':\n    pass",
        "TEXT = '''\nif __name__ == '__main__':\n    pass\n'''".replace("'__main__'", '"__main__"'),
    ],
)
def test_others_are_of_no_kind(text: str) -> None:
    assert not kinds(text)


@pytest.mark.parametrize(
    ("text", "is_served"),
    [
        ("import uvicorn\nuvicorn.run('app:app')", True),
        ("from fastapi import FastAPI as Application\napp = Application()", True),
        ("from socketserver import TCPServer\nclass Server(TCPServer):\n    pass", True),
        ("from celery import shared_task\n@shared_task\ndef run(): ...", True),
        ("from shop import app\n@app.get('/orders')\ndef orders(): ...", True),
        ("from fastapi import FastAPI\ndef setup(app: FastAPI) -> FastAPI: ...", False),
        ("HELP = 'uvicorn.run(FastAPI())'", False),
        ("uvicorn = print\nuvicorn.run()", False),
        ("from .uvicorn import run\nrun()", False),
    ],
)
def test_who_serves_is_told_by_what_it_calls(text: str, is_served: bool) -> None:
    assert purposes.serves(module(text), load()) is is_served
    main = f"{text}\nif __name__ == '__main__':\n    pass\n"
    assert kinds(main) == (frozenset() if is_served else {"scripts"})


CODES = frozenset({"POL209", "POL214", "POL402", "POL503", "POL504", "POL510", "POL511"})


@pytest.mark.parametrize(
    "one", [one for one in fixtures() if one.code in CODES], ids=lambda one: f"{one.code}-{one.name}"
)
def test_words_change_no_finding(one: Fixture, tmp_path: Path) -> None:
    told = []
    for folder, more in (("before", b""), ("after", WORDS.encode())):
        root = one.lay_out(tmp_path / folder)
        for name in one.files:
            (root / name).write_bytes((root / name).read_bytes() + more)
        laid = Laid(root, one.files, also=(one.code,))
        told.append([(laid.place(each), each.message) for each in laid.findings()])
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/orders.py", True),
        ("lib/shop_tests/orders.py", True),
        ("lib/shop-testing/orders.py", True),
        ("shop/conftest.py", True),
        ("shop/orders_test.py", True),
        ("shop/ab_test/orders.py", False),
        ("shop/contests/orders.py", False),
        ("shop/tests.py", False),
    ],
)
def test_tests_are_known_by_their_paths(path: str, expected: bool) -> None:
    assert is_test_path(f"/work/{path}", "/work") is expected
