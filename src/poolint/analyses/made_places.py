"""Where something is that an object has at some path, by what that was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def made_at(made: dict[str, str], path: str) -> str:
    """The place of what an object that was ``made`` with places has at a path: with the session itself, or with what keeps that,
    ``room.conn`` where it was made with ``room`` and has it as such. Empty where it has it of its own."""
    for prefix, to in made.items():
        if path == prefix or path.startswith(f"{prefix}."):
            return f"{to}{path[len(prefix) :]}"
    return ""


def given_at(place: str, given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What has been given at a place of a function, and further down from it (``.session``), by what stands for it where
    it is called."""
    for path, to in given.items():
        if not to:
            continue
        if place == path or place.startswith(f"{path}."):
            yield "", f"{to}{place[len(path) :]}"
        elif path.startswith(f"{place}."):
            yield path[len(place) :], to
