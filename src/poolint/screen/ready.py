"""What the models have made ready for the screen."""

from __future__ import annotations

import os
import re

_KEPT = rb"^([ \t]*)([\w.]*\.)?\w+[ \t]*(?::[^=\n]+)?=[ \t]*"
"""Where a statement keeps what follows; group 1 is how far it is indented, group 2 the object that keeps it, if any."""


class Ready:
    """What the models have made ready for the screen.

    ``library`` finds a mention of a library that makes a file interesting; ``carrying`` are the names in these
    libraries that carry something of a pool, ``blocking`` those of synchronous sessions, and ``reaching`` finds a call
    of a method by which these reach the database. ``clients`` are the modules and classes of HTTP clients, and
    ``made`` finds where one of these is made.
    """

    __slots__ = ("blocking", "carrying", "clients", "library", "made", "reaching")

    def __init__(self) -> None:
        path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "models", "ready.screen")
        with open(path, "rb") as file:
            roots, carrying, blocking, reaching, clients = file.read().split(b"\n")[:5]
        self.library = re.compile(roots)
        self.reaching = re.compile(rb"\.(?:" + b"|".join(reaching.split()) + rb")\b")
        self.carrying = frozenset(carrying.split())
        self.blocking = frozenset(blocking.split())
        self.clients = frozenset(clients.split())
        self.made = re.compile(_KEPT + rb"(?:\w+\.)*(?:" + b"|".join(sorted(self.clients)) + rb")\(", re.MULTILINE)
