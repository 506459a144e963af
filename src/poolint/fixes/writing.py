"""Writing a fixed file: all of it or nothing, and never over what somebody else has written meanwhile."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from poolint.source import SourceError

if TYPE_CHECKING:
    from poolint.source import Source


def write_atomically(before: Source, after: Source) -> None:
    """Put ``after`` in the place of ``before``. Raises :class:`~poolint.source.SourceError`, and then nothing changed.

    The file keeps its mode and, as far as we may, its owner; a symbolic link stays one and its target is written.
    """
    if after.data == before.data:
        return
    target = Path(os.path.realpath(before.path))
    try:
        state = target.stat()
        # Replacing a file needs no right to write it; that it is read-only is respected nevertheless.
        if not state.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise SourceError("cannot be written: it is read-only")
        _replace(target, before.data, after.data, state)
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror or error}") from None


def _replace(target: Path, expected: bytes, data: bytes, state: os.stat_result) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".poolint", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner(temporary, state)
        temporary.chmod(stat.S_IMODE(state.st_mode))
        # As late as possible: what is compared here is what is replaced in the next line.
        if target.read_bytes() != expected:
            raise SourceError("has changed since it was read: left alone, run poolint again")
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _keep_owner(temporary: Path, state: os.stat_result) -> None:
    chown = getattr(os, "chown", None)
    new = temporary.stat()
    if chown is None or (new.st_uid, new.st_gid) == (state.st_uid, state.st_gid):
        return
    try:
        chown(temporary, state.st_uid, state.st_gid)
    except OSError:
        pass  # only the superuser may; to fix the file matters more
