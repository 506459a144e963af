"""Which modules of a project that is started from its repository run, by what starts, imports or loads them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from poolint.analyses.entrances import may_make, serving
from poolint.analyses.named_files import stem, whole
from poolint.syntax.file_kinds import is_run
from poolint.syntax.purposes import migrates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Set

    from poolint.analyses.named_files import NamedFiles
    from poolint.syntax.bindings import ScopeKey
    from poolint.syntax.naming import Named
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_LISTED = 3
"""Modules of one package that a file which loads modules names as a whole, for it to load those and no others."""


class Deployment(Protocol):
    """What has to be known of the deployment of a project."""

    def starts(self, path: str) -> Set[str] | None:
        """The files that the deployments of a file's project start; None where none is known."""

    def is_whole(self, path: str) -> bool:
        """Whether a file is of an application that lies there as a whole, and others may not install it."""

    def names(self, word: str, top: str) -> bool:
        """Whether a text that is no Python names something, below the root of a repository."""

    def names_module(self, path: str, *, is_described: bool) -> bool:
        """Whether such a text may name a module, by its path or its dotted name; or also one for people, which says how
        something is started."""


class Program(Protocol):
    """One of the programs that a deployment starts."""

    @property
    def files(self) -> Set[str]:
        """The files that it loads, as far as imports lead to them."""

    def naming(self, word: str) -> Sequence[str]:
        """Those of them in which a word stands."""

    def may_have(self, path: str, name: str, home: str) -> bool:
        """Whether a file may have what another one calls by a name: it imports that, or the file, or what gives it on."""


class Loading:
    """Answers for the modules of one project, or for what one ``program`` loads of it; ``asks`` says whether something else is
    reached, on behalf of a scope."""

    def __init__(
        self,
        ev: Evaluator,
        files: NamedFiles,
        deployment: Deployment,
        asks: Callable[[Scope, ScopeKey], bool],
        program: Program | None = None,
    ) -> None:
        self.ev = ev
        self._files = files
        self._deployment = deployment
        self._asks = asks
        self._program = program
        self._loaders = ev.models.words("loads-modules")
        self._listing = ev.models.words("lists-files")
        self._lookups = ev.models.words("looks-up")
        self._made: dict[str, frozenset[str]] = {}

    def is_loaded(self, module: Module) -> bool:
        """Whether somebody starts a module, or something that is reached imports it, or may load it by its name."""
        path, name = module.path, stem(module.path)
        if self._program is not None:
            return path in self._program.files
        starts = self.starts(module)
        if not starts or path in starts or name in ("__init__", "__main__"):
            return True
        if is_run(module) or migrates(module, self.ev.models):
            return True
        named = self._files.of(path)
        if named is None or named.runs or self._is_told_of(path):
            return True
        if any(self._asks(module.scope, one.by) for one in self._files.imports_of(module, module.scope)):
            return True
        is_of_a_package = self._is_of_a_package(module)
        if self._is_named(module, module.scope, is_of_a_package=is_of_a_package):
            return True
        return not is_of_a_package or self._may_be_loaded(module)

    def is_at_hand(self, module: Module, asking: Scope) -> bool:
        """Whether something that is reached may have a module by a name that no import has: it says the name, and loads or looks
        up something by one."""
        is_of_a_package = self._is_of_a_package(module)
        is_named = self._is_named(module, asking, is_of_a_package=is_of_a_package, is_asked_for=True)
        return is_named or self._may_be_loaded(module)

    def _is_named(self, module: Module, asking: Scope, *, is_of_a_package: bool, is_asked_for: bool = False) -> bool:
        """Whether a string of something that is reached names a module; if it ``is_asked_for``, of what may ask for a module by
        its name as well."""
        path, name = module.path, stem(module.path)
        in_package = is_of_a_package or "__init__.py" in self.ev.project.finder.marks(os.path.dirname(path))
        for other in self._files.naming(name, asking.module):
            found = self._files.of(other)
            if is_asked_for and found is not None and not self._asks_by_name(other, found, module):
                continue
            keys = sorted(found.naming(name, in_package=in_package)) if found is not None else [whole(other)]
            if other != path and any(self._asks(asking, key) for key in keys):
                return True
        return False

    def _asks_by_name(self, path: str, named: Named, module: Module) -> bool:
        """Whether a file loads modules by names that may be this one's, or looks attributes up and imports what has the module
        for one: the package that it lies in."""
        if not self._loaders.isdisjoint(named.words) and self._may_load(path, module):
            return True
        folder = os.path.dirname(module.path)
        is_at_top = folder == self._files.top(module.path)
        has_package = is_at_top or any(os.path.basename(folder) in one.dotted.split(".") for one in named.imports)
        return has_package and not self._lookups.isdisjoint(named.words)

    def _may_be_loaded(self, module: Module) -> bool:
        """Whether anything that loads modules by names that no import has may mean this one: but for what somebody runs by hand,
        as a check of all modules is."""
        loading = dict.fromkeys(path for one in sorted(self._loaders) for path in self._files.naming(one, module))
        return any(self._may_load(path, module) and not self._is_run_by_hand(path) for path in loading)

    def _is_run_by_hand(self, path: str) -> bool:
        """Whether a file is a script that no deployment starts and nothing imports."""
        module, named = self.ev.project.module(path), self._files.of(path)
        if module is None or named is None or stem(path) == "__init__":  # that runs with what is in its folder
            return False
        if path in (self.starts(module) or ()):
            return False
        if not named.runs and not is_run(module):
            return False
        return not self._files.is_imported(module) and not self._is_told_of(path)

    def _may_load(self, path: str, module: Module) -> bool:
        """Whether what a file loads by such names may be a module: it lies below the file, or what it lies in is named there."""
        named = self._files.of(path)
        folders = os.path.relpath(os.path.dirname(module.path), self._files.top(module.path)).split(os.sep)
        if named is not None and "" not in named.loads:
            dotted = ".".join(("", *folders, stem(module.path)))
            return any(f".{one}" in dotted for one in named.loads)
        if named is None:
            return True
        package = f".{'.'.join(folders)}"
        listed = [one for one in named.dotted if package.endswith(f".{one.rpartition('.')[0]}")]
        if len(listed) >= _LISTED:
            return any(one.rpartition(".")[2] == stem(module.path) for one in listed)
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
        return [os.path.dirname(one) for one in found if one is not None and stem(one) == "__init__"]

    def _is_of_a_package(self, module: Module) -> bool:
        """Whether the project imports other modules of the folder, or of the package around that: what a folder holds that
        nothing is imported from, such as pages or scripts, may be loaded one by one."""
        folder = os.path.dirname(module.path)
        while folder != self._files.top(module.path):
            for path in self._files.naming(os.path.basename(folder), module, in_imports=True):
                named = self._files.of(path) if path != module.path else None
                for one in named.imports if named is not None else ():
                    found = self._files.found(one, path)
                    if found is not None and found != module.path and found.startswith(os.path.join(folder, "")):
                        return True
            if "__init__.py" not in self.ev.project.finder.marks(folder):
                return False
            folder = os.path.dirname(folder)
        return False

    def starts(self, module: Module) -> Set[str] | None:
        """The files that somebody starts of the repository of a module; None where nobody knows."""
        if self._program is not None:
            return self._program.files
        known = self._deployment.starts(module.path)
        if known or not self._deployment.is_whole(module.path):
            return known
        return self._making(module) or None

    def _making(self, module: Module) -> frozenset[str]:
        """The files of the repository of a module that make what serves; asked anew for each module, as each rests on them."""
        found = self._made.get(module.path)
        if found is None:
            found = self._made[module.path] = frozenset(
                path
                for package, names in sorted(self.ev.models.derived(serving).items())
                for path in self._files.naming(package, module, in_imports=True)
                if (named := self._files.of(path)) is None or may_make(named, names)
            )
        return found

    def _is_told_of(self, path: str) -> bool:
        """Whether a text that is no Python names a module; where no deployment is known, one for people may as well."""
        return self._deployment.names_module(path, is_described=not self._deployment.starts(path))
