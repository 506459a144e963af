"""What the runner asks: what is known of a file from an earlier run, and that what this one has found is kept."""

from __future__ import annotations

import os

from poolint import recording
from poolint.cache import NAME
from poolint.cache.folder import ENDING, Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from poolint.cache.store import SeenPlain, Stored
    from poolint.config import Settings
    from poolint.engine import Seen, Settled
    from poolint.outcome import FileResult
    from poolint.screen import Screen

WORTHWHILE = 20
"""Files that nothing is looked for in, from which on it pays to know that of them."""


class Session:
    """One run. ``directory`` is where things are kept; without one they are kept below the root of each settings.

    ``coverage``: it is asked for what is seen of the files. ``screen`` gives the screen of some settings. From here to
    :meth:`finish`, what is read is put down.
    """

    def __init__(self, directory: str | None, coverage: bool, screen: Callable[[Settings], Screen]) -> None:
        self._directory = directory
        self._coverage = coverage
        self._screen = screen
        self._parts: dict[int, Part] = {}
        self._recorder = recording.active = recording.Recorder()

    def served(self, settings: Settings, path: str) -> FileResult | None:
        """What came of a file in an earlier run, where that still holds. Raises ``ConfigError`` where a screen cannot be
        made for the settings."""
        return self._part(settings).served(path) if settings.cache else None

    def add(self, settings: Settings, path: str, result: FileResult) -> None:
        """Something came of a file in this run. What is seen of it is plain from here on."""
        if result.seen is not None:
            result.seen = result.seen.settled()
        if settings.cache:
            self._part(settings).add(path, result)

    def finish(self, is_kept: bool) -> None:
        """Write down what came of this run, if it is to be kept."""
        recording.active = None
        for part in self._parts.values():
            if is_kept and not self._recorder.is_torn:
                try:
                    part.write(self._recorder)
                except UnicodeError:  # names that are no text are not written down
                    continue

    def _part(self, settings: Settings) -> Part:
        part = self._parts.get(id(settings))
        if part is None:
            part = self._parts[id(settings)] = Part(settings, self._directory, self._coverage, self._screen)
        return part


class Part:
    """The files of one set of settings, as ``host`` sees them; see :func:`poolint.cache.keys.key_of`."""

    def __init__(
        self,
        settings: Settings,
        directory: str | None,
        coverage: bool,
        screen: Callable[[Settings], Screen],
        host: str = "",
    ) -> None:
        self._made: dict[str, bytes | None] = {}
        self._took_time = False
        self.is_fresh = False
        """Whether there is anything that was not there before."""
        self._settings = settings
        self._host = host
        self._is_told = directory is not None
        self.folder = Folder(directory if directory is not None else os.path.join(settings.root, NAME))
        self._coverage = coverage
        self._name = ""
        self._stored: Stored | None = None
        self._changed: dict[str, bytes] = {}
        self._stale: set[str] = set()
        self._confined: Set[str] = frozenset()
        self._screen = screen
        self._renewed = 0
        if self.folder.exists():
            self.load()

    def load(self) -> None:
        """Take in what is kept, if there is anything, in place of what was there before."""
        from poolint.cache.keys import key_of

        self._stored = None
        self._name = key_of(self._settings, self._host) + ENDING
        data = self.folder.read(self._name)
        if data is None:
            return
        from poolint.cache import fresh, store
        from poolint.cache.texts import Texts

        found = store.decoded(data)
        if found is None or not fresh.is_same_world(found, self._patterns()):
            return
        self._changed, self._renewed = fresh.changed_sources(found)
        self._stale, self._confined = fresh.stale(
            found, self._changed, lambda: self._screen(self._settings), Texts(self.folder, self._name)
        )
        self._stored = found

    def _patterns(self) -> frozenset[str]:
        """The patterns that may be looked for on behalf of what is kept: those of the settings, and no others."""
        declared = self._settings.budget
        files = declared.files or () if declared is not None else ()
        return frozenset(f"{self._settings.root}{recording.QUESTION}{one}" for one in files)

    def has_read(self, path: str, data: bytes) -> bool:
        """Whether these are the bytes that a file had when something came of it."""
        return self._stored is not None and (
            path in self._stored.sources and self._stored.sources[path][3] == recording.digest(data)
        )

    def served(self, path: str) -> FileResult | None:
        """What came of a file; None where that is not known, or does not hold any more."""
        if self._stored is None or path not in self._stored.sources:
            return None
        from poolint.cache import fresh, store

        if fresh.is_stale(path, self._stale):
            return None
        data = self._stored.entries.get(path)
        if data is None:
            return None
        found = store.entry(data)
        if found is None or (self._coverage and not found.is_summed):
            return None
        from poolint.outcome import FileResult

        result = FileResult()
        if found.diagnostics:
            from poolint.cache.findings import decoded

            diagnostics = decoded(found.diagnostics)
            if diagnostics is None:
                return None
            result.take(diagnostics)
        result.seen = _settled(found.seen) if self._coverage and found.seen is not None else None
        return result

    def add(self, path: str, result: FileResult, took_time: bool = False) -> None:
        """Something came of a file in this run."""
        self.is_fresh = True
        self._took_time = self._took_time or took_time or bool(result.source or result.seen or result.diagnostics)
        try:
            self._made[path] = _entry(result, self._coverage)
        except UnicodeError:  # names that are no text are not written down
            self._made[path] = None

    def write(self, recorder: recording.Recorder) -> None:
        """Put what came of this run beside what still holds of earlier ones."""
        if not self._took_time and len(self._made) + self._renewed < WORTHWHILE:
            return
        from poolint.cache import merging, store
        from poolint.cache.keys import key_of
        from poolint.cache.texts import Texts

        nothing = store.nothing(self._coverage)
        made = {path: nothing if one == b"" else one for path, one in self._made.items() if path in recorder.sources}
        merged = merging.merged(self._stored, self._stale, self._changed.keys(), recorder, made, self._confined)
        if merged is None:
            return
        self._name = self._name or key_of(self._settings, self._host) + ENDING
        if self._is_told and not self.folder.exists():
            # What appears beside the code by our own doing is nothing that an answer rests on.
            merging.expecting(merged, self.folder)
        self.folder.write(self._name, store.encoded(merged))
        Texts(self.folder, self._name).keep(merged.sources)


def _entry(result: FileResult, coverage: bool) -> bytes | None:
    """One file, encoded, if there is anything to say of it; None for what must not be kept, since it would not come again
    in the same way."""
    if result.crashed or result.fixed or result.diff:
        return None
    found = [*result.diagnostics, *result.silenced]
    if not found and result.seen is None:
        return b""
    import msgspec

    from poolint.cache.store import Entry

    return msgspec.msgpack.encode(
        Entry(
            msgspec.msgpack.encode(found) if found else b"",
            coverage,
            _plain(result.seen) if result.seen is not None else None,
        )
    )


def _plain(seen: Seen | Settled) -> SeenPlain:
    settled = seen.settled()
    return (
        tuple((place[:3], how) for place, how in settled.reaching),
        tuple(one[:3] for one in settled.others),
        tuple(
            (caller[:3], names, tuple(sorted(one[:3] for one in targets))) for caller, names, targets in settled.meant
        ),
        tuple(one[:6] for one in settled.awaited),
    )


def _settled(plain: SeenPlain) -> Settled:
    from poolint.analyses.seen import Awaited, Place, Settled

    reaching, others, meant, awaited = plain
    return Settled(
        tuple((Place(*place), how) for place, how in reaching),
        tuple(Place(*one) for one in others),
        tuple((Place(*one), names, frozenset(Place(*each) for each in targets)) for one, names, targets in meant),
        tuple(Awaited(*one, ()) for one in awaited),
    )
