"""All that models, detectors and effects can say has its words, in findings and for those who ask why."""

from __future__ import annotations

from typing import get_args

import pytest

from poolint.analyses.lifetimes.destinations import Unfollowed
from poolint.analyses.lifetimes.state import Why
from poolint.analyses.waypoints import What
from poolint.detect.children import Child
from poolint.detect.engines.refused_arguments import Refuser, When
from poolint.detect.inside_pools import Part
from poolint.detect.observation import Dismissal
from poolint.detect.outliving import Owner
from poolint.detect.owners import Holder
from poolint.explain.words import CALLS, DISMISSALS, DROPS, EFFECTS, FREED, HANDED, NOT_TAKEN, ROLES, UNFOLLOWED
from poolint.models.schema import Call, Effect, OnDrop, Role
from poolint.rules import paths
from poolint.rules.api import loop_run_inside_pool
from poolint.rules.checkouts import long_lived_session
from poolint.rules.configuration import engine_crosses_processes, rejected_pool_argument
from poolint.rules.holding import wording


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (CALLS, Call),
        (ROLES, Role),
        (EFFECTS, Effect),
        (DROPS, OnDrop),
        (DISMISSALS, Dismissal),
        (UNFOLLOWED, Unfollowed),
        (paths.TEXTS, What),
        (loop_run_inside_pool.PARTS, Part),
        (long_lived_session.HOLDERS, Holder),
        (engine_crosses_processes.CHILDREN, Child),
        (rejected_pool_argument.BY, Refuser),
        (rejected_pool_argument.WHEN, When),
        (wording.OWNERS, Owner),
    ],
)
def test_each_has_its_words(words: dict[str, str], kinds: object) -> None:
    assert set(words) == set(get_args(kinds)) - {""}


def test_each_end_of_an_obligation_is_told_or_a_way_that_is_not_taken() -> None:
    released = {"method", "registry", "callee", "block"}
    untold = {"tidying", "test", "nothing-begun"}
    assert {*released, *HANDED, *FREED, *NOT_TAKEN, *untold} == set(get_args(Why)) - {""}
