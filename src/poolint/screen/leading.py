"""Whether files come to one of some kind, over any number of imports."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poolint.screen.files import File


def fill(
    known: dict[str, bool], start: str, file: File, files: Mapping[str, File | None], is_one: Callable[[File], bool]
) -> None:
    """Find out whether ``file``, which stands in ``start``, is or comes to one that ``is_one``; what is found out of others on
    the way is put into ``known`` as well."""
    seen, queue = {start}, [start]
    for one in queue:  # grows
        found = file if one == start else files.get(one)
        if found is None or known.get(one) is False:
            continue
        if known.get(one) or is_one(found):
            known[start] = True
            return
        new = found.targets - seen
        seen |= new
        queue += sorted(new)
    known.update(dict.fromkeys(seen, False))
