"""Results that are written to a file: whole, or not at all."""

from __future__ import annotations

import os
import secrets
import stat

from poolint.files import write_all

_FLAGS = os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def write(path: str, data: bytes) -> None:
    """Put ``data`` in the place of the file that is at ``path``, or that a link there leads to; who reads meanwhile sees
    the old bytes or the new. What is no file, such as a device or a pipe, is written to. Raises ``OSError``."""
    path = os.path.realpath(path)
    if not _may_be_replaced(path):
        _written(os.open(path, _FLAGS), data)
        return
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    handle = os.open(temporary, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _written(handle, data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _may_be_replaced(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return True


def _written(handle: int, data: bytes) -> None:
    """Write all of ``data``, and close the handle."""
    try:
        write_all(handle, data)
    finally:
        os.close(handle)
