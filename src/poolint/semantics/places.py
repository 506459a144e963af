"""Kinds of place in which other expectations hold: tests, Alembic environments and one-shot scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poolint.files import with_newlines

if TYPE_CHECKING:
    from poolint.semantics.project import Module

KINDS = {
    "tests": "files in `tests/` or `test/`, `test_*.py`, `*_test.py`, `conftest.py`",
    "alembic": "Alembic's `env.py` and its migrations",
    "scripts": 'modules with an `if __name__ == "__main__"` that serve nothing, and commands of click and typer',
}
"""Each kind of place, and how it is recognised."""

TEST_FILE = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)")
_ALEMBIC = re.compile(
    rb"^[ \t]*from[ \t]+alembic[ \t]+import\b[^\n]*\b(?:context|op)\b|^[^#\n]*\balembic\.(?:context|op)\.", re.MULTILINE
)
_MAIN = re.compile(rb"^if\s+__name__\s*==\s*['\"]__main__['\"]", re.MULTILINE)
_SERVES = re.compile(
    rb"uvicorn|gunicorn|hypercorn|granian|FastAPI\(|Starlette\(|Flask\(|APIRouter\(|run_app\(|serve_forever|celery",
    re.IGNORECASE,
)


def kinds_of(module: Module, relative_path: str) -> frozenset[str]:
    """The kinds of place that a file is, by its path and its contents."""
    data = with_newlines(module.source.data)
    found = set()
    if TEST_FILE.search(relative_path):
        found.add("tests")
    if _ALEMBIC.search(data):
        found.add("alembic")
    if _MAIN.search(data) and not _SERVES.search(data):
        found.add("scripts")
    return frozenset(found)
