"""Kinds of place in which other expectations hold: tests, Alembic environments and one-shot scripts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.roots.modules import is_main_guard
from poolint.syntax.purposes import library_names, migrates, serves

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.syntax.project import Module

KINDS = {
    "tests": "files in `tests/` or `test/`, `test_*.py`, `*_test.py`, `conftest.py`",
    "alembic": "Alembic's `env.py` and its migrations",
    "scripts": 'modules with an `if __name__ == "__main__"` that serve nothing, and commands of click and typer',
}
"""Each kind of place, and how it is recognised."""

TEST_FILE = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)")


def kinds_of(module: Module, relative_path: str, models: Models) -> frozenset[str]:
    """The kinds of place that a file is: a test by its path, all else by what its code does."""
    found = set()
    if TEST_FILE.search(relative_path):
        found.add("tests")
    if migrates(module, models) or _is_migration(module):
        found.add("alembic")
    if is_run(module) and not serves(module, models):
        found.add("scripts")
    return frozenset(found)


def is_run(module: Module) -> bool:
    """Whether a module asks at its top level whether it is what is run."""
    return any(isinstance(one, ast.If) and is_main_guard(one.test) for one in module.source.tree.body)


def _is_migration(module: Module) -> bool:
    """Whether a module that imports something of Alembic has the functions, and the name, of a migration, which may do
    nothing at all."""
    if not any(one.startswith("alembic.") for one in library_names(module).imported):
        return False
    names = module.scope.bindings
    return "revision" in names and any(one.kind == "function" for one in names.get("upgrade", ()))
