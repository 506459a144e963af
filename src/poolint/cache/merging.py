"""What a run has found beside what still holds of earlier ones: one graph, and in it only what some file rests on."""

from __future__ import annotations

import os

import msgspec

from poolint import recording
from poolint.cache.fresh import is_stale
from poolint.cache.store import Stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from poolint.cache.folder import Folder


def merged(
    stored: Stored | None,
    stale: Set[str],
    changed: Set[str],
    recorder: recording.Recorder,
    made: Mapping[str, bytes | None],
    confined: Set[str] = frozenset(),
) -> Stored | None:
    """All that is to be kept; None where a file was changed during the run, so that nobody knows what was seen of it.

    What others rest on through a file whose change is ``confined`` to it is kept: they have not been done again.
    """
    gone, replaced = stale - confined, changed - confined
    entries = {} if stored is None else {path: one for path, one in stored.entries.items() if not is_stale(path, stale)}
    for path, data in made.items():
        entries.pop(path, None)
        if data is not None:
            entries[path] = msgspec.Raw(data)
    world, sources = dict(recorder.world), dict(recorder.sources)
    sought = {folder: dict(names) for folder, names in recorder.sought.items()}
    edges: dict[str, set[str]] = {asking: set(answer) for asking, answer in recorder.edges.items()}
    if stored is not None:
        for key, state in stored.world.items():
            if world.setdefault(key, state) != state:
                return None
        for folder, names in stored.sought.items():
            known = sought.setdefault(folder, {})
            if any(known.setdefault(name, is_there) != is_there for name, is_there in names.items()):
                return None
        for path, stamp in stored.sources.items():
            if path not in stale and sources.setdefault(path, stamp)[3] != stamp[3]:
                return None
        for number, ends in stored.edges.items():
            if stored.nodes[number] not in gone:
                edges.setdefault(stored.nodes[number], set()).update(stored.nodes[end] for end in ends)
    imports = {path: set(targets) for path, targets in recorder.imports.items()}
    signs = dict(recorder.names)
    answers = {question: dict(known) for question, known in recorder.answers.items()}
    if stored is not None:
        _keep_screened(stored, gone, replaced, imports, answers, signs)
    nodes = _reached(entries, edges, imports)
    numbers = {name: number for number, name in enumerate(nodes)}
    return Stored(
        world,
        sought,
        {path: stamp for path, stamp in sources.items() if path in numbers or recording.words(path) in numbers},
        nodes,
        {numbers[one]: sorted(numbers[end] for end in edges[one]) for one in nodes if edges.get(one)},
        {numbers[one]: sorted(numbers[end] for end in imports[one]) for one in nodes if imports.get(one)},
        {
            question: {numbers[one]: answer for one, answer in known.items() if one in numbers}
            for question, known in answers.items()
        },
        {numbers[one]: each for one, each in signs.items() if one in numbers},
        entries,
    )


def _keep_screened(
    stored: Stored,
    stale: Set[str],
    changed: Set[str],
    imports: dict[str, set[str]],
    answers: dict[str, dict[str, bool | None]],
    signs: dict[str, bytes],
) -> None:
    """Put what the screen said in earlier runs, where that holds, beside what it says now."""
    for number, targets in stored.imports.items():
        if (path := stored.nodes[number]) not in changed:
            imports.setdefault(path, set()).update(stored.nodes[one] for one in targets)
    for number, each in stored.names.items():
        if (path := stored.nodes[number]) not in changed:
            signs.setdefault(path, each)
    for question, known in stored.answers.items():
        kept = answers.setdefault(question, {})
        for number, answer in known.items():
            if (path := stored.nodes[number]) not in stale and kept.setdefault(path, answer) != answer:
                kept[path] = None


def _reached(start: Iterable[str], edges: Mapping[str, Set[str]], imports: Mapping[str, Set[str]]) -> list[str]:
    """All that some files rest on, and these."""
    found = dict.fromkeys(one for path in sorted(start) for one in (path, recording.own(path)))
    queue = list(found)
    nothing = frozenset[str]()
    for one in queue:  # grows
        for end in sorted(edges.get(one, nothing) | imports.get(one, nothing)):
            if end not in found:
                found[end] = None
                queue.append(end)
    return queue


def expecting(merged: Stored, folder: Folder) -> None:
    """Make the directory of the cache, and let what is seen of those around it be as it is then."""
    around = [folder.path]
    while not os.path.exists(around[-1]) and os.path.dirname(around[-1]) != around[-1]:
        around.append(os.path.dirname(around[-1]))
    keys = {f"{kind}{recording.QUESTION}{path}" for kind in ("names", "entries", "type") for path in around}
    mine = [key for key in keys & merged.world.keys() if _now(key) == merged.world[key]]
    folder.make()
    for key in mine:
        merged.world[key] = _now(key)


def _now(key: str) -> bytes:
    kind, _, path = key.partition(recording.QUESTION)
    return recording.state_of(kind, path)
