"""What a module is for, by what its code imports, reads and calls: never by words that stand in its text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.syntax.scopes import nearest, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.models.framework_rows import Purpose
    from poolint.models.loader import Models
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope


class LibraryNames(NamedTuple):
    """The dotted names from outside that a module ``imported``, ``read`` and ``called``, each as far as it is dotted.

    To decorate with something, and to derive from it, is to call it. Annotations read nothing, nor do imports that are
    relative to the module, which mean its own package.
    """

    imported: frozenset[str]
    read: frozenset[str]
    called: frozenset[str]


def serves(module: Module, models: Models) -> bool:
    """Whether the code of a module makes or runs something that takes requests or tasks again and again."""
    return is_for(module, models, "serves") or any(_is_handler(one) for one in module.scope.descendants())


def is_of_its_users(scope: Scope, models: Models) -> bool:
    """Whether what is called a command is one that those give whom its module serves. Those of a command line (click, typer) are
    plain functions: a coroutine beside what serves is none of them."""
    return scope.is_async and serves(scope.module, models)


def goes_on_to_serve(module: Module, models: Models) -> bool:
    """The same where a module is run itself: an application that others serve, as all for WSGI are, does nothing of its own
    unless the module calls a server for it."""
    if not serves(module, models):
        return False
    rows = [row for row in models.purposes if row.purpose == "serves" and fits(row, library_names(module))]
    if not rows or not all(row.at_once for row in rows):
        return True
    words = models.words("runs-a-server")
    calls = (call for scope in module.scope.descendants() for call in scope.calls_named(words))
    return any(isinstance(call.func, ast.Attribute) for call in calls)


def migrates(module: Module, models: Models) -> bool:
    """Whether a module is a migration, or the environment that runs these."""
    return is_for(module, models, "migrates")


def tests(module: Module, models: Models) -> bool:
    """Whether a module is a test, or brings fixtures for the tests of others."""
    return is_for(module, models, "tests")


def comes_and_goes(module: Module, models: Models) -> bool:
    """Whether the code of a module runs for a moment, in processes or loops that share nothing: a platform without
    servers, a worker of tasks, an event loop for each call.
    """
    return is_for(module, models, "comes-and-goes") or any(is_lambda(one) for one in module.scope.children)


def library_names(module: Module) -> LibraryNames:
    """All names of other libraries in a module; found once."""
    if module.library_names is None:
        found: tuple[set[str], set[str], set[str]] = set(), set(), set()
        imported, read, called = found
        for node, _ in module.imports:
            imported.update(_imported(node))
        for scope in module.scope.descendants():
            for name, loads in scope.loads.items():
                origins = [
                    one.origin.replace(":", ".")
                    for one in nearest(name, scope)
                    if one.kind == "import" and not one.level
                ]
                for load in loads if origins else ():
                    dotted, top = _whole(load)
                    if not is_annotation(top):
                        names = {f"{origin}{dotted}" for origin in origins}
                        read |= names
                        if _is_called(top):
                            called |= names
        module.library_names = LibraryNames(*map(frozenset, found))
    return module.library_names


def is_imported(root: str, module: Module) -> bool:
    """Whether a module imports a package of another library, or something from it."""
    return any(one.partition(".")[0] == root for node, _ in module.imports for one in _imported(node))


def is_for(module: Module, models: Models, purpose: str) -> bool:
    """Whether the code of a module uses any of the names that the models have for a purpose."""
    found = module.purposes.get(purpose)
    if found is None:
        found = module.purposes[purpose] = module.mentions_any(mentioned(models, purpose)) and any(
            fits(row, library_names(module)) for row in models.purposes if row.purpose == purpose
        )
    return found


def mentioned(models: Models, purpose: str) -> tuple[bytes, ...]:
    """Texts of which one stands in every module that is for a purpose: who does not even mention a library does not
    import it.
    """
    return models.derived(_mentioned).get(purpose, ())


def _mentioned(models: Models) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, dict[bytes, None]] = {}
    for one in models.purposes:
        found.setdefault(one.purpose, {}).update((name.partition(".")[0].encode(), None) for name in one.names)
    return {purpose: tuple(texts) for purpose, texts in found.items()}


def fits(row: Purpose, names: LibraryNames) -> bool:
    """Whether the code of a module uses one of the names of a row in its way."""
    of = {"import": names.imported, "read": names.read, "call": names.called}[row.by]
    return any(one == name or one.startswith(f"{name}.") for name in row.names for one in of)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif not node.level:
        yield from (f"{node.module}.{one.name}" for one in node.names)


def _whole(load: ast.Name) -> tuple[str, ast.expr]:
    """What is read of a name, with its dots, and the whole expression: ``.config.get`` for ``context.config.get``."""
    dotted = ""
    node: ast.expr = load
    while isinstance(parent := parent_of(node), ast.Attribute):
        dotted += f".{parent.attr}"
        node = parent
    return dotted, node


def _is_called(node: ast.expr) -> bool:
    """Whether an expression is what is called, decorated with or derived from."""
    parent = parent_of(node)
    if isinstance(parent, ast.Call):
        return parent.func is node
    if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return any(one is node for one in parent.decorator_list)
    return isinstance(parent, ast.ClassDef) and any(one is node for one in (*parent.bases, *parent.decorator_list))


def is_annotation(node: ast.AST) -> bool:
    """Whether an expression stands in an annotation."""
    parent = parent_of(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.arg):
            return True
        node, parent = parent, parent_of(parent)
    if isinstance(parent, ast.AnnAssign):
        return parent.annotation is node
    return isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and parent.returns is node


def _is_handler(scope: Scope) -> bool:
    """Whether a decorator tells an application to call a function: with the path of its requests, or as a task."""
    for one in getattr(scope.node, "decorator_list", ()):
        target = one.func if isinstance(one, ast.Call) else one
        if isinstance(target, ast.Attribute) and target.attr == "task":
            return True
        first = one.args[0] if isinstance(one, ast.Call) and one.args else None
        path = first.value if isinstance(first, ast.Constant) else None
        if isinstance(target, ast.Attribute) and isinstance(path, str) and path.startswith("/"):
            return True
    return False


def is_lambda(scope: Scope) -> bool:
    """Whether a function of a module has the two parameters, and no others, with which AWS Lambda calls it."""
    arguments = getattr(scope.node, "args", None)
    if scope.kind != "function" or not isinstance(arguments, ast.arguments):
        return False
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args)] == ["event", "context"]
