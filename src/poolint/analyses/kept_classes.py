"""Which sessions and connections values are, as far as their types say one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.models.schema import HANDLES
from poolint.types.values import FOREIGN, Instance, alternatives

if TYPE_CHECKING:
    from poolint.models.schema import Class
    from poolint.types.values import Type


def kept_class(one: Type) -> Class | None:
    """The class of session or connection that a value is; None where it is something else, or may be an object of the project;
    of what a library has that nobody knows, it is the rest. What may be one of two that do the same, an asynchronous one and
    its twin, counts as the synchronous one; of a class and one that is derived from it, as where an import has a fallback, it
    counts as the former."""
    known = [each for each in alternatives(one) if each is not FOREIGN]
    classes = [each.base if isinstance(each, Instance) else None for each in known]
    found = {each.name: each for each in classes if each is not None}
    if None in classes:
        return None
    if len(found) > 1:
        found = {name: each for name, each in found.items() if found.keys().isdisjoint(each.bases)}
    if len(found) == 2:
        found = {name: each for name, each in found.items() if each.twin in found}
    first = next(iter(found.values())) if len(found) == 1 else None
    return first if first is not None and first.kind in HANDLES else None
