"""Where other expectations hold: tests, Alembic environments and one-shot scripts.

A rule names the kinds of place in which it is off (``relaxed_in``), and those in which it is off for what lives as long
as the process (``relaxed_for_process_in``): there the end of the process releases.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.semantics.places import KINDS, kinds_of

if TYPE_CHECKING:
    from poolint.rules.base import Meta

__all__ = ["KINDS", "is_relaxed", "kinds_of"]

_PROCESS_LIVED = frozenset({"<module>", "main", "_main", "amain", "async_main", "run_migrations_online"})
_SESSION_FIXTURE = frozenset({"session", "package", "module"})


def is_relaxed(meta: Meta, kinds: frozenset[str], function: str, node: ast.AST | None) -> bool:
    """Whether a finding of this rule in ``function`` is not expected to be told in a place of these kinds."""
    if not meta.relaxed_in.isdisjoint(kinds):
        return True
    if "scripts" in meta.relaxed_for_process_in and node is not None and _is_command(node):
        return True
    if meta.relaxed_for_process_in.isdisjoint(kinds):
        return False
    return function in _PROCESS_LIVED or ("tests" in kinds and node is not None and _is_long_fixture(node))


def _is_command(node: ast.AST) -> bool:
    """Whether a function is a command of a command line (click, typer): the process ends with it."""
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr == "command":
            return True
    return False


def _is_long_fixture(node: ast.AST) -> bool:
    """Whether a function is a pytest fixture that lives longer than one test."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value in _SESSION_FIXTURE
    return False
