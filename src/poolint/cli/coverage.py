"""``poolint coverage PATH…``: what poolint could not see of the code that reaches a database, and why."""

from __future__ import annotations

import os
import sys

from poolint.cli.rows import in_cell, wrote
from poolint.config import Resolver
from poolint.output.style import Style, wants_color
from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from poolint.explain.coverage import Awaited, Place, Report, Value
    from poolint.explain.totals import Totals

CAUSES = {
    "parameter": "a parameter without annotation",
    "annotation": "an annotation that names no known class",
    "import": "an import that leads nowhere",
    "library": "given by a library without a model",
    "function": "returned by a function that does not say what it returns",
    "attribute": "an attribute that nothing describes",
    "union": "of several types that do not agree",
    "name": "a name that its file does not bind",
    "expression": "made in a way that is not followed",
}
_SAME_EVERYWHERE = frozenset({"annotation", "library", "import"})
"""Causes whose subject is one and the same wherever it is written."""

_MOST = 3
"""Origins that are shown for each cause, and names of each package."""

_PACKAGES = 6


def coverage(paths: Sequence[str], output_format: str, resolver: Resolver) -> int:
    """Print what is and is not seen below ``paths`` and return the exit code.

    That is 0, or 2 when a file could not be read or parsed, or settings not be used: that is named on standard error, and
    the others count.
    """
    from poolint.explain.coverage import report
    from poolint.rules.registry import LazyRules

    found = report(paths, resolver, LazyRules())
    if output_format == "json":
        from poolint.output import json

        text = json.dumps(_as_object(found))
    elif output_format == "models":
        text = found.taught()
    else:
        text = "\n".join(render(found, resolver.cwd, Style(wants_color(sys.stdout))))
    sys.stdout.write(f"{text}\n" if text else "")
    for problem in found.problems:
        sys.stderr.write(f"poolint: error: {printable(problem)}\n")
    return 2 if found.problems else 0


def line(totals: Totals, paths: Sequence[str]) -> str:
    """The sums in one line, for the end of a check of ``paths``."""
    start = f"Looked into {_count(totals.functions, 'function')} that reach{'es' if totals.functions == 1 else ''} a database"
    parts = []
    if totals.unknown:
        parts.append(f"in {totals.unknown} the session's type is unknown")
    if totals.awaited:
        packages = [f"{name} {count}" for name, count in totals.packages]
        told = ", ".join(packages[:_MOST]) + (", …" if len(packages) > _MOST else "")
        have = "has" if totals.awaited == 1 else "have"
        calls = _count(totals.awaited, "awaited call")
        parts.append(f"{calls} while a connection is held {have} no model ({told})")
    if not parts:
        return f"{start}; the type of each session is known."
    import shlex

    return f"{start}; {', '.join(parts)}: poolint coverage {printable(shlex.join(paths))}"


def render(found: Report, cwd: str, paint: Style) -> Iterator[str]:
    """The table, line by line: sums, causes with the places they lie in, packages with their calls."""
    totals = found.totals
    if not totals.functions:
        yield "Nothing that poolint sees reaches a database."
        return
    reach = "function that reaches" if totals.functions == 1 else "functions that reach"
    yield paint("bold", f"{totals.functions:>5}  {reach} a database")
    for number, words in (
        (totals.known, "by values whose types are known"),
        (totals.by_use, "by a value known by its use alone"),
        (totals.unknown, "by a value whose type is unknown: what they do with it is not checked"),
    ):
        yield f"{number:>5}  {words}"
    if found.values:
        yield ""
        yield paint("bold", f"{len(found.values):>5}  {_plural(len(found.values), 'value')} of unknown type")
        for cause, values in _by_cause(found.values):
            yield f"{len(values):>5}  {CAUSES[cause]}"
            yield from _origins(values, cwd, paint)
    if found.awaited:
        yield ""
        calls = _plural(totals.awaited, "awaited call")
        yield paint("bold", f"{totals.awaited:>5}  {calls} without a model while a connection is held")
        for package, count in totals.packages[:_PACKAGES]:
            yield f"{count:>5}  {printable(package)}: {_names(found.awaited, package)}"
        left = totals.packages[_PACKAGES:]
        if left:
            yield f"{sum(count for _, count in left):>5}  in {len(left)} more"
        yield from _taught(found)


def _taught(found: Report) -> Iterator[str]:
    """The row that names the most frequent call."""
    from poolint.explain.teaching import rows

    package = found.totals.packages[0][0]
    name, calls = _by_name(found.awaited, package)[0]
    yield ""
    yield f"In a model file (`models` in [tool.poolint]), this describes `{printable(name)}`; say what it really waits for:"
    yield ""
    yield from (f"    {printable(row)}" for row in rows([calls[0].path], found.models).split("\n"))
    yield ""
    yield "`poolint coverage --output-format models` prints the rows of all."


def _origins(values: list[Value], cwd: str, paint: Style) -> Iterator[str]:
    """What the types of some values are lost by, what costs most first, each with the first of its places."""
    origins: dict[tuple[str, Place | None], list[Value]] = {}
    for one in values:
        key = (one.subject, None if one.cause in _SAME_EVERYWHERE else one.origin)
        origins.setdefault(key, []).append(one)
    found = sorted(origins.values(), key=_most_first)
    for same in found[:_MOST]:
        place = min(one.origin for one in same)
        times = f" ({len(same)} values)" if len(same) > 1 else ""
        yield f"         {paint('blue', _at(place, cwd))}  `{printable(same[0].subject)}`{times}"
    if len(found) > _MOST:
        yield f"         … and {len(found) - _MOST} more"


def _most_first(values: list[Value]) -> tuple[int, Place]:
    return -len(values), min(one.origin for one in values)


def _names(awaited: Sequence[Awaited], package: str) -> str:
    names = _by_name(awaited, package)
    told = [f"`{printable(name)}`" + (f" ({len(calls)})" if len(calls) > 1 else "") for name, calls in names]
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST} more" if len(told) > _MOST else "")


def _by_cause(values: Sequence[Value]) -> list[tuple[str, list[Value]]]:
    found: dict[str, list[Value]] = {}
    for one in values:
        found.setdefault(one.cause, []).append(one)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _by_name(awaited: Sequence[Awaited], package: str) -> list[tuple[str, list[Awaited]]]:
    found: dict[str, list[Awaited]] = {}
    for one in awaited:
        if one.package == package:
            found.setdefault(one.name, []).append(one)
    return sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))


def _as_object(found: Report) -> dict[str, Any]:
    totals = found.totals
    return {
        "functions": {
            "total": totals.functions,
            "known": totals.known,
            "known_by_use": totals.by_use,
            "unknown": totals.unknown,
        },
        "unknown": {
            "total": len(found.values),
            "causes": [
                {"cause": cause, "total": len(values), "values": [_value(one) for one in values]}
                for cause, values in _by_cause(found.values)
            ],
        },
        "awaited": {
            "total": totals.awaited,
            "packages": [
                {
                    "package": package,
                    "total": count,
                    "calls": [
                        {
                            "name": name,
                            "total": len(calls),
                            "places": [{"function": one.function, **_place(one.place)} for one in calls],
                        }
                        for name, calls in _by_name(found.awaited, package)
                    ],
                    "models": found.taught(package),
                }
                for package, count in totals.packages
            ],
        },
    }


def _value(one: Value) -> dict[str, Any]:
    return {
        "function": one.function,
        "value": one.text,
        "why": one.why,
        **_place(one.place),
        "origin": {"subject": one.subject, **_place(one.origin)},
    }


def _place(place: Place) -> dict[str, Any]:
    cell, row = in_cell(place.path, place.row)
    return {"filename": os.path.abspath(place.path), **({"cell": cell} if cell else {}), "location": {"row": row}}


def _at(place: Place, cwd: str) -> str:
    return f"{printable(os.path.relpath(place.path, cwd))}:{wrote(place.path, place.row)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {_plural(number, noun)}"


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
