"""gunicorn's file of settings, which is Python: numbers in it are folded, never run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.bounds import MAX_DIGITS, whole
from poolint.deployment import inside
from poolint.deployment.documents import text_of, unread
from poolint.deployment.values import Figure, Place, Problem
from poolint.trees import tree_of

if TYPE_CHECKING:
    from poolint.deployment.values import Environment

_KEYS = ("workers", "threads")
_DEFAULT = "gunicorn.conf.py"


def settings(folder: str, named: str, environment: Environment) -> tuple[dict[str, Figure], list[Problem]]:
    """What the file sets; of ``worker_class`` the name stands for how it is known.

    It is the file that ``-c`` names, as it is called in the container, or the default one.
    """
    path = _found(folder, named)
    if path is None:
        return {}, []
    try:
        tree = tree_of(text_of(path))
    except OSError as error:
        return {}, [unread(path, error)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        row = getattr(error, "lineno", None) or 1
        return {}, [Problem(Place(path, row), f"broken Python: {getattr(error, 'msg', error)}")]
    fold = Fold(path, environment)
    try:
        _bind_all(tree, fold)
    except (ValueError, RecursionError):
        return {}, [
            Problem(Place(path, 1), "its numbers cannot be read: an expression is nested or long beyond measure")
        ]
    result = {key: fold.figures[key] for key in _KEYS if key in fold.figures}
    kind = fold.values.get("worker_class")
    if isinstance(kind, str):
        result["worker_class"] = Figure(None, kind)
    return result, []


def _bind_all(tree: ast.Module, fold: Fold) -> None:
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name):
            fold.bind(target.id, value)


def _found(folder: str, named: str) -> str | None:
    name = named.removeprefix("file:")
    if name.startswith("python:"):
        name = name.removeprefix("python:").replace(".", "/") + ".py"
    return inside.found(name or _DEFAULT, folder)


class Fold:
    """Numbers and texts of module-level names, in the order of the file."""

    def __init__(self, path: str, environment: Environment) -> None:
        self.figures: dict[str, Figure] = {}
        self._path = path
        self._environment = environment
        self.values: dict[str, int | str | None] = {}
        self._place: Place | None = None

    def bind(self, name: str, value: ast.expr) -> None:
        """Take in an assignment."""
        self.figures[name] = self.figure(name, value)

    def figure(self, name: str, value: ast.expr) -> Figure:
        """The number that a value is; the value itself is kept under the name."""
        here = Place(self._path, value.lineno)
        self._place = None
        found = self._fold(value)
        self.values[name] = found
        if isinstance(found, str):
            found = whole(found)
        written = ast.unparse(value)
        how = f"`{name} = {written if len(written) <= 200 else written[:200] + '…'}`"
        if found is None:
            return Figure(None, f"{how} depends on where it runs", here)
        return Figure(found, how, self._place or here)

    def _fold(self, node: ast.expr) -> int | str | None:
        if isinstance(node, ast.Constant):
            value = node.value
            if isinstance(value, int):
                return None if isinstance(value, bool) else _bounded(value)
            return value if isinstance(value, str) else None
        if isinstance(node, ast.Name):
            return self.values.get(node.id)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            parts = [self._fold(part) for part in node.values]
            known = [part for part in parts if part]
            return known[0] if known and parts.index(known[0]) == 0 else self._or(node, parts)
        if isinstance(node, ast.BinOp):
            return _arithmetic(node.op, self._fold(node.left), self._fold(node.right))
        if isinstance(node, ast.Subscript) and _last(node.value) == "environ":
            return self._variable(node.slice, None)
        return self._call(node) if isinstance(node, ast.Call) else None

    def _or(self, node: ast.BoolOp, parts: list[int | str | None]) -> int | str | None:
        """``os.getenv("X") or 4``: a variable that is not set here gives way to what follows."""
        for value, part in zip(node.values, parts, strict=True):
            if part:
                return part
            if not (isinstance(value, ast.Call) and _last(value.func) in ("getenv", "get")):
                return None
        return None

    def _call(self, node: ast.Call) -> int | str | None:
        name = _last(node.func)
        if name in ("getenv", "get") and node.args:
            return self._variable(node.args[0], node.args[1] if len(node.args) > 1 else None)
        values = [self._fold(argument) for argument in node.args]
        if name == "int" and len(values) == 1:
            text = str(values[0] if values[0] is not None else "")
            return whole(text)
        if name == "str" and len(values) == 1 and values[0] is not None:
            return str(values[0])
        numbers = [value for value in values if isinstance(value, int)]
        if name in ("max", "min") and len(numbers) == len(values) > 0:
            return max(numbers) if name == "max" else min(numbers)
        return None

    def _variable(self, key: ast.expr, default: ast.expr | None) -> int | str | None:
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            return None
        word = self._environment.get(key.value)
        if word is not None:
            self._place = word.place
            return None if word.missing else word.text
        return self._fold(default) if default is not None else None


def _arithmetic(operator: ast.operator, left: int | str | None, right: int | str | None) -> int | None:
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    if isinstance(operator, ast.Add):
        return _bounded(left + right)
    if isinstance(operator, ast.Sub):
        return _bounded(left - right)
    if isinstance(operator, ast.Mult):
        return _bounded(left * right)
    if isinstance(operator, ast.FloorDiv) and right:
        return left // right
    return None


def _bounded(number: int) -> int | None:
    return number if abs(number) < 10**MAX_DIGITS else None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
