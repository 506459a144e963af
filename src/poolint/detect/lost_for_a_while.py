"""Checkouts that are lost for a while only, where few are there to miss them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from poolint.detect.detector import Detector
from poolint.detect.leaks import LeakedCheckout
from poolint.detect.room import is_for_few_at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.detect.observation import Observation
    from poolint.detect.services import Services
    from poolint.syntax.scopes import Scope


def observe(services: Services, scope: Scope) -> Iterator[Observation]:
    """The checkouts of ``scope`` that some path leaves owed. Those that an exception loses until they are collected are only
    possible in the jobs and commands of an application, of which a process runs few at once."""
    for one in services.lifetimes.owed(scope):
        is_back = isinstance(one, LeakedCheckout) and one.problem == "exception" and one.cls.on_drop == "collected"
        yield msgspec.structs.replace(one, is_possible=True) if is_back and is_for_few_at_once(services, scope) else one


DETECTOR = Detector("lifetimes", lambda services: partial(observe, services), of="functions")
