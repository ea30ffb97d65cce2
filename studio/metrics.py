"""What a server says of its runs in Prometheus' form: numbers and kinds of errors, never a word or a name."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from studio.drawing import Asked, Made
from studio.runs import Run, Runs

BUCKETS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)  # seconds: from a GPU to a loaded CPU


class Metrics:
    """Counts from the start of the program."""

    def __init__(self, runs: Runs[Asked, Made]) -> None:
        self._registry = registry = CollectorRegistry()
        waiting = Gauge("castbook_runs_waiting", "Runs whose turn has not come.", registry=registry)
        waiting.set_function(lambda: runs.waiting)
        self._runs = Counter("castbook_runs", "Runs that ended.", ["state"], registry=registry)
        self._errors = Counter("castbook_errors", "Runs that failed, by kind.", ["kind"], registry=registry)
        self._pictures = Counter("castbook_pictures", "Pictures drawn.", registry=registry)
        self._faces = Counter("castbook_faces_found", "Pictures drawn that show a face.", registry=registry)
        self._seconds = Histogram(
            "castbook_seconds_per_picture",
            "From a run's turn to its end, over its pictures. The first waits for the models.",
            buckets=BUCKETS,
            registry=registry,
        )
        runs.when_ended(self._count)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def _count(self, run: Run[Asked, Made], seconds: float) -> None:
        self._runs.labels(run.state).inc()
        if run.state == "failed":
            self._errors.labels(type(run.error).__name__).inc()
        if run.made:
            drawn = run.made.ranked
            self._pictures.inc(len(drawn))
            self._faces.inc(sum(variant.face is not None for variant in drawn))
            self._seconds.observe(seconds / len(drawn))
