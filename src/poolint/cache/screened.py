"""What the screen says otherwise than in an earlier run: it is asked again wherever it has read what has changed since.

It takes in a whole tree of imports to say little of one file, and most of the time it says the same again.
"""

from __future__ import annotations

from array import array

from poolint import recording
from poolint.cache.confined import words_of
from poolint.cache.fresh import leading
from poolint.files import is_notebook, read_source
from poolint.screen.names import signs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from poolint.cache.store import Stored
    from poolint.screen import Screen


def judged_anew(stored: Stored, changed: Mapping[str, bytes], screen: Callable[[], Screen]) -> Iterator[int]:
    """The numbers of files, of those that have not changed, of which the screen says something else now."""
    numbers = {name: number for number, name in enumerate(stored.nodes)}
    fresh = {numbers[path] for path in changed if path in numbers}
    affected = leading(stored.imports, fresh) - fresh
    for number in sorted(affected):
        asked = [(question, known[number]) for question, known in stored.answers.items() if number in known]
        if asked and _is_another(screen(), stored.nodes[number], asked):
            yield number
    named = stored.answers.get(recording.NAMES, {})
    if not affected.isdisjoint(named):
        yield from _with_new_names(stored, numbers, fresh, affected & named.keys())


def _is_another(screen: Screen, path: str, asked: Iterable[tuple[str, bool | None]]) -> bool:
    """Whether one of the answers for a file is another one now, or cannot be had."""
    try:
        data = read_source(path)
        if is_notebook(path):
            from poolint.text.source import Source

            data = Source.from_bytes(path, data).data
        return any(screen.again(question, path, data) != answer for question, answer in asked)
    except Exception:  # it will be told when the file is checked
        return True


def _with_new_names(stored: Stored, numbers: Mapping[str, int], fresh: set[int], asking: set[int]) -> Iterator[int]:
    """The files of ``asking`` that mention a name which has come to what they import."""
    recorder = recording.active
    assert recorder is not None  # the screen has been asked again just now
    for number in sorted(fresh):
        path = stored.nodes[number]
        before, after = _imported(stored, path, numbers), _imported(stored, path, numbers, recorder.imports)
        new = _signs(recorder.names.get(path, b"")) - _signs(stored.names.get(number, b""))
        for one in after - before:
            known = recorder.names.get(one) or stored.names.get(numbers.get(one, -1), b"")
            new |= _signs(known)
        if new:
            yield from (one for one in leading(stored.imports, [number]) & asking if _mentions(stored.nodes[one], new))


def _imported(
    stored: Stored, start: str, numbers: Mapping[str, int], anew: Mapping[str, Iterable[str]] | None = None
) -> set[str]:
    """A file and all that it reaches by imports, as they were, or as the screen has seen them ``anew``."""
    queue = [start]
    seen = {start}
    for path in queue:  # grows
        targets = anew.get(path) if anew is not None else None
        if targets is None:
            targets = [stored.nodes[one] for one in stored.imports.get(numbers.get(path, -1), ())]
        fresh = [one for one in targets if one not in seen]
        seen.update(fresh)
        queue += fresh
    return seen


def _mentions(path: str, signs: set[int]) -> bool:
    """Whether one of some names stands in a file, in whatever form of Unicode."""
    try:
        data = read_source(path)
    except OSError:
        return True
    return any(not signs.isdisjoint(signs_of(word)) for word in words_of(data))


def _signs(names: bytes) -> set[int]:
    """Signs of names, as :func:`poolint.screen.names.signs` makes them; of what nobody has made, as many as can be had."""
    found = array("I")
    found.frombytes(names[: len(names) // found.itemsize * found.itemsize])
    return set(found)
