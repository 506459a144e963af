"""Colours, for terminals only: ``NO_COLOR`` switches them off, ``FORCE_COLOR`` on."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_CODES = {"red": "1;31", "yellow": "1;33", "green": "32", "blue": "1;34", "cyan": "36", "bold": "1", "help": "1;36"}


_SHOW_LINKS = (
    "VTE_VERSION", "WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR", "DOMTERM",
)  # fmt: skip
"""Variables by which terminals make themselves known that show hyperlinks."""
_PROGRAMS = ("iTerm.app", "vscode", "WezTerm", "ghostty", "Hyper", "Tabby", "rio", "zed")
_TERMS = ("xterm-kitty", "alacritty", "foot", "xterm-ghostty", "contour")


class Style:
    """Paints words and links them to something, or leaves them as they are."""

    __slots__ = ("links", "on")

    def __init__(self, on: bool, links: bool = False) -> None:
        self.on = on
        self.links = links

    def link(self, url: str, text: str) -> str:
        """``text`` as a hyperlink, if there are any and there is a ``url`` without what could end it."""
        if not self.links or not url.isascii() or not url.isprintable() or not url:
            return text
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"

    def path(self, path: str, text: str) -> str:
        """``text`` as a hyperlink to a file."""
        if not self.links:
            return text
        from poolint.output.locations import file_url

        return self.link(file_url(os.path.abspath(path).replace(os.sep, "/")), text)

    def __call__(self, colour: str, text: str) -> str:
        """``text`` in ``colour``: one of red, yellow, green, blue, cyan, bold, help."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.on and text else text


def wants_color(stream: TextIO) -> bool:
    """Whether to write colours to ``stream``."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_links(stream: TextIO) -> bool:
    """Whether to write hyperlinks to ``stream``: to a terminal that is known to show them. ``FORCE_HYPERLINK`` decides."""
    forced = os.environ.get("FORCE_HYPERLINK", "")
    if forced:
        return forced != "0"
    if not stream.isatty() or "CI" in os.environ or os.environ.get("NO_COLOR"):
        return False
    term = os.environ.get("TERM", "")
    shows = any(os.environ.get(name) for name in _SHOW_LINKS)
    return term != "dumb" and (shows or term in _TERMS or os.environ.get("TERM_PROGRAM") in _PROGRAMS)
