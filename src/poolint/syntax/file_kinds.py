"""Kinds of place in which other expectations hold: tests, Alembic environments, one-shot scripts and notebooks."""

from __future__ import annotations

import ast
import os
import re
from typing import TYPE_CHECKING

from poolint import recording
from poolint.roots.modules import is_main_guard
from poolint.syntax.importers import importers, imports_more_than_classes, last_part
from poolint.syntax.purposes import is_imported as imports_library
from poolint.syntax.purposes import library_names, migrates, serves, tests
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.loader import Models
    from poolint.syntax.project import Module, Project

KINDS = {
    "tests": "files in `tests/`, `test/` or `testing/`, or in folders that end so (`api_tests/`, `shop-testing/`), `test_*.py`, "
    "`*_test.py`, `conftest.py`, and what imports pytest",
    "alembic": "Alembic's `env.py`, its migrations, and modules that nothing but these and tests imports",
    "scripts": 'modules with an `if __name__ == "__main__"`, or that read their command line at the top level, that serve '
    "nothing and that nothing imports but tests and scripts, and commands of click and typer",
    "notebooks": "notebooks of Jupyter (`*.ipynb`), in whose cells what stands outside of functions lives as long as the kernel",
}
"""Each kind of place, and how it is recognised."""

TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?/|testing/|[^/]*[_-](?:tests|testing)/|test_[^/]*\.py$|[^/]*_test\.py$|conftest\.py$)"
)


def kinds_of(module: Module, relative_path: str, models: Models, project: Project, asking: str = "") -> frozenset[str]:
    """The kinds of place that a file is: a test by its path, all else by what its code does. It is asked on behalf of what is
    told of the file itself, unless something else is ``asking``."""
    recording.answered(asking or recording.own(module.path), [recording.kind(module.path)])
    found = set()
    if TEST_FILE.search(relative_path) or tests(module, models):
        found.add("tests")
    if _is_of_migrations(module, models, project, ()):
        found.add("alembic")
    if module.source.cells is not None:
        found.add("notebooks")
    elif _is_script(module, models, project, ()):
        found.add("scripts")
    return frozenset(found)


def is_test(module: Module, project: Project) -> bool:
    """Whether a module is a test, by its path in the project."""
    return is_test_path(module.path, project.finder.top(module.path))


def is_imported(module: Module, project: Project) -> bool:
    """Whether another module imports one, tests aside."""
    return any(not is_test(one, project) for one in importers(project, module, recording.own(module.path)))


def is_test_path(path: str, root: str) -> bool:
    """Whether a file is a test, by its path below a folder."""
    folder = os.path.join(root, "")
    inner = path[len(folder) :] if path.startswith(folder) else os.path.relpath(path, root)
    return TEST_FILE.search(inner.replace(os.sep, "/")) is not None


def called(path: str) -> str:
    """The last part of the dotted name of the module that a file is."""
    stem = os.path.basename(path).rpartition(".")[0]
    return os.path.basename(os.path.dirname(path)) if stem == "__init__" else stem


def _importers(project: Project, module: Module) -> Iterator[Module]:
    """The modules that import one, whose kinds tell what kind of place that is."""
    asking = recording.kind(module.path)
    for one in importers(project, module, asking):
        recording.answered(asking, [recording.kind(one.path)])
        yield one


def _is_script(module: Module, models: Models, project: Project, above: tuple[Module, ...]) -> bool:
    """Whether a module only runs once in a process: it is run itself, serves nothing, and is imported by nothing but
    tests and other such modules."""
    if not (is_run(module) or _reads_command_line(module, models)) or serves(module, models):
        return False
    known = project.scripts
    if module.path not in known:
        found = all(
            other in above
            or TEST_FILE.search(other.path.removeprefix(project.root_of(module)))
            or is_run_as_package(other)
            or _is_script(other, models, project, (*above, module))
            for other in _importers(project, module)
        )
        if above:
            return found  # what depends on where one began is not kept
        known[module.path] = found
    return known[module.path]


def is_run_as_package(module: Module) -> bool:
    """Whether a module is what ``python -m package`` runs."""
    return last_part(module) == "__main__"


def _reads_command_line(module: Module, models: Models) -> bool:
    """Whether a module reads the command line whenever it runs: who imports it has none for it."""
    parts = (parent_of(load) for load in module.scope.loads.get("sys", ()))
    if any(isinstance(one, ast.Attribute) and one.attr == "argv" and _needs_an_argument(one, module) for one in parts):
        return True
    calls = module.scope.calls_named(models.words("reads-command-line"))
    if all(one.args or one.keywords for one in calls):
        return False
    roots = {name.partition(".")[0] for name in models.manners["reads-command-line"]}
    return any(imports_library(root, module) for root in roots)


def _needs_an_argument(argv: ast.Attribute, module: Module) -> bool:
    """Whether a module takes one of its arguments whenever it runs, or what stands for that where there is none."""
    item = parent_of(argv)
    if isinstance(item, ast.Assign) and isinstance(item.targets[0], (ast.Tuple, ast.List)):
        return True
    if not isinstance(item, ast.Subscript) or (isinstance(item.slice, ast.Constant) and item.slice.value == 0):
        return False
    return around(item, module.scope, (ast.If,)) is None


def is_run(module: Module) -> bool:
    """Whether a module asks at its top level whether it is what is run."""
    return any(isinstance(one, ast.If) and is_main_guard(one.test) for one in module.tree.body)


def _is_of_migrations(module: Module, models: Models, project: Project, above: tuple[Module, ...]) -> bool:
    """Whether a module is a migration, or the environment that runs these, or only such modules, and tests, import it:
    what stands in it happens once in the life of a database. One of which they import classes alone is run by others."""
    if migrates(module, models) or _is_migration(module):
        return True
    root, around = project.root_of(module), (*above, module)
    if is_run(module) or not project.naming("down_revision", root, module.path):
        return False
    others = (
        one
        for one in _importers(project, module)
        if one not in around and not TEST_FILE.search(one.path.removeprefix(root))
    )
    runs = False
    for one in others:
        if not _is_of_migrations(one, models, project, around):
            return False
        runs = runs or imports_more_than_classes(project, one, module)
    return runs


def _is_migration(module: Module) -> bool:
    """Whether a module has the functions, and the names, of a migration of Alembic, which may do nothing at all: it imports
    something of Alembic, or says what it comes after."""
    names = module.scope.bindings
    if "revision" not in names or not any(one.kind == "function" for one in names.get("upgrade", ())):
        return False
    imported = library_names(module).imported
    return "down_revision" in names or any(one.startswith("alembic.") for one in imported)
