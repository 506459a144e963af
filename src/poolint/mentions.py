"""Whether a file may hold comments of ours: asked of each, so it reads no more than it has to and imports nothing."""

from __future__ import annotations


def mentions(data: bytes, every_noqa: bool = False) -> bool:
    """Whether the bytes of a file may hold a comment of ours; ``every_noqa`` if each ``noqa`` is."""
    lower = data.lower()
    if b"poolint" in lower:
        return True
    at = lower.find(b"noqa")
    while at >= 0:
        end = lower.find(b"\n", at)
        row = lower[at : end if end >= 0 else len(lower)]
        if every_noqa or b"pol" in row:
            return True
        at = lower.find(b"noqa", at + len(row))
    return False
