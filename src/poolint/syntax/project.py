"""Files and modules: which file an import means, and the parsed modules themselves, read on demand.

Nothing of the project under analysis is ever imported or run; its sources are read and parsed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from poolint import recording
from poolint.files import read_source, with_newlines
from poolint.roots import PROJECT_FILES
from poolint.roots.declared import is_distributed
from poolint.syntax.file_kinds import is_test_path
from poolint.syntax.module import Module as Module
from poolint.syntax.target import settle
from poolint.syntax.texts import assigns_state, by_words, heirs_in, pattern_of
from poolint.text.classes import writing
from poolint.text.source import Source, SourceError
from poolint.versions import Versions

if TYPE_CHECKING:
    import ast
    import re
    from collections.abc import Callable, Iterator

    from poolint.roots.finder import Finder
    from poolint.syntax.scopes import Binding, CallKey, Scope, ScopeKey
    from poolint.syntax.target import Version
    from poolint.traces import Traces

_FEW_NAMES = 24
"""Names that are looked for in all files, before it pays to file these by their words."""


class Project:
    """The project around some files: resolves imports to first-party modules and keeps what it has parsed.

    ``read_file`` may supply the text of unsaved buffers. ``versions`` is what is known of the project's libraries.
    ``loaded`` are the bytes of source that have been parsed as a whole, which tell how much memory their trees take.
    """

    def __init__(self, finder: Finder, read_file: Callable[[str], Source] = Source.read) -> None:
        self.finder = finder
        self.versions = Versions(finder)
        self.target: Version | None = None
        """The version of Python from which on the code runs, where somebody has said it. To be set before modules are."""
        self.traces: Traces | None = None
        """What test runs have seen."""
        self.loaded = 0
        self.is_expected: Callable[[str, bytes], bool] = lambda _, __: False
        """Whether the file at a path, with such a text, will be checked itself, so that it pays to read all of it at once."""
        self._read = read_file
        self._modules: dict[str, Module | None] = {}
        self._states: dict[str, dict[str, list[tuple[Module, Binding]]]] = {}
        self._setting: dict[str, list[str]] = {}
        """The files below a folder that may assign to the state of an application."""
        self._texts: dict[str, dict[str, bytes]] = {}
        self._heirs: dict[str, dict[bytes, list[tuple[str, str]]]] = {}
        self._words: dict[str, dict[bytes, list[str]]] = {}
        self._looked_for: dict[str, set[str]] = {}
        self._matching: dict[str, dict[tuple[str, str], list[str]]] = {}
        self.reopened: set[str] = set()
        """The questions about all files whose answers have changed, since somebody has last cleared it; see ``recording``."""
        self.scripts: dict[str, bool] = {}
        """Whether modules that are run, by their paths, are scripts, and nothing's modules."""

    def replace(self, source: Source) -> Module:
        """Take ``source`` for its file from now on, in place of what stands on disk.

        Raises:
            SourceError: it cannot be parsed.
        """
        path = self.finder.located(source.path)
        module = self._parse(source, path)
        before, self._modules[path] = self._modules.get(path), module
        if before is not None and before.state_assignments:
            self._forget_states()
        self.renew(path, source.data)
        return module

    def _forget_states(self) -> None:
        self.reopened.update(recording.question("state", root) for root in self._states)
        self._states.clear()

    def renew(self, path: str, data: bytes) -> None:
        """A file that has not been parsed has another text now."""
        data = with_newlines(data)
        self.scripts.clear()
        if is_setting := assigns_state(data):
            self._forget_states()
        for root, paths in list(self._setting.items()):
            if (path in paths) != is_setting and path.startswith(root + os.sep):
                del self._setting[root]
        for root, texts in self._texts.items():
            if (old := texts.get(path, data)) != data:
                texts[path] = data
                self._refile(path, root, old)

    def _refile(self, path: str, root: str, before: bytes) -> None:
        """Bring up to date what is filed of the texts below ``root``, where one of them had the text ``before``."""
        from poolint.syntax import refiling

        change = refiling.Change.of(path, root, before, self._texts[root])
        if root in self._words:
            refiling.refile_words(self._words[root], change)
        changed: list[tuple[str, str]] = []
        if root in self._matching:
            changed += refiling.refile_matches(self._matching[root], change)
        if root in self._heirs:
            changed += (("heirs", name) for name in refiling.refile_heirs(self._heirs[root], change))
        self.reopened.update(recording.question(kind, root, name) for kind, name in changed)

    @property
    def modules(self) -> list[Module]:
        """All that have been parsed."""
        return [one for one in self._modules.values() if one is not None]

    @property
    def whole(self) -> int:
        """The bytes of source of the modules that are known as a whole, as they are now: ``loaded`` has those that others
        have taken the place of as well, which stay in memory as long as no collector looks."""
        return sum(len(one.source.data) for one in self.modules if all(body.body is None for body in one.unread))

    def is_broken(self, path: str) -> bool:
        """Whether the file at ``path`` was asked for, and could not be parsed."""
        return path in self._modules and self._modules[path] is None

    def known(self, path: str) -> Module | None:
        """The module at absolute ``path`` if it has been parsed already."""
        return self._modules.get(path)

    def module(self, path: str) -> Module | None:
        """The module in the file at absolute ``path``; None when it cannot be read or parsed."""
        if path not in self._modules:
            self._modules[path] = None
            try:
                self._modules[path] = self._to_import(self._read(path), path)
            except (SourceError, OSError):
                pass
        return self._modules[path]

    def scope(self, key: ScopeKey) -> Scope:
        """The scope that a key stands for. Raises ``KeyError`` where the file that it names has changed since."""
        module = self.module(key.path)
        if module is None:
            raise KeyError(key)
        return module.scope_at(key)

    def call(self, key: CallKey) -> tuple[ast.Call, Scope]:
        """The call that a key stands for, and its scope. Raises ``KeyError`` where the file has changed since."""
        scope = self.scope(key.scope)
        for call in scope.calls:
            if key.of(call, scope) == key:
                return call, scope
        raise KeyError(key)

    def complete(self, module: Module) -> None:
        """Read all of a module that is to be checked. Raises :class:`SourceError` where it is not Python."""
        if any(one.body is not None for one in module.unread):
            module.read()
            self.loaded += len(module.source.data)
        if module.is_broken:
            module.source.tree  # says where

    def _to_import(self, source: Source, path: str) -> Module:
        """A module of which somebody asks for a name. What is not Python in it does not keep the rest from being known."""
        if not self.is_expected(path, source.data):
            return self._read_on_demand(source, path) or self._parse(source, path)
        try:
            return self._parse(source, path)
        except SourceError:
            module = self._read_on_demand(source, path)
            if module is None:
                raise
            return module

    def _read_on_demand(self, source: Source, path: str) -> Module | None:
        """The module without its bodies; None where it has to be read as a whole."""
        from poolint.syntax.indexer import walk
        from poolint.text.skeleton import skeleton

        data = source.data
        if source.cells is not None or assigns_state(data) or (self.target is not None and b"version_info" in data):
            return None
        found = skeleton(source.text)
        if found is None:
            return None
        module = self._module(source, path)
        module.bodies = found.bodies
        walk(found.tree, module)
        return module

    def _module(self, source: Source, path: str) -> Module:
        name = self.finder.module_name(path)
        return Module(source, name, path, is_package=os.path.basename(path).startswith("__init__."))

    def _parse(self, source: Source, path: str) -> Module:
        from poolint.syntax.indexer import walk

        module = self._module(source, path)
        if self.target is not None and b"version_info" in source.data:
            settle(source.tree, self.target)
        walk(source.tree, module)
        self.loaded += len(source.data)
        return module

    def imported(self, dotted: str, level: int, importer: Module) -> Module | None:
        """The first-party module that an import in ``importer`` means."""
        path = (
            self.finder.find_relative(dotted, level, importer.path)
            if level
            else self.finder.find(dotted, importer.path)
        )
        return self.module(path) if path is not None else None

    def state_assignments(self, name: str, near: Module) -> list[tuple[Module, Binding]]:
        """Assignments to ``….state.NAME`` anywhere in the project of ``near``.

        Application state is set in one module (a lifespan) and read in many, with nothing in between to follow."""
        root = self.root_of(near)
        question = recording.asked(near.path, "state", root)
        if root not in self._states:
            self._states[root] = self._index_state(root, question)
        return self._states[root].get(name, [])

    def calling(self, name: str, near: Module) -> Iterator[tuple[str, bytes]]:
        """The files of the package that ``near`` belongs to in which something called ``name`` is called, with what
        stands in them."""
        root = self.root_of(near)
        paths, texts = self._matched("calling", name, root, near.path), self._texts_of(root)
        for path in paths:
            yield path, texts[path]

    def defining(self, name: str, near: Module) -> list[str]:
        """The files of the package that ``near`` belongs to, tests aside, in which a function is called ``name``."""
        root = self.root_of(near)
        return [one for one in self._matched("defining", name, root, near.path) if not is_test_path(one, root)]

    def setting(self, name: str, near: Module) -> list[str]:
        """The files of the package that ``near`` belongs to, tests aside, in which an attribute ``name`` of something else than
        ``self`` is assigned to."""
        root = self.root_of(near)
        return [one for one in self._matched("setting", name, root, near.path) if not is_test_path(one, root)]

    def naming_in_imports(self, name: str, near: Module, asking: str) -> list[str]:
        """The files of the package that ``near`` belongs to whose import statements have ``name`` in them."""
        return self._matched("importing", name, self.root_of(near), asking)

    def saying(self, word: str, near: Module) -> list[str]:
        """The files of the package that ``near`` belongs to, tests aside, in which a word stands."""
        root = self.root_of(near)
        return [one for one in self._matched("saying", word, root, near.path) if not is_test_path(one, root)]

    def _matched(self, kind: str, name: str, root: str, asking: str) -> list[str]:
        """The files below a folder in which a name stands in such a way; kept, since editors ask again and again."""
        question = recording.asked(asking, kind, root, name)
        if (kind, name) in self._matching.get(root, ()):
            return self._matching[root][kind, name]
        found = self._filed(kind, name, root)
        recording.answered(question, found)
        return found

    def _filed(self, kind: str, name: str, root: str) -> list[str]:
        known = self._matching.setdefault(root, {})
        if (kind, name) not in known:
            known[kind, name] = self._with(name, pattern_of(kind, name.encode()), root)
        return known[kind, name]

    def naming(self, word: str, root: str, asking: str) -> list[str]:
        """The files below a folder in which a word stands, on behalf of ``asking``, to whom nothing matters but words."""
        return self._told(asking, "naming", word, root)

    def naming_in_import(self, word: str, root: str, asking: str) -> list[str]:
        """The same of those in whose import statements it stands."""
        return self._told(asking, "naming-import", word, root)

    def _told(self, asking: str, kind: str, word: str, root: str) -> list[str]:
        question = recording.asked(asking, kind, root, word)
        found = self._filed(kind, word, root)
        recording.answered(question, map(recording.words, found))
        return found

    def _with(self, word: str, pattern: re.Pattern[bytes], root: str) -> list[str]:
        """The files below a folder in which a pattern is found, which has a word in it."""
        sign, texts = word.encode(), self._texts_of(root)
        names = self._looked_for.setdefault(root, set())
        names.add(word)
        if root not in self._words and len(names) > _FEW_NAMES:
            self._words[root] = by_words(texts)
        mentioning = self._words[root].get(sign, ()) if root in self._words else texts
        return [path for path in mentioning if sign in texts[path] and pattern.search(texts[path])]

    def heirs(self, name: str, near: Module) -> list[tuple[str, str]]:
        """The file and name of each top-level class of the package of ``near`` that names ``name`` among its bases, in order."""
        return self._heirs_below(self.root_of(near), name, near.path)

    def fillers(self, name: str, path: str, asking: str = "") -> list[tuple[str, str]]:
        """The same for an interface, by its file, on behalf of that or of ``asking``."""
        return self._heirs_below(self._root_around(path, self.finder.module_name(path)), name, asking or path)

    def writers(self, names: frozenset[str], path: str, asking: str = "") -> list[tuple[str, str]]:
        """The same of those that define methods of all these names, tests aside."""
        root, wanted = self._root_around(path, self.finder.module_name(path)), frozenset(one.encode() for one in names)
        paths = self._matched("defining", max(sorted(names), key=len), root, asking or path)
        near = [(one, self._texts_of(root)[one]) for one in paths if not is_test_path(one, root)]
        return [(one, cls.decode()) for one, data in near for cls in writing(data, wanted)]

    def makers(self, name: str, path: str, asking: str) -> list[str]:
        """The files of the package around a file, tests aside, in which something is called so, on behalf of ``asking``."""
        root = self._root_around(path, self.finder.module_name(path))
        return [one for one in self._matched("calling", name, root, asking) if not is_test_path(one, root)]

    def _heirs_below(self, root: str, name: str, asking: str) -> list[tuple[str, str]]:
        question = recording.asked(asking, "heirs", root, name)
        if root not in self._heirs:
            index = self._heirs[root] = {}
            for path, data in self._texts_of(root).items():
                for base, heir in heirs_in(path, root, data):
                    index.setdefault(base, []).append((path, heir.decode()))
        found = self._heirs[root].get(name.encode(), [])
        if recording.active is not None:
            recording.active.answered(question, (path for path, _ in found))
        return found

    def _texts_of(self, root: str) -> dict[str, bytes]:
        """The files below a folder, and what stands in them."""
        if root not in self._texts:
            self._texts[root] = {path: self.bytes_of(path) for path in self.files(root)}
        return self._texts[root]

    def is_distributed(self, folder: str) -> bool:
        """Whether the project in a folder, if there is one, is built for others to install."""
        names = self.finder.marks(folder)
        return not names.isdisjoint(PROJECT_FILES) and is_distributed(folder, names)

    def root_of(self, module: Module) -> str:
        """The folder of the project that a module belongs to; where nothing marks one, that of its package, or the one that it
        is imported from. A folder without an ``__init__`` that lies in a package belongs to that."""
        return self._root_around(module.path, module.name)

    def _root_around(self, path: str, name: str) -> str:
        if project := self.finder.marked_project(path):
            return project
        root = self.finder.search_path(path)[0]
        base = os.path.join(root, name.partition(".")[0])
        return base if recording.is_folder(base) else self.finder.package_around(root) or root

    def _index_state(self, root: str, question: str) -> dict[str, list[tuple[Module, Binding]]]:
        index: dict[str, list[tuple[Module, Binding]]] = {}
        if root not in self._setting:
            known = self._texts.get(root, {})
            data = ((path, known[path] if path in known else self.bytes_of(path)) for path in self.files(root))
            self._setting[root] = [path for path, text in data if assigns_state(text)]
        for path in self._setting[root]:
            if recording.active is not None:
                recording.active.answered(question, [path])
            module = self.module(path)
            if module is not None:
                for name, bindings in module.state_assignments.items():
                    index.setdefault(name, []).extend((module, binding) for binding in bindings)
        return index

    def files(self, root: str) -> Iterator[str]:
        """The Python files below a folder, in a stable order; what is not the project's own is left out. Below one that nothing
        marks, such as somebody's home, that is each project which lies there."""
        recording.looked("entries", root)
        is_marked = bool(self.finder.marked_project(os.path.join(root, "__init__.py")))
        for folder, folders, files in os.walk(root):
            own = sorted(f for f in folders if not f.startswith(".") and f not in NOT_SOURCES)
            folders[:] = [f for f in own if is_marked or not self.finder.is_apart(os.path.join(folder, f))]
            for file in sorted(files):
                if file.endswith(".py"):
                    yield os.path.join(folder, file)
            for each in folders:
                recording.looked("entries", os.path.join(folder, each))

    def every_file(self, root: str, near: Module) -> list[str]:
        """The same for who looks into each of them, on behalf of ``near``."""
        found = list(self.files(root))
        question = recording.asked(near.path, "all", root)
        if recording.active is not None and question not in recording.active.edges:
            recording.active.answered(question, found)
        return found

    def bytes_of(self, path: str) -> bytes:
        """The text of the file at ``path``, as far as it is known from a buffer, with rows that end in ``\\n``; empty where it
        cannot be read."""
        known = self._modules.get(path)
        if known is not None:
            return with_newlines(known.source.data)
        try:
            return with_newlines(read_source(path))
        except OSError:
            return b""


NOT_SOURCES = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "build", "dist"})
"""Names of folders in which there is nothing of a project's own."""
