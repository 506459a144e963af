"""Files of sections with settings, as supervisord and PasteDeploy read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from poolint.bounds import MAX_TEXT
from poolint.deployment.documents import text_of
from poolint.deployment.values import Place, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = re.compile(r"[ \t]*\[([^\]]+)\]")
_SETTING = re.compile(r"([\w.-]+)[ \t]*[=:][ \t]*(.*)")
_EXPANDED = re.compile(r"%\(ENV_(\w+)\)s")
_COMMENT = re.compile(r"(?:^|[ \t]);.*$")


class Section(NamedTuple):
    """One section: its name, and what it sets. Lines that are indented go on with the setting before."""

    name: str
    settings: dict[str, Word]


def read(path: str) -> Iterator[Section]:
    """The sections of a file, in its order; what stands before the first has no name. Raises ``OSError`` if it cannot be read."""
    section = Section("", {})
    last = ""
    for row, line in enumerate(text_of(path).split("\n"), 1):
        bare = _EXPANDED.sub(r"${\1}", _COMMENT.sub("", line).rstrip())
        settings = section.settings
        if (header := _HEADER.match(bare)) is not None:
            yield section
            section = Section(header[1], {})
        elif (setting := _SETTING.match(bare)) is not None and not bare.startswith("#"):
            last = setting[1]
            settings[last] = Word(setting[2], Place(path, row))
        elif bare[:1] in (" ", "\t") and last in settings and bare.strip() and len(settings[last].text) <= MAX_TEXT:
            settings[last] = settings[last]._replace(text=f"{settings[last].text} {bare.strip()}")
    yield section
