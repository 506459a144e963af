"""What of the things that are kept still holds: what rests on nothing that has changed since."""

from __future__ import annotations

import os

from poolint import recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Set

    from poolint.cache.confined import Confined
    from poolint.cache.store import Stored
    from poolint.cache.texts import Texts
    from poolint.recording import Stamp
    from poolint.screen import Screen

_FEW = 20
"""Changed files up to which it is asked of each whether its change concerns others: beyond, most are done again anyway."""


def is_same_world(stored: Stored, patterns: Set[str]) -> bool:
    """Whether all that was looked at, but for sources, is as it was. Of patterns of paths only ``patterns`` are looked
    for: somebody else's may take any time."""
    for key, known in stored.world.items():
        kind, sign, path = key.partition(recording.QUESTION)
        if not sign or kind not in recording.KINDS or (kind == "glob" and path not in patterns):
            return False
        if recording.state_of(kind, path) != known:
            return False
    for folder, sought in stored.sought.items():
        names = set(recording.names_in(folder))
        if any((name in names) != is_there for name, is_there in sought.items()):
            return False
    return True


def changed_sources(stored: Stored) -> tuple[dict[str, bytes], int]:
    """The sources that are not as they were, with what stands there now; those that only look different get new stamps,
    and are counted."""
    from poolint.files import read_unseen, source_limit

    found: dict[str, bytes] = {}
    renewed: dict[str, Stamp] = {}
    for path, known in stored.sources.items():
        try:
            state = os.stat(path)
            if known[1] and known[:3] == (state.st_size, state.st_mtime_ns, state.st_ctime_ns):
                continue
            data = read_unseen(path, source_limit(path))
        except (OSError, ValueError):
            found[path] = b""
            continue
        if recording.digest(data) == known[3]:
            renewed[path] = (*recording.stamp_of(state), known[3])
        else:
            found[path] = data
    stored.sources.update(renewed)
    return found, len(renewed)


def stale(
    stored: Stored, changed: Mapping[str, bytes], screen: Callable[[], Screen], texts: Texts | None = None
) -> tuple[set[str], Set[str]]:
    """The files and questions whose answers may be others now: all that leads to a source that has changed, or to
    something that the screen, which is only made where it is needed, says otherwise now. The second are files that have
    changed for those alone who mention what has; they are found where ``texts`` has their sources as they were.
    """
    if not changed:
        return set(), frozenset()
    numbers = {name: number for number, name in enumerate(stored.nodes)}
    own = _confined(stored, numbers, changed, texts) if texts is not None and len(changed) <= _FEW else {}
    queue = [numbers[path] for path in changed if path in numbers and path not in own]
    for path, one in own.items():
        queue += _mentioning(stored, numbers[path], one.names, changed)
    concerned = {path: own[path].concerned if path in own else data for path, data in changed.items()}
    queue += _reopened(stored, {path: data for path, data in concerned.items() if data or path not in own}, own.keys())
    moved = [os.path.basename(path).encode() for path, one in own.items() if one.is_moved]
    if moved:
        queue += [
            numbers[path] for path, entry in stored.entries.items() if any(name in bytes(entry) for name in moved)
        ]
    if stored.answers:
        from poolint.cache.screened import judged_anew

        queue += judged_anew(stored, changed, screen)
    return {stored.nodes[one] for one in leading(stored.edges, queue)} | changed.keys(), own.keys()


def _confined(
    stored: Stored, numbers: Mapping[str, int], changed: Mapping[str, bytes], texts: Texts
) -> dict[str, Confined]:
    """The files whose changes nobody can see who does not mention what has changed."""
    from poolint.cache.confined import confined
    from poolint.files import with_newlines

    found: dict[str, Confined] = {}
    for path, data in changed.items():
        before = texts.of(path, stored.sources[path][3]) if data and path in numbers and path.endswith(".py") else None
        one = confined(with_newlines(before), with_newlines(data)) if before is not None else None
        if one is not None:
            found[path] = one
    return found


def _mentioning(stored: Stored, start: int, names: Set[bytes], changed: Mapping[str, bytes]) -> Iterator[int]:
    """The files that rest on one, or import it over whatever others, and have one of some names in them."""
    from poolint.cache.confined import words_of
    from poolint.files import read_source

    for number in leading(stored.edges, [start]) | leading(stored.imports, [start]) if names else ():
        path = stored.nodes[number]
        if number == start or path.startswith(recording.QUESTION):
            continue
        try:
            text = changed[path] if path in changed else read_source(path)
        except OSError:
            yield number
            continue
        may_have = not text.isascii() or any(name in text for name in names)
        if may_have and not names.isdisjoint(words_of(text)):
            yield number


def leading(edges: Mapping[int, Iterable[int]], ends: Iterable[int]) -> set[int]:
    """All that leads to one of ``ends``, and these."""
    asking: dict[int, list[int]] = {}
    for number, answers in edges.items():
        for end in answers:
            asking.setdefault(end, []).append(number)
    queue = list(ends)
    seen = set(queue)
    for one in queue:  # grows
        for each in asking.get(one, ()):
            if each not in seen:
                seen.add(each)
                queue.append(each)
    return seen


def is_stale(path: str, stale: Set[str]) -> bool:
    """Whether the findings of a file may be others now."""
    return path in stale or recording.own(path) in stale


def _reopened(stored: Stored, changed: Mapping[str, bytes], own: Set[str]) -> Iterator[int]:
    """The questions about all files of a folder that a file which has changed may answer now, and did not before, or, if
    its change is its ``own``, may answer otherwise.

    Those that other files had a part in are found by the edges that lead to these.
    """
    sources: _Sources | None = None
    for number, name in enumerate(stored.nodes):
        if not name.startswith(recording.QUESTION):
            continue
        kind, root, word = [*name.split(recording.QUESTION, 3)[1:], "", ""][:3]
        if kind in ("own", "sight", "runs"):
            continue
        if kind == "words":
            if root in changed and root not in own:
                yield number
            continue
        if kind in ("everything", "all"):
            if kind == "everything" or any(path.startswith(root + os.sep) for path in changed):
                yield number
            continue
        sources = sources or _Sources(changed)
        if sources.answer(kind, root, word):
            yield number


class _Sources:
    """The sources that have changed, as the questions see them."""

    def __init__(self, changed: Mapping[str, bytes]) -> None:
        from poolint.files import with_newlines

        self._data = {path: with_newlines(data) for path, data in changed.items()}
        self._heirs: dict[tuple[str, str], frozenset[bytes]] = {}

    def answer(self, kind: str, root: str, word: str) -> bool:
        """Whether one of them has a part in the answer to a question."""
        below = [path for path in self._data if path.startswith(root + os.sep)]
        return any(self._answers(path, kind, root, word.encode()) for path in below)

    def _answers(self, path: str, kind: str, root: str, word: bytes) -> bool:
        from poolint.syntax.texts import OF_WORDS, assigns_state, heirs_in, pattern_of

        data = self._data[path]
        if kind in OF_WORDS:
            return word in data and pattern_of(kind, word).search(data) is not None
        if kind == "state":
            return assigns_state(data)
        if kind == "heirs":
            if (path, root) not in self._heirs:
                self._heirs[path, root] = frozenset(base for base, _ in heirs_in(path, root, data))
            return word in self._heirs[path, root]
        return True
