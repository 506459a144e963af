"""Which file an import means. Only names of files are looked at, so the screen can ask as well."""

from __future__ import annotations

import os

_PROJECT_MARKS = frozenset({"pyproject.toml", "setup.py", "setup.cfg", ".git", "tox.ini"})


class Finder:
    """Finds first-party modules. ``cwd`` bounds the search upwards."""

    def __init__(self, cwd: str) -> None:
        self.cwd = os.path.abspath(cwd)
        self._listings: dict[str, frozenset[str]] = {}
        self._files: dict[tuple[tuple[str, ...], str], str | None] = {}
        self._search_paths: dict[str, tuple[str, ...]] = {}

    def listing(self, folder: str) -> frozenset[str]:
        """The names in a folder; empty where it cannot be read."""
        found = self._listings.get(folder)
        if found is None:
            try:
                found = frozenset(os.listdir(folder))
            except (OSError, ValueError):  # a name from the settings may be none that a folder can have
                found = frozenset()
            self._listings[folder] = found
        return found

    def module_name(self, path: str) -> str:
        """Dotted name of the file at absolute ``path``, counted from the outermost folder with an ``__init__``."""
        folder, base = os.path.split(path)
        stem = base.rpartition(".")[0]
        parts = [] if stem == "__init__" else [stem]
        while "__init__.py" in self.listing(folder):
            folder, package = os.path.split(folder)
            parts.append(package)
            if not package:
                break
        return ".".join(reversed(parts))

    def search_path(self, path: str) -> tuple[str, ...]:
        """Folders in which absolute imports of the file at ``path`` are looked for, nearest first.

        These are the folder that holds its top-level package, then each folder above as far as the working
        directory or the project's root, with a ``src`` beside them; namespace packages need the folders above.
        """
        folder = os.path.dirname(path)
        found = self._search_paths.get(folder)
        if found is not None:
            return found
        own = folder
        while "__init__.py" in self.listing(folder):
            parent = os.path.dirname(folder)
            if parent == folder:
                break
            folder = parent
        folders = [folder]
        inside = (folder + os.sep).startswith(self.cwd.rstrip(os.sep) + os.sep)
        for _ in range(12):
            names = self.listing(folder)
            if "src" in names:
                folders.append(os.path.join(folder, "src"))
            parent = os.path.dirname(folder)
            if folder == self.cwd or parent == folder or (not inside and names & _PROJECT_MARKS):
                break
            folder = parent
            folders.append(folder)
        if own not in folders:
            folders.append(own)
        found = tuple(dict.fromkeys(folders))
        self._search_paths[os.path.dirname(path)] = found
        return found

    def project_root(self, path: str) -> str:
        """The folder that holds all of the project of the file at absolute ``path``.

        That is the working directory for what is below it. Elsewhere it is the folder with a project's marks, and
        where there is none the file's top-level package, or its own folder.
        """
        if (path + os.sep).startswith(self.cwd.rstrip(os.sep) + os.sep):
            return self.cwd
        folders = self.search_path(path)
        marked = (folder for folder in folders if self.listing(folder) & _PROJECT_MARKS)
        package = os.path.join(folders[0], self.module_name(path).partition(".")[0])
        return next(marked, package if os.path.isdir(package) else os.path.dirname(path))

    def find(self, dotted: str, importer: str) -> str | None:
        """Path of the file that ``import dotted`` means in the file at ``importer``; None outside the project."""
        folders = self.search_path(importer)
        key = (folders, dotted)
        if key not in self._files:
            parts = dotted.split(".")
            hits = (self._file_of(folder, parts) for folder in folders)
            self._files[key] = next((hit for hit in hits if hit is not None), None)
        return self._files[key]

    def find_relative(self, dotted: str, level: int, importer: str) -> str | None:
        """The same for ``from ..dotted import``, with ``level`` leading dots."""
        folder = os.path.dirname(importer)
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        return self._file_of(folder, dotted.split(".") if dotted else [])

    def _file_of(self, folder: str, parts: list[str]) -> str | None:
        for part in parts[:-1]:
            if part not in self.listing(folder):
                return None
            folder = os.path.join(folder, part)
        if not parts:
            return os.path.join(folder, "__init__.py") if "__init__.py" in self.listing(folder) else None
        last, names = parts[-1], self.listing(folder)
        if last in names:
            inner = self.listing(os.path.join(folder, last))
            for init in ("__init__.py", "__init__.pyi"):
                if init in inner:
                    return os.path.join(folder, last, init)
        for ending in (".py", ".pyi"):
            if last + ending in names:
                return os.path.join(folder, last + ending)
        return None
