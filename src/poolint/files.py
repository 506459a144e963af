"""The one way to the bytes of a file: only regular files are opened, and none is read beyond a bound.

A pipe that nobody writes to would be waited for without end, ``/dev/zero`` read without end, and to open a device can
set something off. Whatever poolint reads, be it source, settings, models or deployment files, comes through here.
"""

# pathlib would cost more than reading the file.

from __future__ import annotations

import errno
import os
import stat

from poolint import recording

LIMIT = 64_000_000
"""Bytes of a file that is read where its reader sets no bound of its own. Nothing that somebody wrote is larger."""

SOURCE_LIMIT = 1_500_000
"""Bytes of a source that is analysed. Larger ones are generated; the largest of 31 real packages is, and has 1.1 MB.
Parsed, a source takes up to 250 times its size."""

NOTEBOOK = ".ipynb"

TOO_LARGE = f"a file of more than {SOURCE_LIMIT:,} bytes is not analysed".replace(",", " ")
"""What is said of sources that are larger."""

# Without O_NONBLOCK the open itself waits for the other end, should a pipe have come in the place of a file since.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_CHUNK = 1 << 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class NotRegularError(OSError):
    """A pipe, a socket, a device, or a name that no file can have. ``strerror`` says which."""


class TooLargeError(OSError):
    """A file of more bytes than its reader takes. ``strerror`` says how many that are."""


def write_all(handle: int, data: bytes) -> None:
    """Write all of ``data`` to what is open as ``handle``; one call of the system may take less. Raises ``OSError``."""
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def decoded(data: bytes) -> str:
    """A text in UTF-8, or in UTF-16 where its first bytes say so: PowerShell writes what ``pip freeze`` prints in that, and pip
    reads it. Raises ``UnicodeDecodeError``."""
    return data.decode("utf-16" if data[:2] in _UTF_16 else "utf-8-sig")


def is_notebook(path: str) -> bool:
    """Whether a file is a notebook of Jupyter, by its name."""
    return path[-len(NOTEBOOK) :].lower() == NOTEBOOK


def source_limit(path: str) -> int:
    """Bytes of a file that is read as a source. Most of a notebook are its outputs: there it is the code that has a bound."""
    return LIMIT if is_notebook(path) else SOURCE_LIMIT


def read_regular(path: str, limit: int = LIMIT) -> bytes:
    """The bytes of the regular file that ``path`` leads to, by symbolic links as well.

    Raises:
        TooLargeError: the file has more than ``limit`` bytes; no more than those have been read.
        NotRegularError: it is no regular file; it has not been opened.
        OSError: it is a directory (``IsADirectoryError``), not there, or not to be read.
    """
    recording.looked("data", f"{limit}{recording.QUESTION}{path}")
    return _whole(path, limit)[0]


def read_unseen(path: str, limit: int) -> bytes:
    """The same without a word about it to who records what is read."""
    return _whole(path, limit)[0]


def read_source(path: str) -> bytes:
    """The bytes of a source, of which no more than :func:`source_limit` are ever read. Raises ``OSError`` as above."""
    if _kept is not None and (data := _kept.get(path)) is not None:
        return data
    limit = source_limit(path)
    try:
        data, state = _whole(path, limit)
    except OSError:
        recording.looked("data", f"{limit}{recording.QUESTION}{path}")
        raise
    if recording.active is not None:
        recording.active.read(path, data, state)
    if _kept is not None:
        _kept[path] = data
    return data


_kept: dict[str, bytes] | None = None
"""The sources that were read since :func:`keep`."""


def keep(*, is_on: bool) -> None:
    """From here on, until it is off again, a source is read once: three or four readers ask for each. For who writes none."""
    global _kept
    _kept = {} if is_on else None


def read_beginning(path: str, count: int) -> bytes:
    """The first ``count`` bytes of a regular file, or all where it has fewer. Raises ``OSError`` as above."""
    recording.looked("data", f"{LIMIT}{recording.QUESTION}{path}")
    handle, _ = _opened(path)
    try:
        return _read(handle, count)
    finally:
        os.close(handle)


def with_newlines(data: bytes) -> bytes:
    r"""``data`` with ``\n`` at the ends of rows, where some of them are a lone ``\r``; otherwise ``data`` itself.

    Python takes all three for the end of a row. What searches bytes for rows must not see such a file as a single one.
    """
    if b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"):
        return data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def refusal(path: str) -> OSError | None:
    """Why the file at ``path`` cannot be opened, as far as its kind shows; None for regular files."""
    try:
        _must_be_regular(path, os.stat(path))
    except OSError as error:
        return error
    except ValueError:
        return _impossible(path)
    return None


def _whole(path: str, limit: int) -> tuple[bytes, os.stat_result]:
    handle, state = _opened(path)
    try:
        if state.st_size > limit:
            raise _too_large(path, limit)
        data = _read(handle, min(state.st_size, limit) + 1)
        # Some file systems tell no size, and a file may grow meanwhile.
        while len(data) <= limit and (more := _read(handle, min(_CHUNK, limit + 1 - len(data)))):
            data += more
    finally:
        os.close(handle)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data, state


def _opened(path: str) -> tuple[int, os.stat_result]:
    """A handle on the file, and its state. The kind is asked before the open, which a device may answer to, and after."""
    try:
        _must_be_regular(path, os.stat(path))
        handle = os.open(path, _FLAGS)
    except ValueError:
        raise _impossible(path) from None
    try:
        state = os.fstat(handle)
        _must_be_regular(path, state)
    except BaseException:
        os.close(handle)
        raise
    return handle, state


def _read(handle: int, count: int) -> bytes:
    """Up to ``count`` bytes, fewer only at the end of the file."""
    data = os.read(handle, count)
    if not data or len(data) == count:
        return data
    parts = [data]
    count -= len(data)
    while count and (data := os.read(handle, count)):
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def _must_be_regular(path: str, state: os.stat_result) -> None:
    mode = state.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a directory", path)
    kind = "a special file"
    if stat.S_ISFIFO(mode):
        kind = "a named pipe"
    elif stat.S_ISSOCK(mode):
        kind = "a socket"
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        kind = "a device"
    raise NotRegularError(errno.EINVAL, f"it is {kind}, not a regular file", path)


def _impossible(path: str) -> OSError:
    """For names that the system is never asked for: Python refuses those with a NUL or a lone surrogate in them."""
    return NotRegularError(errno.EINVAL, "no file can have this name", path)


def _too_large(path: str, limit: int) -> OSError:
    return TooLargeError(errno.EFBIG, f"it has more than {limit:,} bytes".replace(",", " "), path)
