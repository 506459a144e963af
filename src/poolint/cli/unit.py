"""``poolint unit REQUEST``: a part of a tree for a build system, its findings and its facts written to files."""

from __future__ import annotations

import sys

from poolint.config import ConfigError
from poolint.output import whole
from poolint.output.text import printable


def unit(path: str) -> int:
    """Do what the request in a file says; 0 when all that it asks for is written. Raises ``ConfigError``."""
    from poolint.unit import request as requests
    from poolint.unit.tree import sources_of

    request = requests.read(path)
    sources = sources_of(request)
    if request.facts:
        from poolint.unit.facts import packed

        _write(request.facts, packed(sources))
    if request.findings:
        from poolint.unit.checking import findings

        found, warnings = findings(request, sources)
        for line in warnings:
            sys.stderr.write(f"poolint: warning: {printable(line)}\n")
        _write(request.findings, found.encode("utf-8"))
    return 0


def _write(path: str, data: bytes) -> None:
    try:
        whole.write(path, data)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
