"""Which file an import means: in the own package and project first, then in those that the project depends upon, then
in the only other place of the repository that has it. The working directory has no part in that.
"""

from __future__ import annotations

import os
import sys
from functools import cached_property
from itertools import takewhile

from poolint import recording
from poolint.files import is_notebook
from poolint.roots import IN_REPOSITORIES, PROJECT_FILES, Layout, matching, upwards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.roots.started import Started

REQUIREMENTS = "requirements"
"""What files of requirements are called, to begin with."""

_PROJECT_MARKS = PROJECT_FILES | {
    "tox.ini", "Pipfile", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "manage.py", "alembic.ini",
}  # fmt: skip
MAX_PARTS = 100
"""Names with dots between them in what is imported: no path has room for many more folders, and each is looked for."""
_MAX_ABOVE = 4
"""How many folders above a file that belongs to no project are asked for what it imports."""


class Finder:
    """Finds first-party modules.

    ``libraries`` are the import roots of the libraries that the models know: such a name is a library's, whatever files
    are called. ``src`` are the folders that the settings name as source roots, which replace those that are found; they
    are absolute, and may be patterns.
    """

    def __init__(self, libraries: frozenset[str] = frozenset(), src: Iterable[str] = ()) -> None:
        self._libraries = libraries
        given = tuple(src)
        self._listings: dict[str, frozenset[str]] = {}
        self._marks: dict[str, frozenset[str]] = {}
        self._files: dict[str, dict[str, str | None]] = {}
        """What imports mean, by the folder of the file that they stand in."""
        self._files_for: dict[str, dict[str, str | None]] = {}
        """The same by the file."""
        self._searched: dict[tuple[tuple[str, ...], str], str | None] = {}
        self._search_paths: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._tops: dict[str, str] = {}
        self._projects: dict[str, str] = {}
        self._layouts: dict[str, Layout] = {}
        self._around: dict[str, tuple[str, ...]] = {}
        self._located: dict[str, str] = {}
        self._is_told = bool(given)
        self._src = tuple(dict.fromkeys(folder for one in given for folder in matching(one, self.listing)))

    def listing(self, folder: str) -> frozenset[str]:
        """The names in a folder; empty where it cannot be read."""
        recording.listed("names", folder, found := self._listed(folder))
        return found

    def marks(self, folder: str) -> frozenset[str]:
        """Those of them that say what a folder is: the root of a repository, of a project, or a package."""
        found = self._listed(folder)
        recording.listed("marks", folder, found)
        marks = self._marks.get(folder)
        if marks is None:
            requirements = {name for name in found if name.startswith(REQUIREMENTS)}
            marks = self._marks[folder] = found & recording.MARKS | requirements
        return marks

    def _has(self, folder: str, name: str) -> bool:
        """Whether there is something of a name in a folder."""
        is_there = name in (self._listings.get(folder) or self._listed(folder))
        recording.sought(folder, name, is_there)
        return is_there

    def _listed(self, folder: str) -> frozenset[str]:
        found = self._listings.get(folder)
        if found is None:
            try:
                found = frozenset(os.listdir(folder))
            except (OSError, ValueError):  # a name from the settings may be none that a folder can have
                found = frozenset()
            self._listings[folder] = found
        return found

    def located(self, path: str) -> str:
        """The absolute path under which a file is analysed: through no link to a folder, since that hides to which
        project it belongs and what is beside it."""
        folder, name = os.path.split(os.path.abspath(path))
        if folder not in self._located:
            recording.looked("real", folder)
            self._located[folder] = os.path.realpath(folder)
        found = os.path.join(self._located[folder], name)
        recording.means(path, found)
        return found

    def module_name(self, path: str) -> str:
        """Dotted name of the file at absolute ``path``, counted from the outermost folder with an ``__init__``."""
        folder, base = os.path.split(path)
        # A notebook may stand beside a module of its name, and is not that.
        stem = base.replace(".", "_") if is_notebook(base) else base.rpartition(".")[0]
        parts = [] if stem == "__init__" else [stem]
        root = self._package_root(folder)
        if folder != root:
            parts += reversed(os.path.relpath(folder, root).split(os.sep))
        return ".".join(reversed(parts))

    def top(self, path: str) -> str:
        """The folder that holds all of what the file at absolute ``path`` belongs to: the root of its repository; where there
        is none the outermost folder above it that has a project's marks, or those of a repository that it was taken out of;
        or else the folder that holds its top-level package, or its own."""
        folder = os.path.dirname(path)
        return self._marked(folder) or self._package_root(folder)

    def _marked(self, folder: str) -> str:
        """The root of the repository or project around a folder; empty where there is none."""
        if folder not in self._tops:
            self._tops[folder] = self._outermost(folder)
        return self._tops[folder]

    def _outermost(self, folder: str) -> str:
        found, home = "", os.path.expanduser("~")
        for above in upwards(folder):
            names = self.marks(above)
            if names & recording.REPOSITORY:
                return above
            is_last = os.path.dirname(above) == above or above == home
            # What lies in a package with the marks of a project is something that the package carries.
            is_marked = self._is_project(above) or not names.isdisjoint(IN_REPOSITORIES)
            if is_marked and not is_last and not self._is_package(above):
                found = above
        return "" if self._is_package(os.path.dirname(found)) else found

    def _package_root(self, folder: str) -> str:
        """The folder that the top-level package of a folder lies in; the root of a repository is in no package."""
        while self._is_package(folder):
            parent = os.path.dirname(folder)
            if parent == folder:
                break
            folder = parent
        return folder

    def _is_package(self, folder: str) -> bool:
        """Whether a folder is a package: no import can name what is called ``my-service``."""
        names = self.marks(folder)
        return "__init__.py" in names and not names & recording.REPOSITORY and os.path.basename(folder).isidentifier()

    def package_around(self, folder: str) -> str:
        """The outermost package that a folder without an ``__init__`` lies in directly; empty where it lies in none."""
        above = os.path.dirname(folder)
        root = self._package_root(above)
        return os.path.join(root, os.path.relpath(above, root).split(os.sep)[0]) if root != above else ""

    def project(self, path: str) -> str:
        """The folder of the nearest project around the file at absolute ``path``; ``top`` where there is none."""
        own, top = os.path.dirname(path), self.top(path)
        if own not in self._projects:
            above = upwards(self._package_root(own))
            self._projects[own] = next((one for one in above if one == top or self.marks(one) & PROJECT_FILES), top)
        return self._projects[own]

    def marked_project(self, path: str) -> str:
        """The same where something marks it, or what it lies in; empty where nothing does."""
        return self.project(path) if self._marked(os.path.dirname(path)) else ""

    def search_path(self, path: str) -> tuple[str, ...]:
        """Folders around the file at absolute ``path`` in which its absolute imports are looked for, nearest first.

        These are the folder that holds its top-level package, the source roots of its project, then each folder above
        as far as the root of the repository, with a ``src`` beside it; namespace packages need the folders above. A
        folder with an ``__init__`` is none of them.
        """
        near, far = self._paths(path)
        return near + far

    def _paths(self, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The search path, as far as the project of a file goes, and beyond."""
        folder = os.path.dirname(path)
        found = self._search_paths.get(folder)
        if found is None:
            first = self._package_root(folder)
            if self._is_told:
                own = [root for root in self._src if folder.startswith(os.path.join(root, "")) or folder == root]
                near, far = [*sorted(own, key=len, reverse=True), first, *self._src], []
            else:
                near, far = [first], list[str]()
                project, into = self.project(path), near
                for one in self._above(first):
                    into += self._roots(one, path)
                    into = far if one == project else into
            found = self._search_paths[folder] = tuple(dict.fromkeys(near)), tuple(dict.fromkeys(far))
        return found

    def _above(self, first: str) -> Iterator[str]:
        """The folders from one up to the root of the repository; a few where there is none."""
        marked, home = self._marked(first), os.path.expanduser("~")
        for number, folder in enumerate(upwards(first)):
            is_beyond = number > _MAX_ABOVE or folder in (home, os.path.dirname(folder))
            if not marked and number and is_beyond:
                return
            yield folder
            if folder == marked:
                return

    def _roots(self, folder: str, path: str) -> tuple[str, ...]:
        """The source roots that a folder above a file gives."""
        names = self.marks(folder)
        if names & PROJECT_FILES and self._marked(folder):
            return self._layout(path).roots(folder)
        if self._is_package(folder):
            return ()
        inner = os.path.join(folder, "src")
        return (folder, inner) if self._has(folder, "src") and "__init__.py" not in self.marks(inner) else (folder,)

    def _layout(self, path: str) -> Layout:
        top = self.top(path)
        if top not in self._layouts:
            self._layouts[top] = Layout(top, self.listing)
        return self._layouts[top]

    def find(self, dotted: str, importer: str) -> str | None:
        """Path of the file that ``import dotted`` means in the file at ``importer``; None outside the project."""
        found = self.found(dotted, importer)
        recording.leads(importer, found)
        return found

    def found(self, dotted: str, importer: str) -> str | None:
        """The same for who puts that down himself."""
        files = self._files_for.get(importer)
        if files is None:
            files = self._files_for[importer] = self._files.setdefault(os.path.dirname(importer), {})
        if dotted not in files:
            files[dotted] = self._found(dotted, importer) if dotted.count(".") < MAX_PARTS else None
        return files[dotted]

    def _found(self, dotted: str, importer: str) -> str | None:
        parts = dotted.split(".")
        if self._is_foreign(parts[0], importer):
            return self._hiding(parts, importer)
        near, far = self._paths(importer)
        if (hit := self._first(near, parts)) is not None:
            return hit
        folder = os.path.dirname(importer)
        if not self._is_told and self._marked(folder):
            hit = self._needed(parts, importer) or self._first(far, parts)
            hit = hit or self._first(self._starts_around(folder), parts) or self._elsewhere(parts, importer)
        elif not self._is_told:
            hit = self._first(far, parts)
        if hit is None:  # a folder of a package that is run as a script's, or from where a project is run or served
            hit = self._first((folder,), parts) or self._first(self._starts_around(folder), parts)
            around = self._packages_around(folder)
            hit = hit or self._first(tuple(one for one in around if self._started.gives(one, parts[0])), parts)
        return hit

    def _starts_around(self, folder: str) -> tuple[str, ...]:
        """The packages around a folder that things may be run from: they have the marks of a project, or are a ``src``."""
        around = self._packages_around(folder)
        return tuple(one for one in around if os.path.basename(one) == "src" or self._is_project(one))

    def _packages_around(self, folder: str) -> tuple[str, ...]:
        """The packages that a folder is or lies in, the nearest first."""
        found = self._around.get(folder)
        if found is None:
            first = self._package_root(folder)
            around = (*takewhile(lambda one: one != first, upwards(folder)), *self._above(first))
            found = self._around[folder] = tuple(filter(self._is_package, around))
        return found

    def is_apart(self, folder: str) -> bool:
        """Whether a folder is the root of a repository or a project, and no package."""
        return not self.marks(folder).isdisjoint(recording.REPOSITORY | PROJECT_FILES) and not self._is_package(folder)

    def _is_project(self, folder: str) -> bool:
        return any(one in _PROJECT_MARKS or one.startswith(REQUIREMENTS) for one in self.marks(folder))

    def _first(self, folders: tuple[str, ...], parts: list[str]) -> str | None:
        key = folders, ".".join(parts)
        if key not in self._searched:
            hits = ((folder, self._file_of(folder, parts)) for folder in folders)
            found = (hit for root, hit in hits if hit and not self._names_itself(hit, root, parts))
            self._searched[key] = next(found, None)
        return self._searched[key]

    def _needed(self, parts: list[str], importer: str) -> str | None:
        """The file that an import means in the projects that the importer's depends upon."""
        layout, project = self._layout(importer), self.project(importer)
        if not layout.may_have(parts[0]):
            return None
        for number in range(len(parts), 0, -1):
            for folder in layout.renamed(".".join(parts[:number]), project):
                hit = self._file_of(os.path.dirname(folder), [os.path.basename(folder), *parts[number:]])
                if hit is not None:
                    return hit
        return self._first(tuple(root for one in layout.needed(project) for root in layout.roots(one)), parts)

    def _elsewhere(self, parts: list[str], importer: str) -> str | None:
        """The only file that an import can mean in the rest of the repository."""
        layout, project = self._layout(importer), self.project(importer)
        if not layout.may_have(parts[0]) or layout.depends(project, parts[0]):
            return None
        groups = ({self._first((root,), parts) for root in group} - {None} for group in layout.others(project))
        hits = next(filter(None, groups), set[str | None]())
        return hits.pop() if len(hits) == 1 else None

    def _is_foreign(self, name: str, importer: str) -> bool:
        """Whether a top-level name is that of a library that the models know, or of Python's own, to an importer that
        is no part of it."""
        if name not in self._libraries:
            return name in sys.stdlib_module_names
        near, far = self._paths(importer)
        inside = next((one for one in (*near, *far) if importer.startswith(os.path.join(one, name, ""))), None)
        if inside is None:
            return True
        # The library itself, or a part of its namespace; a project's own folder may only be called so.
        return self._marked(inside) != "" and (
            not self._is_root(inside, importer) or self._layout(importer).depends(self.project(importer), name)
        )

    def _is_root(self, folder: str, importer: str) -> bool:
        """Whether a folder is a source root of the importer's own project."""
        return folder in (self._src if self._is_told else self._layout(importer).roots(self.project(importer)))

    def _hiding(self, parts: list[str], importer: str) -> str | None:
        """The file that is imported by the name of a library. Python looks beside the script that runs first, and in what the
        project gives it as a search path before the standard library; what is installed is meant where the project is it, or
        depends upon it."""
        near, _ = self._paths(importer)
        for folder in near:
            hit = self._file_of(folder, parts)
            if hit is None:
                continue
            is_package = _is_init(self._file_of(folder, parts[:1]) or "")
            is_own = folder == near[0] or self._is_root(folder, importer)
            lacks = len(parts) > 1 and self._layout(importer).lacks(self.project(importer), parts[0])
            if is_package and is_own and (lacks or parts[0] not in self._libraries):
                return hit
            if folder == os.path.dirname(importer) and self._started.has_script(folder):
                return hit if is_package or parts[0] not in self._started.imported(hit) else None
        return None

    def hides(self, name: str, importer: str) -> bool:
        """Whether the project has a module that may be what an import of a library's name means, if it is run so."""
        return any(self._file_of(folder, [name]) is not None for folder in self.search_path(importer))

    def _names_itself(self, hit: str, root: str, parts: list[str]) -> bool:
        """Whether a file imports a module of its own name, which no folder beside it has: that of a library, for all there."""
        is_file = os.path.dirname(hit) == root and not _is_init(hit) and not self._has(root, parts[0])
        return len(parts) == 1 and is_file and parts[0] in self._started.imported(hit)

    @cached_property
    def _started(self) -> Started:
        from poolint.roots.started import Started

        return Started(self.listing, self._is_beside, self._libraries)

    def _is_beside(self, package: str, name: str) -> bool:
        """Whether the modules of a package find a top-level module on their search path."""
        return self._first(self.search_path(os.path.join(package, "__init__.py")), [name]) is not None

    def find_relative(self, dotted: str, level: int, importer: str, asking: str = "") -> str | None:
        """The same for ``from ..dotted import``, with ``level`` leading dots. ``asking``: the file that asks a package for one
        of its modules; nobody else who comes to the package comes to that."""
        found = self.found_relative(dotted, level, importer)
        recording.leads(asking or importer, found)
        return found

    def found_relative(self, dotted: str, level: int, importer: str) -> str | None:
        """The same for who puts down himself that one file leads to the other."""
        folder = os.path.dirname(importer)
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        return self._file_of(folder, dotted.split(".") if dotted else [])

    def _file_of(self, folder: str, parts: list[str]) -> str | None:
        for part in parts[:-1]:
            if not self._has(folder, part):
                return None
            folder = os.path.join(folder, part)
        if not parts:
            return os.path.join(folder, "__init__.py") if self._has(folder, "__init__.py") else None
        last = parts[-1]
        if self._has(folder, last):
            inner = os.path.join(folder, last)
            for init in ("__init__.py", "__init__.pyi"):
                if self._has(inner, init):
                    return os.path.join(inner, init)
        for ending in (".py", ".pyi"):
            if self._has(folder, last + ending):
                return os.path.join(folder, last + ending)
        return None


def _is_init(path: str) -> bool:
    return os.path.basename(path).startswith("__init__.")
