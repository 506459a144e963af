"""Files of variables: ``.env`` beside a compose file, and what its services name as ``env_file``."""

from __future__ import annotations

import re

from poolint.deployment.documents import text_of
from poolint.deployment.values import Environment, Place, Word

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*(.*?)[ \t]*$")


def read(path: str) -> Environment:
    """The variables that a file sets; none where it is not in the repository, as is usual for secrets."""
    try:
        text = text_of(path)
    except OSError:
        return {}
    found: Environment = {}
    for row, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match is not None:
            value = match[2]
            end = value.find(value[0], 1) if value[:1] in ("'", '"') else -1
            value = value[1:end] if end > 0 else re.sub(r"(?:^|[ \t]+)#.*$", "", value)
            found[match[1]] = Word(value, Place(path, row))
    return found
