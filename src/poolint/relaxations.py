"""Where other expectations hold: tests, Alembic environments, one-shot scripts and notebooks.

A rule names the kinds of place in which it is off (``relaxed_in``), and those in which it is off for what lives as long
as the process (``relaxed_for_process_in``): there the end of the process releases.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.diagnostics import Certainty
from poolint.syntax.commands import is_command, is_started
from poolint.syntax.file_kinds import KINDS, kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from poolint.rules.base import Meta, Verdict
    from poolint.syntax.scopes import Scope

__all__ = ["KINDS", "Relaxation", "kinds_of", "relaxation"]

_PROCESS_LIVED = frozenset({"<module>", "main", "_main", "amain", "async_main", "run_migrations_online"})
_CELLS = frozenset({"<module>"})
_SESSION_FIXTURE = frozenset({"session", "package", "module"})


class Relaxation(NamedTuple):
    """Why a finding is not expected to be reported: the ``kind`` of place, and whether only ``for_process``, as what its
    function takes lives until the process ends."""

    kind: str
    for_process: bool = False


def relaxation(
    meta: Meta, verdict: Verdict, kinds: frozenset[str], scope: Scope, ends_process: Callable[[Scope], bool]
) -> Relaxation | None:
    """What keeps a finding of this rule in a function, or at the top of a module, from being reported in a place of these
    kinds; None where nothing does. ``ends_process``: whether a function runs once in a process that does nothing else, as a
    command or for one; of what a command calls only that is off of which little comes even there."""
    off = sorted((meta.off_in - verdict.told_in) & kinds)
    if off:
        return Relaxation(off[0])
    is_asked = "scripts" in meta.relaxed_for_process_in
    is_little = is_command(scope.node) or verdict.certainty is Certainty.POSSIBLE
    if is_asked and is_little and ends_process(scope):
        return Relaxation("scripts", for_process=True)
    for kind in sorted(meta.off_for_process_in & kinds):
        if scope.qualified_name in _lived(kind) or _lives_long(kind, scope.node):
            return Relaxation(kind, for_process=True)
    return None


def _lived(kind: str) -> frozenset[str]:
    """The functions whose end is that of the process. A notebook lives on after a cell that calls `main`, which may be run
    again: only what its cells have themselves is there as long as its kernel."""
    return _CELLS if kind == "notebooks" else _PROCESS_LIVED


def _lives_long(kind: str, node: ast.AST) -> bool:
    return (kind == "tests" and _is_long_fixture(node)) or (kind == "scripts" and is_started(node))


def _is_long_fixture(node: ast.AST) -> bool:
    """Whether a function is a pytest fixture that lives longer than one test."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value in _SESSION_FIXTURE
    return False
