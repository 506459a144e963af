"""Where other expectations hold: tests, Alembic environments, one-shot scripts and notebooks.

A rule names the kinds of place in which it is off (``relaxed_in``), and those in which it is off for what lives as long
as the process (``relaxed_for_process_in``): there the end of the process releases.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.roots.modules import is_main_guard
from poolint.syntax.file_kinds import KINDS, kinds_of
from poolint.syntax.scopes import parent_of

if TYPE_CHECKING:
    from poolint.rules.base import Meta, Verdict

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
    meta: Meta, verdict: Verdict, kinds: frozenset[str], function: str, node: ast.AST | None
) -> Relaxation | None:
    """What keeps a finding of this rule in ``function``, whose node is ``node``, from being reported in a place of these
    kinds; None where nothing does."""
    off = sorted((meta.off_in - verdict.told_in) & kinds)
    if off:
        return Relaxation(off[0])
    if "scripts" in meta.relaxed_for_process_in and node is not None and _is_command(node):
        return Relaxation("scripts", for_process=True)
    for kind in sorted(meta.off_for_process_in & kinds):
        if function in _lived(kind) or (node is not None and _lives_long(kind, node)):
            return Relaxation(kind, for_process=True)
    return None


def _lived(kind: str) -> frozenset[str]:
    """The functions whose end is that of the process. A notebook lives on after a cell that calls `main`, which may be run
    again: only what its cells have themselves is there as long as its kernel."""
    return _CELLS if kind == "notebooks" else _PROCESS_LIVED


def _lives_long(kind: str, node: ast.AST) -> bool:
    return (kind == "tests" and _is_long_fixture(node)) or (kind == "scripts" and _is_started(node))


def _is_command(node: ast.AST) -> bool:
    """Whether a function is a command of a command line (click, typer), or stands in one and is no more than called
    there: the process ends with it."""
    decorated = getattr(node, "decorator_list", ())
    around = parent_of(node)
    while around is not None and not isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        around = parent_of(around)
    if not decorated and isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
        name = getattr(node, "name", "")
        loads = [one for one in _names(around) if one.id == name and isinstance(one.ctx, ast.Load)]
        is_called = all(isinstance(call := parent_of(one), ast.Call) and call.func is one for one in loads)
        return bool(loads) and is_called and not any(map(_is_looped, loads)) and _is_command(around)
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr == "command":
            return True
    return _is_registered(node)


def _is_registered(node: ast.AST) -> bool:
    """Whether a module hands one of its functions to what makes a command of it: ``app.command("serve")(serve)``."""
    module, name = parent_of(node), getattr(node, "name", "")
    if not isinstance(module, ast.Module):
        return False
    calls = [one.value for one in module.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    return any(
        isinstance(one.func, ast.Call)
        and isinstance(one.func.func, ast.Attribute)
        and one.func.func.attr == "command"
        and any(isinstance(each, ast.Name) and each.id == name for each in one.args)
        for one in calls
    )


def _is_started(node: ast.AST) -> bool:
    """Whether a function is what ``if __name__ == "__main__":`` calls, outside of any loop: the process ends with it."""
    module = parent_of(node)
    if not isinstance(module, ast.Module) or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    for statement in module.body:
        if isinstance(statement, ast.If) and is_main_guard(statement.test):
            called = [one for one in _names(statement) if one.id == node.name]
            return any(isinstance(parent_of(one), ast.Call) and not _is_looped(one) for one in called)
    return False


def _names(node: ast.AST) -> list[ast.Name]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Name)]


def _is_looped(node: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None and not isinstance(current, (ast.For, ast.While)):
        current = parent_of(current)
    return current is not None


def _is_long_fixture(node: ast.AST) -> bool:
    """Whether a function is a pytest fixture that lives longer than one test."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "scope" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value in _SESSION_FIXTURE
    return False
