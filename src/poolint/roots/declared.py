"""What a project says of itself: its name, where its packages are, what it depends upon, the members of its workspace.

Read from ``pyproject.toml`` (of the standard, and of uv, Poetry, PDM, Hatch, setuptools, Rye, maturin, scikit-build,
pytest, pyright and ruff), from ``setup.cfg``, and from the literal arguments of the ``setup()`` call of a ``setup.py``,
which is parsed and never run. What cannot be read says nothing here: versions and settings tell of it.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from poolint import tables
from poolint.files import decoded, read_regular
from poolint.roots import PROJECT_FILES
from poolint.trees import tree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator
    from configparser import RawConfigParser
    from typing import Any

MAX_BYTES = 1_000_000
"""Size of a file of this kind that is read."""

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_LINK = re.compile(r"@\s*(?:file:(?://)?)?(?:\$\{PROJECT_ROOT\}|\{root(?::uri|:real)?\})?/?([^;\s]*)")
_EDITABLE = re.compile(r"\s*(?:-e|--editable)[ =]\s*(?:file:(?://)?)?(?:\$\{PROJECT_ROOT\}/)?([^#;\s]+)")

_ROOTS = (
    "tool.setuptools.packages.find.where",
    "tool.hatch.build.dev-mode-dirs",
    "tool.hatch.build.sources",
    "tool.hatch.build.targets.wheel.sources",
    "tool.pdm.build.package-dir",
    "tool.uv.build-backend.module-root",
    "tool.maturin.python-source",
    "tool.pytest.ini_options.pythonpath",
    "tool.pyright.extraPaths",
    "tool.ruff.src",
)
"""Keys of folders that modules are imported from."""

_PACKAGES = (
    "tool.hatch.build.packages",
    "tool.hatch.build.targets.wheel.packages",
    "tool.scikit-build.wheel.packages",
)
"""Keys of the folders of packages: what they are imported from is the folder above."""

_MEMBERS = (
    "tool.uv.workspace.members",
    "tool.rye.workspace.members",
    "tool.hatch.workspace.members",
    "tool.hatch.envs.default.workspace.members",
    "tool.pdm.workspace.members",
)
_CLASSIFIERS = ("project.classifiers", "tool.poetry.classifiers", "tool.flit.metadata.classifiers")
_HOOKS = ("project.entry-points", "tool.poetry.plugins", "tool.flit.entrypoints")
_MOVES = ("package-dir", "package_dir", "wheel.packages", "../", "file:")
_REQUIREMENTS = ("project.dependencies", "tool.uv.dev-dependencies", "tool.pdm.dev-dependencies")
_GROUPS = ("project.optional-dependencies", "dependency-groups", "tool.pdm.dev-dependencies")


class Declared:
    """What one project says; all paths are absolute. ``name`` and ``depends`` are normalized names of distributions.

    ``renamed`` are packages that lie in a folder of another name: the dotted name, and that folder. ``linked`` are the
    folders of projects that it depends upon by their path; ``members`` and ``excluded`` are patterns of folders.
    """

    __slots__ = ("depends", "excluded", "linked", "members", "name", "renamed", "roots")

    def __init__(
        self,
        name: str = "",
        roots: tuple[str, ...] = (),
        renamed: tuple[tuple[str, str], ...] = (),
        depends: tuple[str, ...] = (),
        linked: tuple[str, ...] = (),
        members: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.roots = roots
        self.renamed = renamed
        self.depends = depends
        self.linked = linked
        self.members = members
        self.excluded = excluded


class _Found:
    """What has been found so far in one project."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.name = ""
        self.roots: list[str] = []
        self.renamed: list[tuple[str, str]] = []
        self.depends: list[str] = []
        self.linked: list[str] = []
        self.members: list[str] = []
        self.excluded: list[str] = []

    def path(self, written: str) -> str:
        return os.path.normpath(os.path.join(self.folder, written))

    def folders(self, package_dir: object) -> None:
        """The ``package_dir`` of setuptools: from a package, or the empty name for all of them, to its folder."""
        for package, where in _table(package_dir).items():
            if not isinstance(where, str):
                continue
            last = package.rpartition(".")[2]
            if not package:
                self.roots.append(self.path(where))
            elif os.path.basename(self.path(where)) == last and "." not in package:
                self.roots.append(os.path.dirname(self.path(where)))
            else:
                self.renamed.append((package, self.path(where)))

    def requirement(self, text: str) -> None:
        """One requirement of the standard, with the path that it may have instead of a version; or of pip, with the name that
        ``#egg=`` says of what a repository holds, which may be this one."""
        where, _, said = text.partition("#")
        egg = next((one[4:] for one in said.split("&") if one.startswith("egg=")), "")
        if egg and "+" in where.partition("://")[0]:
            self.depends.append(normalized(egg.strip().partition("[")[0]))
            return
        editable = _EDITABLE.match(text)
        if editable is not None:
            self.linked.append(self.path(editable[1].partition("[")[0]))
            return
        name = _NAME.match(text)
        if name is None:
            return
        self.depends.append(normalized(name[1]))
        link = _LINK.search(text) if "@" in text else None
        if link is not None and ("file:" in text or "{" in text):
            written = link[1]
            is_relative = "{" in text or written.startswith(".")
            self.linked.append(self.path(written if is_relative else "/" + written))

    def done(self) -> Declared:
        lists = (self.roots, self.renamed, self.depends, self.linked, self.members, self.excluded)
        return Declared(self.name, *(tuple(dict.fromkeys(one)) for one in lists))  # type: ignore[arg-type]


def read(folder: str, names: Iterable[str]) -> Declared:
    """What the project in ``folder`` says, which has files of these names."""
    found = _Found(folder)
    names = frozenset(names)
    if "pyproject.toml" in names:
        _of_pyproject(_toml(os.path.join(folder, "pyproject.toml")), found)
    if "setup.py" in names:  # what it passes to setuptools counts before what stands in the other
        _of_setup_py(os.path.join(folder, "setup.py"), found)
    if "setup.cfg" in names:
        _of_setup_cfg(os.path.join(folder, "setup.cfg"), found)
    for name in sorted(names):
        if name.startswith("requirements") and name.endswith((".txt", ".in")):
            for line in _text(os.path.join(folder, name)).splitlines():
                if not line.lstrip().startswith(("#", "-r", "-c", "--")):
                    found.requirement(line.partition(" #")[0])
    return found.done()


def may_rename(folder: str, names: Iterable[str]) -> bool:
    """Whether a project may say that packages lie in folders of other names, or beyond what a walk finds."""
    texts = [_text(os.path.join(folder, name)) for name in sorted(PROJECT_FILES.intersection(names))]
    return any(word in text for text in texts for word in _MOVES)


def normalized(name: str) -> str:
    """The name of a distribution as all its spellings are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _of_pyproject(table: dict[str, Any], found: _Found) -> None:
    tool = _table(table.get("tool"))
    poetry = _table(tool.get("poetry"))
    name = _at(table, "project.name") or poetry.get("name")
    found.name = normalized(name) if isinstance(name, str) else ""
    for key in _ROOTS:
        written = _at(table, key)
        # A table is one of what is rewritten: the folder that is taken away is what modules are imported from.
        texts = [one for one, left in written.items() if left == ""] if isinstance(written, dict) else written
        found.roots += map(found.path, _texts(texts))
    for key in _PACKAGES:
        found.roots += (os.path.dirname(found.path(one)) for one in _texts(_at(table, key)))
    for package, where in _table(_at(table, "tool.scikit-build.wheel.packages")).items():
        found.renamed.append((package.replace("/", "."), found.path(str(where))))
    found.folders(_at(table, "tool.setuptools.package-dir"))
    packages = poetry.get("packages")
    for one in packages if isinstance(packages, list) else ():
        if isinstance(one, dict) and isinstance(one.get("from"), str):
            found.roots.append(found.path(one["from"]))
    for key in _MEMBERS:
        written = _at(table, key)
        paths = [one.get("path") if isinstance(one, dict) else one for one in _list(written)]
        found.members += (found.path(one) for one in paths if isinstance(one, str))
    found.excluded += map(found.path, _texts(_at(table, "tool.uv.workspace.exclude")))
    _depends(table, poetry, found)


def _depends(table: dict[str, Any], poetry: dict[str, Any], found: _Found) -> None:
    lists = [_at(table, key) for key in _REQUIREMENTS]
    lists += (one for key in _GROUPS for one in _table(_at(table, key)).values())
    for one in (text for listed in lists for text in _texts(listed)):
        found.requirement(one)
    for name, source in _table(_at(table, "tool.uv.sources")).items():
        for one in _list(source) or [source]:
            if isinstance(one, dict) and isinstance(one.get("path"), str):
                found.linked.append(found.path(one["path"]))
        found.depends.append(normalized(name))
    groups = [poetry, *map(_table, _table(poetry.get("group")).values())]
    for wanted in (_table(group.get(key)) for group in groups for key in ("dependencies", "dev-dependencies")):
        for name, version in wanted.items():
            found.depends.append(normalized(name))
            for one in _list(version) or [version]:
                if isinstance(one, dict) and isinstance(one.get("path"), str):
                    found.linked.append(found.path(one["path"]))


def _of_setup_cfg(path: str, found: _Found) -> None:
    parser = _configuration(path)
    if parser is None:
        return
    found.name = found.name or normalized(parser.get("metadata", "name", fallback=""))
    pairs = (line.partition("=") for line in parser.get("options", "package_dir", fallback="").splitlines())
    found.folders({package.strip(): where.strip() for package, sign, where in pairs if sign})
    where = parser.get("options.packages.find", "where", fallback="")
    found.roots += (found.path(one.strip()) for one in re.split(r"[\n,]", where) if one.strip())
    for line in parser.get("options", "install_requires", fallback="").splitlines():
        found.requirement(line)


def _configuration(path: str) -> RawConfigParser | None:
    import configparser

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return None
    return parser


def _options(path: str) -> list[str]:
    """What a ``setup.cfg`` has options of."""
    parser = _configuration(path)
    return parser.options("options") if parser is not None and parser.has_section("options") else []


@lru_cache(maxsize=4)
def _set_up(text: str) -> frozenset[str | None]:
    """What calls of ``setup`` are given by name in a text: asked after each change of an editor, also where that is a module
    of the project, which may be long."""
    return frozenset(one.arg for call, name in _called_in(text) if name == "setup" for one in call.keywords)


def _called_in(text: str) -> Iterator[tuple[ast.Call, str]]:
    """The calls in a text, with the last names of what they call."""
    import ast

    try:
        tree = tree_of(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _of_setup_py(path: str, found: _Found) -> None:
    for node, called in _called_in(_text(path)):
        if called == "setup":
            said = {one.arg: _literal(one.value) for one in node.keywords}
            name = said.get("name")
            found.name = found.name or (normalized(name) if isinstance(name, str) else "")
            found.folders(said.get("package_dir"))
            for text in _texts(said.get("install_requires")):
                found.requirement(text)
        elif called in ("find_packages", "find_namespace_packages"):
            given = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "where")]
            found.roots += (found.path(one) for value in given for one in _texts(_literal(value)))


def _literal(node: Any) -> object:
    import ast

    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _text(path: str) -> str:
    """The text of a regular file of a sensible size; empty for anything else."""
    try:
        return decoded(read_regular(path, MAX_BYTES))
    except (OSError, UnicodeDecodeError):
        return ""


def _toml(path: str) -> dict[str, Any]:
    try:
        return tables.parsed(read_regular(path, MAX_BYTES))
    except (OSError, tables.TableError):
        return {}


def _at(table: dict[str, Any], key: str) -> Any:
    here: Any = table
    for part in key.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    return here


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> Iterator[str]:
    """The texts of a list, or the one that stands for such a list; without what no path and no name can have."""
    for one in [value] if isinstance(value, str) else _list(value):
        if isinstance(one, str) and "\0" not in one:
            yield one


def is_distributed(folder: str, names: Iterable[str]) -> bool:
    """Whether the project in ``folder``, which has files of these names, is built for others: it can be built, and says for
    whom it is (classifiers) or hooks into what others have installed (entry points); or a ``setup.py`` or ``setup.cfg``
    lists what is to be installed. A ``[build-system]`` alone says nothing, nor does a name, a version or a script:
    templates of applications have them."""
    if "pyproject.toml" in names:
        table = _toml(os.path.join(folder, "pyproject.toml"))
        hooks = any(_at(table, key) for key in _HOOKS)
        if "build-system" in table and (hooks or any(_is_public(_at(table, key)) for key in _CLASSIFIERS)):
            return True
    said: set[str | None] = set()
    if "setup.py" in names:
        said.update(_set_up(_text(os.path.join(folder, "setup.py"))))
    if "setup.cfg" in names:
        said.update(_options(os.path.join(folder, "setup.cfg")))
    return not said.isdisjoint(("packages", "py_modules"))


def _is_public(classifiers: object) -> bool:
    found = list(_texts(classifiers))
    return bool(found) and not any(one.startswith("Private ::") for one in found)
