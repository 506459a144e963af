"""Says when a library has been imported, without importing it.

Whoever imports it gets what they would get anyway: the finder asks those behind it, and the loader is as it was afterwards.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class Imports:
    """Calls ``then`` with the name of each of some top-level modules when that has been imported, until it is closed.

    What ``then`` raises would be raised by the import, so it should raise nothing.
    """

    def __init__(self, names: Iterable[str], then: Callable[[str], None]) -> None:
        self._names = set(names)
        self._then = then
        sys.meta_path.insert(0, self)

    def close(self) -> None:
        self._names.clear()
        sys.meta_path[:] = [one for one in sys.meta_path if one is not self]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What Python asks of each module that is imported: only for ours is there an answer, that of the others."""
        if name not in self._names:
            return None
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None) if finder is not self else None
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                self._tell_of(name, spec.loader)
                return spec
        return None

    def _tell_of(self, name: str, loader: Any) -> None:
        run = getattr(loader, "exec_module", None)
        if run is None:
            return

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            if name in self._names:
                self._names.discard(name)
                self._then(name)

        try:
            loader.exec_module = exec_module
        except AttributeError:
            pass  # of a kind that lets nothing be put in its place, as no loader of files is
