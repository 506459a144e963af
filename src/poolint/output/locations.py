"""Where a finding is, as formats for other programs write it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.diagnostics import Diagnostic


def relative(path: str) -> str:
    """A path with ``/`` between its parts: below the working directory without what leads to that, elsewhere absolute."""
    from poolint.config import shown
    from poolint.output.text import printable

    return printable(shown(path)).replace(os.sep, "/")


def file_url(name: str) -> str:
    """The URL of a file, by its absolute path with ``/`` between the parts."""
    from urllib.parse import quote

    return f"file://{'' if name.startswith('/') else '/'}{quote(name, safe='/:', errors='surrogateescape')}"


def fingerprints(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """One for each finding, no two alike: its own, or for what has none one of its code, place and message."""
    import hashlib

    seen: dict[str, int] = {}
    found = []
    for one in diagnostics:
        text = (
            one.fingerprint
            or hashlib.sha256(
                "\0".join((one.code, relative(one.filename), one.message)).encode("utf-8", "backslashreplace")
            ).hexdigest()[:16]
        )
        count = seen[text] = seen.get(text, 0) + 1
        found.append(text if count == 1 else f"{text}-{count}")
    return found
