"""Can this file concern a pool at all? Decided on bytes, before anything is parsed.

A file is interesting when it names a library of the models, or imports a name that carries something of one from
another file of the project: a file that only says ``async with SessionLocal() as session`` names no library, but
``SessionLocal`` comes from a module that does. Imports are followed on demand, to a fixpoint. A file that carries
nothing is interesting as well when it may drop a coroutine of the project that works on a database, or start many: when a
statement in it calls a name of an ``async def`` that mentions what carries something. So is one that makes a router, of which
others say what is run before its endpoints, or an HTTP client of its own that it does not enter at once, or an object that
enters a member by hand, or runs coroutines on a loop of its own beside a file that carries something.

The screen is an optimisation and must be invisible: it errs on the side of *interesting*, and a test holds that
findings with and without it are the same.
"""

from __future__ import annotations

import os
import re
from functools import partial
from itertools import repeat

from poolint import recording
from poolint.files import read_source, with_newlines
from poolint.screen.files import COROUTINE, File, Link, imports_of
from poolint.screen.filling import filled
from poolint.screen.leading import Leading
from poolint.screen.mixing import mixed_in
from poolint.screen.names import Names
from poolint.screen.ready import ENGINE_OPTIONS, Ready
from poolint.screen.settling import FAR, Settling
from poolint.screen.shapes import AWAITED_USE, BY_HAND, DRIVER, DROPPED, STATE_HOLDERS, drives, shows_use, uses_state
from poolint.screen.words import UNTOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from poolint.roots.finder import Finder
    from poolint.screen.filling import Heirs, Writers
    from poolint.screen.given import Makers

    Reading = Callable[[str], bytes]

__all__ = ["STATE_HOLDERS", "UNTOLD", "Ready", "Screen"]


class Screen:
    """Decides for files of one project; remembers what it has read."""

    def __init__(self, finder: Finder, read_bytes: Reading | None = None, ready: Ready | None = None) -> None:
        self.finder = finder
        self.heirs: Heirs | None = None  # who says what fills an interface, or does without saying so:
        self.writers: Writers | None = None
        self.makers: Makers | None = None
        self._read = read_bytes or read_source
        self._ready = ready or Ready()
        self._files: dict[str, File | None] = {}
        self._asked: dict[str, tuple[bytes, str, File]] = {}
        """By the path as it was given, the text that was asked for last, its absolute path, and its file."""
        self._words: dict[bytes, bytes] = {}  # of all files, each once
        self._settling = Settling(self._file, self._ready)
        self._distance = self._settling.distance
        self._interesting: dict[str, tuple[int, bool]] = {}
        """Answers, by the hash of the text: functions of one file ask again and again."""
        self._leading: dict[frozenset[bytes], Leading] = {}  # by the words that are looked for
        self._taking = Leading(self._files, self._ready.takes)
        """Which files come to one that works on a session it is passed, and says nothing of what that is."""
        self._touching: dict[str, tuple[File, frozenset[bytes]]] = {}
        self._working: dict[tuple[str, bytes], bool] = {}
        self._gives: dict[tuple[str, bytes], set[tuple[str, bytes]]] = {}
        self._steps: dict[tuple[str, bytes], tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]] = {}
        self._names = Names(self._files)
        self._put_down: set[tuple[str, str]] = set()  # questions whose answers who records has been told of

    def is_interesting(self, path: str, data: bytes) -> bool:
        """Whether the file at ``path`` with these bytes can hold a finding."""
        known = self._interesting.get(path)
        if known is None or known[0] != hash(data):
            known = self._interesting[path] = (hash(data), self._may_hold(path, data))
            self._answered("interesting", path, known[1])
        return known[1]

    def again(self, question: str, path: str, data: bytes) -> bool:
        """The answer to a question that :func:`poolint.recording.screened` was told. Raises ``ValueError`` for others."""
        kind, _, words = question.partition(" ")
        plain = {"interesting": self.is_interesting, "database": self.is_near_database, "blocks": self.may_block}
        plain["shares"] = self.may_share
        if kind in plain:
            return plain[kind](path, data)
        if kind in ("near", "leads"):
            asks = self.is_near if kind == "near" else self.leads_to
            return asks(frozenset(words.encode().split()), path, data)
        if kind == "given":
            return self.is_given(words, path, data)
        if kind == "carries":
            return _checksum(self.carried(path, data)) == words
        if question == recording.NAMES:
            self.names(path, data).properties()  # any of them puts all of them down
            return True
        raise ValueError(question)

    def _answered(self, question: str, path: str, answer: bool) -> bool:
        """Let be put down that what is asked for in a file rests on an answer."""
        if recording.active is not None and (question, path) not in self._put_down:
            self._put_down.add((question, path))
            recording.screened(question, self.finder.located(path), os.path.abspath(path), answer)
        return answer

    def _may_hold(self, path: str, data: bytes) -> bool:
        data = with_newlines(data)
        if self._is_near_database(path, data):
            return True
        if b"enter__(" in data and BY_HAND.search(data) is not None:
            return True
        if all(word in data for word in DRIVER):
            return True
        file = self._settled_file(path, data)
        if file.is_odd or (not file.foreign.isdisjoint(self._ready.clients) and self._may_leave_open(data)):
            return True
        return self._ready.may_lend(file.foreign, data)

    def _may_leave_open(self, data: bytes) -> bool:
        """Whether an HTTP client is made for a local name, or at all while something is closed and nothing awaited."""
        is_local = any(one[1] and not one[2] for one in self._ready.made(data))
        return is_local or (self._ready.makes_client(data) and DROPPED.search(data) is not None)

    def is_near_database(self, path: str, data: bytes) -> bool:
        """The same, but for what concerns only HTTP clients, or what is entered by hand."""
        return self._answered("database", path, self._is_near_database(path, data))

    def _is_near_database(self, path: str, data: bytes) -> bool:
        data = with_newlines(data)
        if uses_state(data) or ENGINE_OPTIONS in data or path in self._ready.seen or self._ready.makes_router(data):
            return True
        file = self._settled_file(path, data)
        if file.seeds:
            return True
        carried, _, blocking = self._settling.imported(file)
        if carried or (blocking and b"async def" in data):
            return True
        if b"await" in data and AWAITED_USE.search(data) is not None and self._is_near_library(file):
            return True
        if shows_use(data, self._ready.names_library):
            return True
        absolute = os.path.abspath(path)
        if absolute in self._distance and (drives(data) or self.may_share(path, data)):
            return True
        return self._may_drop(absolute, file) or any(map(self._is_given, sorted(file.keeping), repeat(absolute)))

    def is_given(self, name: str, path: str, data: bytes) -> bool:
        """Whether files that carry something make objects of a class of the file, which keeps what it is given."""
        found = name in self._settled_file(path, data).keeping and self._is_given(name, os.path.abspath(path))
        return self._answered(f"given {name}", path, found)

    def _is_given(self, name: str, path: str) -> bool:
        makers = self.makers(name, path) if self.makers is not None else ()
        found = ((one, file) for one in map(os.path.abspath, makers) if (file := self._file(one)) is not None)
        return any(bool(self._settled(one, file.data).carried) for one, file in found)

    def names(self, path: str, data: bytes) -> Names:
        """The names that the file at ``path``, and all that it imports, define, and maybe more."""
        self._settled_file(path, data)
        self._answered(recording.NAMES, path, True)
        return self._names

    def is_near(self, roots: frozenset[bytes], path: str, data: bytes) -> bool:
        """Whether the file at ``path``, or one that it imports, mentions one of some libraries."""
        found = any(one.mentions(roots) for one in self._near(self._settled_file(path, data)))
        return self._answered(f"near {b' '.join(sorted(roots)).decode()}", path, found)

    def leads_to(self, roots: frozenset[bytes], path: str, data: bytes) -> bool:
        """Whether it comes, over any number of imports, to a file that calls something of one of these names, or of one
        that ends so."""
        file, leading = self._settled_file(path, data), self._leading.get(roots)
        if leading is None:
            leading = self._leading[roots] = Leading(self._files, partial(File.calls_any, endings=roots))
        found = leading.leads(os.path.abspath(path), file)
        return self._answered(f"leads {b' '.join(sorted(roots)).decode()}", path, found)

    def may_share(self, path: str, data: bytes) -> bool:
        """Whether it has to do with what carries something, and comes to a file that makes a registry: its functions may
        work with one session."""
        self._settled_file(path, data)
        is_near = os.path.abspath(path) in self._distance
        return self._answered("shares", path, is_near and self.leads_to(self._ready.registries, path, data))

    def touching(self, path: str, data: bytes) -> frozenset[bytes]:
        """The top-level names of the file at ``path`` whose statements mention anything that carries something."""
        self.carried(path, data)  # which is put down
        file = self._settled_file(path, data)
        known = self._touching.get(path)
        if known is None or known[0] is not file:
            mentions = (one for one in file.segments if not file.carried.isdisjoint(one.words)) if file.carried else ()
            known = self._touching[path] = (file, frozenset(name for one in mentions for name in one.bound))
        return known[1]

    def carried(self, path: str, data: bytes) -> Set[bytes]:
        """The top-level names of the file at ``path`` that carry something, imported ones as well."""
        found = self._settled_file(path, data).carried
        if recording.active is not None and ("carries", path) not in self._put_down:
            self._put_down.add(("carries", path))
            self._answered(f"carries {_checksum(found)}", path, True)
        return found

    def may_block(self, path: str, data: bytes) -> bool:
        """Whether a function that the file at ``path`` defines or imports may reach a synchronous session."""
        file = self._settled_file(path, data)
        found = bool(file.blocking) or (bool(file.sessions) and self._taking.leads(os.path.abspath(path), file))
        return self._answered("blocks", path, found)

    def _may_drop(self, path: str, file: File) -> bool:
        """Whether a file may drop a coroutine of the project that works on a database, or start many, by what it imports as well.

        What drops one is a call, bare or assigned, of the name of an ``async def`` of this file, or of one that is
        behind what it imports, which mentions what carries something: itself, or through names of files near by."""
        asked = {(path, name, name) for name in file.coroutines} if path in self._distance else set()
        for link in file.links:
            for source, name, local in self._meant(file, link, frozenset()):
                for one, behind in self._behind(source, name):
                    asked.add((one, behind, local if (one, behind) == (source, name) else behind))
        starts = bool(asked) and any(one.calls_any(self._ready.starting) for one in self._near(file))
        may = {name: (starts and name in file.data) or file.drops(name) for name in {called for *_, called in asked}}
        return any(may[called] and self._works(one, name) for one, name, called in asked)

    def _behind(self, path: str, name: bytes) -> Set[tuple[str, bytes]]:
        """The coroutines that a name of a file is, or that what it gives has as methods: their files and names."""
        found = self._gives.get((path, name))
        if found is not None:
            return found
        found = self._gives[path, name] = set()
        queue = [(path, name)]
        seen = set(queue)
        for one in queue:  # grows
            step = self._steps.get(one)
            if step is None:
                step = self._steps[one] = self._step(*one)
            found.update(step[0])
            if step[1]:
                queue += [each for each in step[1] if each not in seen]
                seen.update(step[1])
        return found

    def _step(self, path: str, name: bytes) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
        """The coroutines in the statements that bind a name, and the names of files that it may be, or be made of."""
        found: list[tuple[str, bytes]] = []
        file, is_near = self._files.get(path), path in self._distance
        if file is None or not (is_near or name in file.linked or b"*" in file.linked):
            return found, []  # most have nothing to do with a database
        words = frozenset([name])
        if is_near:
            for segment in file.bound.get(name, ()):
                found += [(path, inner) for inner in COROUTINE.findall(segment.part)]
                words = words.union(segment.telling)
        new = [(path, word) for word in words & file.bound.keys()] if len(words) > 1 else []
        for bound in (words | {b"*"}) & file.linked.keys():
            for link in file.linked[bound]:
                new += [(source, far) for source, far, _ in self._meant(file, link, words)]
        return found, list(dict.fromkeys(new))

    def _meant(self, file: File, link: Link, words: frozenset[bytes]) -> list[tuple[str, bytes, bytes]]:
        """What an import of a file may mean: names in other files, and what they are called here.

        Of what a star brings, only ``words`` are meant, or everything where these are none."""
        found = []
        if link.source is not None and link.name == b"*":
            source = self._files[link.source]
            if not words and source is not None:
                near = source.bound.keys() if link.source in self._distance else frozenset[bytes]()
                words = frozenset(near | source.linked.keys())
            return [(link.source, word, word) for word in words]
        if link.source is not None and link.name:
            found.append((link.source, link.name, link.local))
        module = link.submodule if link.name else link.source
        if module is not None:
            found += [(module, name, name) for name in file.read_off(link.local)]
        return found

    def _works(self, path: str, name: bytes) -> bool:
        """Whether an ``async def`` of this name mentions, itself or through other names, what carries something."""
        found = self._working.get((path, name))
        if found is None:
            file = self._files[path]
            assert file is not None
            defined = re.compile(rb"async(?<!\wasync)[ \t]+def[ \t]+" + name + rb"\b")
            parts = [one for one in file.segments if name in one.part and defined.search(one.part) is not None]
            found = self._working[path, name] = self._mentions(path, frozenset().union(*(one.words for one in parts)))
        return found

    def _mentions(self, path: str, words: frozenset[bytes]) -> bool:
        """Whether one of some words of a file carries something, or is a name whose statement mentions such a word."""
        seen: set[tuple[str, bytes]] = set()
        queue = [(path, words, FAR)]
        for path, words, far in queue:  # grows
            file = self._files.get(path)
            if file is None:
                continue
            if not words.isdisjoint(file.carried) or (b"state" in words and uses_state(file.data)):
                return True
            fresh = [one for one in words & file.bound.keys() if (path, one) not in seen]
            seen.update((path, one) for one in fresh)
            queue += [(path, frozenset(segment.words), far) for one in fresh for segment in file.bound[one]]
            for link in file.links if far else ():
                if link.local in words or link.name == b"*":
                    meant = self._meant(file, link, words)
                    queue += [
                        (one, frozenset([word]), far - 1)
                        for one, word, _ in meant
                        if self._distance.get(one, far) < far
                    ]
        return False

    def _settled_file(self, path: str, data: bytes) -> File:
        known = self._asked.get(path)
        if known is not None and known[0] is data:
            _, absolute, file = known
            if self._files.get(absolute) is file and absolute in self._settling.settled:
                return file  # asked for each call of a file: looking over its text each time would be quadratic
        absolute = os.path.abspath(path)
        found = self._settled(absolute, with_newlines(data))
        self._asked[path] = (data, absolute, found)
        return found

    def _settled(self, path: str, data: bytes) -> File:
        file = self._files.get(path)
        if file is None or file.data != data:
            if file is not None:
                for known in (self._interesting, self._leading, self._taking, self._working, self._gives, self._steps):
                    known.clear()
            file = self._files[path] = self._opened(path, data)
            self._settling.settled.discard(path)
        file.data = data  # the same once more: one of the two is enough to keep
        if path not in self._settling.settled:
            self._settling.settle(path)
        return file

    def _is_near_library(self, file: File) -> bool:
        """Whether a file, or one that it imports, names a library."""
        return any(self._ready.names_library(one.data) for one in self._near(file))

    def _near(self, file: File) -> Iterator[File]:
        """A file, and those that it imports."""
        yield file
        paths = dict.fromkeys(one for link in file.links for one in (link.source, link.submodule) if one)
        yield from (one for one in map(self._files.get, paths) if one is not None)

    def _file(self, path: str) -> File | None:
        if path not in self._files:
            try:
                self._files[path] = self._opened(path, with_newlines(self._read(path)))
            except OSError:
                self._files[path] = None
        return self._files[path]

    def _opened(self, path: str, data: bytes) -> File:
        """A file with its imports resolved."""
        file = File(data, self._words)
        targets: set[str | None] = set()
        links: list[Link] = []
        seeds: set[bytes] = set()
        blocking: set[bytes] = set()
        for level, dotted, names in imports_of(data):
            source = self._target(path, level, dotted)
            if source is None and not level:
                if self._ready.is_library(dotted):
                    file.is_odd |= self._ready.lacks(dotted, names, file)
                    for name, local in names:
                        carrying, blocks = self._ready.seeds(file, name, local, dotted)
                        seeds, blocking = seeds | carrying, blocking | blocks
                        file.libraries[local] = dotted
                file.foreign.update(local for _, local in names)
                continue
            is_package = source is None or "__init__." in source
            for name, local in names:
                submodule = None
                if is_package and name and name != b"*":
                    inner = name.decode("ascii", "replace")
                    submodule = self._target(path, level, f"{dotted}.{inner}" if dotted else inner)
                if source not in (None, path) or submodule not in (None, path):
                    links.append(Link(name, local, source, submodule))
                targets.update((source, submodule))
                if (module := submodule if name else source) is not None:
                    for one in (local, *file.aliases(local)):
                        file.modules.setdefault(one, set()).add(module)
        seeds |= self._ready.own.get(self.finder.module_name(path), frozenset()) if self._ready.own else frozenset()
        links += (*filled(path, data, self.heirs, self.writers), *mixed_in(path, data, self.heirs))
        file.links = tuple(links)
        file.seeds = frozenset(seeds)
        if self._ready.own:
            blocking.update(*(seeds & one for one in self._ready.blocking.values()))
        file.blocking_seeds = frozenset(blocking)
        recording.saw(path, (one for one in targets.union(link.source for link in links) if one is not None))
        return file

    def _target(self, path: str, level: int, dotted: str) -> str | None:
        """The file that an import means. What the screen reads is put down apart from what the analysis asks for."""
        return self.finder.found_relative(dotted, level, path) if level else self.finder.found(dotted, path)


def _checksum(names: Set[bytes]) -> str:
    return recording.digest(b" ".join(sorted(names))).hex()
