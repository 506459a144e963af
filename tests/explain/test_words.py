"""All that models, detectors and effects can say has words for those who ask why."""

from __future__ import annotations

from typing import get_args

import pytest

from poolint.detect.observation import Dismissal
from poolint.explain.words import CALLS, DISMISSALS, DROPS, EFFECTS, ROLES
from poolint.models.schema import Call, Effect, OnDrop, Role


@pytest.mark.parametrize(
    ("words", "kinds"), [(CALLS, Call), (ROLES, Role), (EFFECTS, Effect), (DROPS, OnDrop), (DISMISSALS, Dismissal)]
)
def test_each_has_its_words(words: dict[str, str], kinds: object) -> None:
    assert set(words) == set(get_args(kinds)) - {""}
