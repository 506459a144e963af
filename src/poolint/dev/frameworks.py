"""``new-framework``: the model of a framework, and a fixture of either sort.

Which functions of a project a framework calls, what it passes to them and when it resumes them is data; see
:mod:`poolint.models.framework_rows`. Only what rows cannot say becomes an adapter in ``poolint.frameworks``.
"""

from __future__ import annotations

import importlib.metadata
import re

from poolint.config import ConfigError
from poolint.dev.scaffold import MARK, Scaffold, need_checkout

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_RULE = "POL206"
"""The rule of the fixtures: it asks when a generator dependency is resumed, which each framework answers."""


def new_framework(name: str, cwd: str) -> Scaffold:
    """The scaffold of a framework; ``name`` is its import root. Raises ``ConfigError`` where it is none."""
    root = need_checkout(cwd)
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{name!r} is no name of a framework: one is written as it is imported, such as fastapi")
    fixtures = root / "tests/fixtures" / _RULE
    return Scaffold(
        {
            root / "src/poolint/models" / f"{name}.toml": _filled(_MODEL, name),
            fixtures / f"{name}_dependency.py": _filled(_BAD, name),
            fixtures / f"good_{name}_dependency.py": _filled(_GOOD, name),
        },
        (
            f"replace each `{MARK}`, and delete the tables that do not apply",
            "run `python -m poolint.models.build`",
            f"put what `poolint check --fix` makes of {name}_dependency.py beside it, as {name}_dependency.fixed.py",
            "say in tests/models/test_live_frameworks.py what owns the names, and measure there when a generator is resumed",
            "only for what rows cannot say: one adapter in src/poolint/frameworks, which asks the models and names no library",
            "add fixtures of the rules for which it matters, and a row to CHANGELOG.md",
        ),
    )


def _filled(template: str, name: str) -> str:
    return template.replace("@NAME@", name).replace("@VERSION@", _version(name)).replace("@@", MARK)


def _version(name: str) -> str:
    """The version that is installed, or a mark."""
    of = importlib.metadata.packages_distributions().get(name, [])
    return importlib.metadata.version(of[0]) if len(set(of)) == 1 else "@@ version"


_MODEL = """\
# @NAME@: @@ what it does with the functions of a project that matters to a connection, and since which version.

library = "@NAME@"
verified = ["@VERSION@"]
roots = ["@NAME@"]
screened = false

# Functions that it calls, by their decorator: endpoints, tasks, commands. `by` has the other ways to hand one over.
[[hooks]]
names = ["@NAME@.@@ decorator of endpoints"]
runs = "request"

# Functions that give a value which it passes on. `resumes`: a generator is resumed at its end, and nothing is thrown in.
[[hooks]]
names = ["@NAME@.@@ decorator of dependencies"]
runs = "dependency"
resumes = true

# What says in a parameter's default, or in `Annotated`, which function gives its value.
[[injections]]
names = ["@NAME@.@@ marker"]
argument = "@@ keyword"

# Responses whose body is read from a generator after the endpoint has returned.
[[streamed]]
names = ["@NAME@.@@ class of a streamed response"]
body = "@@ keyword"
"""

_BAD = """\
# @@ the story: a generator that @NAME@ does not resume.
@@ imports


@@ a dependency whose release is skipped when the consumer fails, with the checkout  # expect: POL206
"""

_GOOD = """\
# @@ the story: @NAME@ resumes the generator, so its release always runs.
@@ imports


@@ a dependency
"""
