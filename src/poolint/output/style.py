"""Colours, for terminals only: ``NO_COLOR`` switches them off, ``FORCE_COLOR`` on."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_CODES = {"red": "1;31", "blue": "1;34", "cyan": "36", "bold": "1", "help": "1;36"}


class Style:
    """Paints words, or leaves them as they are."""

    __slots__ = ("on",)

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, colour: str, text: str) -> str:
        """``text`` in ``colour``: one of red, blue, cyan, bold, help."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text


def wants_color(stream: TextIO) -> bool:
    """Whether to write colours to ``stream``."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
