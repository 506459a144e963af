"""What flake8 is not told since a baseline knows it: the same as on the command line, seen from one file.

Of a file that was renamed nothing is known here: whether another one has taken the place of an entry, only a run over all of
them can say. ``poolint baseline`` writes the new name.
"""

from __future__ import annotations

import os

from poolint.baseline import NAME, Baseline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poolint.config import Settings
    from poolint.diagnostics import Diagnostic
    from poolint.text.source import Source


class Known:
    """The baseline that flake8's options name, or the one at the root of the settings. ``file`` is empty for none."""

    def __init__(self, file: str | None = None) -> None:
        self.file = file
        self._baselines: dict[str, Baseline | None] = {}

    def without(
        self, found: list[Diagnostic], settings: Settings, path: str, lines: Sequence[str], source: Callable[[], Source]
    ) -> list[Diagnostic]:
        """What is left of all findings of a file. Comments count first: what they silence takes no entry from what they do
        not, and stays, since flake8 deals with it. Raises ``ConfigError``."""
        path = os.path.abspath(path)
        entries = self._of(settings, path) if found else None
        if entries is None or not entries.entries:
            return found
        from poolint.selection import INTERNAL
        from poolint.suppression import left_by
        from poolint.suppression.comments import directives

        told = [one for one in left_by(directives(source()), found) if one.code not in INTERNAL]
        known = set(map(id, entries.divide(told, lambda _: lines)[1]))
        return [one for one in found if id(one) not in known]

    def _of(self, settings: Settings, path: str) -> Baseline | None:
        """The entries of one file."""
        if self.file == "":
            return None
        file, root = (os.path.join(settings.root, NAME), settings.root)
        if self.file is not None:
            file, root = os.path.abspath(self.file), os.getcwd()
        if file not in self._baselines:
            self._baselines[file] = Baseline.read(file, root)
            if self.file is not None and self._baselines[file] is None:
                from poolint.config import ConfigError, shown

                raise ConfigError(f"{shown(file)}: there is no such baseline; `poolint baseline` writes one")
        whole = self._baselines[file]
        name = os.path.relpath(path, root).replace(os.sep, "/")
        return None if whole is None else Baseline(file, root, [one for one in whole.entries if one.path == name])
