"""Whether files come to what calls something of some libraries, over any number of imports."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from poolint.screen.files import File


def fill(
    known: dict[str, bool], start: str, file: File, files: Mapping[str, File | None], roots: frozenset[bytes]
) -> None:
    """Find out whether ``file``, which stands in ``start``, comes to one that calls something of one of these names, or of one
    that ends so; what is found out of others on the way is put into ``known`` as well."""
    seen, queue = {start}, [start]
    for one in queue:  # grows
        found = file if one == start else files.get(one)
        if found is None or known.get(one) is False:
            continue
        if known.get(one) or (found.mentions(roots) and any(found.calls(root) for root in roots)):
            known[start] = True
            return
        new = found.targets - seen
        seen |= new
        queue += sorted(new)
    known.update(dict.fromkeys(seen, False))
