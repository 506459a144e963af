"""Where something is that an object has at some path, by what that was made with."""

from __future__ import annotations


def made_at(made: dict[str, str], path: str) -> str:
    """The place of what an object that was ``made`` with places has at a path: with the session itself, or with what keeps that,
    ``room.conn`` where it was made with ``room`` and has it as such. Empty where it has it of its own."""
    for prefix, to in made.items():
        if path == prefix or path.startswith(f"{prefix}."):
            return f"{to}{path[len(prefix) :]}"
    return ""
