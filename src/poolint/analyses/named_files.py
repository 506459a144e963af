"""What the files of a repository name, tests aside: in which of them a word stands, and which import a module."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.syntax.bindings import ScopeKey
from poolint.syntax.file_kinds import is_test_path
from poolint.syntax.naming import Import, Named, named_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.loading import Program
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class NamedFiles:
    """Answers for the modules of one project, or of those that one ``program`` loads."""

    def __init__(self, ev: Evaluator, program: Program | None = None) -> None:
        self.ev = ev
        self._program = program
        self._lookups = ev.models.words("looks-up")
        self._loaders = ev.models.words("loads-modules")
        own = ev.models.manners["sets-up"]
        short = (one.rpartition(".")[2] for one in own if one.count(".") == 1)  # `sys.path.insert` is no `insert`
        self._setting_up = ev.models.words("logs", "reports") | own | frozenset(short)
        self._named: dict[str, Named | None] = {}
        self._naming: dict[tuple[str, str, bool], list[str]] = {}

    def naming(self, word: str, module: Module, *, in_imports: bool = False) -> list[str]:
        """The files of the repository, tests aside, in which a word stands, on behalf of a module; or in the import
        statements of which it does."""
        if self._program is not None:
            return [one for one in self._program.naming(word) if not self.is_test(one)]
        top = self.top(module.path)
        asking = recording.runs(module.path)
        found = self._naming.get((top, word, in_imports))
        if found is None:
            project = self.ev.project
            paths = project.naming_in_import(word, top, asking) if in_imports else project.naming(word, top, asking)
            found = self._naming[top, word, in_imports] = [one for one in paths if not self.is_test(one)]
        else:
            recording.asked(asking, "naming-import" if in_imports else "naming", top, word)
        return found

    def of(self, path: str) -> Named | None:
        """What the parts of a file name; None of one that cannot be read."""
        if path not in self._named:
            module = self.ev.project.module(path)
            self._named[path] = self._read(module) if module is not None else None
        return self._named[path]

    def _read(self, module: Module) -> Named | None:
        return named_in(module, self._lookups, self._loaders, self._setting_up)

    def is_imported(self, module: Module) -> bool:
        """Whether a module is imported by others, tests aside."""
        return any(True for _ in self.imports_of(module, module.scope))

    def imports_of(self, module: Module, asking: Scope) -> Iterator[Import]:
        """The imports of a module in others, tests aside."""
        name = stem(module.path)
        if name == "__init__":
            name = os.path.basename(os.path.dirname(module.path))
        for path in self.naming(name, asking.module, in_imports=True):
            if path == module.path:
                continue
            named = self.of(path)
            if named is None:
                yield Import(0, "", whole(path))
                continue
            for one in named.imports:
                if name in one.dotted.split(".") and self.may_mean(one, path, module):
                    yield one

    def may_mean(self, one: Import, importer: str, module: Module) -> bool:
        """Whether an import may mean a module: it does, or it ends in its name and leads nowhere."""
        found = self.found(one, importer)
        if found is not None:
            return found == module.path
        first, _, _ = one.dotted.partition(".")
        parts = os.path.relpath(module.path, self.top(module.path)).split(os.sep)
        return one.dotted.rpartition(".")[2] == stem(module.path) and (bool(one.level) or first in (*parts, one.dotted))

    def found(self, one: Import, importer: str) -> str | None:
        """The file that an import means; what that leads to does not matter."""
        finder = self.ev.project.finder
        if one.level:
            return finder.found_relative(one.dotted, one.level, importer)
        return finder.found(one.dotted, importer)

    def top(self, path: str) -> str:
        """The root of the repository that a file is of."""
        return self.ev.project.finder.top(path)

    def is_test(self, path: str) -> bool:
        """Whether a file is there for tests, by where it lies."""
        return is_test_path(path, self.top(path))


def stem(path: str) -> str:
    """The name of a file without its ending."""
    return os.path.basename(path).rpartition(".")[0]


def whole(path: str) -> ScopeKey:
    """The key of a module as a whole."""
    return ScopeKey(path, "<module>", 0, 0)
