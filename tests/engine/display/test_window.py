"""Windows show what they should, follow their size, and go when they are closed: on a virtual desktop."""

from __future__ import annotations

import time
from collections.abc import Callable

import glfw
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.display.monitors import list_monitors
from engine.display.window import Window, first_of, surface_info
from engine.errors import DisplayError
from systems.show import Show
from tests.displays import HEIGHT, WIDTH, Desktop
from tests.engine.display.conftest import Windowed

SCENE = """
[stage.stage]
width = 160
height = 90
[back.fill]
colour = "#ff8000"
[back.layer]
[left.fill]
colour = "#0040c0"
[left.layer]
order = 1
[left.place]
x = 0.25
scale = 0.5
"""
ORANGE, BLUE, BLACK = (255, 128, 0), (0, 64, 192), (0, 0, 0)


def window_of(show: Show, name: str) -> Window:
    target = show.present.presenters[name].target
    assert isinstance(target, Window), show.notices.all()
    return target


def handle_of(show: Show, name: str) -> int:
    return int(glfw.get_x11_window(window_of(show, name)._handle))


def ticks(show: Show, count: int = 1) -> None:
    for _ in range(count):
        show.clock.wait_until(show.loop.tick.now_ns + 33_000_000)
        show.loop.run(lambda: False, 0.0)


def until(show: Show, seen: Callable[[], bool]) -> None:
    """Go on until the desktop has caught up."""
    give_up = time.monotonic() + 15
    while not seen():
        assert time.monotonic() < give_up, "it never came to be seen"
        ticks(show)
        time.sleep(0.02)


def is_at(picture: NDArray[np.uint8], x: int, y: int, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(picture[y, x].astype(int) - colour).max() <= 1)


def test_a_window_shows_the_stage(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(SCENE + "[screen.display]\nwidth = 320\nheight = 180\n")
    assert show.present.windows
    assert window_of(show, "screen").size == (320, 180)
    until(show, lambda: is_at(desktop.screenshot(), 300, 20, ORANGE))
    picture = desktop.screenshot()
    expected = {(40, 90): BLUE, (120, 130): BLUE, (250, 90): ORANGE, (80, 20): ORANGE, (318, 178): ORANGE}
    assert {place: is_at(picture, *place, colour) for place, colour in expected.items()} == dict.fromkeys(
        expected, True
    )
    assert not show.notices.all()


def test_two_windows_each_show_their_own_look(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(
        SCENE + "[one.display]\nwidth = 320\nheight = 180\n[two.display]\nwidth = 160\nheight = 90\nrotate = 180\n"
    )
    desktop.move(handle_of(show, "two"), 400, 300)
    until(show, lambda: is_at(desktop.screenshot(), 300, 20, ORANGE) and is_at(desktop.screenshot(), 520, 345, BLUE))
    picture = desktop.screenshot()
    assert is_at(picture, 40, 90, BLUE)
    assert is_at(picture, 440, 345, ORANGE), "turned round"
    one, two = (show.present.presenters[name] for name in ("one", "two"))
    assert one.presents == two.presents > 0


def test_a_windows_picture_follows_its_size(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(SCENE + "[screen.display]\nwidth = 320\nheight = 180\n")
    until(show, lambda: is_at(desktop.screenshot(), 300, 20, ORANGE))
    desktop.resize(handle_of(show, "screen"), 240, 240)
    until(show, lambda: window_of(show, "screen").size == (240, 240))
    # 160 × 90 contained in a square: bars above and below, 52 px high.
    until(show, lambda: is_at(desktop.screenshot(), 200, 20, BLACK) and is_at(desktop.screenshot(), 200, 80, ORANGE))
    picture = desktop.screenshot()
    assert is_at(picture, 30, 120, BLUE)
    assert is_at(picture, 200, 230, BLACK)


def test_closing_the_last_window_ends_the_show(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(SCENE + "[screen.display]\n")
    ticks(show, 2)
    assert not show.stopping
    desktop.close(handle_of(show, "screen"))
    until(show, lambda: show.stopping)


def test_closing_one_of_two_windows_leaves_the_other_on_air(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(SCENE + "[one.display]\n[two.display]\n")
    closed = window_of(show, "one")
    desktop.close(handle_of(show, "one"))
    until(show, lambda: closed.closed_by_hand)
    presents = show.present.presenters["two"].presents
    ticks(show, 3)
    assert show.present.presenters["two"].presents == presents + 3
    assert not show.stopping
    assert "one" not in show.present.presenters, "a closed window is gone"
    desktop.close(handle_of(show, "two"))
    until(show, lambda: show.stopping)


def test_a_fullscreen_window_covers_the_monitor(desktop: Desktop, windowed: Windowed) -> None:
    show = windowed(SCENE + "[screen.display]\nfullscreen = true\n")
    window = window_of(show, "screen")
    assert window.size == (WIDTH, HEIGHT)
    until(show, lambda: is_at(desktop.screenshot(), 700, 300, ORANGE))
    monitor = window.monitor
    assert monitor is not None
    assert (monitor.index, monitor.width, monitor.height) == (0, WIDTH, HEIGHT)


def test_a_monitor_that_is_not_there_is_said_and_the_show_goes_on_offscreen(
    desktop: Desktop, windowed: Windowed
) -> None:
    assert desktop.name
    show = windowed(SCENE + "[screen.display]\nmonitor = '3'\nabsent = 'offscreen'\n")
    ticks(show, 2)
    (notice,) = show.notices.all()
    assert (notice.severity, notice.subject) == ("visible", "display screen")
    assert notice.text == "there is no monitor '3': there is screen; it goes on offscreen"
    assert show.present.presenters["screen"].is_offscreen
    assert show.present.presenters["screen"].presents == 2


def test_monitors_are_listed_with_a_rate_even_where_it_is_unknown(desktop: Desktop) -> None:
    assert desktop.name
    (monitor,) = list_monitors()
    assert (monitor.index, monitor.x, monitor.y, monitor.width, monitor.height) == (0, 0, 0, WIDTH, HEIGHT)
    assert monitor.refresh_hz > 0


def test_a_headless_show_opens_no_window_even_on_a_desktop(desktop: Desktop, windowed: Windowed) -> None:
    assert desktop.name
    show = windowed(SCENE + '[screen.display]\nkind = "offscreen"\n')
    assert not show.present.windows


def test_a_desktop_can_be_left_and_entered_again(desktop: Desktop, windowed: Windowed) -> None:
    assert desktop.name
    for _ in range(3):
        show = windowed(SCENE + "[screen.display]\n")
        ticks(show, 2)
        assert show.present.presenters["screen"].presents == 2
        show.close()


def test_the_first_preferred_format_that_is_offered_is_taken() -> None:
    assert first_of(("mailbox", "fifo"), ["fifo", "mailbox"]) == "mailbox"
    assert first_of(("mailbox",), ["immediate", "fifo"]) == "immediate"


def test_a_window_that_is_none_is_refused_before_it_aborts_the_process() -> None:
    with pytest.raises(DisplayError, match="no window to draw into"):
        surface_info(None)


def test_without_a_desktop_a_window_becomes_offscreen_and_says_so(
    windowed: Windowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    show = windowed(SCENE + "[screen.display]\nwidth = 320\nheight = 180\n")
    ticks(show, 2)
    presenter = show.present.presenters["screen"]
    assert presenter.is_offscreen
    assert presenter.target.size == (320, 180)
    (notice,) = show.notices.all()
    assert notice.subject == "display screen"
    assert "no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set; it goes on offscreen" in notice.text
