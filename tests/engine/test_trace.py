"""Spans keep the newest durations, and say how long things took."""

from __future__ import annotations

import json
import threading
import time

import pytest

from engine.trace import Span, Trace

MS = 1_000_000


def test_a_span_that_was_never_entered_says_nothing() -> None:
    assert Trace().span("idle").summary().count == 0


def test_percentiles_are_in_milliseconds() -> None:
    span = Span("work")
    for ms in range(1, 102):
        span.add(ms * MS)
    summary = span.summary()
    assert summary.count == 101
    assert (summary.p50, summary.p95, summary.p99, summary.most) == pytest.approx((51.0, 96.0, 100.0, 101.0))
    assert span.last_ns == 101 * MS


def test_only_the_newest_are_kept() -> None:
    span = Span("work")
    for _ in range(100):
        span.add(1000 * MS)
    for _ in range(Span.KEPT):
        span.add(MS)
    assert span.summary().most == 1.0
    assert span.summary().count == Span.KEPT + 100


def test_entering_measures_and_a_failure_inside_is_measured_too() -> None:
    span = Trace().span("work")
    with span:
        pass
    with pytest.raises(KeyError), span:
        raise KeyError
    assert span.count == 2
    assert span.last_ns >= 0


def test_intervals_know_when_they_began_and_figures_when_they_came() -> None:
    span, figure = Span("work"), Span("delay")
    before = time.perf_counter_ns()
    for _ in range(Span.KEPT + 2):
        with span:
            pass
    figure.add(5 * MS)
    began_ns, took_ns = span.newest(3)
    assert len(began_ns) == 3
    assert before <= began_ns[0] < began_ns[1] < began_ns[2]
    assert (took_ns >= 0).all()
    assert span.thread == threading.current_thread().name
    assert figure.thread == ""
    assert figure.newest()[0][0] >= began_ns[2]


def test_a_trace_can_be_opened_by_others() -> None:
    trace = Trace()
    with trace.span("outer"), trace.span("inner"):
        pass
    worker = threading.Thread(target=lambda: trace.span("decode").since(time.perf_counter_ns()), name="camera front")
    worker.start()
    worker.join()
    trace.span("delay").add(5 * MS)
    data = json.loads(json.dumps(trace.as_chrome()))
    events = {event["name"]: event for event in data["traceEvents"] if event["ph"] != "M"}
    rows = {event["tid"]: event["args"]["name"] for event in data["traceEvents"] if event["ph"] == "M"}
    outer, inner = events["outer"], events["inner"]
    assert outer["ts"] <= inner["ts"]
    assert inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"]
    assert rows[outer["tid"]] == threading.current_thread().name
    assert rows[events["decode"]["tid"]] == "camera front"
    assert events["delay"]["args"] == {"ms": 5.0}
    assert Trace().as_chrome()["traceEvents"] == []


def test_a_name_is_one_span_from_every_thread() -> None:
    trace = Trace()
    spans: list[Span] = []
    threads = [threading.Thread(target=lambda: spans.append(trace.span("shared"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, spans))) == 1


def test_clearing_forgets_durations_and_keeps_spans() -> None:
    trace = Trace()
    first, second = trace.span("first"), trace.span("second")
    first.add(5 * MS)
    second.add(7 * MS)
    trace.clear()
    assert [summary.count for summary in trace.summaries().values()] == [0, 0]
    first.add(2 * MS)
    assert list(trace.summaries()) == ["first", "second"]
    assert trace.summaries()["first"].most == 2.0
    assert trace.span("first") is first
