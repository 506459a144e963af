"""``poolint budget [PATH]``: how many connections the services may open, against how many their server takes."""

from __future__ import annotations

import sys

from poolint.config import ConfigError, Resolver, shown
from poolint.output.style import Style, wants_color
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.budget import Ask, Budget, Row
    from poolint.deployment.values import Figure, Place

UNKNOWN = "unknown"
"""What a note begins with that says what has to be asked for."""

HEADS = ("connections", "each", "processes", "replicas")


def budget(path: str, output_format: str, surge: bool, resolver: Resolver) -> int:
    """Print the budgets of the deployments below ``path``, and return the exit code.

    That is 0; 1 when one of them is over, or when a file could not be read or understood: it is named on standard
    error, and the others count.
    """
    from poolint.explain.budget import budgets
    from poolint.rules.registry import LazyRules

    try:
        found, problems = budgets(path, resolver, LazyRules(), surge)
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if output_format == "json":
        from poolint.output import json

        text = json.dumps([_as_object(one) for one in found])
    else:
        text = "\n".join(render(found, Style(wants_color(sys.stdout))))
    sys.stdout.write(f"{text}\n")
    for problem in problems:
        sys.stderr.write(f"poolint: error: {at(problem.place)}: {printable(problem.message)}\n")
    return 1 if problems or any(one.is_over for one in found) else 0


def render(found: list[Budget], paint: Style) -> Iterator[str]:
    """The tables, line by line; an empty line between two."""
    if not found:
        yield "Nothing says how this is deployed: no compose file, Procfile, blueprint, Dockerfile, chart, manifest, and no"
        yield "services in [tool.poolint.budget]."
        return
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _table(one, paint)


def _table(one: Budget, paint: Style) -> Iterator[str]:
    files = ", ".join(printable(shown(path)) for path in one.deployment.files[:2])
    server = f": what connects to `{one.server.name}`" if one.server is not None and one.deployment.is_part else ""
    yield paint("bold", f"{files}{server}")
    if one.rows:
        yield from _sum(one, paint)
    else:
        yield "no service is known that takes connections"
    for what, text in notes(one):
        yield f"{paint('cyan', what) if what == UNKNOWN else what}: {printable(text)}"


def notes(one: Budget) -> Iterator[tuple[str, str]]:
    """What is not counted, and what has to be asked for: which of the two it is, and the rest of the line."""
    for service, why in one.unpooled:
        yield "not counted", f"`{service.name}` ({at(service.place)}): {why}"
    for name, place, why in one.deployment.others:
        yield "not counted", f"`{name}` ({at(place)}): {why}"
    for ask in one.asks:
        yield UNKNOWN, asked(ask)


def _sum(one: Budget, paint: Style) -> Iterator[str]:
    table = [HEADS, *(cells(row) for row in one.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADS))]
    blank = " " * (sum(widths) + 2 * len(widths))
    yield f"{_line(HEADS, widths)}  service and pool"
    told: set[tuple[str, str]] = set()
    for row, numbers in zip(one.rows, table[1:], strict=True):
        yield f"{_line(numbers, widths)}  {row.service.name}: {printable(row.pool.qualified)}"
        sources = (each(row), source(row.processes), source(row.replicas))
        for name, where in zip(HEADS[1:], sources, strict=True):
            if name == "each" or (row.service.name, name) not in told:
                yield f"{blank}{paint('blue', name)}: {where}"
            told.add((row.service.name, name))
    for value, name, where in sums(one):
        yield f"{value.rjust(widths[0])}  {name}{f': {where}' if where else ''}"
    words = verdict(one)
    yield paint("red", words) if one.is_over else words


def sums(one: Budget) -> Iterator[tuple[str, str, str]]:
    """What stands below the rows: a number, what it is, and where it is from."""
    yield _count(one.total, one.is_exact), "in all", ""
    yield _value(one.max_connections), "max_connections", source(one.max_connections)
    yield f"-{_value(one.reserve)}", "reserve", source(one.reserve)
    yield f"-{_value(one.migrations)}", "migrations", source(one.migrations)
    if one.available is not None:
        yield str(one.available), "for services", ""


def verdict(one: Budget) -> str:
    """Whether the sum fits."""
    least = "" if one.is_exact else "at least "
    if one.available is None:
        return "whether that fits is not known: max_connections is not"
    if one.is_over:
        return f"over by {least}{one.total - one.available}"
    if one.is_exact and not any(ask.key.endswith(".engines") for ask in one.asks):
        return f"fits: {one.available - one.total} are left"
    return "fits as far as is known"


def cells(row: Row) -> tuple[str, ...]:
    """The figures of a row, below ``HEADS``."""
    figures = (row.each, row.processes, row.replicas)
    return (
        _count(row.least, row.connections is not None) if row.each.value is not None else "?",
        *(_value(one) for one in figures),
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


def _count(number: int, is_exact: bool) -> str:
    return str(number) if is_exact else f"≥{number}"


def _value(figure: Figure) -> str:
    return "?" if figure.value is None else str(figure.value)


def source(figure: Figure) -> str:
    """What says a figure, and where."""
    where = f" ({at(figure.place)})" if figure.place is not None else ""
    return f"{printable(figure.how)}{where}"


def each(row: Row) -> str:
    """What the limit of a pool is put together from."""
    size, overflow = row.pool.size, row.pool.overflow
    if row.each != row.pool.limit or row.each.value != (size.value or 0) + (overflow.value or 0):
        return source(row.each)
    parts = [size, overflow] if overflow.value else [size]
    return " + ".join(f"{one.value} {source(one)}" for one in parts)


def asked(ask: Ask) -> str:
    """What is not known, and where it can be said."""
    where = f" ({at(ask.place)})" if ask.place is not None else ""
    return f"{printable(ask.why)}{where}; say {ask.key} in [tool.poolint.budget]"


def at(place: Place) -> str:
    """A place as people read it."""
    return f"{printable(shown(place.path))}:{place.row}"


def _as_object(one: Budget) -> dict[str, Any]:
    return {
        "files": list(one.deployment.files),
        "server": one.server.name if one.server is not None else None,
        "total": one.total,
        "exact": one.is_exact,
        "available": one.available,
        "over": one.is_over,
        "max_connections": _figure(one.max_connections),
        "reserve": _figure(one.reserve),
        "migrations": _figure(one.migrations),
        "pools": [
            {
                "service": row.service.name,
                "kind": row.service.kind,
                "program": row.service.program,
                "pool": row.pool.qualified,
                "filename": row.pool.place.path,
                "location": {"row": row.pool.place.row},
                "connections": row.connections,
                "at_least": row.least,
                "each": _figure(row.each),
                "size": _figure(row.pool.size),
                "overflow": _figure(row.pool.overflow),
                "processes": _figure(row.processes),
                "replicas": _figure(row.replicas),
            }
            for row in one.rows
        ],
        "unknown": [{"key": ask.key, "why": ask.why, **_place(ask.place)} for ask in one.asks],
        "not_counted": [
            *({"name": service.name, "why": why, **_place(service.place)} for service, why in one.unpooled),
            *({"name": name, "why": why, **_place(place)} for name, place, why in one.deployment.others),
        ],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "how": figure.how, **_place(figure.place)}


def _place(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"filename": None, "location": None}
    return {"filename": place.path, "location": {"row": place.row}}
