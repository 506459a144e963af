"""What a call passes, by the parameters of what it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.passing_on import made_before, passing_on
from poolint.syntax.scopes import parent_of, placed
from poolint.syntax.unpacked import keywords_of
from poolint.types.arguments import parameter_for, positional
from poolint.types.call_sites import callees_of
from poolint.types.values import Function

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def arguments_of(call: ast.Call, scope: Scope | None = None) -> list[tuple[str | None, ast.expr]]:
    """The arguments of a call, each with its keyword; in a scope, those of dictionaries that are unpacked as well."""
    found: list[tuple[str | None, ast.expr]] = [(None, one) for one in call.args]
    if call.keywords:
        found += keywords_of(call, scope) if scope is not None else [(one.arg, one.value) for one in call.keywords]
    return found


def whole_call(call: ast.Call, scope: Scope) -> ast.Call:
    """A call of what ``partial`` has made, as it comes out: ``work(session, 3)`` for ``step = partial(work, session)`` and
    ``step(3)``. Any other call is itself. It is made once, and stands where the call does."""
    held = call.__dict__
    if "_poolint_whole" not in held:
        made = made_before(call, scope)
        held["_poolint_whole"] = call if made is None else _with_bound(made, call)
    whole: ast.Call = held["_poolint_whole"]
    return whole


def _with_bound(made: ast.Call, call: ast.Call) -> ast.Call:
    given = {one.arg for one in call.keywords}
    keywords = [*(one for one in made.keywords if one.arg not in given), *call.keywords]
    return placed(ast.Call(made.args[0], [*made.args[1:], *call.args], keywords), call, parent_of(call))


def bound_to(function: Scope, call: ast.Call, *, is_method: bool) -> dict[str, ast.expr]:
    """The arguments of a call by the parameters of a function that they are bound to."""
    declared = getattr(function.node, "args", None)
    if declared is None or any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    names = [one.arg for one in (*declared.posonlyargs, *declared.args)][1 if is_method else 0 :]
    found = dict(zip(names, call.args, strict=False))
    known = {*names, *(one.arg for one in declared.kwonlyargs)}
    found.update({one.arg: one.value for one in call.keywords if one.arg is not None and one.arg in known})
    return found


def received(
    ev: Evaluator, callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None
) -> tuple[Function, ast.Call, str] | None:
    """The function that gets an argument of a call for a parameter, with the call and the parameter: the one that is called, or
    one that it passes on to what it has no parameter for; None where it cannot be known."""
    name = parameter_for(callee, call, argument, keyword)
    if name is not None:
        return callee, call, name
    further = passed_on(ev, callee.scope, len(positional(callee)), call)
    name = parameter_for(*further, argument, keyword) if further is not None else None
    return (*further, name) if further is not None and name is not None else None


def passed_on(ev: Evaluator, function: Scope, taken: int, call: ast.Call) -> tuple[Function, ast.Call] | None:
    """The function that another one passes on to all that it is passed besides its parameters, and the call of it as it comes
    out: ``work(session, retry=3)`` for ``tried(session, retry=3)`` and ``def tried(*args, **kwargs): return work(*args,
    **kwargs)``. ``taken`` of its parameters are filled by their places; what it passes itself has no name there."""
    calls = passing_on(function)
    found = callees_of(ev, calls[0], function) if len(calls) == 1 else ()
    if len(found) != 1 or not isinstance(found[0], Function) or found[0].scope is function:
        return None
    inner, declared = calls[0], function.node.args  # type: ignore[attr-defined]
    own = {one.arg for one in (*declared.posonlyargs, *declared.args, *declared.kwonlyargs)}
    before = [_nameless(call) for one in inner.args if not isinstance(one, ast.Starred)]
    beside = [ast.keyword(one.arg, _nameless(call)) for one in inner.keywords if one.arg is not None]
    keywords = [*beside, *(one for one in call.keywords if one.arg not in own)]
    made = ast.Call(inner.func, [*before, *call.args[taken:]], keywords)
    return found[0], placed(made, call, parent_of(call))


def _nameless(call: ast.Call) -> ast.expr:
    return placed(ast.Name("", ast.Load()), call, call)


def given_to_fields(fields: list[str], call: ast.Call) -> dict[str, ast.expr]:
    """What a call passes for the fields of a class; nothing where that cannot be told."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return {}
    found = dict(zip(fields, call.args, strict=False))
    found.update({one.arg: one.value for one in call.keywords if one.arg is not None and one.arg in fields})
    return found


def is_dropped(callee: Function, call: ast.Call, argument: ast.AST, keyword: str | None) -> bool:
    """Whether an argument has no parameter of its own and goes with the rest of them, ``**_``, which nobody reads."""
    node = callee.scope.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    is_told_apart = argument in call.args and not any(isinstance(one, ast.Starred) for one in call.args)
    rest = node.args.kwarg if keyword is not None else node.args.vararg if is_told_apart else None
    return rest is not None and not any(rest.arg in inner.loads for inner in callee.scope.descendants())
