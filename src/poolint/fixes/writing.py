"""Writing a fixed file: all of it or nothing, and never over what somebody else has written meanwhile.

The new text is written to a temporary file beside the old one, which it then replaces in one step. A process that is
killed in between leaves the old file whole and its temporary file behind; the next run removes that. A temporary file is
known by its name, which carries a check of itself, and by the lock that its writer holds as long as it lives: files of
others, and those of a run that is still going on, are never touched.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from typing import TYPE_CHECKING

from poolint.files import read_regular, write_all
from poolint.text.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poolint.text.source import Source

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = ".poolint-"
_SUFFIX = ".tmp"
_ABANDONED = 3600.0
"""Seconds after which a temporary file is taken for one that nobody writes any more, where there are no locks."""
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def target_of(path: str, within: Sequence[str]) -> str:
    """The file that is written when the one at ``path`` is fixed: itself, or what it is a symbolic link to.

    ``within`` are the paths that are checked. What lies in none of these directories, nor beside one of these files,
    is not for poolint to change, nor is a file that has other names (hard links): they could not all be given the new
    text in one step. Raises :class:`~poolint.text.source.SourceError`.
    """
    path = os.path.abspath(path)
    target = os.path.realpath(path)
    # Links among the directories that lead to a file are as they were asked for; only the file itself may lead away.
    if os.path.islink(path) and not any(_is_below(target, root) for root in within or (path,)):
        raise SourceError(f"cannot be fixed: it is a link to {target}, which is not among what is checked")
    try:
        names = os.stat(target).st_nlink
    except OSError as error:
        raise _unwritable(error) from None
    if names > 1:
        raise SourceError(f"cannot be fixed: the file has {names} names (hard links), and only one would get the fix")
    return target


def write_atomically(before: Source, after: Source, within: Sequence[str] = (), swept: set[str] | None = None) -> None:
    """Put ``after`` in the place of ``before``. Raises :class:`~poolint.text.source.SourceError`, and then nothing changed.

    The file keeps its mode, its extended attributes and access lists, and its owner, as far as the system lets us. A
    symbolic link stays one and its target is written, where :func:`target_of` allows for that. What a killed run has
    left beside the file is removed, unless its directory is in ``swept``, to which it is added.
    """
    if after.raw == before.raw:
        return
    target = target_of(before.path, within)
    folder = os.path.dirname(target)
    if swept is None or folder not in swept:
        remove_leftovers(_temporaries_in(folder))
        (set() if swept is None else swept).add(folder)
    try:
        state = os.stat(target)
        # Replacing a file needs no right to write it; that it is read-only is respected nevertheless.
        if not state.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise SourceError("cannot be written: it is read-only")
        _replace(target, before.raw, after.raw, state)
    except OSError as error:
        raise _unwritable(error) from None


def remove_leftovers(paths: Iterable[str]) -> None:
    """Remove those of ``paths`` that are temporary files of a run that has been killed. What cannot be removed stays."""
    for path in paths:
        if not is_temporary(os.path.basename(path)):
            continue
        try:
            handle = os.open(path, _FLAGS | getattr(os, "O_NONBLOCK", 0))
        except OSError:
            continue
        try:
            # By its name, which is like no other: should it have become somebody's file meanwhile, the name is gone.
            if _is_abandoned(handle):
                os.unlink(path)
        except OSError:
            pass
        finally:
            os.close(handle)


def is_temporary(name: str) -> bool:
    """Whether a file of this name is a temporary file of poolint: the second part of the name belongs to the first."""
    if not (name.startswith(PREFIX) and name.endswith(_SUFFIX)):
        return False
    token, _, check = name[len(PREFIX) : -len(_SUFFIX)].partition("-")
    return check == _check(token)


def _replace(target: str, expected: bytes, data: bytes, state: os.stat_result) -> None:
    temporary, handle = _new_file(os.path.dirname(target))
    try:
        try:
            write_all(handle, data)
            _keep_owner(temporary, state)
            _keep_attributes(target, temporary)
            os.fsync(handle)
            # As late as possible: what is compared here is what is replaced in the next line.
            if read_regular(target) != expected:
                raise SourceError("has changed since it was read: left alone, run poolint again")
            if fcntl is not None:
                os.replace(temporary, target)
        finally:
            os.close(handle)
        if fcntl is None:  # Windows moves no open file
            os.replace(temporary, target)
    except BaseException:
        try:
            os.unlink(temporary)
        except FileNotFoundError:
            pass
        raise


def _new_file(folder: str) -> tuple[str, int]:
    """A temporary file in ``folder`` and a handle on it that holds its lock."""
    while True:
        token = secrets.token_hex(8)
        path = os.path.join(folder, f"{PREFIX}{token}-{_check(token)}{_SUFFIX}")
        try:
            handle = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            reason = error.strerror or str(error)
            raise SourceError(f"cannot be written: nothing can be put into its directory: {reason}") from None
        if _lock(handle) and _is_there(path, handle):
            return path, handle
        os.close(handle)  # another run has taken it for abandoned before it was locked


def _check(token: str) -> str:
    return hashlib.sha256(f"a temporary file of poolint: {token}".encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _lock(handle: int) -> bool:
    """Lock a file for as long as this process lives and the handle is open; whether nobody else holds the lock."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise
        # A file system without locks: others get none either, so they leave the file alone.
    return True


def _is_there(path: str, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


def _is_abandoned(handle: int) -> bool:
    """Whether the process that made a temporary file is gone."""
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
        return False
    if fcntl is None:
        import time

        return time.time() - state.st_mtime > _ABANDONED
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _temporaries_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    except OSError:
        return []


def _keep_owner(temporary: str, state: os.stat_result) -> None:
    chown = getattr(os, "chown", None)
    new = os.stat(temporary)
    if chown is None or (new.st_uid, new.st_gid) == (state.st_uid, state.st_gid):
        return
    # Only the superuser may give files away, but members of a group to that; to fix the file matters more.
    for owner in (state.st_uid, -1):
        try:
            chown(temporary, owner, state.st_gid)
        except OSError:
            continue
        return


def _keep_attributes(target: str, temporary: str) -> None:
    """Mode, flags, extended attributes and, among those, access lists. The times are those of the new text."""
    shutil.copystat(target, temporary)  # passes over what the file system refuses
    os.utime(temporary)
    if hasattr(os, "listxattr"):
        try:
            for name in set(os.listxattr(temporary)) - set(os.listxattr(target)):
                os.removexattr(temporary, name)  # above all an access list that the directory gives to new files
        except OSError:
            pass


def _is_below(path: str, root: str) -> bool:
    if os.path.isfile(root):
        root = os.path.dirname(os.path.abspath(root))
    elif not os.path.isdir(root):
        return False
    root = os.path.realpath(root)
    return path.startswith(os.path.join(root, ""))


def _unwritable(error: OSError) -> SourceError:
    return SourceError(f"cannot be written: {error.strerror or error}")
