"""Whether a program may take a connection from an engine or a pool that a module makes as it is imported: many modules make
one more than the program at hand asks for a connection.

What stands for an engine at the top of a module is followed: names that it is put into, names of factories of sessions that are
bound to it, imports. It is used where a part of a file that the program runs reads such a name, for whatever that is. It is not
where it is only disposed of, listened to, compared, or exported; nor where a function makes one that the program does not run.
Who uses what nothing at all reads is not seen: somebody may.
"""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from poolint.analyses.named_files import NamedFiles
from poolint.analyses.unreached import Unreached
from poolint.models.schema import POOLING
from poolint.syntax.file_kinds import called
from poolint.syntax.scopes import home_of, parent_of, reads_of
from poolint.types.values import ClassObject, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.loading import Deployment, Program
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_STANDING = (*POOLING, "factory", "registry")
"""Kinds of what has a pool, or gives sessions of one, and takes no connection as it is made."""


class _Name(NamedTuple):
    """A name at the top of a module."""

    text: str
    path: str


class EngineUse:
    """Answers for what one program runs."""

    def __init__(self, ev: Evaluator, deployment: Deployment, program: Program) -> None:
        self.ev = ev
        self._program = program
        self._unreached = Unreached(ev, deployment, program)
        self._files = NamedFiles(ev, program)
        self._ending = ev.models.words("shuts-down")
        self._same = ev.models.words("same-pool")
        self._listening = ev.models.manners["registers"] | ev.models.manners["registers-decorated"]
        self._used: dict[_Name, bool] = {}

    def is_used(self, node: ast.expr, scope: Scope) -> bool:
        """Whether the program may take a connection from what an expression makes."""
        if self._loads_more:
            return True
        if not self._runs(scope):
            return False
        return scope.kind != "module" or self._is_taken_on(node, scope)

    @cached_property
    def _loads_more(self) -> bool:
        """Whether the program may load other modules than those that imports lead to: by names that no text has, or that a string
        has."""
        loaders = sorted(self.ev.models.words("loads-modules"))
        for path in dict.fromkeys(each for one in loaders for each in self._program.naming(one)):
            named = self._files.of(path)
            if named is None or named.loads:
                return True
            found = (self.ev.project.finder.found(one, path) for one in sorted(named.dotted))
            if any(one is not None and one not in self._program.files for one in found):
                return True
        return False

    def _runs(self, scope: Scope) -> bool:
        return self._unreached.why(scope) is None

    def _is_taken_on(self, node: ast.expr, scope: Scope) -> bool:
        """Whether what has the pool of an engine comes to something that may take a connection from it."""
        node, parent = self._standing(node, scope)
        if isinstance(parent, (ast.Compare, ast.UnaryOp)) or (
            isinstance(parent, (ast.If, ast.IfExp, ast.Assert)) and parent.test is node
        ):
            return False  # asked whether there is one
        if isinstance(parent, ast.Attribute):
            return parent.attr not in self._ending
        if isinstance(parent, ast.Call) and node in parent.args:
            return self.ev.qualified_name(self.ev.type_of(parent.func, scope)) not in self._listening
        if scope.kind == "module" and isinstance(parent, (ast.Assign, ast.AnnAssign)):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            names = [_Name(one.id, scope.module.path) for one in targets if isinstance(one, ast.Name)]
            return len(names) < len(targets) or any(map(self._is_name_used, names))
        return True

    def _standing(self, node: ast.expr, scope: Scope) -> tuple[ast.expr, ast.AST | None]:
        """The expression around one that still stands for the same pool, or gives sessions of it, and what is around that."""
        while True:
            parent = parent_of(node)
            around: ast.AST | None = parent_of(parent) if isinstance(parent, ast.keyword) else parent
            is_choice = isinstance(parent, ast.IfExp) and node is not parent.test
            if is_choice or isinstance(parent, ast.Await) or self._is_same(parent):
                assert isinstance(parent, ast.expr)
                node = parent
            elif isinstance(around, ast.Call) and node is not around.func and self._stands(around, scope):
                node = around
            else:
                return node, parent

    def _is_same(self, node: ast.AST | None) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in self._same

    def _stands(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call makes what has the pool of an argument and takes no connection for that."""
        found = alternatives(self.ev.type_of(call.func, scope))
        return bool(found) and all(
            isinstance(one, ClassObject) and one.base is not None and one.base.kind in _STANDING for one in found
        )

    def _is_name_used(self, name: _Name) -> bool:
        found = self._used.get(name)
        if found is None:
            self._used[name] = False  # what is put into itself is used elsewhere
            found = self._used[name] = self._is_read(name)
        return found

    def _is_read(self, name: _Name) -> bool:
        home = self.ev.project.module(name.path)
        if home is None:
            return True
        home.read()
        loads = [(load, inner) for inner, load in reads_of(name.text, home.scope)]
        if any(self._is_taken_where_run(*one) for one in loads):
            return True
        is_seen = bool(loads)
        for other in self._having(name, home):
            other.read()
            is_said = _says(other, _spelled(name))
            found = list(_loads(name.text, other))
            is_seen = is_seen or is_said or bool(found)
            if is_said or any(self._is_taken_where_run(*one) for one in found):
                return True
        return not is_seen

    def _having(self, name: _Name, home: Module) -> Iterator[Module]:
        """The other modules that may have what a name stands for: by an import, or by a string that names it with its module."""
        for path in self._files.naming(name.text, home):
            other = self.ev.project.module(path) if path != name.path else None
            if other is not None and (
                self._program.may_have(path, name.text, name.path) or self._is_spelled(name, path)
            ):
                yield other

    def _is_spelled(self, name: _Name, path: str) -> bool:
        """Whether a string of a file has a name behind another one."""
        named = self._files.of(path)
        return named is None or bool(named.naming(name.text, in_package=True))

    def _is_taken_where_run(self, node: ast.expr, scope: Scope) -> bool:
        return self._is_taken_on(node, scope) and self._runs(scope)


def _is_imported(name: str, scope: Scope) -> bool:
    """Whether a name comes from another module, be it with all that this has."""
    home = home_of(name, scope)
    return home is None or any(one.kind == "import" for one in home.bindings[name])


def _loads(name: str, module: Module) -> Iterator[tuple[ast.expr, Scope]]:
    """Where a module reads what it imports by a name, or looks it up by that on what it imports."""
    names = dict.fromkeys([name])
    looked_up: list[ast.Attribute] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            names.update((one.asname, None) for one in node.names if one.name == name and one.asname)
        elif isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
            looked_up.append(node)
    for scope in module.scope.descendants():
        yield from ((load, scope) for one in names for load in scope.loads.get(one, ()) if _is_imported(one, scope))
    for each in looked_up:
        base: ast.expr = each.value
        while isinstance(base, ast.Attribute):
            base = base.value
        scope = module.scope_of(each)
        if isinstance(base, ast.Name) and _is_imported(base.id, scope):
            yield each, scope


def _spelled(name: _Name) -> re.Pattern[str]:
    """How strings name something with its module."""
    return re.compile(rf"\b{re.escape(called(name.path))}[.:]{re.escape(name.text)}\b")


def _says(module: Module, spelled: re.Pattern[str]) -> bool:
    """Whether a string of a module names something by its module."""
    strings = (one.value for one in ast.walk(module.tree) if isinstance(one, ast.Constant))
    return any(isinstance(one, str) and spelled.search(one) is not None for one in strings)
