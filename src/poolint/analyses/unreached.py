"""Code that nobody runs, in a project that is deployed from its repository: nobody outside can call it.

A module is reached if it is started or run by itself, or if what is reached imports it; a function of it if what is
reached names it, a method of a class likewise. Where anything loads modules, or looks attributes up, by names that no
text has, nobody knows. Tests are no reason for anything: what only they call is dead as well.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from poolint import recording
from poolint.analyses.occasions import Occasions
from poolint.flow.summaries import Summaries
from poolint.syntax.bindings import ScopeKey
from poolint.syntax.file_kinds import is_run, is_test_path
from poolint.syntax.naming import Import, Named, named_in
from poolint.syntax.purposes import migrates
from poolint.types.members import lineage
from poolint.types.returns import decorators
from poolint.types.values import ClassObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_SHORTEST = 3
"""Letters of a string that a name may be put together of."""

_LISTED = 3
"""Modules of one package that a file which loads modules names as a whole, for it to load those and no others."""


class Dead(NamedTuple):
    """What nobody runs: a module that nothing imports which runs, or a class or function that nothing names."""

    kind: Literal["module", "class", "function"]
    name: str


class Deployment(Protocol):
    """What has to be known of the deployment of a project."""

    def starts(self, path: str) -> Set[str] | None:
        """The files that the deployments of a file's project start; None where nobody knows who calls what."""

    def names(self, word: str, top: str) -> bool:
        """Whether a text that is no Python names something, below the root of a repository."""

    def names_module(self, path: str) -> bool:
        """Whether such a text may name a module, by its path or its dotted name."""


class Unreached:
    """Answers for the functions of one project; asked only of what there is something to tell about."""

    def __init__(self, ev: Evaluator, deployment: Deployment) -> None:
        self.ev = ev
        self._deployment = deployment
        self._occasions = ev.derived(Occasions)
        self._lookups = ev.models.words("looks-up")
        self._loaders = ev.models.words("loads-modules")
        self._listing = ev.models.words("lists-files")
        self._quiet = ev.models.words("registers-nothing")
        own = ev.models.manners["sets-up"]
        short = (one.rpartition(".")[2] for one in own if one.count(".") == 1)  # `sys.path.insert` is no `insert`
        self._setting_up = ev.models.words("logs", "reports") | own | frozenset(short)
        self._named: dict[str, Named | None] = {}
        self._naming: dict[tuple[str, str, bool], list[str]] = {}
        self._reached: Summaries[ScopeKey, bool] = Summaries(
            "reached", self._is_reached, bottom=False, join=bool.__or__
        )

    def why(self, scope: Scope) -> Dead | None:
        """What nobody runs of what a scope stands in; None where somebody may."""
        module = scope.module
        if self._is_test(module.path) or module.source.cells is not None or not self._deployment.starts(module.path):
            return None
        recording.answered(recording.own(module.path), [recording.runs(module.path)])
        if not self._reached.of(module.scope.key):
            return Dead("module", module.name)
        function = scope.outermost_function
        if function is None or self._reached.of(function.key):
            return None
        owner = function.enclosing_class
        if owner is not None and not self._reached.of(owner.key):
            return Dead("class", owner.name)
        return Dead("function", function.name)

    def _is_reached(self, key: ScopeKey) -> bool:
        try:
            scope = self.ev.project.scope(key)
        except KeyError:  # of a file that cannot be read, or is read otherwise for its version of Python
            return True
        if scope.kind == "module":
            return self._is_loaded(scope.module)
        around = scope.parent
        if around is None or not self._asks(scope, scope.module.scope.key):
            return False
        if around.kind == "class" and not self._asks(scope, around.key):
            return False
        if scope.kind == "class":
            return not _is_plain(scope) or self._is_named(scope)
        return not self._is_own(scope) or self._is_named(scope)

    def _asks(self, scope: Scope, key: ScopeKey) -> bool:
        """Whether something else is reached, on behalf of the file of a scope: what that rests on, this does as well."""
        if key.path != scope.module.path:
            recording.answered(recording.runs(scope.module.path), (recording.words(key.path), recording.runs(key.path)))
        return self._reached.of(key)

    # Functions and classes

    def _is_own(self, scope: Scope) -> bool:
        """Whether nobody but the project can call a function, and only by its name."""
        name, owner = scope.name, scope.enclosing_class
        if getattr(scope.node, "decorator_list", ()) or owner is not None:
            recording.answered(recording.runs(scope.module.path), [scope.module.path])
        if name.startswith("__") and name.endswith("__"):
            return False
        known = decorators(self.ev, scope)
        written = getattr(scope.node, "decorator_list", ())
        if len(known) < len(written) or any(one.partition(".")[0] not in self._quiet for one in known):
            return False
        if not self._occasions.is_called_by_name(scope):
            return False
        if owner is None:
            return self._is_imported(scope.module)
        return self._is_for_the_project(scope, owner)

    def _is_for_the_project(self, scope: Scope, owner: Scope) -> bool:
        """Whether the methods of a class are there for the project, which calls another one by its name: a library may be
        given objects of which it calls methods that nothing here names."""
        if not self._is_plainly_made(owner):
            return False
        others = {one.name for one in owner.children if one.kind == "function" and not one.name.startswith("_")}
        own = {one.key for one in owner.children}
        for name in sorted(others - {scope.name}):
            for key in self._mentions(name, scope):
                if key not in own and key != owner.key:
                    return True
        return False

    def _is_plainly_made(self, owner: Scope) -> bool:
        """Whether nothing that a class is made by may take its methods for something: no metaclass, no decorator but those that
        add to it."""
        node = owner.node
        assert isinstance(node, ast.ClassDef)
        targets = (one.func if isinstance(one, ast.Call) else one for one in node.decorator_list)
        names = (self.ev.qualified_name(self.ev.type_of(one, owner.parent or owner)) for one in targets)
        return not node.keywords and all(one.partition(".")[0] in self._quiet for one in names)

    def _is_imported(self, module: Module) -> bool:
        return any(True for _ in self._imports_of(module, module.scope))

    def _is_named(self, scope: Scope) -> bool:
        """Whether something that is reached names a function or class, or may look it up by a name that is put together."""
        own = scope.key
        if any(
            key != own and not _is_within(key, scope) and self._asks(scope, key)
            for key in self._mentions(scope.name, scope)
        ):
            return True
        if self._deployment.names(scope.name, self._top(scope.module.path)):
            return True
        return scope.kind == "function" and self._may_be_looked_up(scope)

    def _mentions(self, word: str, scope: Scope) -> Iterator[ScopeKey]:
        """The parts of files, tests aside, that name something, the nearest first."""
        own = scope.module.path
        for path in sorted(self._files_naming(word, scope.module), key=lambda one: one != own):
            named = self._of(path)
            yield from sorted(named.words.get(word, ())) if named is not None else [_whole(path)]

    def _may_be_looked_up(self, scope: Scope) -> bool:
        """Whether a name may be put together somewhere, or anything of its module be looked up; or called by a name that comes
        from outside where its class or its module is at hand."""
        own, owner = scope.module.path, scope.enclosing_class
        homes = {own}
        if owner is not None:
            homes |= {one.module.path for one in lineage(self.ev, ClassObject(owner, None))}
        for lookup in sorted(self._lookups):
            for path in self._files_naming(lookup, scope.module):
                named = self._of(path)
                if named is None or (path == own and named.computes):
                    return True
                is_at_hand = path in homes or (owner is not None and owner.name in named.words)
                if named.calls and (is_at_hand or self._has_module(path, named, scope.module)):
                    return True
                if any(_is_part(one, scope.name) for one in named.joined):
                    return True
        return False

    def _has_module(self, path: str, named: Named, module: Module) -> bool:
        """Whether a file may have a module as an object."""
        stem = _stem(module.path)
        imports = (one for one in named.imports if one.dotted.rpartition(".")[2] == stem)
        return (
            bool(named.loads) or bool(named.naming(stem)) or any(self._may_mean(one, path, module) for one in imports)
        )

    # Modules

    def _is_loaded(self, module: Module) -> bool:
        path, stem = module.path, _stem(module.path)
        starts = self._deployment.starts(path)
        if not starts or path in starts or stem in ("__init__", "__main__"):
            return True
        if is_run(module) or migrates(module, self.ev.models):
            return True
        named = self._of(path)
        if named is None or named.runs or self._deployment.names_module(path):
            return True
        if any(self._asks(module.scope, one.by) for one in self._imports_of(module, module.scope)):
            return True
        is_of_a_package = self._is_of_a_package(module)
        in_package = is_of_a_package or "__init__.py" in self.ev.project.finder.marks(os.path.dirname(path))
        for other in self._files_naming(stem, module):
            found = self._of(other)
            keys = sorted(found.naming(stem, in_package=in_package)) if found is not None else [_whole(other)]
            if other != path and any(self._asks(module.scope, key) for key in keys):
                return True
        return not is_of_a_package or self._may_be_loaded(module)

    def _imports_of(self, module: Module, asking: Scope) -> Iterator[Import]:
        """The imports of a module in others, tests aside."""
        stem = _stem(module.path)
        if stem == "__init__":
            stem = os.path.basename(os.path.dirname(module.path))
        for path in self._files_naming(stem, asking.module, in_imports=True):
            if path == module.path:
                continue
            named = self._of(path)
            if named is None:
                yield Import(0, "", _whole(path))
                continue
            for one in named.imports:
                if stem in one.dotted.split(".") and self._may_mean(one, path, module):
                    yield one

    def _may_mean(self, one: Import, importer: str, module: Module) -> bool:
        """Whether an import may mean a module: it does, or it ends in its name and leads nowhere."""
        found = self._found(one, importer)
        if found is not None:
            return found == module.path
        first, _, _ = one.dotted.partition(".")
        parts = os.path.relpath(module.path, self._top(module.path)).split(os.sep)
        return one.dotted.rpartition(".")[2] == _stem(module.path) and (
            bool(one.level) or first in (*parts, one.dotted)
        )

    def _found(self, one: Import, importer: str) -> str | None:
        """The file that an import means; what that leads to does not matter."""
        finder = self.ev.project.finder
        if one.level:
            return finder.found_relative(one.dotted, one.level, importer)
        return finder.found(one.dotted, importer)

    def _may_be_loaded(self, module: Module) -> bool:
        """Whether anything that loads modules by names that no import has may mean this one: but for what somebody runs by hand,
        as a check of all modules is."""
        loading = dict.fromkeys(path for one in sorted(self._loaders) for path in self._files_naming(one, module))
        return any(self._may_load(path, module) and not self._is_run_by_hand(path) for path in loading)

    def _is_run_by_hand(self, path: str) -> bool:
        """Whether a file is a script that no deployment starts and nothing imports."""
        module, named = self.ev.project.module(path), self._of(path)
        if module is None or named is None or _stem(path) == "__init__":  # that runs with what is in its folder
            return False
        if path in (self._deployment.starts(path) or ()):
            return False
        if not named.runs and not is_run(module):
            return False
        return not self._is_imported(module) and not self._deployment.names_module(path)

    def _may_load(self, path: str, module: Module) -> bool:
        """Whether what a file loads by such names may be a module: it lies below the file, or what it lies in is named there."""
        named = self._of(path)
        folders = os.path.relpath(os.path.dirname(module.path), self._top(module.path)).split(os.sep)
        if named is not None and "" not in named.loads:
            dotted = ".".join(("", *folders, _stem(module.path)))
            return any(f".{one}" in dotted for one in named.loads)
        if named is None:
            return True
        package = f".{'.'.join(folders)}"
        listed = [one for one in named.dotted if package.endswith(f".{one.rpartition('.')[0]}")]
        if len(listed) >= _LISTED:
            return any(one.rpartition(".")[2] == _stem(module.path) for one in listed)
        is_listing = not self._listing.isdisjoint(named.words)
        walked = self._packages(named, path) if is_listing else []
        if walked:
            return any(module.path.startswith(os.path.join(one, "")) for one in walked)
        if module.path.startswith(os.path.join(os.path.dirname(path), "")):
            return True
        return any(map(named.mentions, folders if is_listing else folders[-1:]))

    def _packages(self, named: Named, path: str) -> list[str]:
        """The folders of the packages that strings of a file name as a whole: who walks through packages means these."""
        found = (self.ev.project.finder.found(one, path) for one in sorted(named.dotted))
        return [os.path.dirname(one) for one in found if one is not None and _stem(one) == "__init__"]

    def _is_of_a_package(self, module: Module) -> bool:
        """Whether the project imports other modules of the folder, or of the package around that: what a folder holds that
        nothing is imported from, such as pages or scripts, may be loaded one by one."""
        folder = os.path.dirname(module.path)
        while folder != self._top(module.path):
            for path in self._files_naming(os.path.basename(folder), module, in_imports=True):
                named = self._of(path) if path != module.path else None
                for one in named.imports if named is not None else ():
                    found = self._found(one, path)
                    if found is not None and found != module.path and found.startswith(os.path.join(folder, "")):
                        return True
            if "__init__.py" not in self.ev.project.finder.marks(folder):
                return False
            folder = os.path.dirname(folder)
        return False

    # Texts

    def _files_naming(self, word: str, module: Module, *, in_imports: bool = False) -> list[str]:
        """The files of the repository, tests aside, in which a word stands, on behalf of a module; or in the import
        statements of which it does."""
        top = self._top(module.path)
        asking = recording.runs(module.path)
        found = self._naming.get((top, word, in_imports))
        if found is None:
            project = self.ev.project
            paths = project.naming_in_import(word, top, asking) if in_imports else project.naming(word, top, asking)
            found = self._naming[top, word, in_imports] = [one for one in paths if not self._is_test(one)]
        else:
            recording.asked(asking, "naming-import" if in_imports else "naming", top, word)
        return found

    def _of(self, path: str) -> Named | None:
        """What the parts of a file name; None of one that cannot be read."""
        if path not in self._named:
            module = self.ev.project.module(path)
            self._named[path] = self._read(module) if module is not None else None
        return self._named[path]

    def _read(self, module: Module) -> Named | None:
        return named_in(module, self._lookups, self._loaders, self._setting_up)

    def _top(self, path: str) -> str:
        return self.ev.project.finder.top(path)

    def _is_test(self, path: str) -> bool:
        return is_test_path(path, self._top(path))


def _is_plain(scope: Scope) -> bool:
    """Whether a class stands at the top of its module, by itself: nothing is told of it by what it is made from."""
    node = scope.node
    is_alone = not any(getattr(node, field, None) for field in ("bases", "keywords", "decorator_list"))
    return is_alone and scope.parent is not None and scope.parent.kind == "module"


def _is_within(key: ScopeKey, scope: Scope) -> bool:
    """Whether a part of a file is of a class: what only its own methods name, nobody else does."""
    return scope.kind == "class" and key.path == scope.module.path and key.name.startswith(f"{scope.name}.")


def _is_part(text: str, name: str) -> bool:
    """Whether a name may be put together of a string and something else."""
    before, _, after = text.partition("%s")
    parts: Iterable[tuple[str, bool]] = ((before, name.startswith(before)), (after, name.endswith(after)))
    return any(len(one) >= _SHORTEST and fits for one, fits in parts) or (
        len(text) >= _SHORTEST and name.endswith(text)
    )


def _stem(path: str) -> str:
    return os.path.basename(path).rpartition(".")[0]


def _whole(path: str) -> ScopeKey:
    """The key of a module as a whole."""
    return ScopeKey(path, "<module>", 0, 0)
