"""Where other expectations hold: tests, Alembic environments and one-shot scripts.

A rule names the kinds of place in which it is off (``relaxed_in``), and those in which it is off for what lives as long
as the process (``relaxed_for_process_in``): there the end of the process releases.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.rules.base import Meta
    from poolint.semantics.project import Module

KINDS = {
    "tests": "files in `tests/` or `test/`, `test_*.py`, `*_test.py`, `conftest.py`",
    "alembic": "Alembic's `env.py` and its migrations",
    "scripts": 'modules with an `if __name__ == "__main__"` that serve nothing, and commands of click and typer',
}
"""Each kind of place, and how it is recognised."""

_TEST_FILE = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)")
_ALEMBIC = re.compile(
    rb"^\s*from\s+alembic\s+import\s+[^\n]*\b(?:context|op)\b|^[^#\n]*\balembic\.(?:context|op)\.", re.MULTILINE
)
_MAIN = re.compile(rb"^if\s+__name__\s*==\s*['\"]__main__['\"]", re.MULTILINE)
_SERVES = re.compile(
    rb"uvicorn|gunicorn|hypercorn|granian|FastAPI\(|Starlette\(|Flask\(|APIRouter\(|run_app\(|serve_forever|celery",
    re.IGNORECASE,
)
_PROCESS_LIVED = frozenset({"<module>", "main", "_main", "amain", "async_main", "run_migrations_online"})
_SESSION_FIXTURE = frozenset({"session", "package", "module"})


def kinds_of(module: Module, relative_path: str) -> frozenset[str]:
    """The kinds of place that a file is, by its path and its contents."""
    data = module.source.data
    found = set()
    if _TEST_FILE.search(relative_path):
        found.add("tests")
    if _ALEMBIC.search(data):
        found.add("alembic")
    if _MAIN.search(data) and not _SERVES.search(data):
        found.add("scripts")
    return frozenset(found)


def is_relaxed(meta: Meta, kinds: frozenset[str], function: str, node: ast.AST | None) -> bool:
    """Whether a finding of this rule in ``function`` is not expected to be told in a place of these kinds."""
    if not meta.relaxed_in.isdisjoint(kinds):
        return True
    if "scripts" in meta.relaxed_for_process_in and node is not None and _is_command(node):
        return True
    if meta.relaxed_for_process_in.isdisjoint(kinds):
        return False
    return function in _PROCESS_LIVED or ("tests" in kinds and node is not None and _is_long_fixture(node))


def _is_command(node: ast.AST) -> bool:
    """Whether a function is a command of a command line (click, typer): the process ends with it."""
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr == "command":
            return True
    return False


def _is_long_fixture(node: ast.AST) -> bool:
    """Whether a function is a pytest fixture that lives longer than one test."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value in _SESSION_FIXTURE
    return False
