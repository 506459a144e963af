"""Results that are written to a file: whole, or not at all."""

from __future__ import annotations

import os
import secrets

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def write(path: str, data: bytes) -> None:
    """Put ``data`` in the place of what is at ``path``; who reads meanwhile sees the old bytes or the new. Raises
    ``OSError``."""
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    handle = os.open(temporary, _FLAGS, 0o666)
    try:
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
