"""Which functions of a project its libraries call, and when: rows of the models, matched by what is known of a call.

A hook is known by what decorates a function, or by what the function is handed to. What stands there is resolved; where
the object that a method belongs to is of no class that is known (``app.get``), the name of the method decides, unless it
is known to be of a library that has no such hook.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from poolint.syntax.purposes import library_names
from poolint.syntax.scopes import parent_of
from poolint.types.members import lineage
from poolint.types.values import ClassObject, Function, Instance, LibraryFunction, LibraryName, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poolint.models.framework_rows import Hook
    from poolint.models.loader import Models
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def decorating(ev: Evaluator, function: Scope) -> Iterator[tuple[Hook, ast.expr]]:
    """The hooks that decorate a function, each with its decorator."""
    yield from ((hook, one) for _, hook, one in _decorating(ev, function))


def handed(ev: Evaluator, function: Scope, module: Module | None = None, *, called: bool = False) -> Iterator[Hook]:
    """The hooks that a function is handed to in a module, by default its own, under its own name; ``called``: those that what
    it gives is handed to, where it is called."""
    home = module or function.module
    is_method = function.enclosing_class is not None
    for inner in home.scope.descendants():
        own = inner.loads.get(function.name, ()) if not is_method else ()
        for load in (*own, *_of_others(ev, function, inner)):
            call = parent_of(load)
            if not called:
                yield from _taking(ev, load, inner)
            elif isinstance(call, ast.Call) and call.func is load:
                yield from _taking(ev, call, inner)


def _of_others(ev: Evaluator, function: Scope, scope: Scope) -> Iterator[ast.expr]:
    """Where a function names another one as a method of an object or by its module: ``resources.pool``."""
    for one in scope.attributes:
        if one.attr == function.name and isinstance(one.ctx, ast.Load):
            found = ev.type_of(one, scope)
            if isinstance(found, Function) and found.scope is function:
                yield one


def runs(ev: Evaluator, function: Scope, *occasions: str) -> bool:
    """Whether a library calls a function on one of these occasions, by what decorates it or as a method of a class (see
    ``Hook.runs``)."""
    if any(hook.runs in occasions for hook, _ in decorating(ev, function)):
        return True
    return function.enclosing_class is not None and any(hook.runs in occasions for hook in _of_class(ev, function))


def _of_class(ev: Evaluator, method: Scope) -> Iterator[Hook]:
    """The hooks of the classes of libraries that a method's class derives from, for methods of its name."""
    for cls in lineage(ev, ClassObject(method.enclosing_class, None)) if method.enclosing_class is not None else ():
        for base in getattr(cls.node, "bases", ()):
            for _, hook in ev.models.hooks.get(("class", last_name(base)), ()):
                if method.name in hook.events and ev.qualified_name(ev.type_of(base, cls.parent or cls)) in hook.names:
                    yield hook


def is_resumed(ev: Evaluator, generator: Scope) -> bool:
    """Whether a library resumes a generator at its end, whatever becomes of who uses what it gives.

    Nothing is thrown into such a generator: what stands behind its ``yield`` runs. One that is only handed over may be so in
    another module.
    """
    if any(hook.resumes for hook, _ in decorating(ev, generator)):
        return True
    if generator.parent is None or generator.kind != "function":
        return False
    if any(hook.resumes for hook in handed(ev, generator)):
        return True
    is_made = generator.parent.kind == "function"
    maker = generator.parent if is_made else generator
    if is_made and not all(isinstance(one, ast.Name) and one.id == generator.name for one in maker.returns):
        return False
    modules = (maker.module, *_handing(ev, maker)) if is_made else _handing(ev, maker)
    return any(hook.resumes for module in modules for hook in handed(ev, maker, module, called=is_made))


Running: TypeAlias = Literal["singly", "in-workers", "apart", "forked"]
"""How a library calls functions: no more than once at a time in a process; also where that is so in workers that are started as
they are by default; in processes for such jobs alone; in one that ends with each call."""


def _all_are(running: Running, hooks: Iterable[Hook]) -> bool:
    """Whether there are hooks, and all of them call functions so."""
    found = list(hooks)
    return bool(found) and all(_is(running, one) for one in found)


def _is(running: Running, hook: Hook) -> bool:
    match running:
        case "apart":
            return hook.apart
        case "forked":
            return hook.ends
        case _:
            return hook.singly or (running == "in-workers" and hook.in_workers)


def is_run(ev: Evaluator, function: Scope, running: Running) -> bool:
    """Whether a library calls what it decorates so."""
    return _all_are(running, (hook for hook, _ in decorating(ev, function)))


def has_own_loop(ev: Evaluator, function: Scope) -> bool:
    """Whether a library runs a coroutine that it decorates on an event loop that is made for it: of those that may be meant,
    all that the module imports do."""
    found = _decorating_as_imported(ev, function)
    return bool(found) and all(hook.own_loop for hook in found)


def runs_plain_ones_in_threads(ev: Evaluator, function: Scope) -> bool:
    """Whether a library that calls what it decorates would run a plain function in a thread, where this is a coroutine."""
    found = _decorating_as_imported(ev, function)
    return bool(found) and all(hook.in_threads for hook in found)


def roots_of_callers(ev: Evaluator, function: Scope) -> set[str]:
    """The roots of the libraries that call what they decorate: of those that may be meant, those that the module imports."""
    imported = _imported(function)
    return {root for around, _, _ in _decorating(ev, function) for root in around & imported}


def _decorating_as_imported(ev: Evaluator, function: Scope) -> list[Hook]:
    """The hooks that decorate a function: of those that may be meant, those of libraries that its module imports."""
    imported = _imported(function)
    return [hook for around, hook, _ in _decorating(ev, function) if not around.isdisjoint(imported)]


def is_handed(ev: Evaluator, mention: ast.expr, scope: Scope) -> bool:
    """Whether a mention of a function hands it to a library that calls it on some occasion."""
    return any(True for _ in _taking(ev, mention, scope))


def occasions_handed(ev: Evaluator, mention: ast.expr, scope: Scope) -> frozenset[str]:
    """The occasions on which libraries call a function that a mention of it hands them (see ``Hook.runs``)."""
    return frozenset(hook.runs for hook in _taking(ev, mention, scope))


def is_handed_so(ev: Evaluator, mention: ast.expr, scope: Scope, running: Running) -> bool:
    """Whether a mention of a function hands it to a library that calls it so."""
    return _all_are(running, _taking(ev, mention, scope))


def starts(ev: Evaluator, function: Scope) -> bool:
    """Whether a function runs when an application starts: by its decorator, or because it is told to call it."""
    if runs(ev, function, "start"):
        return True
    made_by = {last_name(_called(one)) for one in _decorators(function)}
    is_bare = function.is_generator and not made_by  # the library makes a manager of it
    for hook in handed(ev, function):
        if hook.runs == "start" and (not hook.kept_by or hook.kept_by.rpartition(".")[2] in made_by or is_bare):
            return True
    # The keyword may be given in another module, where the function has this name all the same.
    keywords = [(name, hook) for (by, name), rows in ev.models.hooks.items() if by == "keyword" for _, hook in rows]
    return any(
        hook.runs == "start" and hook.kept_by.rpartition(".")[2] in made_by and name in function.name
        for name, hook in keywords
        if hook.kept_by
    )


def starting_words(models: Models) -> frozenset[bytes]:
    """Texts of which one stands in every module with a function that runs when an application starts."""
    rows = [(hook, name) for (_, name), found in models.hooks.items() for _, hook in found if hook.runs == "start"]
    return frozenset(one.encode() for hook, name in rows for one in (hook.events or (name,)))


def runs_after_response(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call hands work to what runs when the response has been sent: ``tasks.add_task(work)``."""
    if type(call.func) is ast.Attribute and call.func.attr not in _after_response(ev.models):
        return False  # nearly every call
    if not any(hook.runs == "after-response" for _, hook in _rows(ev, "argument", call.func, scope)):
        return False  # without a question about types
    if any(isinstance(one, Function) for one in alternatives(ev.type_of(call.func, scope))):
        return False
    return any(hook.runs == "after-response" for hook in _fitting(ev, "argument", call.func, scope))


@cache
def _after_response(models: Models) -> frozenset[str]:
    return hook_names(models, "argument", "after-response")


def hook_names(models: Models, by: str, *occasions: str) -> frozenset[str]:
    """The last parts of the names of hooks."""
    return frozenset(
        name
        for (how, name), rows in models.hooks.items()
        if how == by and any(hook.runs in occasions for _, hook in rows)
    )


def _handing(ev: Evaluator, function: Scope) -> Iterator[Module]:
    """The other modules of a project that hand something to a hook which resumes generators, and name the function."""
    project, word, seen = ev.project, function.name.encode(), {function.module.path}
    for (by, name), rows in ev.models.hooks.items():
        if by not in ("argument", "list") or not any(hook.resumes for _, hook in rows):
            continue
        found = [path for path, data in project.calling(name, function.module) if word in data]
        if by == "list":
            found = project.naming(name, project.root_of(function.module), function.module.path)
        for path in found:
            if path not in seen:
                seen.add(path)
                module = ev.project.module(path)
                if module is not None and _means(ev, function, module):
                    yield module


def _means(ev: Evaluator, function: Scope, module: Module) -> bool:
    """Whether a module means a function of another one by its name."""
    if function.enclosing_class is not None or function.name not in module.scope.bindings:
        return True  # what is handed over is asked of each object, or of a module
    found = alternatives(ev.scope_name(function.name, module.scope))
    return any(getattr(one, "scope", None) is function for one in found)


def _taking(ev: Evaluator, load: ast.expr, scope: Scope) -> Iterator[Hook]:
    """The hooks that a mention of a function hands it to: as an argument, by a keyword, or in a list."""
    around: ast.AST | None = load
    parent = parent_of(load)
    if isinstance(parent, (ast.List, ast.Tuple)):
        around, parent = parent, parent_of(parent)
    if isinstance(parent, ast.keyword):
        call = parent_of(parent)
        for _, hook in ev.models.hooks.get(("keyword", parent.arg or ""), ()):
            yield hook
        around, parent = parent, call
    if isinstance(parent, ast.AugAssign) and around is parent.value:
        yield from _in_list(ev, parent.target)
    if isinstance(parent, ast.Assign) and scope.kind == "class":
        yield from (one for target in parent.targets for one in _in_list(ev, target, scope))
    if not isinstance(parent, ast.Call) or around is parent.func:
        return
    for hook in _fitting(ev, "argument", parent.func, scope):
        if not hook.events or _event(parent) in hook.events:
            yield hook
    if isinstance(parent.func, ast.Attribute) and parent.func.attr in ("append", "extend"):
        yield from _in_list(ev, parent.func.value)


def _in_list(ev: Evaluator, named: ast.expr, settings: Scope | None = None) -> list[Hook]:
    """The hooks of the functions in a list, by its name: of one in a class with settings those of libraries that its module
    imports."""
    rows = ev.models.hooks.get(("list", last_name(named)), ())
    known = _imported(settings) if rows and settings is not None else None
    return [hook for around, hook in rows if known is None or not around.isdisjoint(known)]


def _imported(scope: Scope) -> set[str]:
    """The roots of the libraries that a module imports."""
    return {one.partition(".")[0] for one in library_names(scope.module).imported}


def _decorators(function: Scope) -> list[ast.expr]:
    return getattr(function.node, "decorator_list", [])


def _event(call: ast.expr) -> object:
    """The first argument of a call, where it is a constant."""
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return first.value if isinstance(first, ast.Constant) else None


def _decorating(ev: Evaluator, function: Scope) -> Iterator[tuple[frozenset[str], Hook, ast.expr]]:
    """The hooks that decorate a function, each with the roots of its library and its decorator."""
    for one in _decorators(function):
        for around, hook in _meant(ev, "decorator", _called(one), function.parent or function):
            if not hook.events or _event(one) in hook.events:
                yield around, hook, one


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _fitting(ev: Evaluator, by: str, target: ast.expr, scope: Scope) -> Iterator[Hook]:
    """The hooks that what is called, or decorated with, may be."""
    yield from (hook for _, hook in _meant(ev, by, target, scope))


def _meant(ev: Evaluator, by: str, target: ast.expr, scope: Scope) -> Iterator[tuple[frozenset[str], Hook]]:
    """The same, each with the roots of its library."""
    last = last_name(target)
    found = alternatives(ev.type_of(target, scope)) if (rows := _rows(ev, by, target, scope)) else ()
    for around, hook in rows:
        for name in hook.names:
            own, last_own = name.rpartition(".")[0], name.rpartition(".")[2]
            by_name = not own and last == last_own and not _is_of_another(ev, target, found, scope, around)
            by_origin = bool(own) and any(_named(ev, one) == name for one in found)
            if (
                by_name
                or by_origin
                or (own in ev.models.classes and last == last_own and _is_of(ev, own, target, scope))
            ):
                yield around, hook
                break


def _rows(ev: Evaluator, by: str, target: ast.expr, scope: Scope) -> list[tuple[frozenset[str], Hook]]:
    """The rows that may fit, by the name as it is written or as it is imported."""
    table = ev.models.hooks
    rows = table.get((by, last_name(target)), [])
    if not rows and isinstance(target, ast.Name) and (bound := scope.module.scope.bindings.get(target.id)):
        imported = [one.origin for one in bound if one.kind == "import"]
        rows = [row for one in imported for row in table.get((by, one.replace(":", ".").rpartition(".")[2]), ())]
    return rows


def _named(ev: Evaluator, one: object) -> str:
    return ev.qualified_name(one) if isinstance(one, (LibraryName, LibraryFunction, ClassObject)) else ""


def _is_of(ev: Evaluator, owner: str, target: ast.expr, scope: Scope) -> bool:
    """Whether what is called is a method of an object of a class of the models, or of one that derives from it."""
    if not isinstance(target, ast.Attribute):
        return False
    return any(
        isinstance(one, Instance) and one.base is not None and ev.models.is_a(one.base, owner)
        for one in alternatives(ev.type_of(target.value, scope))
    )


def _is_of_another(
    ev: Evaluator, target: ast.expr, found: tuple[object, ...], scope: Scope, around: frozenset[str]
) -> bool:
    """Whether what is called is known to be of another library than the one that has the hook, as it is where it is a method
    of an object of that."""
    roots = {one.name.partition(".")[0] for one in found if isinstance(one, LibraryName)}
    if isinstance(target, ast.Attribute):
        for one in alternatives(ev.type_of(target.value, scope)):
            if isinstance(one, Instance) and one.base is not None:
                roots.update(cls.name.partition(".")[0] for cls in ev.models.lineage(one.base))
    known = (ev.models.roots, ev.models.packages, sys.stdlib_module_names)
    return roots.isdisjoint(around) and not all(map(roots.isdisjoint, known))
