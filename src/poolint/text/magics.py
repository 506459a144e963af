"""What IPython takes in a cell and Python does not: magics, commands of the shell, questions for help.

They give way to blanks, or to as little Python as keeps a block or an assignment whole, so that every row and every column
of what is left is where it was.
"""

from __future__ import annotations

import ast
import re

CELL_MAGICS = frozenset({"capture", "debug", "ipytest", "prun", "pypy", "python", "python3", "time", "timeit"})
"""Magics of whole cells behind which there is Python, as ruff has them."""

AUTOMAGICS = frozenset({
    "alias", "autoreload", "bookmark", "cat", "cd", "conda", "cp", "env", "less", "ll", "load_ext", "ls", "mamba", "man",
    "matplotlib", "micromamba", "mkdir", "more", "mv", "pip", "pushd", "reload_ext", "rm", "rmdir", "run", "store", "timeit",
    "time", "uv", "who", "whos",
})  # fmt: skip
"""Magics that IPython takes without their ``%``, with something behind them that makes no Python of the row."""

_SUSPECT = re.compile(r"^[ \t]*(?:[%!?/,;]|\w+ +[-\w./~])|\?[ \t]*$|=[ \t]*[!%]", re.MULTILINE)
"""No cell in which this is nowhere has anything to blank."""

_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_ESCAPED = re.compile(r"[ \t]*[%!?/,;]")
_HELP = re.compile(r"[ \t]*%{0,2}[\w*][\w.*\[\]'\"()]*\?{1,2}[ \t]*")
_ASSIGNED = re.compile(r"([\w.,*()\[\] \t'\"]+=[ \t]*)[!%](?!=)")
_AUTOMAGIC = re.compile(r"([a-z_]\w*) +[-\w./~]")
_RUNS_CODE = re.compile(r"([ \t]*)(%time(?:it)?)[ \t](?!-)")
_TOKEN = re.compile(
    r"""(?P<text>[rbuftRBUFT]{0,2}(?:\"\"\"(?:[^"\\]|\\(?:.|\Z)|"(?!""))*(?:\"\"\"|\Z)|'''(?:[^'\\]|\\(?:.|\Z)|'(?!''))*(?:'''|\Z)
        |"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?))
    |\#[^\n]*|(?P<opens>[(\[{])|(?P<closes>[)\]}])|\\\r?\n|(?P<ends>\n)|\w+|[^\S\n]+|.""",
    re.VERBOSE | re.DOTALL,
)


def is_python(text: str) -> bool:
    """Whether a cell of code is Python: not one that a magic takes for something else."""
    match = _CELL_MAGIC.match(text)
    return match is None or match[1] in CELL_MAGICS


def blanked(text: str) -> str:
    """A cell with only Python left in it; every row is as long as it was."""
    match = _CELL_MAGIC.match(text)
    start = 0
    if match is not None:
        start = _end_of_row(text, match.end())
        text = _blank(text[:start]) + text[start:]
    if _SUSPECT.search(text, start) is None:
        return text
    pieces = [text[:start]]
    while start < len(text):
        piece, start = _statement(text, start)
        pieces.append(piece)
    return "".join(pieces)


def _statement(text: str, start: int) -> tuple[str, int]:
    """What is left of the logical row that begins at ``start``, and where the next one does."""
    end = _end_of_row(text, start)
    row = text[start:end].rstrip("\r\n")
    if _ESCAPED.match(row) is not None:
        code = _RUNS_CODE.match(row)
        if code is not None and _parses(row[code.end() :].strip()):
            # An expression that does nothing, and behind its semicolon what the magic runs.
            return code[1] + "0".ljust(len(code[2])) + ";" + text[start + code.end() : end], end
        return _without(text, start, len(row) - len(row.lstrip()), "pass")
    if _HELP.fullmatch(row) is not None:
        return _without(text, start, len(row) - len(row.lstrip()), "pass")
    assigned = _ASSIGNED.match(row)
    if assigned is not None:
        return _without(text, start, assigned.end(1), "_")
    automagic = _AUTOMAGIC.match(row)
    if automagic is not None and automagic[1] in AUTOMAGICS and not _parses(row.strip()):
        return _without(text, start, 0, "pass")
    end = _end_of_logical_row(text, start)
    return text[start:end], end


def _without(text: str, start: int, column: int, instead: str) -> tuple[str, int]:
    """A row, and those that it goes on in behind backslashes, with ``instead`` from ``column`` on where there is room for
    that and it is needed, else with an expression of one letter."""
    end = _end_of_row(text, start)
    while end < len(text) and text[start:end].rstrip("\r\n").endswith("\\"):
        end = _end_of_row(text, end)
    begin = start + column
    rest = _blank(text[begin:end])
    room = len(rest) if "\n" not in rest else rest.index("\n")
    if instead == "pass" and not column:
        return text[start:begin] + rest, end  # outside of any block nothing is missed
    word = instead if len(instead) <= room else "0"
    return text[start:begin] + word + rest[len(word) :], end


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _end_of_row(text: str, start: int) -> int:
    return text.find("\n", start) + 1 or len(text)


def _end_of_logical_row(text: str, start: int) -> int:
    """Where a statement, or what of one stands in a row of its own, ends: behind a newline outside of all brackets."""
    depth = 0
    for match in _TOKEN.finditer(text, start):
        if match["opens"]:
            depth += 1
        elif match["closes"]:
            depth = max(depth - 1, 0)
        elif match["ends"] and not depth:
            return match.end()
    return len(text)


def _parses(row: str) -> bool:
    try:
        ast.parse(row)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(row)
