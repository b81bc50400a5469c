"""What Prometheus scrapes of a server: counts, latencies, and whether it is ready; no user's data."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = every = CollectorRegistry()
        self.requests = Counter(
            "sess_requests", "Inference requests", ["protocol", "model", "status"], registry=every
        )  # fmt: skip
        self.latency = Histogram(
            "sess_request_seconds", "From the request to the answer", ["protocol", "model"], buckets=SECONDS,
            registry=every,
        )  # fmt: skip
        self.rejected = Counter("sess_rejected", "Requests that broke a rule", ["rule"], registry=every)
        self.sessions = Counter("sess_sessions", "Sessions in requests that kept the rules", registry=every)
        self.empty_sessions = Counter("sess_empty_sessions", "Sessions without a step", registry=every)
        self.unknown_items = Counter("sess_unknown_items", "Steps whose item is in no vocabulary", registry=every)
        self.in_flight = Gauge("sess_in_flight", "Requests under way", registry=every)
        self.ready = Gauge("sess_ready", "1 while requests are answered", registry=every)
        self.restarts = Counter("sess_restarts", "Times that a Triton was replaced because it failed", registry=every)
        self.swaps = Counter("sess_swaps", "Artifacts published or rolled back", ["result"], registry=every)
        self.artifact = Gauge("sess_artifact", "1 for the artifact that is served", ["name", "digest"], registry=every)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
