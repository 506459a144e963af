"""The files that somebody starts of a repository of which no deployment says so: those that make what serves as a whole, an
application or a worker. A part of one, as a router is, starts nothing; what is run by itself is seen where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poolint.models.loader import Models
    from poolint.syntax.naming import Named


def serving(models: Models) -> dict[str, list[str]]:
    """The dotted names of what serves as a whole, by the package that they are of."""
    parts = {name for row in models.purposes if row.purpose == "is-mounted" for name in row.names}
    found: dict[str, list[str]] = {}
    for row in models.purposes:
        for name in row.names if row.purpose == "serves" else ():
            if name not in parts:
                found.setdefault(name.partition(".")[0], []).append(name)
    return found


def may_make(named: Named, names: list[str]) -> bool:
    """Whether a file may make one of some things: it imports what leads there, and reads the last part of its name."""
    return any(
        name.rpartition(".")[2] in named.names
        and any(not one.level and _leads_to(one.dotted, name) for one in named.imports)
        for name in names
    )


def _leads_to(dotted: str, name: str) -> bool:
    return name == dotted or name.startswith(f"{dotted}.")
