"""Which bindings of a name can be the one that a use sees: structured reaching definitions, without a graph.

Python's blocks nest, so most questions are answered by where the binding's block and the use's block stand to each
other: a binding in a block around the use hides all earlier ones; one in another arm of the same ``if`` cannot reach.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.syntax.scopes import Binding, Bindings, Scope, parent_of, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Block = tuple[int, str]
"""A statement list: its owner's identity and the field that holds it."""


def reaching(bindings: Bindings, use: ast.expr) -> list[Binding]:
    """The bindings, among those of one scope and name, that may reach ``use``. Never empty if ``bindings`` isn't.

    What stands nowhere sees all of them: it is made to ask what a name is as another scope sees it."""
    if len(bindings) < 2 or parent_of(use) is None:
        return bindings
    variables = _of_comprehensions(bindings)
    parents = _ancestors(use) if variables else ()
    for binding in variables:
        if _comprehension(binding.node) in parents and binding.value not in parents:
            return [binding]  # wherever its `for` stands
    position = (use.lineno, use.col_offset)
    around = blocks_of(use)
    statement = statement_of(use)
    candidates = []
    for binding in bindings.before(position):
        if _feeds(binding, use, statement):
            continue
        node = binding.node
        if _in_comprehension(node):
            continue
        if isinstance(node, ast.arg):
            candidates.append(binding)
            break
        blocks = blocks_of(node)
        home = blocks[0]
        if binding.kind == "narrowed":
            if home in around:
                candidates.append(binding)
                break
            continue
        is_left = home not in around and _leaves(_placed(node)) and not _is_unwound_to(blocks, around)
        if is_left or excluded(blocks, around):
            continue
        candidates.append(binding)
        if home in around:
            break
    return candidates or bindings.untested or bindings


def lasting(bindings: list[Binding], scope: Scope) -> list[Binding]:
    """Those that may be what the name stands for when the statements of ``scope`` have run: what other scopes see.

    What functions bind (``global``) can come at any time after. Never empty if ``bindings`` isn't.
    """
    around = body_of(scope)
    found = []
    for binding in sorted(bindings, key=lambda one: one.position, reverse=True):
        is_own = binding.scope is None or binding.scope is scope or binding.kind in ("function", "class")
        if is_own and (binding.kind == "narrowed" or _in_comprehension(binding.node)):
            continue
        if is_own and isinstance(binding.node, ast.arg):
            found.append(binding)
            break
        home = blocks_of(binding.node)[0]
        if is_own and home not in around and _leaves(_placed(binding.node)):
            continue
        found.append(binding)
        if is_own and home in around:
            break
    return found or bindings


def as_type_checked(bindings: list[Binding]) -> list[Binding]:
    """Those under ``if TYPE_CHECKING:`` where there are any: the others stand in for them at run time.

    What a handler binds stands in for an import that has failed in its ``try``: the import is what is meant. Of a module that
    has been run, a class or a function is all that its name stands for, whatever had it before.
    """
    if len(bindings) < 2:
        return bindings
    last = bindings[-1]
    if last.kind in ("class", "function") and isinstance(parent_of(last.node), ast.Module):
        return [last]
    checked = [one for one in bindings if under_type_checking(one.node)]
    if checked:
        return checked
    tries = {id(one) for binding in bindings if binding.kind == "import" for one in _tries(binding.node)}
    if not tries:
        return bindings
    return [one for one in bindings if one.kind == "import" or not _is_fallback(one.node, tries)]


def _tries(node: ast.AST) -> Iterator[ast.AST]:
    """The ``try`` statements in whose bodies a node stands."""
    child, current = node, parent_of(node)
    while current is not None:
        if isinstance(current, ast.Try) and any(child is one for one in current.body):
            yield current
        child, current = current, parent_of(current)


def _is_fallback(node: ast.AST, tries: set[int]) -> bool:
    """Whether a node stands in a handler of one of these ``try`` statements."""
    child, current = node, parent_of(node)
    while current is not None:
        if isinstance(child, ast.ExceptHandler) and id(current) in tries:
            return True
        child, current = current, parent_of(current)
    return False


def under_type_checking(node: ast.AST) -> bool:
    """Whether a node stands under ``if TYPE_CHECKING:``, where nothing ever runs."""
    child, current = node, parent_of(node)
    while current is not None:
        if isinstance(current, ast.If) and any(child is one for one in current.body):
            test = current.test
            if (test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")) == "TYPE_CHECKING":
                return True
        child, current = current, parent_of(current)
    return False


def _feeds(binding: Binding, use: ast.expr, statement: ast.stmt) -> bool:
    """Whether ``use`` stands in the expression that the binding takes its value from."""
    if binding.value is None:
        return False
    if binding.kind in ("assign", "annotated") and statement_of(binding.node) is not statement:
        return False
    return binding.value in _ancestors(use)


def _ancestors(node: ast.AST) -> list[ast.AST]:
    found = [node]
    current: ast.AST | None = node
    while current is not None and not isinstance(current, ast.stmt):
        current = parent_of(current)
        if current is not None:
            found.append(current)
    return found


def _of_comprehensions(bindings: Bindings) -> list[Binding]:
    """Those of the variables of comprehensions; found once."""
    if bindings.of_comprehensions is None:
        bindings.of_comprehensions = [one for one in bindings if one.kind == "for" and _in_comprehension(one.node)]
    return bindings.of_comprehensions


def _comprehension(node: ast.AST) -> ast.AST | None:
    """The list, set, dict or generator expression whose target ``node`` is."""
    current = parent_of(node)
    while current is not None and not isinstance(current, ast.stmt):
        if isinstance(current, ast.comprehension):
            return parent_of(current)
        current = parent_of(current)
    return None


def _in_comprehension(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and _comprehension(node) is not None


def body_of(scope: Scope) -> list[Block]:
    """The statement list that a scope consists of: what stands around its last statement."""
    return [(id(scope.node), "body")]


def _placed(node: ast.AST) -> ast.stmt:
    """The statement in whose block a node stands: its own one, or the first of a case for what its pattern binds, and for what
    its guard reads once that has matched."""
    child, current = node, parent_of(node)
    while isinstance(child, (ast.expr, ast.pattern)) and current is not None:
        if isinstance(current, ast.match_case):
            is_behind = child is current.pattern or not isinstance(getattr(node, "ctx", None), ast.Store)
            return current.body[0] if is_behind else statement_of(current)
        child, current = current, parent_of(current)
    return statement_of(node)


def blocks_of(node: ast.AST) -> list[Block]:
    """The statement lists around ``node``, the nearest first."""
    statement = _placed(node)
    if "_poolint_blocks" not in statement.__dict__:
        statement.__dict__["_poolint_blocks"] = _blocks_of(statement)
    found: list[Block] = statement.__dict__["_poolint_blocks"]
    return found


def _blocks_of(statement: ast.stmt) -> list[Block]:
    found = []
    current: ast.AST | None = statement
    while current is not None:
        owner = parent_of(current)
        if owner is None:
            break
        field = _field(current, owner)
        if field:
            found.append((id(owner), field))
        if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            break
        current = owner
    return found or [(0, "")]


def _field(statement: ast.AST, owner: ast.AST) -> str:
    """The field of ``owner`` that lists a statement, with its number where arms are listed; empty for anything else.

    It is worked out for all of a list at once: there may be thousands, and each is asked for.
    """
    if "_poolint_field" not in statement.__dict__:
        statement.__dict__["_poolint_field"] = ""
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            items = owner.__dict__.get(field)
            for number, item in enumerate(items if isinstance(items, list) else ()):
                item.__dict__["_poolint_field"] = f"{field}{number}" if field in ("handlers", "cases") else field
    field_of: str = statement.__dict__["_poolint_field"]
    return field_of


def excluded(blocks: list[Block], around: list[Block]) -> bool:
    """Whether a binding in ``blocks`` stands in an arm that excludes the arm of the use."""
    arms = dict(reversed(around))
    for owner, field in blocks:
        other = arms.get(owner)
        if other is None or other == field:
            continue
        pair = {field, other}
        if pair == {"body", "orelse"} or all(arm.startswith(("handlers", "cases")) for arm in pair):
            return True
        if "orelse" in pair and any(arm.startswith("handlers") for arm in pair):
            return True
    return False


def _is_unwound_to(blocks: list[Block], around: list[Block]) -> bool:
    """Whether a use stands in a handler or the ``finally`` of a ``try`` in which a binding does: what leaves comes there, too."""
    arms = dict(reversed(around))
    return any(
        arms.get(owner) == "finalbody" != field or (field == "body" and arms.get(owner, "").startswith("handlers"))
        for owner, field in blocks
    )


def _leaves(statement: ast.stmt) -> bool:
    """Whether the block of ``statement`` ends by leaving, so that what it binds reaches nothing after it."""
    owner = parent_of(statement)
    if owner is None:
        return False
    for field in ("body", "orelse", "finalbody"):
        items = owner.__dict__.get(field)
        if isinstance(items, list) and any(item is statement for item in items):
            return isinstance(items[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
    return False
