"""When the previewer's window may be drawn, so that the show's ticks come on time: arithmetic only."""

from __future__ import annotations

SHARE = 0.10
"""Of the time that the window may take where a show leaves none: 10 ms in 100."""

URGENT_SHARE = 0.25
"""The same while somebody drags something."""

LEAST_HZ = 2.0
URGENT_LEAST_HZ = 8.0
"""How often it is drawn whatever it costs: a machine that has no time for its show has none for good manners."""

MARGIN_NS = 2_000_000
"""How much of the time until the next tick is left free."""

LEARN = 0.2
"""How much a draw that was cheaper than expected counts; one that was dearer counts at once."""


class Slack:
    """Decides whether a window may be drawn before the next tick.

    It may when it fits between two ticks, at most `most_hz` times a second. Where it never fits, since the show takes
    all the time there is, it takes a share of it all the same.
    """

    def __init__(self, most_hz: float = 60.0) -> None:
        self._shortest_ns = round(0.9e9 / most_hz)
        self.cost_ns = 0
        self._began_ns = -(10**18)
        self._ended_ns = -(10**18)

    def may_draw(self, now_ns: int, next_tick_ns: int, *, urgent: bool = False) -> bool:
        """Whether to draw now, with the next tick due at `next_tick_ns`."""
        if now_ns - self._began_ns < self._shortest_ns:
            return False
        if now_ns + self.cost_ns + MARGIN_NS <= next_tick_ns:
            return True
        share, least_hz = (URGENT_SHARE, URGENT_LEAST_HZ) if urgent else (SHARE, LEAST_HZ)
        return now_ns - self._ended_ns >= min(self.cost_ns * (1.0 - share) / share, 1e9 / least_hz)

    def drew(self, began_ns: int, ended_ns: int) -> None:
        """Learn what a draw took."""
        self._began_ns, self._ended_ns = began_ns, ended_ns
        took_ns = ended_ns - began_ns
        self.cost_ns = took_ns if took_ns > self.cost_ns else round(self.cost_ns + LEARN * (took_ns - self.cost_ns))
