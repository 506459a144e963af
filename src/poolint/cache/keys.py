"""Which runs may share what is kept: those of one poolint and one Python, with the same settings for the same place."""

from __future__ import annotations

import os
import sys

from poolint import __version__, recording
from poolint.files import LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.config import Settings

FORMAT = 2
"""To be counted up whenever what is kept has another shape or meaning."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = ("libcst", "msgspec", "pathspec", "pyyaml", "tomli")
"""Distributions that what is found may depend on, as their folders are called, in lower case."""

_LAID_OVER = frozenset({"cache", "exclude", "extend_exclude", "extend", "force_exclude"})
"""Attributes of settings that are written otherwise, or that say which files are checked, and nothing of what is found."""


def key_of(settings: Settings, host: str = "") -> str:
    """A name that two runs share only where, of the same files, they find the same. ``host`` is who has another share of
    the work than the command line has, if anybody."""
    plain = [one for one in settings.plain() if one[0] not in _LAID_OVER]
    plain += [("root", settings.root), ("source", settings.source), ("rule_tables", settings.rule_tables)]
    layers = [getattr(layer, name) for layer in settings.layers() for name in layer.__slots__]
    home = os.path.expanduser("~")
    text = repr((FORMAT, __version__, _build(), sys.version, sys.platform, home, plain, layers, host))
    return recording.digest(text.encode("utf-8", "surrogatepass")).hex()


_known: list[str] = []


def _build() -> str:
    """What tells this poolint from another of the same version, and the libraries that it uses from others."""
    if not _known:
        _known.append(repr((*_installed(), *_libraries())))
    return _known[0]


def _installed() -> Iterator[object]:
    """What was installed, as its ``RECORD`` has it; in a checkout sizes and times of all files."""
    place = os.path.dirname(_PACKAGE)
    record = os.path.join(place, f"poolint-{__version__}.dist-info", "RECORD")
    if os.path.isfile(record):
        yield recording.state_of("data", f"{LIMIT}{recording.QUESTION}{record}")
        return
    stack = [_PACKAGE]
    while stack:
        with os.scandir(stack.pop()) as found:
            for entry in sorted(found, key=lambda one: one.name):
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    state = entry.stat()
                    yield entry.name, state.st_size, state.st_mtime_ns


def _libraries() -> Iterator[str]:
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in sorted(names):
            if name.endswith((".dist-info", ".egg-info")) and name.lower().startswith(_LIBRARIES):
                yield name
