"""Gauges of what a watcher sees, for OpenTelemetry and Prometheus. They are read by whoever exports them."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from poolint.runtime.watching import State, Watch

OUT = ("connections_out", "Connections that are checked out")
LONGEST = ("longest_hold_seconds", "The longest hold of a connection that is out, by its place and task")
WAITS = ("pool_waits", "How often somebody had to wait for a connection, since all were out")


class OpenTelemetry:
    """Observable gauges of the global meter provider. Raises ``ImportError`` where OpenTelemetry is not installed."""

    def __init__(self, watched: Watch) -> None:
        metrics: Any = importlib.import_module("opentelemetry.metrics")
        self._watched: Watch | None = watched
        meter = metrics.get_meter("poolint")
        self._observation = metrics.Observation
        for (name, text), read in ((OUT, self._out), (LONGEST, self._longest), (WAITS, self._waits)):
            meter.create_observable_gauge(f"poolint.{name}", callbacks=[read], description=text)

    def close(self) -> None:
        self._watched = None  # its gauges cannot be taken back; they show nothing any more

    def _state(self) -> Iterable[State]:
        return [self._watched.state()] if self._watched is not None else []

    def _out(self, _: object) -> Iterable[object]:
        return [self._observation(one.out) for one in self._state()]

    def _longest(self, _: object) -> Iterable[object]:
        return [self._observation(one.longest, {"place": one.place, "task": one.by}) for one in self._state()]

    def _waits(self, _: object) -> Iterable[object]:
        return [self._observation(one.waits) for one in self._state()]


class Prometheus:
    """A collector of the default registry. Raises ``ImportError`` where ``prometheus_client`` is not installed."""

    def __init__(self, watched: Watch) -> None:
        core: Any = importlib.import_module("prometheus_client.core")
        self._watched = watched
        self._family = core.GaugeMetricFamily
        self._registry = core.REGISTRY
        self._registry.register(self)

    def close(self) -> None:
        self._registry.unregister(self)

    def collect(self) -> Iterable[object]:
        now = self._watched.state()
        for (name, text), value in ((OUT, now.out), (WAITS, now.waits)):
            family = self._family(f"poolint_{name}", text)
            family.add_metric([], value)
            yield family
        family = self._family(f"poolint_{LONGEST[0]}", LONGEST[1], labels=["place", "task"])
        family.add_metric([now.place, now.by], now.longest)
        yield family
