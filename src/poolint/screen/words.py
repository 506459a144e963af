"""The words of a text, on bytes."""

from __future__ import annotations

import re

WORD = re.compile(rb"[A-Za-z_]\w*")

UNTOLD = frozenset({b"Any", b"Self", b"object", b"T"})
"""Words in a return annotation that say less than the body does."""

_APART = bytes(one if one < 128 and (chr(one).isalnum() or chr(one) == "_") else 32 for one in range(256))
"""What is no part of a word becomes a blank."""


def words_of(text: bytes) -> list[bytes]:
    """All words in a text, and its numbers, which are nobody's name: several times faster than an expression is."""
    return text.translate(_APART).split()
