"""What sources say of where a program is started: as a script, or by a server in a package, whose modules import each other
without its name then. Few are asked.
"""

from __future__ import annotations

import os
import sys

from poolint.roots import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Started:
    """Answers for the packages of one finder.

    ``listing`` gives the names in a folder, ``is_elsewhere`` says whether the modules of a package find a top-level module
    without being started in it, and ``libraries`` are names that mean no module of a project.
    """

    def __init__(
        self,
        listing: Callable[[str], frozenset[str]],
        is_elsewhere: Callable[[str, str], bool],
        libraries: frozenset[str],
    ) -> None:
        self._listing = listing
        self._is_elsewhere = is_elsewhere
        self._libraries = libraries | sys.stdlib_module_names
        self._found: dict[str, bool] = {}
        self._imported: dict[str, frozenset[str]] = {}
        self._scripts: dict[str, bool] = {}

    def imported(self, path: str) -> frozenset[str]:
        """The top-level modules that a file imports by their absolute names."""
        if path not in self._imported:
            self._imported[path] = modules.imported(path)
        return self._imported[path]

    def has_script(self, folder: str) -> bool:
        """Whether a file in a folder is written to be run."""
        if folder not in self._scripts:
            self._scripts[folder] = any(map(modules.is_script, self._sources(folder)))
        return self._scripts[folder]

    def gives(self, package: str, name: str) -> bool:
        """Whether an import of a top-level name may mean a module in a package, since that is where something is started."""
        return not self._listing(package).isdisjoint((name, f"{name}.py")) and self._is_start(package)

    def _is_start(self, package: str) -> bool:
        """Whether a module of a package imports another one that it finds there only."""
        found = self._found.get(package)
        if found is None:
            inside = {one.removesuffix(".py") for one in self._listing(package)} - self._libraries
            brought = {one for path in self._sources(package) for one in self.imported(path) & inside}
            found = self._found[package] = not all(self._is_elsewhere(package, one) for one in brought)
        return found

    def _sources(self, folder: str) -> list[str]:
        return [os.path.join(folder, one) for one in sorted(self._listing(folder)) if one.endswith(".py")]
