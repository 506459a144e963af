"""Observations about checkouts that outlive the function they were made in, and that nobody gives back."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal

from poolint.analyses.lifetimes.acquisitions import checkout
from poolint.analyses.lifetimes.destinations import given, given_target
from poolint.analyses.lifetimes.field_factories import of_field
from poolint.analyses.once import memoising
from poolint.analyses.ownership import Fate, is_lost_when_closed
from poolint.detect.asked_for import depends_on_caller
from poolint.detect.databases import closes_itself
from poolint.detect.detector import Detector
from poolint.detect.ended_by_name import fate_of_use, is_ended_by_name
from poolint.detect.ended_elsewhere import is_ended_elsewhere
from poolint.detect.ended_on_class import is_ended_on_class, own_class
from poolint.detect.lent_to_blocks import is_lent_to_block, leaves_block_held
from poolint.detect.module_variables import is_of_a_script, is_unused
from poolint.detect.observation import Observation
from poolint.models.schema import HANDLES, SESSIONS, TAKING_ROLES
from poolint.models.standard import ENTERS, LEAVES, PROPERTIES
from poolint.syntax.indexes import index_of
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import around, may_await
from poolint.types.members import lineage
from poolint.types.overrides import Heirs
from poolint.types.returns import decorators
from poolint.types.values import ClassObject, Instance, alternatives
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.holding.dataflow import Holdings
    from poolint.analyses.ownership import Ownership
    from poolint.models import schema
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.call_sites import CallSite
    from poolint.types.evaluator import Evaluator


Holder = Literal["cache", "module", "class-attribute", "global", "application-state", "context-variable"]
"""What keeps something as long as the process lives."""


class LongLived(Observation, frozen=True, eq=False):
    """A session or connection that lives as long as the process. ``holder`` says what holds it,
    ``keeper`` the name of that where it has one.

    ``is_shared``: all that runs in the process has the same one; else each task or thread has its own.
    ``is_possible``: nothing but what a module does as it is read has it, and nothing imports that module.
    """

    call: CallSite
    cls: schema.Class
    variable: str
    holder: Holder
    keeper: str = ""
    is_shared: bool = True
    is_possible: bool = False


class UnreleasedAttribute(Observation, frozen=True, eq=False):
    """A checkout kept on ``self`` by a class of which no method releases it. ``node`` is the acquiring call;
    ``is_possible``: it is gone with the object that keeps it."""

    call: CallSite
    cls: schema.Class
    attribute: str
    owner: str
    is_possible: bool = False


_PLAIN_USES = frozenset(
    {"query", "stream", "flush", "refresh", "commit", "rollback", "reset", "begin", "local", "cursor"}
)


_AT_TIMES = (ast.If, ast.IfExp, ast.Match)
"""What a function does under one of these it does not always do."""

_KEEPING = frozenset((ast.Assign, ast.AnnAssign, ast.Tuple, ast.Return))
"""What stands around a value that something may keep: few calls."""


def observe(holdings: Holdings, ownership: Ownership, scope: Scope) -> Iterator[Observation]:
    """What ``scope`` makes live longer than it should."""
    ev = ownership.ev
    drives = ev.models.words("drives", "drives-given")
    for node in scope.calls:
        value = given(ev, node, scope)
        parent = parent_of(value)
        if isinstance(parent, ast.Call) and node in parent.args and last_name(parent.func) in drives:
            value, parent = parent, parent_of(parent)
        if type(parent) not in _KEEPING:
            continue
        if scope.kind == "class" and isinstance(parent, ast.AnnAssign) and isinstance(parent.target, ast.Name):
            yield from _from_factory(holdings, ownership, node, parent.target.id, scope)
        target = given_target(value)
        if target is not None:
            yield from _assigned(holdings, ownership, node, value, target, scope)
        elif isinstance(parent, ast.Return) and memoising(scope, ev.models) is not None:
            yield from _long_lived(ownership, node, value, scope, scope.name, "cache", scope.name)


def _assigned(
    holdings: Holdings, ownership: Ownership, node: ast.Call, value: ast.expr, target: ast.expr, scope: Scope
) -> Iterator[Observation]:
    if isinstance(target, ast.Name):
        if scope.kind == "module":
            yield from _long_lived(ownership, node, value, scope, target.id, "module")
        elif scope.kind == "class":
            kept = _long_lived(ownership, node, value, scope, target.id, "class-attribute")
            yield from (one for one in kept if not is_ended_on_class(ownership, scope, target.id, one.cls))
        elif target.id in scope.globals:
            yield from _long_lived(ownership, node, value, scope, target.id, "global")
        else:
            yield from _by_name(holdings, ownership, node, value, target.id, scope)
    elif isinstance(target, ast.Attribute):
        receiver = target.value
        if isinstance(receiver, ast.Attribute) and receiver.attr == "state":
            yield from _long_lived(ownership, node, value, scope, target.attr, "application-state")
        elif isinstance(receiver, ast.Name) and receiver.id == "self":
            yield from _on_self(holdings, ownership, node, value, target.attr, scope)
        elif (owner := own_class(ownership.ev, receiver, scope)) is not None:
            kept = _long_lived(ownership, node, value, scope, target.attr, "class-attribute")
            yield from (one for one in kept if not is_ended_on_class(ownership, owner, target.attr, one.cls, target))


def _long_lived(
    ownership: Ownership, node: ast.Call, value: ast.expr, scope: Scope, variable: str, holder: Holder, keeper: str = ""
) -> Iterator[LongLived]:
    found = checkout(ownership.ev, node, value, scope)
    if found is None or found[1].kind not in HANDLES:
        return
    fact, cls, _ = found
    names = {variable, *_also_named(value)}
    is_cached = memoising(scope, ownership.ev.models) is not None
    # What a class keeps is asked about where its attributes are read, whatever else has the same name.
    named = names - {variable} if holder == "class-attribute" else names
    if is_cached or not any(is_ended_by_name(ownership, one, cls, scope) for one in named):
        where = (node, scope.qualified_name, may_await(node, scope), fact, cls, variable, holder, keeper)
        is_of_module = holder == "module"
        if is_of_module and cls.kind in SESSIONS and all(is_unused(ownership.ev, one, scope) for one in names):
            return  # it takes no connection before it is used
        yield LongLived(*where, is_possible=is_of_module and is_of_a_script(ownership.ev, variable, scope))


def _also_named(value: ast.expr) -> Iterator[str]:
    """The names that a value is given in the statement that keeps it: ``app.state.conn = conn = connect()``."""
    parent = parent_of(value)
    if isinstance(parent, ast.Assign):
        yield from (one.id for one in parent.targets if isinstance(one, ast.Name))


def _own_target(load: ast.expr) -> ast.Attribute | None:
    """The attribute of its own object that a method sets to what a name stands for."""
    target = given_target(load)
    is_own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    return target if is_own else None  # type: ignore[return-value]


def _by_name(
    holdings: Holdings, ownership: Ownership, node: ast.Call, value: ast.expr, name: str, scope: Scope
) -> Iterator[Observation]:
    """``conn = engine.connect()`` in a method that then keeps it, ``self.conn = conn``, and by its name only uses it."""
    found = checkout(ownership.ev, node, value, scope) if len(scope.bindings[name]) == 1 else None
    if found is None or found[1].kind not in HANDLES:
        return
    loads = scope.loads.get(name, ())
    kept = {load: target.attr for load in loads if (target := _own_target(load)) is not None}
    used = [one for one in loads if one not in kept and not isinstance(parent_of(one), (ast.If, ast.Compare))]
    if all(_plain_role(ownership.ev, one, found[1]) or _lent_role(ownership, one, scope, found[1]) for one in used):
        for attribute in kept.values():
            yield from _on_self(holdings, ownership, node, value, attribute, scope)


def _on_self(
    holdings: Holdings, ownership: Ownership, node: ast.Call, value: ast.expr, attribute: str, scope: Scope
) -> Iterator[Observation]:
    """``self.conn = engine.connect()`` in a class that only ever uses it."""
    owner = scope.method_around.enclosing_class
    if owner is None:
        return
    found = checkout(ownership.ev, node, value, scope)
    if found is not None and found[1].kind in HANDLES:
        yield from _kept(holdings, ownership, node, found[0], found[1], attribute, owner, scope)


def _from_factory(
    holdings: Holdings, ownership: Ownership, node: ast.Call, attribute: str, owner: Scope
) -> Iterator[Observation]:
    """``conn: Connection = field(default_factory=engine.connect)``: each object makes one."""
    taken = of_field(ownership.ev, node, attribute, owner)
    if taken is not None and taken.cls.kind in HANDLES:
        yield from _kept(holdings, ownership, node, taken.fact, taken.cls, attribute, owner, owner)


def _kept(
    holdings: Holdings,
    ownership: Ownership,
    node: ast.Call,
    fact: CallSite,
    cls: Class,
    attribute: str,
    owner: Scope,
    scope: Scope,
) -> Iterator[Observation]:
    """What each object of the class ``owner`` keeps, where no method releases it: what ``node`` gives, and ``fact`` takes."""
    ev = ownership.ev
    family = lineage(ev, ClassObject(owner, None))
    heirs = tuple(ev.derived(Heirs).below(owner))
    if all(_leaves_something_open(lineage(ev, ClassObject(one, None))) for one in (owner, *heirs)):
        return  # what is missing here may be done by a class that is not there
    classes = (*family, *heirs)
    names, found = [attribute], [use for one in classes for use in index_of(one).on_self(attribute)]
    uses = [use for _, use in found]
    is_of_block = scope.method_around.name in ENTERS and any(not LEAVES.isdisjoint(one.bindings) for one in family)
    found += _read_outside(ev, attribute, owner, classes) if is_of_block else ()
    is_used, ends = False, False
    for inner, use in found:  # grows
        parent = parent_of(use)
        if isinstance(use.ctx, ast.Store) or isinstance(parent, (ast.Compare, ast.If, ast.UnaryOp, ast.BoolOp)):
            continue
        if isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Store):
            continue  # it is only set up: `self.conn.autocommit = True`
        if isinstance(parent, ast.Return) and not PROPERTIES.isdisjoint(decorators(ev, inner)):
            if inner.name not in names:
                names.append(inner.name)
                found += _reads(ev, inner.name, owner, classes)
            continue
        role = _plain_role(ev, use, cls) or _lent_role(ownership, use, inner, cls)
        if not role:
            return  # released, handed on, or something that may do either
        ends = ends or (
            cls.kind == "session" and role in ("commit", "rollback") and not depends_on_caller(ev, use, inner)
        )
        is_used = is_used or role in TAKING_ROLES
    if ends and not _is_left_held(holdings, cls, attribute, classes):
        return
    if not (is_used or cls.kind == "connection") or (not is_of_block and _is_public(attribute, uses)):
        return  # what an object has taken as its block began, nobody but the end of that block has to give back
    if not any(is_ended_elsewhere(ownership, owner, one, cls) for one in names):
        in_async = may_await(node, scope)
        gone = closes_itself(cls)
        yield UnreleasedAttribute(node, scope.qualified_name, in_async, fact, cls, attribute, owner.name, gone)


def _reads(ev: Evaluator, name: str, owner: Scope, classes: tuple[Scope, ...]) -> Iterator[tuple[Scope, ast.Attribute]]:
    """Where a property of a class is read in its module: in its methods, and of its objects."""
    for one in classes:
        yield from index_of(one).on_self(name)
    yield from _read_outside(ev, name, owner, classes)


def _read_outside(
    ev: Evaluator, name: str, owner: Scope, classes: tuple[Scope, ...]
) -> Iterator[tuple[Scope, ast.Attribute]]:
    """Where an attribute of a class is read of its objects in its module, but in the methods of these classes."""
    for inner in owner.module.scope.descendants():
        for node in inner.attributes:
            if node.attr == name and inner.method_around.enclosing_class not in classes:
                of = alternatives(ev.type_of(node.value, inner))
                if any(isinstance(one, Instance) and owner in lineage(ev, one) for one in of):
                    yield inner, node


def _plain_role(ev: Evaluator, use: ast.expr, cls: Class) -> str:
    """The role of a method that is called on what is kept, and only uses it, as one that closes it does where that does not give
    it back to its pool; empty for all else."""
    parent = parent_of(use)
    row = ev.models.method(cls, parent.attr) if isinstance(parent, ast.Attribute) else None
    if row is None or not isinstance(parent_of(parent), ast.Call):  # type: ignore[arg-type]
        return ""
    is_plain = row.role in _PLAIN_USES or (row.role == "release" and is_lost_when_closed(cls))
    return row.role if is_plain else ""


def _lent_role(ownership: Ownership, use: ast.expr, scope: Scope, cls: Class) -> str:
    """What becomes of what is kept where it is lent: it is used, or its transaction ended; empty for all else."""
    fate = Fate.USED if is_lent_to_block(use, scope) else fate_of_use(ownership, use, scope, cls)
    return {Fate.USED: "query", Fate.COMMITTED: "commit"}.get(fate, "") if fate is not None else ""


def _is_left_held(holdings: Holdings, cls: Class, attribute: str, classes: tuple[Scope, ...]) -> bool:
    """Whether a method of these classes leaves its session holding a connection, on all its ways or where it goes on without
    the commit that others have, and none is there only to end that."""
    methods = [one for each in classes for one in each.children if one.kind == "function"]
    if any(leaves_block_held(holdings, each, attribute) for each in classes):
        return True
    ev = holdings.objects.ev
    ending = [one for one in methods if _only_ends(ev, one, attribute, cls)]
    working = {one.name for one in methods if one not in ending and _takes(ev, one, attribute, cls)}
    if any(
        not (_ends_at_times(one, attribute) and working & {read.attr for read in _own_reads(one)}) for one in ending
    ):
        return False  # who calls the others calls this one in the end
    place = f"self.{attribute}"
    held = (held for method in methods if method.name != "__init__" for held in holdings.left(method)[0])
    return any(one.resource == place and (one.is_sure or one.branch is not None) for one in held)


def _own_reads(method: Scope) -> list[ast.Attribute]:
    """Where a method reads an attribute of its object."""
    own = method.first_parameter
    reads = (parent_of(load) for load in method.loads.get(own.arg if own is not None else "", ()))
    return [one for one in reads if isinstance(one, ast.Attribute)]


def _takes(ev: Evaluator, method: Scope, attribute: str, cls: Class) -> bool:
    """Whether a method takes a connection by what its object keeps."""
    uses = (one for one in _own_reads(method) if one.attr == attribute)
    return any(_plain_role(ev, one, cls) in TAKING_ROLES for one in uses)


def _ends_at_times(method: Scope, attribute: str) -> bool:
    """Whether a method does what it does with what its object keeps under conditions alone."""
    uses = [one for one in _own_reads(method) if one.attr == attribute]
    return all(around(one, method, _AT_TIMES) is not None for one in uses)


def _only_ends(ev: Evaluator, method: Scope, attribute: str, cls: Class) -> bool:
    """Whether a method asks nothing of a session, and commits what has been done with it, or rolls it back; one that gives it
    something to write has work of its own, and commits that."""
    uses = [one for one in _own_reads(method) if one.attr == attribute]
    if any(isinstance(read := parent_of(use), ast.Attribute) and read.attr in ev.models.words("pends") for use in uses):
        return False
    roles = {_plain_role(ev, use, cls) for use in uses if not depends_on_caller(ev, use, method)}
    return not roles.isdisjoint({"commit", "rollback"}) and roles <= {"commit", "rollback", "local"}


def _leaves_something_open(family: list[Scope]) -> bool:
    """Whether a class, given with its bases, has a method that its heirs have to write."""
    written: set[str] = set()
    for owner in family:
        for method in owner.children:
            if method.name not in written and _is_left_open(method.node):
                return True
        written.update(owner.bindings)
    return False


def _is_left_open(node: ast.AST) -> bool:
    """Whether a method is abstract, or says `NotImplementedError`."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    last = node.body[-1]
    error = last.exc if isinstance(last, ast.Raise) else None
    error = error.func if isinstance(error, ast.Call) else error
    decorators = {last_name(one) for one in node.decorator_list}
    return "abstractmethod" in decorators or (error is not None and last_name(error) == "NotImplementedError")


def _is_public(attribute: str, uses: list[ast.Attribute]) -> bool:
    """Whether somebody outside may release it: a public attribute that its class hardly touches."""
    return not attribute.startswith("_") and len(uses) <= 1


DETECTOR = Detector("owners", lambda services: partial(observe, services.holdings, services.ownership), near=True)
