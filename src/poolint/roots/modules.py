"""What must be known of a file to tell whether a module is meant that has the name of a library. Few files are asked."""

from __future__ import annotations

import ast
import warnings

from poolint.files import SOURCE_LIMIT, read_regular
from poolint.trees import tree_of


def is_script(path: str) -> bool:
    """Whether the file at ``path`` asks at its top level whether it is what is run."""
    tree = _parsed(path, b"__main__")
    return tree is not None and any(isinstance(one, ast.If) and is_main_guard(one.test) for one in tree.body)


def is_main_guard(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``, from either side, alone or together with others."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(is_main_guard(one) for one in test.values)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(one, ast.Name) and one.id == "__name__" for one in sides) and any(
        isinstance(one, ast.Constant) and one.value == "__main__" for one in sides
    )


def imported(path: str) -> frozenset[str]:
    """The top-level modules that the file at ``path`` imports by their absolute names, wherever that stands in it."""
    tree = _parsed(path, b"import")
    found: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            found.update(one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return frozenset(found)


def _parsed(path: str, word: bytes) -> ast.Module | None:
    """The tree of a regular file that has a word in it; None where there is none."""
    try:
        data = read_regular(path, SOURCE_LIMIT)
        if word not in data:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tree_of(data)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
