"""The window takes what time the show leaves, and a share where it leaves none."""

from __future__ import annotations

from tools.preview.slack import LEAST_HZ, Slack

MS = 1_000_000


def played(tick_ms: float, draw_ms: float, *, rate_hz: float = 30.0, urgent: bool = False) -> tuple[float, float]:
    """Play ten seconds of a show whose ticks take `tick_ms`; return draws a second, and what share of ticks is late."""
    slack = Slack()
    interval = 1000 / rate_hz
    now, draws, late, ticks = 0.0, 0, 0, 0
    while now < 10_000:
        begin = max(now, interval * ticks)
        late += begin > interval * ticks + 0.5
        ticks = max(ticks, int(begin / interval)) + 1
        now = begin + tick_ms
        if slack.may_draw(round(now * MS), round(interval * ticks * MS), urgent=urgent):
            slack.drew(round(now * MS), round((now + draw_ms) * MS))
            now += draw_ms
            draws += 1
    return draws / 10, late / ticks


def test_where_there_is_time_it_is_drawn_between_all_ticks_and_none_is_late() -> None:
    draws, late = played(8.0, 12.0)
    assert round(draws) == 30
    assert late == 0.0


def test_what_does_not_fit_is_drawn_in_a_tenth_of_the_time() -> None:
    draws, late = played(25.0, 14.0)
    assert 6.0 < draws < 8.0
    assert late < 0.25


def test_while_somebody_drags_it_may_take_more() -> None:
    assert played(25.0, 14.0, urgent=True)[0] > 1.8 * played(25.0, 14.0)[0]


def test_a_window_is_never_forgotten() -> None:
    draws, _ = played(40.0, 400.0)
    assert draws >= LEAST_HZ * 0.5


def test_it_is_drawn_no_oftener_than_a_monitor_shows() -> None:
    assert played(1.0, 0.5, rate_hz=200.0)[0] <= 67
