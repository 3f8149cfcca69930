"""How long everything took and when it happened: spans, cheap enough to stay on during a show, and a trace of them."""

from __future__ import annotations

import threading
import time
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Span:
    """The durations of one named thing and when each began, the newest `KEPT` of them. `with span:` costs about 0.5 µs.

    What is entered, or told of by `since`, is an interval of the thread that does it. What is only added is a figure: a
    delay, a share of the CPU; it overlaps with anything.

    Thread: one at a time enters it; any may read. Blocks: never. Owns: two fixed arrays. Fails: never.
    """

    KEPT = 4096

    __slots__ = ("_began_ns", "_entered_ns", "_ns", "count", "name", "thread")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.thread = ""  # of intervals, the thread's name
        # To write one number into an array of Python's takes half as long as into one of numpy's.
        self._ns = array("q", bytes(8 * self.KEPT))
        self._began_ns = array("q", bytes(8 * self.KEPT))
        self._entered_ns = 0

    def __enter__(self) -> None:
        self._entered_ns = time.perf_counter_ns()

    def __exit__(self, *_error: object) -> None:
        self.since(self._entered_ns)

    def since(self, began_ns: int) -> None:
        """Add an interval of this thread that began at a `time.perf_counter_ns` and ends now."""
        at = self.count % self.KEPT
        self._ns[at] = time.perf_counter_ns() - began_ns
        self._began_ns[at] = began_ns
        self.count += 1
        if not self.thread:
            self.thread = threading.current_thread().name

    def add(self, duration_ns: int) -> None:
        """Add a duration that was measured elsewhere; it is stamped with now."""
        at = self.count % self.KEPT
        self._ns[at] = duration_ns
        self._began_ns[at] = time.perf_counter_ns()
        self.count += 1

    def newest(self, count: int = KEPT) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return when the newest began, by `time.perf_counter_ns`, and how long they took, the oldest first."""
        total = self.count
        kept = np.arange(max(0, total - min(count, self.KEPT)), total) % self.KEPT
        return np.frombuffer(self._began_ns, np.int64)[kept], np.frombuffer(self._ns, np.int64)[kept]

    def clear(self) -> None:
        """Forget what was kept."""
        self.count = 0

    @property
    def last_ns(self) -> int:
        """The newest duration."""
        return self._ns[(self.count - 1) % self.KEPT]

    def summary(self) -> Summary:
        """Count and percentiles of what is kept, in milliseconds."""
        kept = np.frombuffer(self._ns, np.int64, min(self.count, self.KEPT))
        if not len(kept):
            return Summary(0, 0.0, 0.0, 0.0, 0.0)
        p50, p95, p99 = (float(v) / 1e6 for v in np.percentile(kept, (50, 95, 99)))
        return Summary(self.count, p50, p95, p99, float(kept.max()) / 1e6)


@dataclass(frozen=True, slots=True)
class Summary:
    """How often, and how long in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


class Trace:
    """All spans and counters of a show, by name.

    Thread: any. Blocks: on a lock when a name is new. Owns: its spans. Fails: never.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[str, Span] = {}

    def span(self, name: str) -> Span:
        """Return the span of this name; keep it, rather than look it up in a tick."""
        with self._lock:
            return self._spans.setdefault(name, Span(name))

    def clear(self) -> None:
        """Forget every duration; the spans stay."""
        with self._lock:
            for span in self._spans.values():
                span.clear()

    def spans(self) -> list[Span]:
        """Every span, in the order they were first named."""
        with self._lock:
            return list(self._spans.values())

    def summaries(self) -> dict[str, Summary]:
        """Every span's summary, in the order they were first named."""
        return {span.name: span.summary() for span in self.spans()}

    def as_chrome(self) -> dict[str, Any]:
        """Return what is kept in the form that Perfetto and chrome://tracing open ("Trace Event Format").

        Each thread is a row of its intervals; each figure is a counter, in milliseconds.
        """
        events: list[dict[str, Any]] = []
        rows: dict[str, int] = {}
        kept = [(span, *span.newest()) for span in self.spans()]
        zero_ns = min((int(began_ns[0]) for _, began_ns, _ in kept if len(began_ns)), default=0)
        for span, began_ns, took_ns in kept:
            if span.thread and span.thread not in rows:
                rows[span.thread] = len(rows) + 1
                named = {"name": "thread_name", "ph": "M", "pid": 1, "tid": rows[span.thread]}
                events.append({**named, "args": {"name": span.thread}})
            for at_ns, duration_ns in zip(began_ns.tolist(), took_ns.tolist(), strict=True):
                event = {"name": span.name, "pid": 1, "ts": (at_ns - zero_ns) / 1000}
                if span.thread:
                    events.append({**event, "ph": "X", "tid": rows[span.thread], "dur": duration_ns / 1000})
                else:
                    events.append({**event, "ph": "C", "args": {"ms": duration_ns / 1e6}})
        return {"traceEvents": events, "displayTimeUnit": "ms"}
