"""The findings that a project knows of and has not mended yet: they are not reported again.

``poolint-baseline.txt`` stands at the root of the settings, one finding a line, sorted, so that it reads and merges like any
other list. A finding is known by its rule, its function, its resource and the words of its statement: rows may move, and a
file may be renamed. Of what is alike in one file as many are known as there are lines, so a new leak beside an old one is
reported even where it is written in the very same words.
"""

from __future__ import annotations

import os

from poolint.files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poolint.diagnostics import Diagnostic

    Lines = Callable[[str], Sequence[str] | None]

NAME = "poolint-baseline.txt"

_HEAD = (
    "# Findings of poolint that are known and not mended yet. `poolint baseline` takes out those that are gone;",
    "# `poolint baseline --renew` writes it anew. Rule, key, file, function, resource.",
)
_ESCAPED = str.maketrans({one: f"%{ord(one):02X}" for one in "% \t\r\n"})


class Entry:
    """One line: a finding by its rule, its key and its file, ``/`` between the parts of that and relative to the root."""

    __slots__ = ("code", "function", "key", "path", "resource")

    def __init__(self, code: str, key: str, path: str, function: str, resource: str) -> None:
        self.code = code
        self.key = key
        self.path = path
        self.function = function
        self.resource = resource

    @property
    def line(self) -> str:
        """As it is written: fields with a blank between them, and none in them, which stand as in a URL."""
        fields = (self.code, self.key, self.path, self.function, self.resource or "-")
        return " ".join(one.translate(_ESCAPED) for one in fields)

    @classmethod
    def of(cls, one: Diagnostic, root: str, lines: Lines) -> Entry:
        """That of a finding; ``lines`` gives the rows of its file."""
        import hashlib

        rows = lines(one.filename) or ()
        said = " ".join(" ".join(rows[one.range.start.row - 1 : one.range.end.row]).split())
        about = "\0".join((one.code, one.function, one.resource, said)).encode("utf-8", "backslashreplace")
        path = os.path.relpath(one.filename, root).replace(os.sep, "/")
        return cls(one.code, hashlib.sha256(about).hexdigest()[:12], path, one.function, one.resource)


class Baseline:
    """What stands in the file at ``path``, which concerns what lies below ``root``."""

    def __init__(self, path: str, root: str, entries: Iterable[Entry] = ()) -> None:
        self.path = path
        self.root = root
        self.entries = list(entries)

    @classmethod
    def read(cls, path: str, root: str) -> Baseline | None:
        """None where there is no such file. Raises ``ConfigError`` for one that cannot be read, or is none of ours."""
        from urllib.parse import unquote

        from poolint.config import ConfigError, shown

        try:
            text = read_regular(path).decode("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{shown(path)}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
        entries = []
        for row, line in enumerate(text.split("\n"), 1):
            if not line.strip() or line.startswith("#"):
                continue
            fields = line.split(" ")
            if len(fields) != 5 or not all(fields):
                raise ConfigError(f"{shown(path)}:{row}: this is no line of a baseline: {line[:60]!r}")
            code, key, name, function, resource = map(unquote, fields)
            entries.append(Entry(code, key, name, function, "" if resource == "-" else resource))
        return cls(path, root, entries)

    def write(self) -> None:
        """Put the entries in the place of the file. Raises ``OSError``."""
        from poolint.output import whole

        lines = [one.line for one in sorted(self.entries, key=lambda one: (one.path, one.line))]
        whole.write(self.path, "".join(f"{line}\n" for line in (*_HEAD, *lines)).encode("utf-8", "surrogateescape"))

    def divide(
        self, found: Iterable[Diagnostic], lines: Lines
    ) -> tuple[list[Diagnostic], list[Diagnostic], list[Entry]]:
        """Findings that are new, those that are known, and the entries that none of them is.

        An entry of a file that is gone is as good for another one: that has been renamed, or moved.
        """
        here: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            here.setdefault((entry.path, entry.key), []).append(entry)
        asked = [(one, Entry.of(one, self.root, lines)) for one in found]
        waiting, known = [], []
        for one, entry in asked:
            left = here.get((entry.path, entry.key))
            if left:
                left.pop()
                known.append(one)
            else:
                waiting.append((one, entry))
        gone: dict[str, list[Entry]] = {}
        for (path, key), entries in here.items():
            if entries and not os.path.lexists(os.path.join(self.root, path)):
                gone.setdefault(key, []).extend(entries)
        new = []
        for one, entry in waiting:
            if moved := gone.get(entry.key):
                left = here[moved[-1].path, entry.key]
                left.remove(moved.pop())
                known.append(one)
            else:
                new.append(one)
        return new, known, [entry for entries in here.values() for entry in entries]
