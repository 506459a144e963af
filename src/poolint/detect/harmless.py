"""Checkouts that are lost where little comes of it: what is observed of them is only possible."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from poolint.analyses.occasions import Occasions
from poolint.detect.databases import closes_itself
from poolint.detect.leaks import LeakedCheckout
from poolint.frameworks.entries import is_entry
from poolint.models.schema import OWNERS, POOLING
from poolint.syntax.file_kinds import is_imported, is_test
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import is_in_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.detect.leaks import LeakProblem
    from poolint.detect.observation import Observation
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator

_RAISING = ("half-built", "exception")
"""What is lost because something raises."""
_LOST = ("with-keeps", "never", "exception", "cancel")
"""What is lost altogether: nobody comes to use it after its release."""


def is_harmless(
    ev: Evaluator, site: Site, problem: LeakProblem, scope: Scope, is_run_here: Callable[[str], bool]
) -> bool:
    """Whether a checkout closes itself as soon as nothing refers to it, or as the short answer to what was sent has arrived, or
    ends with the process all the same: that of a job that has one of its own; what a function of a command takes once and never
    gives back; what a test, or what only tests call, never gives back, a connection outside of any pool in what runs once, or in
    a script, what may fail in what runs once before there is an owner, or as a file is opened, or in a function of a command or
    of an application that starts, which ends with it, and what owns connections where an exception ends a command, or a pool
    where one ends a function that nobody is seen to call again. ``is_run_here`` says of a file whether its project is run from
    its repository: who installs others says by what workers."""
    if closes_itself(site.cls) or getattr(site.fact.row, "acknowledges", False):
        return True
    occasions = ev.derived(Occasions)
    if occasions.runs_forked(scope) and not is_in_loop(site.call, scope) and is_run_here(scope.module.path):
        return True
    if problem in ("with-keeps", "never") and (is_test(scope.module, ev.project) or occasions.is_of_tests(scope)):
        return True
    if site.cls.kind in OWNERS:
        is_pool = site.cls.kind in POOLING
        if occasions.ends_with_process(scope) and not is_in_loop(site.call, scope):
            return is_pool or problem in _RAISING
        if (is_pool or problem == "half-built") and _is_made_once(occasions, site, scope):
            return True
        return is_pool and problem in _RAISING and not _is_called_again(ev, site, scope)
    if site.cls.kind == "connection" and site.fact.is_direct and occasions.ends_with_script(scope):
        return True
    is_again = is_in_loop(site.call, scope) or scope.name in scope.called or occasions.is_handed_on(scope)
    if problem in _LOST and occasions.ends_with_process(scope) and not is_again:
        return True
    if problem in _RAISING and _is_made_once(occasions, site, scope):
        return True
    if problem == "half-built" and site.cls.embedded and site.fact.is_direct:
        return True  # what sets up a file that nobody else serves hardly ever fails
    if site.cls.kind != "connection" or problem not in ("with-keeps", "never", "exception"):
        return False
    return site.fact.is_direct and _is_made_once(occasions, site, scope)


def _is_made_once(occasions: Occasions, site: Site, scope: Scope) -> bool:
    return occasions.runs_once(scope) and not is_in_loop(site.call, scope)


def _is_called_again(ev: Evaluator, site: Site, scope: Scope) -> bool:
    """Whether a function may be called again and again: others import its module, tests aside, or a function of that
    mentions it; a method, what is decorated and what stands in another function may be anywhere."""
    module = scope.module
    if scope.parent is None or scope.parent.kind != "module" or getattr(scope.node, "decorator_list", None):
        return True
    if is_in_loop(site.call, scope) or is_entry(ev, scope):
        return True
    for inner in module.scopes_with(scope.name):
        for load in inner.loads.get(scope.name, ()):
            call = parent_of(load)
            if inner.kind != "module" or not isinstance(call, ast.Call) or call.func is not load:
                return True
            if is_in_loop(call, inner):
                return True
    return is_imported(module, ev.project)


def without_owners_of_lost(found: list[Observation]) -> Iterator[Observation]:
    """What was observed in one function, where what owns a connection that is never released is only possible: who gives the
    connection back sees what it came from."""
    lost = {
        one.node.func.value.id
        for one in found
        if isinstance(one, LeakedCheckout)
        and one.problem == "never"
        and isinstance(one.node, ast.Call)
        and isinstance(one.node.func, ast.Attribute)
        and isinstance(one.node.func.value, ast.Name)
    }
    for one in found:
        is_owner = isinstance(one, LeakedCheckout) and one.cls.kind in OWNERS and one.variable in lost
        yield msgspec.structs.replace(one, is_possible=True) if is_owner else one
