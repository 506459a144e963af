"""What is kept of a fleet in its folder: findings and a state for each repository, whole or not at all.

``findings/NAME.json`` is what ``poolint merge`` takes. ``states/NAME.json`` is written after it, and says of which state of
the repository, and by which poolint, they are: only then is the repository done.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from poolint import __version__
from poolint.config import DEFAULT_EXCLUDE, ConfigError
from poolint.files import read_regular
from poolint.output import whole

if TYPE_CHECKING:
    from poolint.fleet.plan import Repository
    from poolint.fleet.task import Result


class State(msgspec.Struct):
    """What came of one repository."""

    poolint: str
    path: str
    signature: str
    """What the folder looked like before it was checked."""
    code: int
    findings: int
    seconds: float
    failure: str
    digest: str
    """Of the findings, so that those of another run are not taken for these."""


class Results:
    """The folder at an absolute path that the results of a fleet are kept in."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def signature(self, repository: Repository) -> str:
        """What a repository looks like now, whose folder may have that of the results in it."""
        return signature(repository.path, self._folder)

    def prepare(self) -> None:
        """Make the folder. Raises ``ConfigError``."""
        try:
            for each in ("findings", "states"):
                os.makedirs(os.path.join(self._folder, each), exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self._folder}: cannot be made: {error.strerror or error}") from None

    def findings(self, name: str) -> str:
        """Where the findings of a repository are."""
        return os.path.join(self._folder, "findings", f"{name}.json")

    def done(self, repository: Repository, signature: str) -> State | None:
        """What is known of a repository as it is now; None where that is to be found out, once more if need be."""
        try:
            state = msgspec.json.decode(read_regular(self._state(repository.name)), type=State)
            holds = (state.poolint, state.path, state.signature) == (__version__, repository.path, signature)
            if holds and not state.failure and _digest(read_regular(self.findings(repository.name))) == state.digest:
                return state
        except (OSError, ValueError, RecursionError):
            pass
        return None

    def keep(self, repository: Repository, signature: str, result: Result) -> State:
        """Keep what came of a repository. Raises ``ConfigError`` where the folder cannot be written."""
        data, code, failure = result.findings, result.code, result.failure
        try:
            count = len(msgspec.json.decode(data, type=list[msgspec.Raw])) if data else 0
        except (ValueError, RecursionError):
            data, code, count, failure = b"", 2, 0, failure or "what it has written is no JSON"
        data = data or b"[]\n"
        state = State(
            __version__, repository.path, signature, code, count, round(result.seconds, 2), failure, _digest(data)
        )
        try:
            whole.write(self.findings(repository.name), data)
            whole.write(self._state(repository.name), msgspec.json.encode(state) + b"\n")
        except OSError as error:
            raise ConfigError(f"{self._folder}: cannot be written: {error.strerror or error}") from None
        return state

    def _state(self, name: str) -> str:
        return os.path.join(self._folder, "states", f"{name}.json")


def signature(folder: str, without: str = "") -> str:
    """What tells whether a repository has changed: names, sizes and times of all files that a check may read, but for
    those in the folder ``without``."""
    found = hashlib.blake2b(digest_size=16)
    for path, folders, files in os.walk(folder):
        below = (one for one in folders if one not in DEFAULT_EXCLUDE and one != ".poolint_cache")
        folders[:] = sorted(one for one in below if os.path.join(path, one) != without)
        for name in sorted(files):
            file = os.path.join(path, name)
            try:
                state = os.stat(file)
                told = f"{state.st_size} {state.st_mtime_ns}"
            except OSError as error:
                told = str(error.errno)
            found.update(os.fsencode(f"{os.path.relpath(file, folder)}\0{told}\n"))
    return found.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
