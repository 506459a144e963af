"""Whether files come to one of some kind, over any number of imports."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poolint.screen.files import File


class Leading:
    """Answers for the files of one screen, by their absolute paths: ``is_one`` says which files are of that kind."""

    def __init__(self, files: Mapping[str, File | None], is_one: Callable[[File], bool]) -> None:
        self._files = files
        self._is_one = is_one
        self._known: dict[str, bool] = {}
        self._are: dict[str, bool] = {}

    def clear(self) -> None:
        """Forget everything: a file has changed."""
        self._known.clear()
        self._are.clear()

    def leads(self, start: str, file: File) -> bool:
        """Whether ``file``, which stands in ``start``, is one or comes to one; what is found out of others on the way is kept."""
        known = self._known
        if start in known:
            return known[start]
        importers: dict[str, str] = {start: ""}
        queue = [start]
        for one in queue:  # grows
            found = file if one == start else self._files.get(one)
            if found is None or known.get(one) is False:
                continue
            if known.get(one) or self._is(one, found):
                while one:  # and all that has led to it
                    known[one] = True
                    one = importers[one]
                return True
            for target in sorted(found.targets - importers.keys()):
                importers[target] = one
                queue.append(target)
        known.update(dict.fromkeys(importers, False))
        return False

    def _is(self, path: str, file: File) -> bool:
        found = self._are.get(path)
        if found is None:
            found = self._are[path] = self._is_one(file)
        return found
