"""What an answer rests on, put down while it is found: the files that are read, and what else is looked at on a disk.

The engines remember between files, so who asks first is no measure of what an answer rests on. Put down is therefore
what each *module* asks for, whoever makes it ask: the result of a file rests on all that is reached from it over these
edges. That is never too little, and sometimes more than need be.

A look is put down *before* it is taken: what changes in between is then seen as a change later, and never missed.
Nothing is put down unless somebody has set :data:`active`.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Stamp = tuple[int, int, int, bytes]

NAMES = "names"
"""The question which functions and classes a file may mean: what is put down is what each file adds to the answer."""

QUESTION = "\0"
"""What the names of questions begin with; no path does."""

TOLD = frozenset({".git", ".hg", ".jj", ".docker"})
"""Names with a dot in front that are asked for; what is known by its own name is opened without a look around."""

UNTOLD = frozenset({"__pycache__", "poolint-baseline.txt"})
"""Names that no finding rests on."""

IDLE = (".bak", ".csv", ".html", ".log", ".md", ".orig", ".out", ".pyc", ".rst", ".swp", ".tmp", "~")
"""Ends of names that no reader here takes, unless they begin otherwise, or who asks is one for ``DESCRIPTIONS``."""

DESCRIPTIONS = (".md", ".rst")
"""Ends of names of what tells people how something is started."""

BUT = ("Containerfile", "Dockerfile", "Procfile", "requirements")

REPOSITORY = frozenset({".git", ".hg", ".jj"})
"""What makes a folder the root of a repository."""

MARKS = frozenset({
    ".git", ".gitattributes", ".github", ".gitignore", ".gitlab-ci.yml", ".hg", ".jj", "__init__.py", "Pipfile",
    "alembic.ini", "manage.py", "pdm.lock", "poetry.lock", "pylock.toml", "pyproject.toml", "setup.cfg", "setup.py", "tox.ini",
    "uv.lock",
})  # fmt: skip
"""Names by which a folder is known to be something; beside these it is files of requirements."""

RECENT = 2_000_000_000
"""Nanoseconds within which a file may be written again without a new time: clocks of file systems are coarse."""


class Recorder:
    """What is put down in one run.

    ``sources`` has a stamp of each source that was read: its size, the times of its content and of its entry in the
    folder, and a digest. ``world`` has a digest of all else that was looked at, by kind and path; ``sought``, by
    folder, the names that were looked for in it and whether they are there. ``edges`` lead from
    what asks to what it was answered with: from files, and from questions about all files of a folder. ``is_torn``: a
    file was changed meanwhile, so nobody knows which of its contents was seen.

    The screen reads far more files than the analysis, and says little of each: what rests on it rests on what it says.
    ``imports`` are the files that it has gone on to from each, ``answers`` what it said, by question and file; None for
    what was said to be so and not so, to readers with other settings. ``names`` are signs of the names in each file.
    """

    def __init__(self) -> None:
        self.sources: dict[str, Stamp] = {}
        self.world: dict[str, bytes] = {}
        self.edges: dict[str, set[str]] = {}
        self.sought: dict[str, dict[str, bool]] = {}
        self.imports: dict[str, set[str]] = {}
        self.answers: dict[str, dict[str, bool | None]] = {}
        self.names: dict[str, bytes] = {}
        self.is_torn = False

    def read(self, path: str, data: bytes, state: os.stat_result) -> None:
        """A source was read, which had ``state`` before."""
        stamp = stamp_of(state)
        known = self.sources.get(path)
        if known is not None and known[:3] == stamp and stamp[1]:
            return
        found = digest(data)
        if known is not None and known[3] != found:
            self.is_torn = True
        self.sources[path] = (*stamp, found)

    def looked(self, kind: str, path: str) -> None:
        """Somebody is about to look at something but a source; see :func:`state_of` for the kinds."""
        key = f"{kind}{QUESTION}{path}"
        if key not in self.world:
            self.world[key] = state_of(kind, path)

    def listed(self, kind: str, path: str, names: Iterable[str]) -> None:
        """The names in a folder were looked at: all of them (``names``), or those that say what it is (``marks``)."""
        key = f"{kind}{QUESTION}{path}"
        if key not in self.world:
            self.world[key] = digest(_joined(filter(_TELLING[kind], names)))

    def answered(self, asking: str, answer: Iterable[str]) -> None:
        """``answer`` are the files, and questions, that what ``asking`` wants to know leads to."""
        self.edges.setdefault(asking, set()).update(answer)

    def screened(self, question: str, path: str, answer: bool | None) -> None:
        """The screen has said something of a file."""
        known = self.answers.setdefault(question, {})
        known[path] = answer if known.get(path, answer) == answer else None

    def plain(self) -> dict[str, Any]:
        """All of it as values of JSON, for another process."""
        return {
            "sources": {path: [*stamp[:3], stamp[3].hex()] for path, stamp in self.sources.items()},
            "world": {key: state.hex() for key, state in self.world.items()},
            "sought": self.sought,
            "edges": {asking: sorted(answer) for asking, answer in self.edges.items()},
            "imports": {path: sorted(targets) for path, targets in self.imports.items()},
            "answers": self.answers,
            "names": {path: names.hex() for path, names in self.names.items()},
            "is_torn": self.is_torn,
        }

    def take(self, value: dict[str, Any]) -> None:
        """Put down what another process has put down."""
        self.is_torn = self.is_torn or value["is_torn"]
        for path, (size, changed, listed, found) in value["sources"].items():
            stamp = (size, changed, listed, bytes.fromhex(found))
            if self.sources.setdefault(path, stamp)[3] != stamp[3]:
                self.is_torn = True
        for key, found in value["world"].items():
            if self.world.setdefault(key, bytes.fromhex(found)).hex() != found:
                self.is_torn = True
        for folder, names in value["sought"].items():
            known = self.sought.setdefault(folder, {})
            for name, is_there in names.items():
                if known.setdefault(name, is_there) != is_there:
                    self.is_torn = True
        for asking, answer in value["edges"].items():
            self.answered(asking, answer)
        for path, targets in value["imports"].items():
            self.imports.setdefault(path, set()).update(targets)
        for question, answers in value["answers"].items():
            for path, one in answers.items():
                self.screened(question, path, one)
        for path, names in value["names"].items():
            self.names[path] = bytes.fromhex(names)


class Links(Recorder):
    """What leads to what, and nothing of the disk: for hosts that live on, and are told what has changed. It is put down
    in blocks that are entered with it."""

    def __enter__(self) -> None:
        global active
        active = self

    def __exit__(self, *_: object) -> None:
        global active
        active = None

    def read(self, path: str, data: bytes, state: os.stat_result) -> None:
        """Whoever reads a source because of another one has been put down by what asked for it."""

    def looked(self, kind: str, path: str) -> None:
        """The host is told of what else changes as well."""

    def listed(self, kind: str, path: str, names: Iterable[str]) -> None:
        """The same."""

    def leading(self, ends: Iterable[str]) -> set[str]:
        """The files and questions that lead to one of ``ends``, and these."""
        found = set(ends)
        while new := [one for one, answer in self.edges.items() if one not in found and not found.isdisjoint(answer)]:
            found.update(new)
        return found


active: Recorder | None = None
"""Where things are put down at present."""


def looked(kind: str, path: str) -> None:
    """Somebody is about to look at something; see :meth:`Recorder.looked`."""
    if active is not None:
        active.looked(kind, path)


def listed(kind: str, path: str, names: Iterable[str]) -> None:
    """Somebody has looked at names in a folder; see :meth:`Recorder.listed`."""
    if active is not None:
        active.listed(kind, path, names)


def sought(folder: str, name: str, is_there: bool) -> None:
    """Somebody has looked for something in a folder."""
    if active is not None:
        active.sought.setdefault(folder, {})[name] = is_there


def leads(asking: str, path: str | None) -> None:
    """What a file asks for is in another one."""
    if active is not None and path is not None and path != asking:
        active.edges.setdefault(asking, set()).add(path)


def screened(question: str, located: str, path: str, answer: bool) -> None:
    """The screen has said something of a file that it was asked for under a path, and that is ``located`` elsewhere."""
    if active is not None:
        active.screened(question, path, answer)
        leads(located, path)
        leads(located, sight(path))


def sight(path: str) -> str:
    """What asks where the screen asks something about all files of a folder, on behalf of all who come to a file."""
    return f"{QUESTION}sight{QUESTION}{path}"


def saw(path: str, targets: Iterable[str]) -> None:
    """The screen has gone on from a file to others."""
    if active is not None:
        known = set(targets)
        active.imports.setdefault(path, set()).update(known)
        active.edges.setdefault(sight(path), set()).update(map(sight, known - {path}))


def own(path: str) -> str:
    """What asks where something is asked for the findings of one file, and for nobody who imports it."""
    return f"{QUESTION}own{QUESTION}{path}"


def runs(path: str) -> str:
    """What asks where it is asked who runs what stands in a file."""
    return f"{QUESTION}runs{QUESTION}{path}"


def kind(path: str) -> str:
    """What asks where it is asked what kind of place a file is."""
    return f"{QUESTION}kind{QUESTION}{path}"


def words(path: str) -> str:
    """The words of a file, where what these mean, and so what the file leads to, does not matter."""
    return f"{QUESTION}words{QUESTION}{path}"


def means(path: str, found: str) -> None:
    """A file is looked at under another path, without links to folders in it."""
    if active is not None and path != found:
        active.edges.setdefault(path, set()).add(found)
        active.edges.setdefault(own(path), set()).add(own(found))


def asked(near: str, kind: str, root: str, name: str = "") -> str:
    """A file asks a question about all files below a folder. Returns what that question is called."""
    key = question(kind, root, name)
    if active is not None:
        active.edges.setdefault(near, set()).add(key)
    return key


def question(kind: str, root: str, name: str = "") -> str:
    """What a question about all files below a folder is called."""
    return QUESTION.join(("", kind, root, name))


def answered(asking: str, answer: Iterable[str]) -> None:
    """What a question leads to; see :meth:`Recorder.answered`."""
    if active is not None:
        active.answered(asking, answer)


def is_file(path: str) -> bool:
    """``os.path.isfile``, put down."""
    looked("type", path)
    return os.path.isfile(path)


def is_folder(path: str) -> bool:
    """``os.path.isdir``, put down."""
    looked("type", path)
    return os.path.isdir(path)


def stamp_of(state: os.stat_result) -> tuple[int, int, int]:
    """What tells by a glance that a file has not changed; without times where these are too fresh to tell."""
    import time

    latest = max(state.st_mtime_ns, state.st_ctime_ns)
    if latest > time.time_ns() - RECENT:
        return state.st_size, 0, 0
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def digest(data: bytes) -> bytes:
    """What stands for some bytes: no two texts that anybody has made share one."""
    try:
        from _blake2 import blake2b  # hashlib would load all of OpenSSL
    except ImportError:
        from hashlib import blake2b

    return blake2b(data, digest_size=16).digest()


def state_of(kind: str, path: str) -> bytes:
    """A digest of what there is to see at ``path``.

    ``names``: the names in a folder; ``marks``: those that say what it is; ``descriptions``: those of what tells people about
    it. ``entries``: the names, and what is behind each.
    ``type``: whether it is a file or a folder. ``real``: where links lead. ``data``: the bytes of a regular file, if they
    are no more than the number before the path. ``glob``: what the pattern behind a NUL means in a folder.
    """
    try:
        return digest(_LOOKS[kind](path))
    except (OSError, ValueError) as error:
        return digest(f"{type(error).__name__} {getattr(error, 'errno', None)}".encode())


def names_in(path: str) -> list[str]:
    """The names in a folder; none where it cannot be read."""
    try:
        return os.listdir(path)
    except (OSError, ValueError):
        return []


def _names(path: str) -> bytes:
    return _joined(filter(_is_telling, names_in(path)))


def _marks(path: str) -> bytes:
    return _joined(filter(_is_mark, names_in(path)))


def _entries(path: str) -> bytes:
    with os.scandir(path) as found:
        return _joined(
            f"{one.name}\n{one.is_symlink()} {one.is_dir()} {one.is_file()}" for one in found if _is_telling(one.name)
        )


def _descriptions(path: str) -> bytes:
    return _joined(one for one in names_in(path) if one.endswith(DESCRIPTIONS))


def _is_telling(name: str) -> bool:
    """Whether anybody asks for a name in a folder. Tools leave all sorts of things in one while they work."""
    if name[0] == ".":
        return name in TOLD
    return name not in UNTOLD and (not name.endswith(IDLE) or name.startswith(BUT))


def _type(path: str) -> bytes:
    return f"{os.path.isfile(path)} {os.path.isdir(path)}".encode()


def _real(path: str) -> bytes:
    return os.fsencode(os.path.realpath(path))


def _data(path: str) -> bytes:
    from poolint.files import LIMIT, read_unseen

    limit, _, path = path.partition(QUESTION)
    return read_unseen(path, min(int(limit), LIMIT))


def _glob(path: str) -> bytes:
    import glob

    root, _, pattern = path.partition(QUESTION)
    return _joined(glob.glob(pattern, root_dir=root, recursive=True))


def _joined(names: Iterable[str]) -> bytes:
    return os.fsencode(QUESTION.join(sorted(names)))


def _is_mark(name: str) -> bool:
    return name in MARKS or name.startswith("requirements")


_TELLING = {"names": _is_telling, "marks": _is_mark}
_LOOKS = {
    "names": _names,
    "marks": _marks,
    "entries": _entries,
    "descriptions": _descriptions,
    "type": _type,
    "real": _real,
    "data": _data,
    "glob": _glob,
}

KINDS = frozenset(_LOOKS)
"""What can be looked at; see :func:`state_of`."""
