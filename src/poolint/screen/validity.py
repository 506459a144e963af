"""Whether what the screen has rejected can be parsed at all."""

from __future__ import annotations

_MANY = 200
"""Dots in a row, continued ones put together: what may be a name that the parser has no room for."""


def is_plainly_valid(path: str, data: bytes) -> bool:
    """Whether Python takes the syntax of a file, asked in the cheapest way there is.

    The screen must not hide that a file cannot be parsed. The symbol table makes the parser run without turning its
    tree into Python objects, which is most of the cost. False only means that it has to be looked at properly.
    """
    import warnings
    from symtable import symtable

    if b"coding" in data[:400]:
        return False  # it may declare an encoding, which takes more than a parser to judge
    if data.count(b".") >= _MANY:
        joined = data.replace(b"\\\r\n", b"").replace(b"\\\n", b"")
        if any(row.count(b".") >= _MANY for row in joined.split(b"\n")):
            return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            symtable(data.decode("utf-8"), path, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
