"""Writes ``frozen.json``: of which kind each call of the clients of services is, as seen where their packages are installed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from tests.models.live import tables
from tests.models.live.looking import gives_coroutine, resolve

from poolint.dev.signatures import annotated_class, given, nature, returned
from poolint.models import build

FILE = Path(__file__).with_name("frozen.json")


def named() -> dict[str, str]:
    """What rows say of these calls, by their names."""
    told = {}
    for library in build.read_all():
        if library.library in tables.SERVICES:
            told.update({row.name: row.call for row in library.functions})
            for cls in library.classes:
                if cls.name.startswith("poolint."):
                    continue  # there is no such class
                told.update({f"{cls.name}.{name}": row.call for row in cls.methods for name in row.names})
    return told


def kind_of(name: str) -> str:
    """Of which kind a call is: by what is called, or by the class in another module that its annotation names."""
    function = resolve(tables.BY_PROPERTY.get(name, name))
    if gives_coroutine(function):
        return "coroutine"
    if returned(function).partition("[")[0].endswith("EventContextManager"):  # of Playwright
        made = annotated_class(function)
        return given(made) if made is not None else nature(function)
    module = tables.ANNOTATED_FROM.get(name.rpartition(".")[0].rpartition(".")[0])
    made = getattr(importlib.import_module(module), returned(function), None) if module is not None else None
    return given(made) if made is not None else nature(function)


def main() -> None:
    """Write what is seen now; what cannot be imported here stays as it was."""
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    seen = {}
    for name in sorted(named()):
        try:
            seen[name] = kind_of(name)
        except (ImportError, AttributeError):
            if name in known:
                seen[name] = known[name]
    FILE.write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
