"""The directory of the cache: files that are read within bounds, and written whole or not at all.

It is ours as long as it holds the ``CACHEDIR.TAG`` that we write: nothing is removed from another one. No link is
followed into it or out of it. Where it cannot be written there is no cache, and that is no error.
"""

from __future__ import annotations

import os
import stat

from poolint.bounds import MAX_CACHE, MAX_CACHE_FILES
from poolint.files import write_all

TAG = "CACHEDIR.TAG"
_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55\n"
"""What backup tools know a directory of a cache by."""

_TAG = _SIGNATURE + b"# This directory was made by poolint. Its contents can be deleted at any time.\n"
ENDING = ".msgpack"
TEXTS = ".texts"
"""Ends of the names of files with what came of sources, and with these."""

_IGNORE = ".gitignore"
_IGNORED = b"# Made by poolint.\n*\n"
_LOCK = "lock"
"""A file that has nothing in it: who holds the system's lock on it writes."""
_TEMPORARY = ".tmp"
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | _NOFOLLOW
_ABANDONED = 3600
"""Seconds after which what is half written is nobody's any more."""


class Folder:
    """The directory at an absolute path, which need not be there."""

    def __init__(self, path: str) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether there is a directory, and no link to one."""
        try:
            return stat.S_ISDIR(os.lstat(self.path).st_mode)
        except (OSError, ValueError):
            return False

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none that is regular, readable and within bounds."""
        try:
            handle = os.open(os.path.join(self.path, name), os.O_RDONLY | _FLAGS | getattr(os, "O_NONBLOCK", 0))
        except (OSError, ValueError):
            return None
        try:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode) or state.st_size > MAX_CACHE:
                return None
            parts, left = [], state.st_size
            while left > 0 and (part := os.read(handle, left)):
                parts.append(part)
                left -= len(part)
            return b"".join(parts)
        except OSError:
            return None
        finally:
            os.close(handle)

    def write(self, name: str, data: bytes) -> None:
        """Put bytes in place of a file; whoever reads meanwhile sees the old ones or the new ones, and nothing else."""
        if len(data) > MAX_CACHE or not self.make():
            return
        if self._put(name, data):
            self._prune(name)

    def _put(self, name: str, data: bytes) -> bool:
        temporary = os.path.join(self.path, f"{name}.{os.getpid()}{_TEMPORARY}")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o666)
            try:
                write_all(handle, data)
            finally:
                os.close(handle)
            os.replace(temporary, os.path.join(self.path, name))
        except (OSError, ValueError):
            _remove(temporary)
            return False
        return True

    def make(self) -> bool:
        """Make the directory, if it is not there; whether it is ours to write into."""
        try:
            os.makedirs(self.path, exist_ok=True)
            if not self.exists():
                return False
            found = os.listdir(self.path)  # before the tag is looked for: another process may be here
            if not self.is_ours():
                if not all(one.endswith(_TEMPORARY) or one == _IGNORE for one in found):
                    return False
                if self.read(_IGNORE) not in (None, _IGNORED):
                    return False
                for name, text in ((_IGNORE, _IGNORED), (TAG, _TAG)):
                    self._put(name, text)
        except (OSError, ValueError):
            return False
        return True

    def turn(self) -> Turn:
        """Wait for whoever else is here, and keep others waiting until that is left."""
        return Turn(self)

    def is_ours(self) -> bool:
        """Whether the directory has been made by us, or is as good as if it were."""
        found = self.read(TAG)
        return found is not None and found.startswith(_SIGNATURE) and b"poolint" in found[:200]

    def _prune(self, written: str) -> None:
        """Remove what is oldest of too many files, and what a run that was killed has left half written."""
        import time

        found: list[tuple[float, int, str]] = []
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    state = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(_TEMPORARY) and state.st_mtime < time.time() - _ABANDONED:
                        _remove(entry.path)
                    elif entry.name.endswith((ENDING, TEXTS)) and entry.name != written:
                        found.append((-state.st_mtime, state.st_size, entry.path))
        except OSError:
            return
        total = 0
        for count, (_, size, path) in enumerate(sorted(found), 2):
            total += size
            if count > MAX_CACHE_FILES or total > MAX_CACHE:
                _remove(path)

    def clean(self) -> bool:
        """Remove the directory and what we have put into it; whether there was one of ours. Raises ``OSError``."""
        if not self.exists() or not self.is_ours():
            return False
        for name in os.listdir(self.path):
            if name.endswith((ENDING, TEXTS, _TEMPORARY)) or name in (_IGNORE, _LOCK):
                os.unlink(os.path.join(self.path, name))
        os.unlink(os.path.join(self.path, TAG))
        try:
            os.rmdir(self.path)
        except OSError:  # something in it is somebody else's
            pass
        return True


class Turn:
    """A lock of the system's, which ends with its process. Where there are none, or the directory is not ours to write
    into, nobody waits."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._handle = -1

    def __enter__(self) -> None:
        try:
            import fcntl

            if self._folder.make():
                self._handle = os.open(os.path.join(self._folder.path, _LOCK), os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
                fcntl.flock(self._handle, fcntl.LOCK_EX)
        except (ImportError, OSError, ValueError):
            pass

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
