"""Files of variables: ``.env`` beside a compose file, and what its services name as ``env_file``."""

from __future__ import annotations

import re

from poolint.deployment.documents import text_of, unread
from poolint.deployment.values import Environment, Place, Problem, Word

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*(.*)$")
_COMMENT = re.compile(r"(?:^|[ \t])#")


def read(path: str) -> tuple[Environment, list[Problem]]:
    """The variables that a file sets; none where it is not in the repository, as is usual for secrets."""
    try:
        text = text_of(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}, []
    except OSError as error:
        return {}, [unread(path, error)]
    found: Environment = {}
    for row, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is not None:
            value = match[2].rstrip(" \t")
            end = value.find(value[0], 1) if value[:1] in ("'", '"') else -1
            comment = _COMMENT.search(value) if end < 0 else None
            if end > 0:
                value = value[1:end]
            elif comment is not None:
                value = value[: comment.start()].rstrip(" \t")
            found[match[1]] = Word(value, Place(path, row))
    return found, []
