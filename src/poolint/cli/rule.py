"""``poolint rule``: explains one rule, or lists all of them, plugins' included."""

from __future__ import annotations

import sys

from poolint.config import ConfigError, nearest
from poolint.explanations import ALWAYS, as_object, internal
from poolint.rules.registry import load
from poolint.rules.renamed import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from poolint.rules.registry import Registry

FIXES = {
    "safe": "Has a safe fix: `--fix` applies it.",
    "unsafe": "Has an unsafe fix: `--fix --unsafe-fixes` applies it.",
    "safe or unsafe": "Has a safe fix for some cases, and an unsafe one, which wants `--unsafe-fixes`, for others.",
    "sometimes": "Has a fix for some cases, of which some need `--unsafe-fixes`.",
    "none": "Has no fix.",
}


def rule(wanted: str | None, everything: bool, output_format: str) -> int:
    """Explain the rule ``wanted`` (a code or a name), or list everything. Raises ``ConfigError`` for unknown rules."""
    if bool(wanted) == everything:
        raise ConfigError("`poolint rule` wants the code of a rule (`poolint rule POL101`), or --all")
    registry = load()
    as_json = output_format == "json"
    if everything:
        objects = [as_object(one, registry) for one in registry.rules.values()] + [internal(code) for code in ALWAYS]
        text = "\n".join(_table(objects))
    else:
        assert wanted is not None
        objects = [_find(wanted, registry)]
        text = "\n".join(_explanation(objects[0]))
    if as_json:
        import json

        text = json.dumps(objects if everything else objects[0], indent=2)
    sys.stdout.write(f"{text}\n")
    for line in registry.errors:
        sys.stderr.write(f"poolint: warning: {line}\n")
    return 0


def _find(wanted: str, registry: Registry) -> dict[str, Any]:
    now = current(wanted) if current(wanted) != wanted else current(wanted.upper())
    if now not in (wanted, wanted.upper()):
        sys.stderr.write(f"poolint: warning: {wanted} is called {now} now\n")
        wanted = now
    for code, one in registry.rules.items():
        if wanted in (code, one.meta.name) or wanted.upper() == code:
            return as_object(one, registry)
    for code, name in ALWAYS.items():
        if wanted == name or wanted.upper() == code:
            return internal(code)
    words = [*registry.rules, *ALWAYS, *(one.meta.name for one in registry.rules.values())]
    raise ConfigError(f"unknown rule {wanted!r}{nearest(wanted.upper(), words) or nearest(wanted, words)}")


def _explanation(one: dict[str, Any]) -> Iterator[str]:
    yield f"# {one['name']} ({one['code']})"
    yield ""
    yield "On by default." if one["default"] else "Off by default: select it by its code or name."
    if one["preview"]:
        yield "On trial: it runs only with `preview = true` or `--preview`, and may change or go in any version."
    if one["relaxed_in"]:
        yield f"Off in {', '.join(one['relaxed_in'])}."
    if one["relaxed_for_process_in"]:
        yield f"Off for what lives as long as the process in {', '.join(one['relaxed_for_process_in'])}."
    yield FIXES[one["fix"]]
    yield f"Since {one['distribution']} {one['since']}."
    yield ""
    yield one["explanation"]


def _table(objects: list[dict[str, Any]]) -> Iterator[str]:
    rows = [("CODE", "NAME", "FIX", "DEFAULT", "SUMMARY")]
    rows += [
        (one["code"], one["name"], one["fix"], "on" if one["default"] else "opt-in", one["summary"]) for one in objects
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
