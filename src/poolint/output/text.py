"""Text as a terminal shows it: which columns characters take, and which of them must not reach it."""

from __future__ import annotations

TAB = 4


def printable(text: str) -> str:
    """``text`` on one line and without control characters: a file must not be able to steer the terminal."""
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def expand(line: str) -> tuple[str, list[int]]:
    """A source line as it is drawn, and for each of its characters (and for its end) the cell where that begins."""
    out: list[str] = []
    cells = []
    cell = 0
    for char in line.rstrip("\r\n"):
        cells.append(cell)
        drawn = " " * (TAB - cell % TAB) if char == "\t" else _shown(char)
        out.append(drawn)
        cell += width(drawn) if len(drawn) == 1 else len(drawn)
    cells.append(cell)
    return "".join(out), cells


def width(char: str) -> int:
    """How many cells a character takes: two for wide ones, none for those that combine with the one before."""
    if char.isascii():
        return 1
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _shown(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char.isprintable() or char in "\u200d\ufe0f":
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # how Python holds a byte in a name that is not text
    # Other controls, line separators and marks that turn the direction of text.
    return "\N{REPLACEMENT CHARACTER}"
