"""``poolint dev TOOL``: scaffolds, drafts and dumps, to work on poolint itself and on models."""

from __future__ import annotations

import os
import sys

from poolint.output.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from poolint.dev.scaffold import Scaffold


def dev(options: Namespace) -> int:
    """Run one of the tools and return the exit code, which is 0. Raises ``ConfigError`` for what cannot be done."""
    if options.tool == "dump":
        from poolint.cli.flags import resolver
        from poolint.dev.dump import dump

        for line in dump(options.kind, options.function, resolver(options).for_file):
            sys.stdout.write(f"{printable(line)}\n")
        return 0
    from poolint.dev import scaffold

    made = _made(options, os.getcwd())
    scaffold.write(made)
    for path in made.files:
        sys.stdout.write(f"wrote {printable(os.path.relpath(path))}\n")
    sys.stdout.write("what is left to do:\n")
    for number, step in enumerate(made.steps, 1):
        sys.stdout.write(f"{number}. {printable(step)}\n")
    return 0


def _made(options: Namespace, cwd: str) -> Scaffold:
    if options.tool == "new-rule":
        from poolint.dev.rules import new_rule

        return new_rule(options.code, options.name, options.group, cwd)
    if options.tool == "new-framework":
        from poolint.dev.frameworks import new_framework

        return new_framework(options.name, cwd)
    from poolint.dev.models import new_model

    return new_model(options.package, options.output, cwd)
