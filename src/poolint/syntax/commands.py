"""Functions that a process ends with: commands of a command line, and what a script starts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.roots.modules import is_main_guard
from poolint.syntax.expressions import last_name
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import REPEATING

if TYPE_CHECKING:
    from poolint.models.loader import Models

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_command(node: ast.AST) -> bool:
    """Whether a function is a command of a command line (click, typer), or stands in one and is no more than called
    there: the process ends with it."""
    decorated = getattr(node, "decorator_list", ())
    around = _around(node)
    if not decorated and isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _is_called_once(node, around) and is_command(around)
    for decorator in getattr(node, "decorator_list", ()):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr == "command":
            return True
    return _is_registered(node)


def takes_a_command_line(node: ast.AST, models: Models) -> bool:
    """Whether a function asks for what has been read of a command line (argparse), and for nothing else, or stands in such
    a one: ``arguments.run(arguments)`` calls it. Or it is the method by which a library runs a command that is a class."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    around = parent_of(node)
    if isinstance(around, ast.ClassDef) and _is_method_of_a_command(node.name, around, models):
        return True
    if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.args.args:
        return _is_called_once(node, around) and takes_a_command_line(around, models)
    annotation = what_is_asked(node)
    return annotation is not None and last_name(annotation) in models.words("command-line")


def what_is_asked(node: ast.AST) -> ast.expr | None:
    """The annotation of the one argument that a function has to be passed."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    asked = [one for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
    required = len(asked) - min(len(node.args.defaults), len(asked))
    return asked[0].annotation if required == 1 else None


def _is_method_of_a_command(name: str, cls: ast.ClassDef, models: Models) -> bool:
    for one in models.manners.get("runs-command", ()):
        base, _, method = one.rpartition(".")
        if method == name and any(last_name(each) == base.rpartition(".")[2] for each in cls.bases):
            return True
    return False


def _is_called_once(node: ast.AST, around: ast.AST) -> bool:
    """Whether the function around another one does no more with it than to call it, and in no loop."""
    name = getattr(node, "name", "")
    loads = [one for one in _names(around) if one.id == name and isinstance(one.ctx, ast.Load)]
    is_called = all(isinstance(call := parent_of(one), ast.Call) and call.func is one for one in loads)
    return bool(loads) and is_called and not any(map(_is_looped, loads))


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


def is_started(node: ast.AST) -> bool:
    """Whether a function is what ``if __name__ == "__main__":`` calls, outside of any loop, or what only such functions of
    its module call: the process ends with it."""
    module = parent_of(node)
    if not isinstance(module, ast.Module) or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    guards = [one for one in module.body if isinstance(one, ast.If) and is_main_guard(one.test)]
    called = [one for guard in guards for one in _names(guard) if one.id == node.name]
    if any(isinstance(parent_of(one), ast.Call) and not _is_looped(one) for one in called):
        return True
    return bool(guards) and _is_only_started(node.name, module, ())


def _is_only_started(name: str, module: ast.Module, above: tuple[str, ...]) -> bool:
    """Whether a module starts a function of this name, and does nothing else with it."""
    loads = [one for one in _names(module) if one.id == name and isinstance(one.ctx, ast.Load)]
    return bool(loads) and all(_starts(one, module, (*above, name)) for one in loads)


def _starts(load: ast.Name, module: ast.Module, above: tuple[str, ...]) -> bool:
    """Whether a function is called at a place that the process comes to once."""
    call = parent_of(load)
    if isinstance(call, ast.Call) and call.func is load and not _is_looped(load):
        if is_of_script(call):
            return True
        around = _around(call)
        if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef)) and parent_of(around) is module:
            return around.name not in above and _is_only_started(around.name, module, above)
    return False


def is_of_script(call: ast.Call) -> bool:
    """Whether a module makes a call only where it is run as a script: below ``if __name__ == "__main__":``."""
    parent = parent_of(call)
    while parent is not None and not isinstance(parent, _SCOPES):
        if isinstance(parent, ast.If) and is_main_guard(parent.test):
            return True
        parent = parent_of(parent)
    return False


def _around(node: ast.AST) -> ast.AST | None:
    """The function or class that a node stands in."""
    around = parent_of(node)
    while around is not None and not isinstance(around, _SCOPES):
        around = parent_of(around)
    return around


def _names(node: ast.AST) -> list[ast.Name]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Name)]


def _is_looped(node: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None and not isinstance(current, REPEATING):
        current = parent_of(current)
    return current is not None
