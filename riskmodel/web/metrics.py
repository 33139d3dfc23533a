"""Metrics of the service for Prometheus: counts and times, never identities."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from riskmodel.web.serving.snapshots import Snapshots

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0)


class Metrics:
    """The metrics of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "riskmodel_requests",
            "Answers, by method, route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "riskmodel_request_seconds",
            "Seconds until the answer was out, by route.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.wrong_tokens = Counter("riskmodel_wrong_tokens", "Wrong tokens.", registry=self.registry)

    def watch(self, snapshots: Snapshots) -> None:
        """Add the snapshots that are served."""
        self.registry.register(_Serving(snapshots))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics as Prometheus reads them."""
        return generate_latest(self.registry)


class _Serving(Collector):
    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the snapshots that are served now."""
        serving = GaugeMetricFamily(
            "riskmodel_serving", "What is served.", labels=("experiment", "forecast", "model")
        )
        for name, each in self._snapshots.serving.items():
            serving.add_metric([name, each.stored.id, each.stored.release_id], 1)
        switches = GaugeMetricFamily("riskmodel_switches", "Snapshots put in place since the start.")
        switches.add_metric([], self._snapshots.switches)
        yield serving
        yield switches
