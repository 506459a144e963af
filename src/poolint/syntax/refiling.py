"""What a project has filed of the texts below a folder, brought up to date where one of them has changed.

An editor asks again after every few letters. All that is filed is by file, so the others stay as they are; and it is in
the order of the files, so that nobody can tell it from what a new project would file.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from poolint.syntax.texts import ONE_ROW, heirs_in, pattern_of, words_in

if TYPE_CHECKING:
    from collections.abc import Callable

_Filed = TypeVar("_Filed")


class Change(NamedTuple):
    """A file below ``root`` had the text ``before`` and has the text ``after``; ``order`` is the rank of each file there."""

    path: str
    root: str
    before: bytes
    after: bytes
    order: dict[str, int]

    @classmethod
    def of(cls, path: str, root: str, before: bytes, texts: dict[str, bytes]) -> Change:
        """The change of one of the ``texts`` below a folder, which has its new one there already."""
        return cls(path, root, before, texts[path], {one: rank for rank, one in enumerate(texts)})


def refile_words(index: dict[bytes, list[str]], change: Change) -> None:
    """The files by each word that stands in them."""
    old, new, same = _differing(change.before, change.after)
    before, after = words_in(old), words_in(new)
    gone, come = before - after, after - before
    if gone or come:
        elsewhere = words_in(same)
        gone, come = gone - elsewhere, come - elsewhere
    for word in gone:
        index[word] = [one for one in index[word] if one != change.path]
    for word in come:
        index[word] = _inserted(index.get(word, []), [change.path], change, str)


def _differing(before: bytes, after: bytes) -> tuple[bytes, bytes, bytes]:
    """The rows of two texts between those that they have in common at the start and at the end, and these."""
    old, new = before.split(b"\n"), after.split(b"\n")
    shorter = min(len(old), len(new))
    head = next((row for row in range(shorter) if old[row] != new[row]), shorter)
    tail = next((row for row in range(shorter - head) if old[-1 - row] != new[-1 - row]), shorter - head)
    same = new[:head] + new[len(new) - tail :]
    return b"\n".join(old[head : len(old) - tail]), b"\n".join(new[head : len(new) - tail]), b"\n".join(same)


def refile_matches(index: dict[tuple[str, str], list[str]], change: Change) -> list[tuple[str, str]]:
    """The files by each name, and how it is to stand there, among those that were asked for; gives those of which the
    files are others now, but for questions about words alone: what is learned of a file does not rest on these."""
    changed: list[tuple[str, str]] = []
    old, new, _ = _differing(change.before, change.after)
    for (kind, name), paths in index.items():
        word = name.encode()
        if kind in ONE_ROW and word not in old and word not in new:
            continue
        was = change.path in paths
        stands = word in change.after and pattern_of(kind, word).search(change.after) is not None
        if was == stands:
            continue
        if not kind.startswith("naming"):
            changed.append((kind, name))
        if was:
            index[kind, name] = [one for one in paths if one != change.path]
        else:
            index[kind, name] = _inserted(paths, [change.path], change, str)
    return changed


def refile_heirs(index: dict[bytes, list[tuple[str, str]]], change: Change) -> set[str]:
    """The classes by each name among their bases, with their files; gives the names of which these are others now."""
    before = list(heirs_in(change.path, change.root, change.before))
    after = list(heirs_in(change.path, change.root, change.after))
    if before == after:
        return set()
    for base in {base for base, _ in before}:
        index[base] = [one for one in index[base] if one[0] != change.path]
    for base, group in groupby(sorted(after, key=lambda one: one[0]), key=lambda one: one[0]):
        found = [(change.path, heir.decode()) for _, heir in group]
        index[base] = _inserted(index.get(base, []), found, change, lambda one: one[0])
    return {base.decode() for base, _ in (*before, *after)}


def _inserted(filed: list[_Filed], new: list[_Filed], change: Change, path_of: Callable[[_Filed], str]) -> list[_Filed]:
    """What is filed under one name, with what the changed file adds at its place."""
    at = bisect_left(filed, change.order[change.path], key=lambda one: change.order[path_of(one)])
    return [*filed[:at], *new, *filed[at:]]
