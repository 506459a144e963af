"""Where the packages of a repository lie: its projects, what these depend upon, and the folders they are imported from.

Found from what the projects declare (see :mod:`poolint.roots.declared`) and from where packages lie. The walk is
bounded, does not go into packages, and is made once for a repository, when an import asks for it.
"""

from __future__ import annotations

import os

from poolint import recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poolint.roots.declared import Declared

PROJECT_FILES = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})
"""What makes a folder the folder of a project."""

IN_REPOSITORIES = frozenset({".gitattributes", ".github", ".gitignore", ".gitlab-ci.yml"})
"""What lies at the root of most repositories, and is still there where the files have been taken out of one, as an archive."""

MAX_DEPTH = 6
"""How far below the repository's root a project is looked for, in folders."""

MAX_FOLDERS = 4_000
"""How many folders are listed for that; no workspace that was met has as many outside of its packages."""

_NOT_SOURCES = frozenset({"node_modules", "__pycache__", "__pypackages__", "venv", "site-packages", "build", "dist"})


class Layout:
    """The projects and source roots of the repository at ``top``. ``listing`` gives the names in a folder."""

    def __init__(self, top: str, listing: Callable[[str], frozenset[str]]) -> None:
        self.top = top
        self._listing = listing
        self._declared: dict[str, Declared] = {}
        self._walked: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], frozenset[str]] | None = None
        self._names: frozenset[str] | None = None
        self._has_renamed = False
        self._members: tuple[str, ...] | None = None
        self._named: dict[str, tuple[str, ...]] | None = None
        self._needed: dict[str, tuple[str, ...]] = {}
        self._others: dict[str, tuple[tuple[str, ...], ...]] = {}

    def declared(self, project: str) -> Declared:
        """What the project in a folder says of itself."""
        found = self._declared.get(project)
        if found is None:
            from poolint.roots.declared import read

            found = self._declared[project] = read(project, self._listing(project))
        return found

    def roots(self, project: str) -> tuple[str, ...]:
        """The folders that the modules of a project are imported from: those declared, ``src``, and its own folder."""
        declared = self.declared(project).roots
        return tuple(dict.fromkeys((*declared, *self._beside(project), project)))

    def may_have(self, module: str) -> bool:
        """Whether a top-level module can be in the repository at all; answers without reading what projects declare."""
        if self._names is None:
            projects, _, _, names = self._walk()
            self._names = names
            from poolint.roots.declared import may_rename

            self._has_renamed = any(may_rename(one, self._listing(one)) for one in projects)
        return self._has_renamed or module in self._names

    def renamed(self, package: str, project: str) -> Iterator[str]:
        """The folders that a project, or one that it needs, declares for a package that has another name there."""
        for one in (project, *self.needed(project)):
            yield from (folder for name, folder in self.declared(one).renamed if name == package)

    def _beside(self, folder: str) -> tuple[str, ...]:
        inner = os.path.join(folder, "src")
        return (inner,) if "src" in self._listing(folder) and "__init__.py" not in self._listing(inner) else ()

    def needed(self, project: str) -> tuple[str, ...]:
        """The projects of the repository that one depends upon: those that it declares first, then theirs."""
        if project not in self._needed:
            seen = {project: None}
            queue = [project]
            for one in queue:  # grows
                for other in self._needs(one):
                    if other not in seen:
                        seen[other] = None
                        queue.append(other)
            self._needed[project] = tuple(queue[1:])
        return self._needed[project]

    def _needs(self, project: str) -> Iterator[str]:
        said = self.declared(project)
        yield from (path for path in said.linked if PROJECT_FILES & self._listing(path))
        for name in said.depends:
            named = self._by_name().get(name, ())
            if len(named) == 1:
                yield named[0]

    def depends(self, project: str, module: str) -> bool:
        """Whether a project depends on a distribution that is called as ``module`` is, and that nobody here makes."""
        name = module.replace("_", "-").lower()
        return name in self.declared(project).depends and name not in self._by_name()

    def lacks(self, project: str, module: str) -> bool:
        """Whether a project neither is a distribution that is called as ``module`` is, nor depends on one."""
        name, declared = module.replace("_", "-").lower(), self.declared(project)
        return name != declared.name.replace("_", "-").lower() and name not in declared.depends

    def others(self, project: str) -> tuple[tuple[str, ...], ...]:
        """Groups of further roots, by how much speaks for them: those of the members of the workspace, of all projects
        of the repository, all folders that a package lies in, and those with modules that lie in none: what runs there may
        be told to search them, or find what is copied together."""
        if project not in self._others:
            _, places, bare, _ = self._walk()
            own = {project, *self.needed(project)}
            groups = [[root for one in group if one not in own for root in self.roots(one)] for group in self._groups()]
            self._others[project] = tuple(tuple(dict.fromkeys(group)) for group in (*groups, places, bare))
        return self._others[project]

    def _groups(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self._members is None:
            said = self.declared(self.top)
            left_out = {one for pattern in said.excluded for one in matching(pattern, self._listing)}
            found = {one for pattern in said.members for one in matching(pattern, self._listing)}
            self._members = tuple(sorted(one for one in found - left_out if PROJECT_FILES & self._listing(one)))
        return self._members, tuple(dict.fromkeys((*self._members, *self._walk()[0])))

    def _by_name(self) -> dict[str, tuple[str, ...]]:
        """The projects by the names of their distributions; several of a name where a repository has copies."""
        if self._named is None:
            members, everything = self._groups()
            self._named = {}
            for group in (everything, members):  # a member of the workspace before a project that only lies there
                found: dict[str, list[str]] = {}
                for project in group:
                    found.setdefault(self.declared(project).name, []).append(project)
                self._named.update({name: tuple(projects) for name, projects in found.items() if name})
        return self._named

    def _walk(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], frozenset[str]]:
        """What lies in the repository outside of packages: the folders of projects, those that packages lie in, others with
        modules, and the names of modules and folders; breadth first, and in the order of names."""
        if self._walked is None:
            projects, places, bare, names = list[str](), list[str](), list[str](), set[str]()
            level, left = [self.top], MAX_FOLDERS
            for _ in range(MAX_DEPTH + 1):
                below: list[str] = []
                for folder in level:
                    names.update(one.partition(".")[0] for one in self._listing(folder))
                    if PROJECT_FILES & self._listing(folder):
                        projects.append(folder)
                    inner = _folders(folder)[: max(left, 0)]
                    left -= len(inner)
                    packages = {one for one in inner if "__init__.py" in self._listing(one)}
                    if packages:
                        places.append(folder)
                    elif any(one.endswith(".py") for one in self._listing(folder)):
                        bare.append(folder)
                    below += (one for one in inner if one not in packages and "pyvenv.cfg" not in self._listing(one))
                level = below
            self._walked = tuple(projects), tuple(places), tuple(bare), frozenset(names)
        return self._walked


def _folders(folder: str) -> list[str]:
    """The folders in a folder that may hold sources, in the order of their names; links are not followed."""
    recording.looked("entries", folder)
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names) if name[0] != "." and name not in _NOT_SOURCES]


def told(written: str, folder: str) -> str:
    """The absolute path, or pattern of paths, that settings in a folder name; empty for a path that no directory has:
    what is misspelt would leave imports unresolved without a word."""
    path = os.path.normpath(os.path.join(folder, written))
    is_pattern = any(sign in written for sign in "*?[") and "\0" not in written
    return path if written and (is_pattern or recording.is_folder(path)) else ""


def matching(pattern: str, listing: Callable[[str], frozenset[str]]) -> Iterable[str]:
    """The folders that an absolute pattern means, in the order of their names: ``*`` and ``?`` stand for what is in
    one name, ``**`` for any folders. Nothing where none is there."""
    from fnmatch import fnmatchcase

    parts = pattern.replace("\\", "/").split("/")
    found = [parts[0] + os.sep]
    for part in parts[1:]:
        if part in ("", "."):
            continue
        if part == "..":
            found = [os.path.dirname(one.rstrip(os.sep)) or os.sep for one in found]
        elif part == "**":
            found = [inner for one in found for inner in _below(one, MAX_DEPTH)]
        elif any(sign in part for sign in "*?["):
            found = [
                os.path.join(one, name)
                for one in found
                for name in sorted(listing(one))
                if fnmatchcase(name, part) and (name[0] != "." or part[0] == ".")
            ]
        else:
            found = [os.path.join(one, part) for one in found]
        found = found[:MAX_FOLDERS]
    return list(dict.fromkeys(one for one in found if recording.is_folder(one)))


def _below(folder: str, depth: int) -> list[str]:
    found = [folder]
    if depth:
        for inner in _folders(folder):
            found += _below(inner, depth - 1)
    return found[:MAX_FOLDERS]


def upwards(folder: str) -> Iterator[str]:
    """A folder and all that are around it."""
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent
