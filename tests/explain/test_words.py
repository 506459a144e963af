"""All that models, detectors and effects can say has words for those who ask why."""

from __future__ import annotations

from typing import get_args

import pytest

from poolint.analyses.lifetimes.acquisitions import Unfollowed
from poolint.analyses.lifetimes.state import Why
from poolint.detect.observation import Dismissal
from poolint.explain.words import CALLS, DISMISSALS, DROPS, EFFECTS, FREED, HANDED, NOT_TAKEN, ROLES, UNFOLLOWED
from poolint.models.schema import Call, Effect, OnDrop, Role


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (CALLS, Call),
        (ROLES, Role),
        (EFFECTS, Effect),
        (DROPS, OnDrop),
        (DISMISSALS, Dismissal),
        (UNFOLLOWED, Unfollowed),
    ],
)
def test_each_has_its_words(words: dict[str, str], kinds: object) -> None:
    assert set(words) == set(get_args(kinds)) - {""}


def test_each_end_of_an_obligation_is_told_or_a_way_that_is_not_taken() -> None:
    released = {"method", "registry", "callee", "block"}
    untold = {"tidying", "test"}
    assert {*released, *HANDED, *FREED, *NOT_TAKEN, *untold} == set(get_args(Why)) - {""}
