"""Writes ``frozen.json``: of which kind each call of the clients of services is, as seen where their packages are installed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.models.live import tables
from tests.models.live.looking import gives_coroutine, resolve

from poolint.dev.signatures import annotated_class, given, nature, returned
from poolint.models import build
from poolint.models.loader import FALLBACK

if TYPE_CHECKING:
    from poolint.models.schema import Function, Method

FILE = Path(__file__).with_name("frozen.json")


def rows() -> dict[str, Function | Method]:
    """The rows of these calls, by their names."""
    told: dict[str, Function | Method] = {}
    for library in build.read_all():
        if library.library in tables.SERVICES:
            told.update({row.name: row for row in library.functions})
            for cls in library.classes:
                if cls.name.startswith("poolint."):
                    continue  # there is no such class
                told.update(
                    {f"{cls.name}.{name}": row for row in cls.methods for name in row.names if name != FALLBACK}
                )
    return told


def named() -> dict[str, str]:
    """What rows say of these calls, by their names."""
    return {name: row.call for name, row in rows().items()}


def kind_of(name: str, row: Function | Method) -> str:
    """Of which kind a call is: by what is called, or by the class in another module that its annotation names.

    Of a plain function that may give what is awaited, gone over or entered it is the kind that the row says, where the live
    test takes that for one.
    """
    from tests.models import test_live as live  # which imports all that is installed

    owner, _, method = name.rpartition(".")
    function = (
        live.lookup(live.CLASSES[owner], method) if owner in live.CLASSES else live.declared(name) or resolve(name)
    )
    if gives_coroutine(function):
        return "coroutine"
    if returned(function).partition("[")[0].endswith("EventContextManager"):  # of Playwright
        made = annotated_class(function)
        return given(made) if made is not None else nature(function)
    module = tables.ANNOTATED_FROM.get(name.rpartition(".")[0].rpartition(".")[0])
    made = getattr(importlib.import_module(module), returned(function), None) if module is not None else None
    kind = given(made) if made is not None else nature(function)
    if kind != "sync" or row.call == "sync":
        return kind
    seen = live.observed(live.LIBRARY_OF[name if name in live.LIBRARY_OF else owner]).get(name)
    return kind if live.disagreement(name, row, function, seen) else row.call


def main() -> None:
    """Write what is seen now; what cannot be imported here stays as it was."""
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    seen = {}
    for name, row in sorted(rows().items()):
        try:
            seen[name] = kind_of(name, row)
        except (ImportError, AttributeError):
            if name in known:
                seen[name] = known[name]
    FILE.write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
