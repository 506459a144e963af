"""What is observed of the engines and pools that a module makes; loaded for modules that may make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.detector import Detector

if TYPE_CHECKING:
    from poolint.detect.detector import Observe
    from poolint.detect.services import Services


def _observe(services: Services) -> Observe:
    from poolint.detect.engines.configured import Configuration

    found = Configuration(services.engines, services.pools, lambda path: services.deployed.has_pooler(path))
    return lambda scope: found.observe(scope.module)


def _words(services: Services) -> tuple[bytes, ...]:
    """What makes an engine, and the names under which extensions are given the options of theirs."""
    classes = services.evaluator.models.classes.values()
    return (*services.spending.makers, *(name.encode() for one in classes for name in one.options_in))


DETECTOR = Detector("configuration", _observe, of="modules", words=_words)
