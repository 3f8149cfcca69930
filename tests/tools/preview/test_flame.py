"""The flame: what lies in what, on which thread, and which stages a display did not show."""

from __future__ import annotations

import threading
import time

from engine.trace import Trace
from tools.preview.flame import Interval, dots, rows


def test_intervals_lie_in_each_other_by_thread() -> None:
    trace = Trace()
    before_ns = time.perf_counter_ns()
    with trace.span("tick"):
        with trace.span("capture"):
            pass
        with trace.span("present"), trace.span("submit"):
            pass
    worker = threading.Thread(target=lambda: trace.span("decode").since(time.perf_counter_ns()), name="camera front")
    worker.start()
    worker.join()
    trace.span("delay").add(5)
    after_ns = time.perf_counter_ns()
    main, camera = rows(trace.spans(), before_ns, after_ns)
    assert main.thread == threading.current_thread().name
    assert [(each.name, each.depth) for each in main.intervals] == [
        ("tick", 0), ("capture", 1), ("present", 1), ("submit", 2),
    ]  # fmt: skip
    assert main.depth == 3
    assert camera.thread == "camera front"
    assert [each.name for each in camera.intervals] == ["decode"]
    assert rows(trace.spans(), after_ns + 1, after_ns + 2) == []


def test_a_stage_that_was_not_shown_is_missed_and_the_newest_is_waited_for() -> None:
    ticks = [Interval("tick", at, at + 10, 0) for at in (0, 100, 200, 300)]
    presents = [Interval("display", at, at + 5, 0) for at in (15, 215)]
    found = dots(ticks, presents, 400)
    assert found.shown_ns == (20, 220)
    assert found.missed_ns == (110,)
    assert dots(ticks, [], 250).missed_ns == (10, 110)
    assert dots([], presents, 400).missed_ns == ()
