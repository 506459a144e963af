"""Eyes on pools: what tells a book of each checkout and each return.

Nothing here may ever make a checkout fail, so what goes wrong in an eye ends that eye, with one line in the log. No library
is imported for its eye: it is opened when the program has imported the library.
"""

from __future__ import annotations

import functools
import importlib
import logging
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from poolint.runtime.holds import Book
    from poolint.runtime.importing import Imports
    from poolint.runtime.present import Present

    class Eye(Protocol):
        """One library."""

        def close(self) -> None: ...


LIBRARIES = {
    "sqlalchemy": "poolint.runtime.sqlalchemy",
    "asyncpg": "poolint.runtime.asyncpg",
    "psycopg_pool": "poolint.runtime.psycopg",
}
"""By the name under which it is imported, the module with the eyes on a library: ``EYE`` for a test run, which sees all of its
pools and the queries, and ``GLANCE`` for a service, which sees some of its pools."""

log = logging.getLogger("poolint.runtime")


class Eyes:
    """The eyes that are open, with what makes one of its module."""

    def __init__(self, make: Callable[[Any], Eye]) -> None:
        self._make = make
        self._open: dict[str, Eye] = {}
        self._imports: Imports | None = None

    def look(self) -> None:
        """Open the eyes of the libraries that are imported."""
        for name in LIBRARIES:
            if name in sys.modules:
                self._look_at(name)

    def look_forward(self) -> None:
        """The same, and those of the others as soon as they are imported."""
        from poolint.runtime.importing import Imports

        self.look()
        self._imports = Imports(LIBRARIES.keys() - self._open.keys(), self._look_at)

    def _look_at(self, name: str) -> None:
        try:
            if name not in self._open:
                self._open[name] = self._make(importlib.import_module(LIBRARIES[name]))
        except Exception:
            log.warning("%s cannot be watched in this version", name, exc_info=True)

    def close(self) -> None:
        """Leave everything as it was."""
        if self._imports is not None:
            self._imports.close()
        for one in self._open.values():
            one.close()
        self._open.clear()


def eyes(book: Book) -> Eyes:
    """Eyes on all that happens to pools."""
    return Eyes(lambda module: module.EYE(book))


def glances(present: Present, owners: tuple[object, ...]) -> Eyes:
    """Eyes on what is out of some pools, or of the pools of some engines."""
    return Eyes(lambda module: module.GLANCE(present, owners))


def harmless(function: Callable[..., None]) -> Callable[..., None]:
    """A listener that cannot fail: the first time that it would, it says so and is silent from then on."""
    is_well = True

    @functools.wraps(function)
    def listener(*arguments: Any) -> None:
        nonlocal is_well
        if is_well:
            try:
                function(*arguments)
            except Exception:
                is_well = False
                log.warning("poolint no longer watches: %s failed", function.__qualname__, exc_info=True)

    return listener


class Patches:
    """Methods of a library that are wrapped for the time of watching, of all objects of a class or of one."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []

    def wrap(self, owner: type, name: str, wrapper: Callable[[Any], Any]) -> None:
        """Put ``wrapper(method)`` in the place of a method of ``owner``. Raises ``AttributeError`` where there is none."""
        own = vars(owner)[name] if name in vars(owner) else getattr(owner, name)
        wrapped = functools.wraps(own)(wrapper(own))
        self._done.append((owner, name, own, wrapped))
        setattr(owner, name, wrapped)

    def put(self, owner: object, name: str, method: Callable[..., Any]) -> None:
        """Put a method in the place of that of one object. Raises ``TypeError`` where it has room for none of its own."""
        own = vars(owner).get(name, _CLASS_HAS_IT)
        self._done.append((owner, name, own, method))
        setattr(owner, name, method)

    def undo(self) -> None:
        """Put back what was there, unless somebody else has wrapped it since: then ours stays below, and does nothing."""
        while self._done:
            owner, name, own, wrapped = self._done.pop()
            if vars(owner).get(name) is not wrapped:
                continue
            if own is _CLASS_HAS_IT:
                delattr(owner, name)
            else:
                setattr(owner, name, own)


_CLASS_HAS_IT = object()
