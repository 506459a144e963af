"""Who is passed what a function of the project gives, or an object of a class, by a framework: the markers that name it, and the
parameters that these stand at."""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from poolint.syntax.nodes import with_defaults
from poolint.syntax.scopes import parent_of
from poolint.types.annotated import dependencies, injection, provider_in
from poolint.types.values import ClassObject, Function, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def marks(ev: Evaluator, provider: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    """The markers that name a function or a class of a module, each with the scope that it stands in: ``Depends(function)``,
    ``Annotated[Class, Depends()]``. A framework calls it for each request; of what an application has something else called for,
    ``app.dependency_overrides[function] = …``, there are none."""
    found = _naming(ev, provider)
    first = next(found, None)
    if first is not None and not _is_replaced(ev, provider):
        yield first
        yield from found


def _naming(ev: Evaluator, provider: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    if provider.parent is None or provider.parent.kind != "module":
        return
    for module in _marking(ev, provider):
        for inner in module.scope.descendants():
            for load in inner.loads.get(provider.name, ()):
                for mark in _around(load):
                    row = injection(ev, mark, inner)
                    if row is None or provider_in(row, mark) is not load:
                        continue
                    named = alternatives(ev.type_of(load, inner))
                    if any(_is_of(one, provider) for one in named):
                        yield mark, inner


def takers(ev: Evaluator, mark: ast.Call, scope: Scope) -> Iterator[tuple[str, Scope]]:
    """The parameters that are passed what a marker in ``scope`` asks for, each with its function: the one that it stands at, or
    those that are declared by the alias that it stands in."""
    alias = _alias(mark)
    modules, names = _knowing(ev, alias, scope.module) if alias else ([scope.module], [])
    for module in modules:
        for function in module.scope.descendants():
            for name, bindings in function.bindings.items() if function.kind == "function" else ():
                for one in bindings:
                    if one.kind != "parameter" or (alias and not _says(one.annotation, names)):
                        continue
                    if any(asked is mark for asked, _ in dependencies(ev, one, function)):
                        yield name, function


def _marking(ev: Evaluator, provider: Scope) -> Iterator[Module]:
    """The modules that may name a function or a class in a marker."""
    yield provider.module
    word = provider.name.encode()
    words = sorted({one.rpartition(".")[2] for one in ev.models.injections})
    for path, data in dict(found for one in words for found in ev.project.calling(one, provider.module)).items():
        if path != provider.module.path and word in data and ev.screen.is_interesting(path, data):
            module = ev.project.module(path)
            if module is not None:
                yield module


def _is_replaced(ev: Evaluator, provider: Scope) -> bool:
    """Whether a provider is a key in a module, tests aside, that says what is called in the place of others."""
    words = sorted({one.replaced for one in ev.models.injections.values()} - {""})
    for path in dict.fromkeys(path for one in words for path in ev.project.saying(one, provider.module)):
        module = ev.project.module(path)
        for inner in module.scope.descendants() if module is not None else ():
            keys = (one for one in chain(*inner.loads.values(), inner.attributes) if _is_key(one))
            if any(_is_of(named, provider) for one in keys for named in alternatives(ev.type_of(one, inner))):
                return True
    return False


def _is_key(node: ast.expr) -> bool:
    around = parent_of(node)
    return node in around.keys if isinstance(around, ast.Dict) else getattr(around, "slice", None) is node


def _around(load: ast.expr) -> Iterator[ast.Call]:
    """The calls that may be markers which name something: what it is passed to, or what stands beside it."""
    around = parent_of(load)
    around = parent_of(around) if isinstance(around, ast.keyword) else around
    if isinstance(around, ast.Call):
        yield around
    elif isinstance(around, ast.Tuple):
        yield from (one for one in around.elts if isinstance(one, ast.Call))
    elif isinstance(around, ast.arg) and isinstance(taken := parent_of(around), ast.arguments):
        yield from (one for each, one in with_defaults(taken) if each is around and isinstance(one, ast.Call))


def _is_of(named: object, provider: Scope) -> bool:
    if isinstance(named, ClassObject):
        return named.cls is provider
    return isinstance(named, Function) and named.scope is provider


def _alias(mark: ast.Call) -> str:
    """The name of the alias that a marker stands in; empty where it stands at a parameter."""
    around = parent_of(mark)
    while isinstance(around, (ast.Tuple, ast.Subscript)):
        around = parent_of(around)
    target = around.targets[0] if isinstance(around, ast.Assign) else getattr(around, "target", None)
    target = target or getattr(around, "name", None)  # `type Alias = …`
    return target.id if isinstance(target, ast.Name) else ""


def _knowing(ev: Evaluator, alias: str, home: Module) -> tuple[list[Module], list[str]]:
    """The modules that may know an alias of ``home``, and the names that it may have there: an import may give it one of its own,
    ``from deps import Db as Database``, by which others import it in turn."""
    modules, names = [home], [alias]
    for name in names:  # grows
        for path in ev.project.saying(name, home):
            module = ev.project.module(path)
            if module is not None and module not in modules:
                modules.append(module)
            for own, bound in module.scope.bindings.items() if module is not None else ():
                is_it = any(one.kind == "import" and one.origin.rpartition(":")[2] == name for one in bound)
                if is_it and own not in names:
                    names.append(own)
    return modules, names


def _says(annotation: ast.expr | None, names: list[str]) -> bool:
    named = (one for one in ast.walk(annotation) if isinstance(one, (ast.Name, ast.Attribute))) if annotation else ()
    return any(last_name(one) in names for one in named)
