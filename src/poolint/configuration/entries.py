"""The URL of a database that the configuration of an application has, wherever in a project it is set: an entry of a name
that a library looks up, ``SQLALCHEMY_DATABASE_URI``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.configuration.urls import urls
from poolint.syntax.commands import is_command, is_started
from poolint.syntax.file_kinds import kinds_of
from poolint.syntax.purposes import is_of_its_users
from poolint.syntax.scopes import parent_of
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.configuration.constants import Folder
    from poolint.configuration.urls import Url
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Entries:
    """Answers for the entries of one project, each by its name and a module that is near it."""

    def __init__(self, ev: Evaluator, folder: Folder) -> None:
        self.ev = ev
        self._folder = folder
        self._found: dict[tuple[str, str], tuple[Url, ...]] = {}

    def urls_of(self, name: str, near: Module) -> tuple[Url, ...]:
        """All URLs that an entry may have; none where one of them is not known, or somebody outside may say otherwise.
        What is run by hand, or by tests, has a database of its own."""
        key = (name, near.path)
        if key not in self._found:
            self._found[key] = self._urls_of(name, near)
        return self._found[key]

    def _urls_of(self, name: str, near: Module) -> tuple[Url, ...]:
        found: list[Url] = []
        project = self.ev.project
        for path in project.saying(name, near):
            module = project.module(path)
            if module is None or kinds_of(module, "", self.ev.models, project, path):
                continue
            for value, scope in _values(name, module):
                if self._is_of_a_command(scope):
                    continue
                folded = self._folder.fold(value, scope) if value is not None else None
                known = urls(self.ev.models, folded) if folded is not None else ()
                is_all = folded is not None and folded.complete and len(known) == len(folded.known) > 0
                if not is_all or not all(one.known.given for one in known):
                    return ()
                found += known
        return tuple(found)

    def _is_of_a_command(self, scope: Scope) -> bool:
        """Whether a function makes an application for a process that ends with it, and serves nobody."""
        if is_command(scope.node):
            return not is_of_its_users(scope, self.ev.models)
        serves = self.ev.models.words("runs-a-server")
        return is_started(scope.node) and not any(
            last_name(call.func) in serves for one in scope.module.scope.descendants() for call in one.calls
        )


def _values(name: str, module: Module) -> Iterator[tuple[ast.expr | None, Scope]]:
    """What an entry is set to in a module; None where that is not seen."""
    module.read()
    for scope in module.scope.descendants():
        for binding in scope.bindings.get(name, ()):
            if binding.kind != "import":
                yield binding.value, scope
    for node in ast.walk(module.tree):
        if isinstance(node, ast.keyword) and node.arg == name:
            yield node.value, module.scope_of(node.value)
        elif isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
            yield _assigned(node), module.scope_of(node)
        elif isinstance(node, ast.Constant) and node.value == name and not _is_asked(node):
            yield _set_under(node), module.scope_of(node)


def _is_asked(key: ast.Constant) -> bool:
    """Whether it is only asked for what stands under a key, or whether anything does."""
    parent = parent_of(key)
    if isinstance(parent, ast.Call):
        return key in parent.args and len(parent.args) == 1 and not parent.keywords
    is_read = isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load)
    return is_read or isinstance(parent, ast.Compare)


def _set_under(key: ast.Constant) -> ast.expr | None:
    """What is put under a key, or stands for it where there is nothing: ``config.get(KEY, url)``."""
    parent = parent_of(key)
    if isinstance(parent, ast.Subscript):
        return _assigned(parent)
    if isinstance(parent, ast.Dict):
        return next((value for one, value in zip(parent.keys, parent.values, strict=True) if one is key), None)
    if isinstance(parent, ast.Call) and len(parent.args) == 2 and parent.args[0] is key:
        return parent.args[1]
    return None


def _assigned(target: ast.expr) -> ast.expr | None:
    parent = parent_of(target)
    return parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) and parent.value is not target else None
