"""Checkouts that are lost where little comes of it: what is observed of them is only possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.analyses.occasions import Occasions
from poolint.detect.databases import closes_itself
from poolint.models.schema import OWNERS
from poolint.syntax.file_kinds import is_test

if TYPE_CHECKING:
    from poolint.analyses.lifetimes.acquisitions import Site
    from poolint.detect.leaks import LeakProblem
    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


def is_harmless(ev: Evaluator, site: Site, problem: LeakProblem, scope: Scope) -> bool:
    """Whether a checkout closes itself as soon as nothing refers to it, or as the short answer to what was sent has arrived,
    or ends with the process all the same: a connection in a test, or in what only tests call, one outside of any pool in what
    runs once, and what owns connections where an exception ends a command."""
    if closes_itself(site.cls) or getattr(site.fact.row, "acknowledges", False):
        return True
    occasions = ev.derived(Occasions)
    if site.cls.kind in OWNERS:
        return problem == "exception" and occasions.ends_with_process(scope)
    if site.cls.kind != "connection" or problem not in ("with-keeps", "never", "exception"):
        return False
    if problem != "exception" and (is_test(scope.module, ev.project) or occasions.is_of_tests(scope)):
        return True
    return site.fact.is_direct and occasions.runs_once(scope)
