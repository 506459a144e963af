"""Words by which a file shows that it may have to do with the registry of sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.models.schema import Class


def registry_words(models: Models) -> frozenset[bytes]:
    """What a file mentions that makes a registry, or what has one."""
    found: set[str] = set()
    for name, cls in models.classes.items():
        if cls.kind == "registry":
            found.add(name.rpartition(".")[2])
        if cls.attributes and _has_registry(cls, models):
            found.add(name.partition(".")[0])
    return frozenset(one.encode() for one in found)


def _has_registry(cls: Class, models: Models) -> bool:
    """Whether an attribute of a class of the models is a registry."""
    return any((one := models.classes.get(given)) and one.kind == "registry" for given in cls.attributes.values())
