"""Generators that lend what they hold to the loop that goes over them: with the loop, the loan is over.

One that is exhausted has left its blocks. One that is left by ``break`` is dropped there: Python closes a plain generator
at once, an event loop an asynchronous one as soon as something waits. (CPython 3.9 to 3.13: nobody else refers to what a
loop goes over.) The same is true of one that is stepped by hand, once it is stepped again or closed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of
from poolint.analyses.holding.changes import Change
from poolint.analyses.holding.transactions import inside
from poolint.analyses.kept_classes import kept_class
from poolint.analyses.managers import generator_of
from poolint.analyses.ownership import Fate, Ownership
from poolint.flow.flags import name_of
from poolint.models.schema import HANDLES
from poolint.models.standard import STEPPING
from poolint.syntax.scopes import assigned, parent_of
from poolint.syntax.surroundings import loops_around, loops_over
from poolint.types.call_sites import call_site, callees_of, text_of
from poolint.types.following import origin
from poolint.types.values import Function, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.changes import Changes
    from poolint.analyses.holding.objects import Objects
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.followed import Origin
    from poolint.types.following import Passage

_BY_BLOCKS: frozenset[Passage] = frozenset({"with"})

_STEPS = STEPPING | {"__anext__", "__next__"}
_ENDS = _STEPS | {"aclose", "close"}


def end_with_loops(ev: Evaluator, scope: Scope, found: Changes) -> None:
    """Add to the changes of a function where it ends what generators lend to it."""
    for loop, iterable in loops_over(scope):
        if not (isinstance(loop, (ast.For, ast.AsyncFor)) and isinstance(loop.target, ast.Name)):
            continue
        if isinstance(iterable, ast.Call) and _lends(ev, iterable, scope):
            over = Change(loop.target.id, False, iterable)
            for place in (loop, *_breaks(loop)):
                found.rounds.setdefault(place, []).append(over)
    for call in scope.calls_named(_STEPS):
        generator, name = _stepped(call), bound_to(call)
        made = assigned(generator, scope) if generator and name else None
        if isinstance(made, ast.Call) and _lends(ev, made, scope):
            for later in scope.calls_named(_ENDS):
                if later is not call and _stepped(later) == generator:
                    found.calls.setdefault(later, []).append(Change(name, False, later))


def lend_to_loops(ev: Evaluator, objects: Objects, scope: Scope, found: Changes) -> None:
    """Add to the changes of a function what generators that it goes over hold while it works on an item."""
    for loop, iterable in loops_over(scope):
        made, home = _made(ev, iterable, scope)
        if not isinstance(made, ast.Call) or home is not scope:
            continue
        target = getattr(loop, "target", None)
        for place, cls in objects.iterated(made, target.id if isinstance(target, ast.Name) else "", scope):
            found.items.setdefault(loop, []).append(Change(place, True, iterable, cls, within=loop))
            over = Change(place, False, iterable)
            for where in (loop, *(_breaks(loop) if isinstance(loop, (ast.For, ast.AsyncFor)) else ())):
                found.rounds.setdefault(where, []).append(over)


def delegated(ev: Evaluator, scope: Scope) -> Iterator[Scope]:
    """The generators of the project that one goes over while it yields: they are where they have yielded, too."""
    for one in scope.yields:
        made = [one.value] if isinstance(one, ast.YieldFrom) else []
        made += [loop.iter for loop in loops_around(one) if isinstance(loop, (ast.For, ast.AsyncFor))]
        for gone_over in made:
            generator = generator_of(ev, *_made(ev, gone_over, scope))
            if generator is not None:
                yield generator


def _made(ev: Evaluator, node: ast.expr, scope: Scope) -> Origin:
    """What makes the generator that a loop goes over, also by the name that a block gives it which closes it:
    ``async with aclosing(self.opened()) as sessions``."""
    at = origin(ev, node, scope, _BY_BLOCKS)
    while isinstance(at.node, ast.Call) and at.node.args and _gives_its_argument(ev, at.node, at.scope):
        at = origin(ev, at.node.args[0], at.scope, _BY_BLOCKS)
    return at


def _gives_its_argument(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether what a call makes gives what that is passed, for a block."""
    name = ev.qualified_name(ev.type_of(call.func, scope))
    return any((how, name) in ev.models.passed for how in ("cm", "async-cm", "both"))


def held_across_yield(ev: Evaluator, scope: Scope) -> str:
    """What a generator holds while it yields, as written: itself, or by those that it goes over meanwhile; empty where
    that is nothing."""
    waiting = [scope]
    for one in waiting:  # grows
        found = _held_by_itself(ev, one)
        if found:
            return found
        waiting += [inner for inner in delegated(ev, one) if inner not in waiting]
    return ""


def _held_by_itself(ev: Evaluator, scope: Scope) -> str:
    """What a generator holds in a ``with`` around one of its yields, or gives back in the ``finally`` around one."""
    for statement in scope.withs:
        if not any(inside(one, statement) for one in scope.yields):
            continue
        for item in statement.items:
            entered = ev.entered(
                ev.type_of(item.context_expr, scope), asynchronous=isinstance(statement, ast.AsyncWith)
            )
            for one in alternatives(entered):
                if isinstance(one, Instance) and one.base is not None and one.base.kind in HANDLES:
                    return text_of(item.context_expr, scope)
            call = item.context_expr
            fact = call_site(ev, call, scope) if isinstance(call, ast.Call) else None
            if fact is not None and fact.role == "checkout":
                return text_of(call, scope)
    return _released_in_finally(ev, scope)


def _released_in_finally(ev: Evaluator, scope: Scope) -> str:
    """The same for what the ``finally`` around a yield gives back."""
    for one in scope.yields:
        child: ast.AST = one
        parent = parent_of(one)
        while parent is not None and parent is not scope.node:
            if isinstance(parent, ast.Try) and any(child is each for each in parent.body):
                calls = (each for part in parent.finalbody for each in ast.walk(part) if isinstance(each, ast.Call))
                found = next(filter(None, (_given_back(ev, call, scope) for call in calls)), "")
                if found:
                    return found
            child, parent = parent, parent_of(parent)
    return ""


def _given_back(ev: Evaluator, call: ast.Call, scope: Scope) -> str:
    """What a call gives back: what it is made on, or what it passes to a pool, or to a function that releases it."""
    fact = call_site(ev, call, scope)
    if fact is not None and fact.role == "release" and fact.cls is not None:
        if getattr(fact.row, "releases", "self") == "argument":
            return text_of(call.args[0], scope) if call.args else ""
        return fact.receiver if fact.cls.kind in HANDLES else ""
    for keyword, argument in arguments_of(call):
        cls = kept_class(ev.type_of(argument, scope)) if isinstance(argument, ast.Name) else None
        if cls is not None and ev.derived(Ownership).fate(call, argument, scope, cls, keyword) is Fate.RELEASED:
            return text_of(argument, scope)
    return ""


def _lends(ev: Evaluator, call: ast.Call, scope: Scope) -> bool:
    """Whether a call makes a generator of the project that gives back at its end what it yields."""
    callees = callees_of(ev, call, scope)
    return bool(callees) and all(
        isinstance(one, Function) and one.scope.is_generator and bool(held_across_yield(ev, one.scope))
        for one in callees
    )


def _breaks(loop: ast.For | ast.AsyncFor) -> Iterator[ast.Break]:
    for part in loop.body:
        for one in ast.walk(part):
            if isinstance(one, ast.Break) and loops_around(one)[0] is loop:
                yield one


def _stepped(call: ast.Call) -> str:
    """The name of the generator that a call steps or closes: ``anext(rows)``, ``rows.__anext__()``."""
    if isinstance(call.func, ast.Attribute):
        return name_of(call.func.value)
    return name_of(call.args[0]) if last_name(call.func) in _STEPS and call.args else ""


def bound_to(call: ast.AST) -> str:
    """The name that is bound to what a step gives."""
    parent = parent_of(call)
    if isinstance(parent, ast.Await):
        parent = parent_of(parent)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    return ""
