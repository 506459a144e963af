"""How many items a collection may have: as many as the code says, or as many as somebody outside happens to want."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from poolint.analyses.class_constants import is_enumeration
from poolint.models.standard import OF_SAME_SIZE
from poolint.types.following import origin
from poolint.types.unmodelled import path_to
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.following import Passage

_SMALL = re.compile(r"chunk|batch|slice|window|shard|part", re.IGNORECASE)
"""English words for a collection that has been cut to size, as people call one."""

_LIMITS = re.compile(r"limit|page_size|batch_size|max", re.IGNORECASE)
"""English words for an argument by which a collection is cut to size where it is asked for."""

_HOW_OFTEN = re.compile(
    r"(_|max)(retr(y|ies)|tries|attempts?|age|wait|delay|timeout|seconds?|redirects?|depth|workers?|threads?)(_|$)",
    re.IGNORECASE,
)
"""English words for one that bounds something else: how often it is asked for, or how long."""

_LOOPS: frozenset[Passage] = frozenset(("for",))


def _is_limit(argument: str) -> bool:
    return _LIMITS.search(argument) is not None and _HOW_OFTEN.search(argument) is None


def has_a_bound(ev: Evaluator, items: ast.expr, scope: Scope) -> bool:
    """Whether a collection has a size that the code knows, or has been cut to one."""
    if isinstance(items, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant)):
        return True
    if isinstance(items, ast.Await):
        return has_a_bound(ev, items.value, scope)
    if isinstance(items, ast.IfExp):  # what is too long is cut, and what is not is short
        either = [has_a_bound(ev, one, scope) for one in (items.body, items.orelse)]
        measured = any(isinstance(one, ast.Call) and last_name(one.func) == "len" for one in ast.walk(items.test))
        return all(either) or (measured and any(either))
    if isinstance(items, ast.Subscript):
        return isinstance(items.slice, ast.Slice) or not _is_sent(ev, items, scope)
    if isinstance(items, ast.Call):
        name = last_name(items.func)
        if any(_is_limit(one.arg or "") and isinstance(one.value, ast.Constant) for one in items.keywords):
            return True
        if name == "range" and all(isinstance(one, (ast.Constant, ast.Name, ast.Attribute)) for one in items.args):
            return True
        if name in OF_SAME_SIZE and items.args:
            return any(has_a_bound(ev, one, scope) for one in items.args)
        if name in OF_SAME_SIZE and isinstance(items.func, ast.Attribute):
            return has_a_bound(ev, items.func.value, scope)  # `numbers.values()`
        return _SMALL.search(name) is not None
    if isinstance(items, (ast.Name, ast.Attribute)) and is_enumeration(ev, items, scope):
        return True
    if isinstance(items, ast.Name):
        if _SMALL.search(items.id) is not None or items.id.isupper():
            return True
        made, where = origin(ev, items, scope, frozenset())
        if isinstance(made, (ast.List, ast.Set)) and not made.elts:
            return False  # it begins empty, to be filled
        return _is_cut(ev, made, where) if isinstance(made, ast.Name) else has_a_bound(ev, made, where)
    return False


def _is_cut(ev: Evaluator, name: ast.Name, scope: Scope) -> bool:
    """Whether a loop takes a name from what cuts a collection to size: ``for some in batched(numbers, 5)``."""
    pieces, where = origin(ev, name, scope, _LOOPS)
    if isinstance(pieces, ast.Call) and last_name(pieces.func) == "enumerate" and pieces.args:
        pieces, where = origin(ev, pieces.args[0], where, _LOOPS)
    if isinstance(pieces, (ast.ListComp, ast.GeneratorExp)):
        return has_a_bound(ev, pieces.elt, where)
    return isinstance(pieces, ast.Call) and _SMALL.search(last_name(pieces.func)) is not None


def _is_sent(ev: Evaluator, part: ast.Subscript, scope: Scope) -> bool:
    """Whether something is a part of what the client has sent as the body of its request: ``(await request.json())["numbers"]``.

    Of the parts of anything else the code may know how many there are.
    """
    whole: ast.expr = part
    while isinstance(whole, ast.Subscript):
        whole, scope = origin(ev, whole.value, scope, frozenset())
    if not isinstance(whole, ast.Call):
        return False
    if last_name(whole.func) not in ev.models.words("reads-body"):
        return False
    path = path_to(ev, whole.func, scope)
    return ev.models.ends("reads-body", ".".join(step.name for step in path))
