"""When in the camera's interval ticks begin: shortly after its pictures are ready. Arithmetic only."""

from __future__ import annotations


class TickPhase:
    """How far the ticks of a fixed rate should move, so that pictures of a camera of that rate do not wait for one.

    A camera and a show of one rate stand still to each other, in a phase that nobody chose: pictures are ready just
    after a tick as likely as just before, and then wait a whole interval. So for four seconds it is looked at when in
    the interval they are ready, on a circle that is cut where there are fewest. Then ticks move, the shorter way, until
    a twentieth of the pictures is nearer than MARGIN_NS, by a fiftieth of an interval a tick, which nobody sees. Then
    it looks again, so that two clocks that drift are followed.

    It stands still where that would be no help: with several cameras, with one of another rate (its phase comes round
    by itself; 500 ppm are more than two quartzes differ by), with pictures that are ready at any time.

    Thread: the loop's. Blocks: never. Owns: the waits. Fails: never.
    """

    PICTURES = 120
    MARGIN_NS = 2_000_000
    NEAREST = 0.05  # of the pictures, that may be ready later than the margin allows
    STEP = 1 / 50  # of an interval, that a tick moves at most
    SAME_RATE = 500e-6
    SCATTERED = 0.5  # of an interval: what is spread further has no phase
    STILL_NS = 500_000  # is not worth a move

    __slots__ = ("_camera", "_count", "_first", "_first_ns", "_interval_ns", "_left_ns", "_waits_ns")

    def __init__(self, rate_hz: float) -> None:
        self._interval_ns = 1e9 / rate_hz
        self._waits_ns = [0.0] * self.PICTURES
        self._count = 0
        self._camera = self._first = self._first_ns = 0
        self._left_ns = 0.0  # of the move that was decided

    def showed(self, camera: int, sequence: int, captured_ns: int, wait_ns: int) -> None:
        """Take a picture that a tick shows first: its number, when it was captured, how long it had been ready."""
        if self._count and camera != self._camera:
            self._count = 0
        if self._count == 0:
            self._camera, self._first, self._first_ns = camera, sequence, captured_ns
        self._waits_ns[self._count] = wait_ns % self._interval_ns
        self._count += 1
        if self._count == self.PICTURES:
            self._count = 0
            between_ns = (captured_ns - self._first_ns) / (sequence - self._first)
            if abs(between_ns / self._interval_ns - 1) <= self.SAME_RATE:
                self._left_ns = self._move()

    def step_ns(self) -> int:
        """Return how much later the next tick is to be; while ticks move, no wait counts."""
        if self._left_ns == 0.0:
            return 0
        most_ns = self.STEP * self._interval_ns
        step_ns = max(-most_ns, min(most_ns, self._left_ns))
        self._left_ns -= step_ns
        self._count = 0
        return round(step_ns)

    def _move(self) -> float:
        """Return how much later ticks should begin; below 0, earlier."""
        interval_ns, count = self._interval_ns, self.PICTURES
        waits_ns = sorted(self._waits_ns)
        gaps = [waits_ns[at] - waits_ns[at - 1] + (0.0 if at else interval_ns) for at in range(count)]
        begin = gaps.index(max(gaps))
        nearest_ns, furthest_ns = (
            waits_ns[at % count] + (interval_ns if at >= count else 0.0)
            for at in (begin + int(share * (count - 1)) for share in (self.NEAREST, 1 - self.NEAREST))
        )
        move_ns = self.MARGIN_NS - nearest_ns
        move_ns -= round(move_ns / interval_ns) * interval_ns
        if furthest_ns - nearest_ns > self.SCATTERED * interval_ns or abs(move_ns) < self.STILL_NS:
            return 0.0
        return move_ns
