"""How what is known of some names of a file spreads to the names whose statements mention them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Set

    from poolint.screen.files import File
    from poolint.screen.statements import Segment

_CARRIED, _SESSIONS, _BLOCKING = range(3)
"""The sets of ``File.told``."""


def spread(file: File, fresh: Sequence[Set[bytes]], reaches: Callable[[bytes], bool]) -> None:
    """Add to what is known of ``file`` all that follows inside of the file from the names that are ``fresh`` in each set.

    ``reaches`` says of a text whether it calls what synchronous sessions reach the database by. Each name is taken up
    once for each set that it comes into, so the work grows with the mentions of names, whatever the order they stand in.
    """
    told = file.told
    queue: list[tuple[int, bytes]] = []

    def learn(kind: int, names: Set[bytes]) -> None:
        if not names <= told[kind]:
            fresh = names - told[kind]
            told[kind].update(fresh)
            queue.extend((kind, one) for one in fresh)

    for segment in file.segments:
        _from_imports(segment, fresh, told, learn, reaches)
    for kind, name in queue:  # grows
        for segment in file.mentioning.get(name, ()):
            if kind != _BLOCKING and name in segment.telling:
                learn(kind, segment.bound)
            if segment.bound <= told[_BLOCKING]:
                continue
            if kind == _BLOCKING or (kind == _SESSIONS and segment.reaches(reaches)):
                learn(_BLOCKING, segment.bound)


def _from_imports(
    segment: Segment,
    fresh: Sequence[Set[bytes]],
    told: tuple[set[bytes], set[bytes], set[bytes]],
    learn: Callable[[int, Set[bytes]], None],
    reaches: Callable[[bytes], bool],
) -> None:
    """What follows for one statement from names that are known of late, wherever they come from."""
    bound = segment.bound
    for kind in (_CARRIED, _SESSIONS):
        new = fresh[kind]
        if not new or bound <= told[kind] or new.isdisjoint(segment.words):
            continue
        if not new.isdisjoint(segment.telling):  # some of these words, which take longer to find
            learn(kind, bound)
    _, sessions, blocking = fresh
    if not (blocking or sessions) or bound <= told[_BLOCKING]:
        return
    if not blocking.isdisjoint(segment.words) or (not sessions.isdisjoint(segment.words) and segment.reaches(reaches)):
        learn(_BLOCKING, bound)
