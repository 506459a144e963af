"""What is observed of the engines and pools that a module makes; loaded for modules that may make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.detector import Detector
from poolint.screen import ENGINE_OPTIONS

if TYPE_CHECKING:
    from poolint.detect.detector import Observe
    from poolint.detect.services import Services


def _observe(services: Services) -> Observe:
    from poolint.detect.engines.configured import Configuration

    found = Configuration(services.engines, services.pools, lambda path: services.deployed.has_pooler(path))
    return lambda scope: found.observe(scope.module)


DETECTOR = Detector(
    "configuration", _observe, of="modules", words=lambda services: (*services.spending.makers, ENGINE_OPTIONS)
)
