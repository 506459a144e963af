"""How the value of an expression is used: awaited, entered, dropped, used as if it were ready, or handed on.

This is syntax, but syntax with a memory: a value stored under a name is used as that name is.
"""

from __future__ import annotations

import ast
import re
import sys
from enum import Enum
from typing import TYPE_CHECKING

from poolint.models.standard import CONSUMERS, WRAPPERS
from poolint.syntax.expressions import asked_by_name, last_name
from poolint.syntax.indexes import Placed, index_of
from poolint.syntax.scopes import parent_of, reads_of
from poolint.syntax.surroundings import loops_around

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poolint.syntax.scopes import Scope


class Use(Enum):
    """What becomes of a value."""

    AWAITED = "awaited"
    ENTERED = "entered"  # `with x`
    ENTERED_ASYNC = "entered asynchronously"  # `async with x`
    ITERATED_ASYNC = "iterated asynchronously"
    DROPPED = "dropped"  # nothing is ever done with it
    CONSUMED = "consumed"  # an attribute, an item, a part of it: as if it were the result itself
    TESTED = "tested"  # only its truth is asked, or whether it is None
    STARTED = "started"  # by a method of its own, or given up
    ESCAPES = "escapes"  # returned, passed on, stored elsewhere: somebody else may await it


class Usage:
    """A use and the node where it happens: the outermost expression or statement that uses the value.

    ``name`` is the variable that held the value meanwhile, ``attribute`` the one that was read off it; ``also_escapes``
    says that another use of the variable passes the value on.
    """

    __slots__ = ("also_escapes", "attribute", "name", "node", "use")

    def __init__(
        self, use: Use, node: ast.AST, name: str = "", attribute: str = "", *, also_escapes: bool = False
    ) -> None:
        self.use = use
        self.node = node
        self.name = name
        self.attribute = attribute
        self.also_escapes = also_escapes


STARTS = frozenset(
    {"start", "__aenter__", "__aexit__", "__exit__", "__await__", "__enter__", "send", "cancel", "add_done_callback"}
)
"""Attributes by which something not yet awaited is properly started, or given up."""

_PLAINLY = {
    ast.Await: Use.AWAITED,
    ast.Expr: Use.DROPPED,
    ast.Starred: Use.CONSUMED,
    ast.UnaryOp: Use.TESTED,
    ast.If: Use.TESTED,
    ast.While: Use.TESTED,
    ast.Assert: Use.TESTED,
    ast.BinOp: Use.CONSUMED,
    ast.AugAssign: Use.CONSUMED,
    ast.FormattedValue: Use.CONSUMED,
    ast.Return: Use.ESCAPES,
    ast.keyword: Use.ESCAPES,
}
"""How a value is used that stands in one of these, wherever in it."""

_TRANSPARENT = (ast.IfExp, ast.BoolOp, ast.NamedExpr)

_MAY_BE_AWAITABLE = re.compile(
    r"\b(?=(?:Any|object|\w{1,2}|\w*T|\w+_co)\b|\w*(?:Awaitable|Coroutine|Future|Task|Context))\w"
)
"""Words of a type that something not yet awaited may be cast to: `Any`, a type variable."""


def usage(node: ast.expr, scope: Scope, *, stored: bool = True) -> Usage:
    """How the value of ``node``, which stands in ``scope``, is used.

    With ``stored`` a value under a name is used as the name is; a second name for it lets it escape.
    """
    child: ast.AST = node
    parent = parent_of(node)
    while parent is not None:
        plainly = _PLAINLY.get(type(parent))
        if plainly is not None:
            return Usage(plainly, parent)
        if isinstance(parent, ast.BoolOp):
            if parent.values[-1] is not child and not _is_statement(parent):
                return Usage(Use.TESTED, parent)
        elif isinstance(parent, ast.IfExp):
            if parent.test is child:
                return Usage(Use.TESTED, parent)
        elif isinstance(parent, ast.NamedExpr):
            below = usage(parent, scope, stored=stored)
            return below if below.use is not Use.DROPPED or not stored else _stored(parent.target, scope, parent)
        elif isinstance(parent, ast.Call) and _is_cast(parent, child):
            below = usage(parent, scope, stored=stored)
            if below.use is Use.ESCAPES and not may_be_awaitable(parent.args[0]):
                return Usage(Use.CONSUMED, parent)
            return below
        else:
            return _used_by(child, parent, scope, stored=stored)
        child, parent = parent, parent_of(parent)
    return Usage(Use.ESCAPES, node)


def is_ever_used(node: ast.AST | None, scope: Scope) -> bool:
    """Whether anything is done with the value of an expression: a coroutine with which nothing is done never runs."""
    return isinstance(node, ast.expr) and usage(node, scope).use is not Use.DROPPED


def may_be_awaitable(annotation: ast.expr) -> bool:
    """Whether something not yet awaited, or a part that is none, may be of a type as it is written; `Final` alone names none."""
    if isinstance(annotation, (ast.Name, ast.Attribute)) and last_name(annotation) in WRAPPERS:
        return True
    return _MAY_BE_AWAITABLE.search(ast.unparse(annotation)) is not None


def _is_cast(call: ast.Call, value: ast.AST) -> bool:
    """Whether ``call`` only tells a type checker what ``value`` is."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "cast" and len(call.args) == 2 and call.args[1] is value


def _is_statement(node: ast.AST) -> bool:
    parent = parent_of(node)
    while isinstance(parent, _TRANSPARENT):
        parent = parent_of(parent)
    return isinstance(parent, ast.Expr)


def _used_by(child: ast.AST, parent: ast.AST, scope: Scope, *, stored: bool) -> Usage:
    if isinstance(parent, ast.withitem):
        statement = parent_of(parent)
        assert statement is not None
        return Usage(Use.ENTERED_ASYNC if isinstance(statement, ast.AsyncWith) else Use.ENTERED, statement)
    if isinstance(parent, ast.Attribute):
        return Usage(Use.STARTED if parent.attr in STARTS else Use.CONSUMED, parent, attribute=parent.attr)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        if stored and len(targets) == 1 and isinstance(targets[0], ast.Name):
            return _stored(targets[0], scope, parent, whole=isinstance(child, ast.Call))
        if stored and len(targets) == 1 and isinstance(targets[0], ast.Attribute):
            return _stored_on_self(targets[0], scope, parent)
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in targets):
            return Usage(Use.CONSUMED, parent)
        return _stored_twice(targets, scope, parent) if stored else Usage(Use.ESCAPES, parent)
    if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)):
        asynchronous = isinstance(parent, ast.AsyncFor) or (isinstance(parent, ast.comprehension) and parent.is_async)
        return Usage(Use.ITERATED_ASYNC if asynchronous else Use.CONSUMED, parent)
    if isinstance(parent, ast.Call):
        if (attribute := asked_by_name(parent)) and parent.args[0] is child:
            return Usage(Use.STARTED if attribute in STARTS else Use.CONSUMED, parent, attribute=attribute)
        consumed = child is not parent.func and isinstance(parent.func, ast.Name) and parent.func.id in CONSUMERS
        return Usage(Use.CONSUMED if consumed or child is parent.func else Use.ESCAPES, parent)
    if isinstance(parent, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        is_statement = isinstance(parent_of(parent), ast.Expr) and not isinstance(parent, ast.GeneratorExp)
        return Usage(Use.DROPPED if is_statement else Use.ESCAPES, parent)
    if isinstance(parent, ast.Compare):
        against_none = any(
            isinstance(one, ast.Constant) and one.value is None for one in [parent.left, *parent.comparators]
        )
        return Usage(Use.TESTED if against_none else Use.CONSUMED, parent)
    if isinstance(parent, ast.Subscript):
        return Usage(Use.CONSUMED if child is parent.value else Use.ESCAPES, parent)
    if isinstance(parent, ast.Match):
        return _matched(parent, scope, whole=isinstance(child, ast.Call))
    return Usage(Use.ESCAPES, parent)


_OF_DATA = (ast.MatchSequence, ast.MatchMapping, ast.MatchValue)
"""Patterns of data: what has to be awaited first is none of these, and no case of the kind is ever taken."""


def _matched(statement: ast.Match, scope: Scope, *, whole: bool) -> Usage:
    """How the subject of a `match` is used: as data or tested by the cases that something not yet awaited never takes, until one
    that it may take; where that gives it a name, as the name is. ``whole``: the value is all of the subject, and never None."""
    use = Use.ESCAPES
    for pattern in (each for one in statement.cases for each in _either(one.pattern)):
        if isinstance(pattern, _OF_DATA):
            use = Use.CONSUMED
        elif isinstance(pattern, ast.MatchSingleton):
            use = Use.TESTED if use is Use.ESCAPES else use
        elif isinstance(pattern, ast.MatchAs) and pattern.name is not None:
            below = _named(pattern.name, pattern, scope, statement)
            is_told = use is Use.CONSUMED or (use is Use.TESTED and (whole or below.use is Use.DROPPED))
            return Usage(use, statement) if is_told and _RANK.get(below.use, 3) else below
        elif isinstance(pattern, ast.MatchClass):
            return Usage(Use.ESCAPES, statement)
        else:
            break
    return Usage(use, statement)


def _either(pattern: ast.pattern) -> Iterator[ast.pattern]:
    """The alternatives of a pattern, without the names that are given to what has been found to be of them."""
    if isinstance(pattern, ast.MatchOr):
        for one in pattern.patterns:
            yield from _either(one)
    elif isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        yield from _either(pattern.pattern)
    else:
        yield pattern


_LAST = (sys.maxsize, 0)

_RANK = {Use.AWAITED: 0, Use.STARTED: 0, Use.ENTERED: 0, Use.ENTERED_ASYNC: 0, Use.CONSUMED: 1, Use.ITERATED_ASYNC: 2}
"""What says most about a stored value: that it is awaited, then that it is used unawaited, then the rest."""


def _stored(target: ast.Name, scope: Scope, statement: ast.AST, *, whole: bool = False) -> Usage:
    """The use of a value stored under a name: the most telling one among the uses of the name.

    ``whole``: the value is all that is assigned. Where the name is never bound to anything else, to test it makes sense
    only for what the value would give, wherever it goes afterwards.
    """
    return _named(target.id, target, scope, statement, whole=whole)


def _named(
    name: str, target: ast.expr | ast.pattern, scope: Scope, statement: ast.AST, *, whole: bool = False
) -> Usage:
    """The same for a name that is given at ``target``."""
    if name in scope.globals or scope.kind in ("module", "class"):
        return Usage(Use.ESCAPES, statement, name)
    first = (0, 0) if loops_around(target) else (target.lineno, target.col_offset)
    is_sole = whole and len(scope.bindings.get(name, ())) == 1
    telling = _most_telling(_loaded(name, scope).first(first), name, prefer_tests=is_sole)
    return telling or Usage(Use.DROPPED, statement, name)


def _stored_twice(targets: Sequence[ast.expr], scope: Scope, statement: ast.AST) -> Usage:
    """The same for what several targets get: ``app.state.conn = conn = …``. It is used as if it were ready where a name of it
    is; all else may be done by the other one."""
    for target in targets:
        one = _stored(target, scope, statement) if isinstance(target, ast.Name) else None
        if one is not None and one.use is Use.CONSUMED:
            return Usage(one.use, one.node, one.name, one.attribute, also_escapes=True)
    return Usage(Use.ESCAPES, statement)


def _loaded(name: str, scope: Scope) -> Placed:
    """The uses of a name, by their kinds. What stands in another function may run after any of the scope itself."""
    known = index_of(scope).loads
    found = known.get(name)
    if found is None:
        found = known[name] = Placed()
        for inner, load in reads_of(name, scope):
            one = usage(load, inner, stored=False)
            found.add((load.lineno, load.col_offset) if inner is scope else _LAST, one)
    return found


def _stored_on_self(target: ast.Attribute, scope: Scope, statement: ast.AST) -> Usage:
    """The same for ``self.name``: its uses are those in all methods of the class."""
    owner = scope
    while owner.parent is not None and owner.kind != "class":
        owner = owner.parent
    if owner.kind != "class" or not (isinstance(target.value, ast.Name) and target.value.id == "self"):
        return Usage(Use.ESCAPES, statement)
    found = []
    for inner, attribute in index_of(owner).on_self(target.attr):
        if attribute is not target:
            found.append(usage(attribute, inner, stored=False))
    telling = _most_telling(found, f"self.{target.attr}")
    return telling if telling is not None and telling.use is not Use.TESTED else Usage(Use.ESCAPES, statement)


def _most_telling(found: list[Usage], name: str, *, prefer_tests: bool = False) -> Usage | None:
    known = [one for one in found if one.use is not Use.DROPPED]
    if not known:
        return None
    of_test = _RANK[Use.ITERATED_ASYNC] if prefer_tests else 4
    first = min(known, key=lambda one: _RANK.get(one.use, of_test if one.use is Use.TESTED else 3))
    also_escapes = any(one.use is Use.ESCAPES for one in known)
    return Usage(first.use, first.node, name, first.attribute, also_escapes=also_escapes)
