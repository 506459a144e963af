"""What can be done about a connection that is held too long: the plans that rules propose for it.

All of them change when something happens, so none is ever safe but where the code could not have run before.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolint.detect.nested_checkout import NestedCheckout
from poolint.detect.outliving import BeginAfterUse
from poolint.detect.waiting import CallWhileHeld
from poolint.diagnostics import Applicability
from poolint.fixes.plans import Delete, Dissolve, Insert, Move
from poolint.rewrite.inner_checkout import inner_block
from poolint.rewrite.pauses import pause
from poolint.rewrite.relocation import Relocations
from poolint.rewrite.second_begin import beginning

if TYPE_CHECKING:
    from poolint.detect.analysis import Analysis
    from poolint.detect.observation import Observation
    from poolint.fixes.plans import Plan
    from poolint.syntax.scopes import Scope


@dataclass(frozen=True)
class HoldingFix:
    """A plan with what a rule has to say of it: the parts of a :class:`~poolint.rules.base.Proposal`."""

    plan: Plan
    message: str
    applicability: Applicability = Applicability.UNSAFE


def holding_fix(analysis: Analysis, scope: Scope, observation: Observation) -> HoldingFix | None:
    """The fix for what has been observed in ``scope``; None where none can be right."""
    if isinstance(observation, (CallWhileHeld, NestedCheckout)) and observation.holder:
        return None  # another function holds it
    if isinstance(observation, CallWhileHeld):
        return _moved(analysis, scope, observation)
    if isinstance(observation, BeginAfterUse):
        return _begun_once(analysis, scope, observation)
    if isinstance(observation, NestedCheckout):
        return _at_hand(analysis, scope, observation)
    return None


def _moved(analysis: Analysis, scope: Scope, observation: CallWhileHeld) -> HoldingFix | None:
    """The call, and what comes with it, at a place where nothing is held."""
    if not isinstance(observation.node, ast.Call) or observation.locks:
        return None  # a loop or a block stays where it is; a call may need what is locked
    relocations = analysis.kept(Relocations, lambda: Relocations(analysis.evaluator, analysis.holdings, analysis.edges))
    way = relocations.out(observation.node, scope, may_pass=observation.effect == "queue")
    if way is None:
        return _committed(analysis, scope, observation)
    where = "behind" if way.behind else "before"
    is_block = isinstance(way.target, (ast.With, ast.AsyncWith))
    what = "the block" if is_block else "the end of the session's transaction"
    plan = Move(way.statements, way.target, way.behind, scope.qualified_name)
    return HoldingFix(plan, f"Move it {where} {what}")


def _committed(analysis: Analysis, scope: Scope, observation: CallWhileHeld) -> HoldingFix | None:
    """A commit before the call, where the session has only been read from."""
    assert isinstance(observation.node, ast.Call)
    found = None
    if observation.effect != "queue":
        found = pause(analysis.evaluator, analysis.holdings, observation.node, scope)
    if found is None:
        return None
    call = _call(f"{found.resource}.commit()")
    plan = Insert(found.statement, call, observation.in_async, scope.qualified_name)
    return HoldingFix(plan, f"Commit `{found.resource}` before the call")


def _begun_once(analysis: Analysis, scope: Scope, observation: BeginAfterUse) -> HoldingFix | None:
    """Without the second beginning: the transaction that is open goes on, and is committed where the block ended."""
    assert isinstance(observation.node, ast.Call)
    found = beginning(analysis.evaluator, analysis.holdings, observation.node, scope)
    if found is None:
        return None
    level = Applicability.SAFE if found.is_sure else Applicability.UNSAFE
    function = scope.qualified_name
    if not isinstance(found.statement, (ast.With, ast.AsyncWith)):
        return HoldingFix(Delete(found.statement, function), "Remove the second `begin()`", level)
    if not found.commits:
        plan = Dissolve(found.statement, function=function)
        return HoldingFix(plan, "Leave it to the transaction that is open", level)
    call = _call(f"{found.resource}.commit()")
    plan = Dissolve(found.statement, (), call, isinstance(found.statement, ast.AsyncWith), function)
    return HoldingFix(plan, f"Use `{found.resource}.commit()` in place of the block", level)


def _at_hand(analysis: Analysis, scope: Scope, observation: NestedCheckout) -> HoldingFix | None:
    """The work of the inner block, done with what is held around it; a property that is read has none there."""
    if not isinstance(observation.node, ast.Call):
        return None
    found = inner_block(analysis.evaluator, analysis.holdings, observation.node, observation.resource, scope)
    if found is None:
        return None
    plan = Dissolve(found.statement, ((found.name, found.at_hand),), function=scope.qualified_name)
    return HoldingFix(plan, f"Use `{found.at_hand}`, which is held already")


def _call(text: str) -> ast.Call:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return call
