"""When the last ticks did what: intervals by thread, how deep they lie in each other, and presents against ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from engine.trace import Span

MOST_INTERVALS = 400
"""Of one span: ten seconds of a system."""


class Interval(NamedTuple):
    """Something that a thread did, by `time.perf_counter_ns`; `depth` counts what it lies in."""

    name: str
    began_ns: int
    ended_ns: int
    depth: int


@dataclass(frozen=True, slots=True)
class Row:
    """What one thread did, in the order it began."""

    thread: str
    intervals: tuple[Interval, ...]

    @property
    def depth(self) -> int:
        """How many lines it takes to draw."""
        return 1 + max((interval.depth for interval in self.intervals), default=0)


@dataclass(frozen=True, slots=True)
class Dots:
    """The presents of one display, and the slots that none came for."""

    shown_ns: tuple[int, ...]
    missed_ns: tuple[int, ...]


def rows(spans: Iterable[Span], from_ns: int, to_ns: int) -> list[Row]:
    """Return what each thread did between two times, the main thread first."""
    by_thread: dict[str, list[tuple[int, int, str]]] = {}
    for span in spans:
        if not span.thread:
            continue
        began_ns, took_ns = span.newest(MOST_INTERVALS)
        inside = (began_ns + took_ns >= from_ns) & (began_ns <= to_ns)
        found = by_thread.setdefault(span.thread, [])
        for begin, took in zip(began_ns[inside].tolist(), took_ns[inside].tolist(), strict=True):
            found.append((begin, -(begin + took), span.name))
    order = sorted(by_thread, key=lambda thread: (thread != "MainThread", thread))
    return [Row(thread, tuple(_nested(sorted(by_thread[thread])))) for thread in order if by_thread[thread]]


def _nested(sorted_intervals: Sequence[tuple[int, int, str]]) -> Iterable[Interval]:
    """Say of each how many of those before it have not ended when it begins."""
    open_until: list[int] = []
    for began_ns, minus_ended_ns, name in sorted_intervals:
        while open_until and open_until[-1] <= began_ns:
            open_until.pop()
        yield Interval(name, began_ns, -minus_ended_ns, len(open_until))
        open_until.append(-minus_ended_ns)


def dots(ticks: Sequence[Interval], presents: Sequence[Interval], until_ns: int) -> Dots:
    """Set the presents of a display against the ticks whose stages they were to show.

    A tick's slot lasts from its end to the end of the next one's: a present that ends in it is its. The newest tick is
    still waited for.
    """
    ends = [tick.ended_ns for tick in ticks]
    shown = [present.ended_ns for present in presents]
    missed = []
    at = 0
    for end, after in pairwise(ends):
        while at < len(shown) and shown[at] < end:
            at += 1
        if not (at < len(shown) and shown[at] < after) and after < until_ns:
            missed.append(end)
    return Dots(tuple(shown), tuple(missed))
