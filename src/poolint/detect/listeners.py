"""Observations about listeners: targets that take none, events that do not exist, and functions that do not fit."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, Literal

from poolint.analyses.event_targets import registrations, targeted
from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.detect.prepared import has_been_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.event_targets import Registration
    from poolint.models.api_rows import Events, Target
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator
    from poolint.types.values import Function


class RefusedListener(Observation, frozen=True, eq=False):
    """A listener for something that takes none. ``node`` is the target.

    ``target`` is its class, ``attribute`` what takes the listener in place of an object of it, ``stands_for`` the class
    that does in place of the class, where there are such; ``is_class`` says which of them it is.
    """

    target: str
    is_class: bool
    attribute: str
    stands_for: str


class NoSuchEvent(Observation, frozen=True, eq=False):
    """A listener for an event that its target does not have. ``node`` is the event's name, ``near`` one that it has."""

    target: str
    event: str
    near: str


class MisfitListener(Observation, frozen=True, eq=False):
    """A listener that cannot be called with what its event passes. ``node`` is the call that registers it.

    ``wanted`` are the names of what is passed. ``problem``: it takes another number of arguments, or it takes them for
    what they are not, or it is ``async``, so that calling it does nothing. ``culprit`` is the parameter that is meant
    for something else.
    """

    event: str
    listener: str
    wanted: tuple[str, ...]
    problem: Literal["count", "order", "async"]
    culprit: str = ""


_FAR = 3
"""How many letters may be different in a name that is taken for another."""


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """What is wrong with the listeners that ``scope`` registers."""
    for one in registrations(ev, scope):
        targets = targeted(ev, one.target, scope)
        if not targets or has_been_asked(one.target, one.call):
            continue
        if not any(row.events for _, row, _ in targets):
            cls, row, is_class = targets[0]
            yield RefusedListener(
                one.target, scope.qualified_name, False, _short(cls), is_class, row.attribute, row.stands_for
            )
        elif isinstance(one.event, ast.Constant) and isinstance(one.event.value, str):
            yield from _event(ev, one, one.event.value, targets, scope)


def _event(
    ev: Evaluator, one: Registration, name: str, targets: list[tuple[Class, Target, bool]], scope: Scope
) -> Iterator[Observation]:
    groups = [ev.models.events[group] for _, row, _ in targets for group in row.events]
    group = next((each for each in groups if name in each.listeners), None)
    if group is None:
        cls = targets[0][0]
        known = [each for one_group in groups for each in one_group.listeners]
        yield NoSuchEvent(one.event, scope.qualified_name, False, _short(cls), name, _nearest(name, known))
    elif one.listener is not None and not _is_named(one.call):
        yield from _listener(one, name, _forms(ev, name, group, scope), one.listener, scope)


def _forms(ev: Evaluator, name: str, group: Events, scope: Scope) -> list[tuple[str, ...]]:
    """What the listeners of an event may be passed by the versions that may be installed, the newest form first."""
    newest, older = tuple(group.listeners[name].split()), group.legacy.get(name)
    versions, where = ev.project.versions, (group.distribution, scope.module.path)
    if older is None or (older.until and not versions.may_be_before(older.until, *where)):
        return [newest]
    may_be_newer = versions.may_be_since(older.before, *where)
    return [*([newest] if may_be_newer else []), tuple(older.passes.split())]


def _listener(
    one: Registration, name: str, forms: list[tuple[str, ...]], listener: Function, scope: Scope
) -> Iterator[Observation]:
    node = listener.scope.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return
    around = (one.call, scope.qualified_name, False, name, listener.scope.name)
    if isinstance(node, ast.AsyncFunctionDef):
        yield MisfitListener(*around, forms[0], "async")
        return
    if getattr(node, "decorator_list", None) and not _is_only_decorator(one, node):
        return  # what is registered is what the decorators make of it
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
    if listener.receiver is not None:
        names = names[1:]
    least = len(names) - len(node.args.defaults)
    fitting = [form for form in forms if node.args.vararg is not None or least <= len(form) <= len(names)]
    if not fitting or any(default is None for default in node.args.kw_defaults):
        yield MisfitListener(*around, forms[0], "count")
    elif all(_misplaced(names, form) for form in fitting):
        yield MisfitListener(*around, fitting[0], "order", _misplaced(names, fitting[0]))


def _misplaced(names: list[str], wanted: tuple[str, ...]) -> str:
    """The first parameter that is called like something that the event passes in another place, or not at all."""
    for name, passed in zip(names, wanted, strict=False):
        if name != passed and (name in wanted or name == "pool"):
            return name
    return ""


def _is_only_decorator(one: Registration, node: ast.AST) -> bool:
    return [one.call] == getattr(node, "decorator_list", None)


def _is_named(call: ast.Call) -> bool:
    """Whether the listener is passed what it takes by name."""
    return any(keyword.arg in ("named", None) for keyword in call.keywords)


def _short(cls: Class) -> str:
    return cls.name.rpartition(".")[2]


def _nearest(name: str, known: list[str]) -> str:
    """The one name that differs by a few letters; empty where there are several, or none."""
    near = [one for one in known if _distance(name, one) <= _FAR and len(name) > _FAR]
    best = min((_distance(name, one) for one in near), default=0)
    found = [one for one in near if _distance(name, one) == best]
    return found[0] if len(found) == 1 else ""


def _distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or changed."""
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        before, row[0] = row[0], index
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != wanted))
    return row[-1]


DETECTOR = Detector("listeners", lambda services: partial(observe, services.evaluator), words=lambda _: (b"listen",))
