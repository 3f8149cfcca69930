"""How many pictures a second a model is given, when not all: arithmetic, no threads, no waiting."""

from __future__ import annotations


class Sparing:
    """The rate of inference: all pictures, or fewer where nobody is seen, the machine is hot, or the model is late.

    Each of the three begins and ends at different marks, so that none hunts. The slowest wins.

    Thread: one. Blocks: never. Owns: its numbers. Fails: never.
    """

    IDLE_HZ = 15.0
    HOT_HZ = 15.0
    EMPTY = 0.004  # share of the picture: below it nobody is there; a head far away has a hundredth
    SOMEBODY = 0.008
    IDLE_AFTER_NS = 2_000_000_000
    HOT_C = 65.0
    COOL_C = 60.0
    LATE = 1.0  # of a picture's interval: a model that takes longer is late
    IN_TIME = 0.8
    SETTLED_NS = 3_000_000_000  # how long late or in time it must be

    __slots__ = ("_hot", "_late", "_since_ns", "_someone_ns", "reason")

    def __init__(self) -> None:
        self.reason = ""
        self._hot = False
        self._late = False
        self._since_ns: int | None = None  # from when on lateness has been otherwise than `_late` says
        self._someone_ns: int | None = None

    def rate_hz(self, now_ns: int, coverage: float, celsius: float | None, took_ns: float, interval_ns: float) -> float:
        """Return how many pictures a second to give it, 0 for all; `reason` says why fewer.

        `coverage` is the share of the last mask that is person, `celsius` the hottest sensor, None where there is none,
        `took_ns` the time of the model, `interval_ns` that between the camera's pictures.
        """
        idle = self._idle(now_ns, coverage)
        if celsius is not None:
            self._hot = celsius > (self.COOL_C if self._hot else self.HOT_C)
        self._settle(now_ns, took_ns > (self.IN_TIME if self._late else self.LATE) * interval_ns)
        rates = []
        if idle:
            rates.append((self.IDLE_HZ, "nobody is seen"))
        if self._hot:
            rates.append((self.HOT_HZ, "the machine is hot"))
        if self._late:
            rates.append((0.5e9 / interval_ns, "the model takes longer than a picture lasts"))
        rate_hz, self.reason = min(rates, default=(0.0, ""))
        return rate_hz

    def _idle(self, now_ns: int, coverage: float) -> bool:
        was_idle = self._someone_ns is not None and now_ns - self._someone_ns >= self.IDLE_AFTER_NS
        if self._someone_ns is None or coverage > (self.SOMEBODY if was_idle else self.EMPTY):
            self._someone_ns = now_ns
        return now_ns - self._someone_ns >= self.IDLE_AFTER_NS

    def _settle(self, now_ns: int, late: bool) -> None:
        """Take over a new lateness only after it has stayed."""
        if late == self._late:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = now_ns
        elif now_ns - self._since_ns >= self.SETTLED_NS:
            self._late, self._since_ns = late, None
