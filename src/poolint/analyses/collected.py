"""What is put into a collection that a name holds: items by methods, by keys, and by names that stand for them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from poolint.models.standard import ADDING, MAPPING, TAKING
from poolint.syntax.expressions import dotted, is_partial, last_name, put_by
from poolint.syntax.scopes import parent_of, placed
from poolint.syntax.surroundings import COMPREHENSIONS, REPEATING, around, has_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Binding, Scope


class Put(NamedTuple):
    """One item, and the expression that puts it into the collection."""

    item: ast.expr
    at: ast.expr


def task_of(starting: ast.Call, scope: Scope) -> ast.Call:
    """The call that a task makes which a call starts: that of the coroutine which is passed to it, or of a function with what
    that is to be called with, as in ``group.start_soon(work, session)``."""
    first = behind(starting.args[0], scope)
    if isinstance(first, ast.Call):
        return first
    return call_of(first, starting.args[1:], starting)


def call_of(function: ast.expr, arguments: list[ast.expr], around: ast.Call) -> ast.Call:
    """The call of a function that another call passes to what calls it."""
    return placed(ast.Call(function, arguments, []), function, around)


def mapped(collection: ast.expr | None) -> ast.Call | None:
    """The call that ``map(work, items)`` makes for each item, with what all of them are passed: ``partial(work, session)``, or
    what a lambda passes."""
    if not isinstance(collection, ast.Call) or len(collection.args) < 2 or dotted(collection.func) not in MAPPING:
        return None
    function = collection.args[0]
    if isinstance(function, ast.Lambda):
        return function.body if isinstance(function.body, ast.Call) else None
    if not is_partial(function):
        return call_of(function, [], collection)
    made = call_of(function.args[0], function.args[1:], collection)
    made.keywords = function.keywords
    return made


def named(argument: ast.expr) -> ast.expr:
    """The collection behind an argument: ``*calls``, ``calls.values()``, ``list(calls)`` and ``tuple(calls)``."""
    while True:
        if isinstance(argument, ast.Starred):
            argument = argument.value
        elif not isinstance(argument, ast.Call):
            return argument
        elif isinstance(argument.func, ast.Attribute) and argument.func.attr == "values" and not argument.args:
            argument = argument.func.value
        elif isinstance(argument.func, ast.Name) and argument.func.id in ("list", "tuple") and len(argument.args) == 1:
            argument = argument.args[0]
        else:
            return argument


def puts(name: str, scope: Scope) -> Iterator[Put]:
    """What a function puts into the collection that one of its names holds, besides what that is made with: one at a time, or
    several that are written out, ``calls += [one, other]``, ``calls.extend(work(item) for item in items)``."""
    for binding in scope.bindings.get(name, ()):
        added = parent_of(binding.node)
        if isinstance(added, ast.AugAssign) and isinstance(added.op, (ast.Add, ast.BitOr)):
            yield from _written_out(added.value, scope)
    for load in scope.loads.get(name, ()):
        parent = parent_of(load)
        call = parent_of(parent) if isinstance(parent, ast.Attribute) else None
        if isinstance(call, ast.Call):
            put = put_by(call)
            if put is not None and put[0] is load:
                yield Put(behind(put[1], scope), call)
            elif put is None and last_name(call.func) in ADDING and len(call.args) == 1:
                yield from _written_out(call.args[0], scope)
        elif isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store) and parent.value is load:
            statement = parent_of(parent)
            if isinstance(statement, ast.Assign):
                yield Put(behind(statement.value, scope), parent)


def _written_out(items: ast.expr, scope: Scope) -> Iterator[Put]:
    """The items of a collection that is written out, each where it stands."""
    if isinstance(items, (ast.List, ast.Tuple, ast.Set)):
        for one in items.elts:
            if not isinstance(one, ast.Starred):
                yield Put(behind(one, scope), one)
    elif isinstance(items, ast.Dict):
        yield from (Put(behind(one, scope), one) for one in items.values)
    elif isinstance(items, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        yield Put(items.elt, items.elt)
    elif isinstance(items, ast.DictComp):
        yield Put(items.value, items.value)


def gone_over(item: ast.expr, scope: Scope) -> ast.expr | None:
    """The collection of which a name stands for one item after the other: ``for call in calls``, or a comprehension; or from
    which a loop takes them, ``while calls: … calls.popleft()``."""
    item = behind(item, scope)
    if isinstance(item, ast.Call):
        loop = around(item, scope, (ast.While,))
        whole = emptied_by(loop) if isinstance(loop, ast.While) else None
        return whole if whole is not None and _takes_from(item, whole.id) else None
    if not isinstance(item, ast.Name) or any(one.kind != "for" for one in scope.bindings.get(item.id, ())):
        return None
    loop = around(item, scope, (ast.For, *COMPREHENSIONS))
    while loop is not None:
        for one in loop.generators if isinstance(loop, COMPREHENSIONS) else [loop]:
            if isinstance(one.target, ast.Name) and one.target.id == item.id:  # type: ignore[attr-defined]
                return one.iter  # type: ignore[attr-defined, no-any-return]
        loop = around(loop, scope, (ast.For, *COMPREHENSIONS))
    return None


def alike(binding: Binding, scope: Scope) -> ast.expr | None:
    """The one expression that makes all items of what a loop goes over: a comprehension, or a call that alone fills a collection
    which begins empty."""
    collection = named(binding.value) if binding.value is not None and binding.index < 0 else None
    loop = parent_of(binding.node)
    if isinstance(loop, ast.For) and any(isinstance(one, ast.Break) for one in ast.walk(loop)):
        return None  # it may end with the first
    if isinstance(collection, ast.Name) and not all(map(_is_plain_use, scope.loads.get(collection.id, ()))):
        return None
    filled = list(puts(collection.id, scope)) if isinstance(collection, ast.Name) else []
    if any(around(one.at, scope, REPEATING) is None for one in filled):
        return None
    made = made_with(collection.id, scope) if isinstance(collection, ast.Name) else collection
    if isinstance(made, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        return made.elt if not filled else None
    if isinstance(made, ast.DictComp):
        return made.value if not filled else None
    begins = made.elts if isinstance(made, ast.List) else made.values if isinstance(made, ast.Dict) else None
    begins = made.args if isinstance(made, ast.Call) and last_name(made.func) in _EMPTY else begins
    return filled[0].item if begins == [] and len(filled) == 1 else None


_EMPTY = frozenset({"list", "set", "dict", "deque"})
"""What makes a collection that has no items yet, called without any."""


def _is_plain_use(load: ast.expr) -> bool:
    """Whether a collection is filled or gone over where its name is read, and nobody else gets it who might put others in."""
    parent = parent_of(load)
    if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)):
        return parent.iter is load
    if isinstance(parent, ast.Subscript):
        return parent.value is load
    call = parent_of(parent) if isinstance(parent, ast.Attribute) else parent
    if not isinstance(call, ast.Call):
        return False
    if isinstance(parent, ast.Attribute):
        return put_by(call) is not None or parent.attr in (*ADDING, "values", "items", "keys")
    return dotted(call.func) in ("list", "tuple", "len")


def is_of_round(name: str, item: ast.expr, scope: Scope) -> bool:
    """Whether a loop or comprehension in which an item is made binds a name anew each time."""
    loop = around(item, scope, REPEATING)
    while loop is not None and not has_its_own(name, loop, scope):
        loop = around(loop, scope, REPEATING)
    return loop is not None


def emptied_by(loop: ast.While) -> ast.Name | None:
    """The collection that a loop takes one item after the other from until there is none left: ``while numbers: …
    numbers.pop()``, ``first, *numbers = numbers``, ``numbers = numbers[1:]``."""
    whole = _asked_for_items(loop.test)
    if whole is None:
        return None
    inside = [one for part in loop.body for one in ast.walk(part)]
    taken = any(isinstance(one, ast.Call) and _takes_from(one, whole.id) for one in inside)
    left = any(isinstance(one, ast.Assign) and _leaves_rest(one, whole.id) for one in inside)
    return whole if taken or left else None


def _asked_for_items(test: ast.expr) -> ast.Name | None:
    """The collection of which a test asks whether it has any items: ``numbers``, ``len(numbers)``, ``len(numbers) > 0``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], (ast.Gt, ast.NotEq)):
        none = test.comparators[0]
        test = test.left if isinstance(none, ast.Constant) and none.value == 0 else test
    if isinstance(test, ast.Call) and dotted(test.func) == "len" and len(test.args) == 1:
        test = test.args[0]
    return test if isinstance(test, ast.Name) else None


def _takes_from(call: ast.Call, name: str) -> bool:
    function = call.func
    is_taking = isinstance(function, ast.Attribute) and function.attr in TAKING
    return is_taking and isinstance(function.value, ast.Name) and function.value.id == name  # type: ignore[attr-defined]


def _leaves_rest(assigned: ast.Assign, name: str) -> bool:
    """Whether all but the first item of a collection is what its name stands for from there on."""
    bound = [one for target in assigned.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    if not any(one.id == name for one in bound):
        return False
    stars = (one.value for target in assigned.targets for one in ast.walk(target) if isinstance(one, ast.Starred))
    if any(isinstance(one, ast.Name) and one.id == name for one in stars):
        return isinstance(assigned.value, ast.Name) and assigned.value.id == name
    return any(_is_rest(one, name) for one in ast.walk(assigned.value))


def _is_rest(node: ast.AST, name: str) -> bool:
    """Whether an expression is ``numbers[1:]``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice):
        return False
    first = node.slice.lower
    is_rest = isinstance(first, ast.Constant) and first.value == 1 and node.slice.upper is None
    return is_rest and isinstance(node.value, ast.Name) and node.value.id == name


def made_with(name: str, scope: Scope) -> ast.expr | None:
    """What a name is bound to once, items that ``+=`` adds to it left aside: of a list of all that an expression gives,
    ``calls = list(work(item) for item in items)``, that expression."""
    bindings = [one for one in scope.bindings.get(name, ()) if not isinstance(parent_of(one.node), ast.AugAssign)]
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind in ("assign", "annotated") else None
    within = named(made) if isinstance(made, ast.Call) else None
    return within if isinstance(within, ast.GeneratorExp) or mapped(within) is not None else made


def behind(item: ast.expr, scope: Scope) -> ast.expr:
    """The expression that an item comes from, where a name stands for it that is bound once."""
    if not isinstance(item, ast.Name):
        return item
    bindings = scope.bindings.get(item.id)
    one = bindings[0] if bindings is not None and len(bindings) == 1 else None
    is_made = one is not None and one.kind in ("assign", "annotated") and one.index < 0
    return (one.value or item) if one is not None and is_made else item


def looped_over(node: ast.expr, scope: Scope) -> ast.expr | None:
    """What the loop around a started task runs over, or takes one item after the other from until there is none left, where
    nothing is awaited in it."""
    loop = None if isinstance(parent_of(node), ast.Await) else around(node, scope, (ast.For, ast.While))
    return runs_over(loop) if loop is not None else None


def runs_over(loop: ast.AST) -> ast.expr | None:
    """The same of a loop."""
    if not isinstance(loop, (ast.For, ast.While)):
        return None
    waits = any(isinstance(one, (ast.Await, ast.AsyncWith)) for part in loop.body for one in ast.walk(part))
    return None if waits else loop.iter if isinstance(loop, ast.For) else emptied_by(loop)


def comprehended_over(node: ast.expr) -> ast.expr | None:
    """What the comprehension runs over that starts a task for each item and keeps them all: a list, a set or a dictionary."""
    return None if isinstance(parent_of(node), ast.GeneratorExp) else iterated(node)


def iterated(node: ast.expr) -> ast.expr | None:
    """What the comprehension runs over that an expression is the item of."""
    around = parent_of(node)
    if isinstance(around, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        is_item = node is around.elt
    else:
        is_item = isinstance(around, ast.DictComp) and node is around.value
    if not is_item or not isinstance(around, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return None
    return around.generators[0].iter if len(around.generators) == 1 else None
