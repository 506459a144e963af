"""Findings as they are kept: read where there are any, since that takes what describes them."""

from __future__ import annotations

import msgspec

from poolint.diagnostics import Diagnostic


def decoded(data: bytes) -> list[Diagnostic] | None:
    """The findings of a file; None where the bytes say something else."""
    try:
        return msgspec.msgpack.decode(data, type=list[Diagnostic])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
