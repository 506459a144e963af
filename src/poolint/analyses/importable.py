"""Imports that raise: of modules that Python refuses to compile, or that ask another module of the project for a name that it
does not have; and of such a name itself."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from poolint.syntax.scopes import parent_of, statement_of
from poolint.types.imports import binding_module, first_party
from poolint.types.set_outside import assignments
from poolint.types.values import UNKNOWN, Function, ModuleObject, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Binding, Scope
    from poolint.types.evaluator import Evaluator

_MAKING = {"globals": b"globals", "locals": b"locals", "vars": b"vars", "exec": b"exec", "sys.modules": b"modules"}
"""What makes names that no statement has, by the word of it that stands in a file."""

_SETTING = frozenset({"setattr", "vars"})
_INSIDE = frozenset({"__dict__", "__class__", "__getattr__", "__path__"})
"""Attributes of a module by which others give it names."""


class Importable:
    """Answers for the modules of one project."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self._failing: dict[Module, bool] = {}
        self._closed: dict[Module, bool] = {}

    def fails(self, module: Module) -> bool:
        """Whether the import of a module of the project raises ``SyntaxError`` or ``ImportError``, whoever imports it."""
        found = self._failing.get(module)
        if found is None:
            found = _is_refused(module) or any(
                self._is_missing(one, module)
                for bindings in module.scope.bindings.values()
                for one in bindings
                if one.kind == "import"
            )
            if self.ev.is_idle:
                self._failing[module] = found
        return found

    def raises(self, statement: ast.Import | ast.ImportFrom, module: Module) -> bool:
        """Whether an import raises when it runs, wherever it stands in a module."""
        if isinstance(statement, ast.Import):
            return any(self._is_broken(one.name, 0, module) for one in statement.names)
        dotted, level = statement.module or "", statement.level
        names = [one.name for one in statement.names if one.name != "*"]
        if any(self._lacks(dotted, level, one, module) for one in names):
            return True
        source = first_party(self.ev, dotted, level, module)
        bound = source.scope.bindings if source is not None else {}
        inner = [f"{dotted}.{one}" if dotted else one for one in names if one not in bound]
        return any(self._is_broken(one, level, module) for one in inner or [dotted])

    def _is_missing(self, binding: Binding, module: Module) -> bool:
        """Whether a module imports, whenever it runs, a name that a module of the project has in no way."""
        dotted, colon, name = binding.origin.partition(":")
        if not colon or not isinstance(parent_of(statement_of(binding.node)), ast.Module):
            return False
        return self._lacks(dotted, binding.level, name, module)

    def _is_broken(self, dotted: str, level: int, module: Module) -> bool:
        """Whether a module cannot be imported, or a package on the way to it: not those that the importing one lies in, which
        have been before."""
        parts = dotted.split(".")
        on_the_way = (".".join(parts[: number + 1]) for number in range(len(parts)))
        sources = (first_party(self.ev, one, level, module) for one in on_the_way)
        failing = any(one is not None and not _holds(one, module) and self.fails(one) for one in sources)
        return failing and (bool(level) or self._is_only_one(parts[0], module))

    def _lacks(self, dotted: str, level: int, name: str, module: Module) -> bool:
        """Whether a module of the project that a name is imported from has it in no way."""
        source = None if name.startswith("__") else first_party(self.ev, dotted, level, module)
        if source is None or source is module or binding_module(self.ev, name, source) is not None:
            return False
        if not level and not self._is_only_one(dotted.partition(".")[0], module):
            return False
        if not self._has_all_written(source) or self._is_part(name, dotted, level, source, module):
            return False
        if source.is_package and not source.scope.bindings:
            return False  # its modules may be written as it is built
        return not self._is_set(name, source)

    def _has_all_written(self, source: Module) -> bool:
        """Whether a module has no names but those that its statements bind, and those that it imports with stars from others of
        which that is so as well."""
        found = self._closed.get(source)
        if found is None:
            self._closed[source] = True  # as far as it imports itself
            is_open = "__getattr__" in source.scope.bindings or source.path.endswith(".pyi")
            is_open = is_open or _makes_names(source) or self._hands_itself_on(source)
            inner = [first_party(self.ev, dotted, level, source) for dotted, level in source.stars]
            found = not is_open and all(one is not None and self._has_all_written(one) for one in inner)
            self._closed[source] = found
        return found

    def _hands_itself_on(self, source: Module) -> bool:
        """Whether a module tells its name to a function of the project, or loads itself by it, so that it may be given names."""
        if not source.mentions(b"__name__"):
            return False
        for scope in source.scope.descendants():
            for load in scope.loads.get("__name__", ()):
                call = parent_of(load)
                if isinstance(call, ast.Call) and load is not call.func:
                    callee = self.ev.type_of(call.func, scope)
                    if isinstance(callee, Function) or last_name(call.func) in self.ev.models.words("loads-modules"):
                        return True
        return False

    def _is_part(self, name: str, dotted: str, level: int, source: Module, module: Module) -> bool:
        """Whether a package has a module of a name, which may be written in another language."""
        finder, inner = self.ev.project.finder, f"{dotted}.{name}" if dotted else name
        found = finder.find_relative(inner, level, module.path) if level else finder.find(inner, module.path)
        if found is not None or not source.is_package:
            return found is not None
        beside = finder.listing(os.path.dirname(source.path))
        return name in beside or any(one.startswith(f"{name}.") for one in beside)

    def _is_set(self, name: str, source: Module) -> bool:
        """Whether anybody gives a module a name from outside, or gives one to something by ``setattr``."""
        ev = self.ev
        for _, owner, scope in assignments(ev, name, source):
            if any(
                isinstance(one, ModuleObject) and one.module is source for one in alternatives(ev.type_of(owner, scope))
            ):
                return True
        saying = filter(None, map(ev.project.module, ev.project.saying(source.name.rpartition(".")[2], source)))
        return any(self._may_give(source, scope) for one in saying for scope in one.scope.descendants())

    def _may_give(self, source: Module, scope: Scope) -> bool:
        """Whether code may give a module names that are put together: ``setattr(conf, key, value)``, ``vars(conf).update(…)``."""
        owners = [call.args[0] for call in scope.calls_named(_SETTING) if call.args]
        owners += [one.value for one in scope.attributes if one.attr in _INSIDE]
        for owner in owners:
            for one in alternatives(self.ev.type_of(owner, scope)):
                if one is UNKNOWN or (isinstance(one, ModuleObject) and one.module is source):
                    return True
        return False

    def _is_only_one(self, top: str, module: Module) -> bool:
        """Whether one of the folders alone that a module's imports are looked for in has something of a name: which of several
        it is depends on where a program is started."""
        finder = self.ev.project.finder
        folders = finder.search_path(module.path)
        return len([one for one in folders if not finder.listing(one).isdisjoint((top, f"{top}.py"))]) == 1


def _is_refused(module: Module) -> bool:
    """Whether an ``await`` stands in a plain function. At the top of a module some shells take it."""
    if not module.mentions(b"await"):
        return False
    awaits: Iterable[ast.AST] = (one for one in ast.walk(module.tree) if type(one) is ast.Await)
    return any(one.kind in ("function", "lambda") and not one.is_async for one in map(module.scope_of, awaits))


def _makes_names(module: Module) -> bool:
    """Whether a module reads ``globals`` or the like, by which names are made that no statement has."""
    if not module.mentions_any((*_MAKING.values(), b"__path__")):
        return False
    names = (one for one in ast.walk(module.tree) if isinstance(one, (ast.Name, ast.Attribute)))
    return any(ast.unparse(one) in _MAKING for one in names) or module.mentions(b"__path__")


def _holds(package: Module, module: Module) -> bool:
    """Whether a module is the other one, or a package that it lies in."""
    folder = os.path.join(os.path.dirname(package.path), "")
    return package is module or (package.is_package and module.path.startswith(folder))
