"""What modules of real libraries export. ``python -m tests.models.live.names MODULE…`` writes it as a model has it."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import textwrap


def exported(name: str) -> set[str]:
    """The public names of a module, those of its submodules included, whether they are imported with it or not."""
    module = importlib.import_module(name)
    inner = {one.name for one in pkgutil.iter_modules(getattr(module, "__path__", ()))}
    return {one for one in {*dir(module), *inner} if not one.startswith("_")}


def row(name: str) -> str:
    """The model's row of a module."""
    words = textwrap.fill(" ".join(sorted(exported(name))), 116)
    return f'[[modules]]\nmodule = "{name}"\nnames = """\n{words}\n"""\n'


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(row(argument))
