"""Displays on real virtual monitors: one goes and comes back, and the others do not notice."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.monitors import THREE, Output, Sway, Xorg, make_edid, running, skip_or_fail, sway, until, xorg
from tools.bench import take

SMALL = """
[stage.stage]
width = 160
height = 90
rate_hz = 15
[back.fill]
colour = "#ff8000"
[back.layer]
"""
ORANGE, BLUE, BLACK = (255, 128, 0), (0, 64, 192), (0, 0, 0)
LEFT, RIGHT = Output("DUMMY0", 640, 360, 60, 0), Output("DUMMY1", 640, 360, 50, 640)
"""Small ones: what a monitor shows is copied by the CPU here."""

GRIM_S = 0.3
"""How often a Wayland desktop is looked at: each look starts a program and takes the compositor's time."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Xorg]:
    with xorg(tmp_path) as server:
        server.unplug(THREE[2])
        server.plug(LEFT, RIGHT)
        yield server


def scene_of(folder: Path, displays: str) -> Path:
    scene = folder / "show.toml"
    scene.write_text(SMALL + displays, encoding="utf-8")
    return scene


def colour(server: Xorg, output: Output) -> tuple[int, ...]:
    """Return the colour at the middle of a monitor."""
    return tuple(int(value) for value in np.median(server.screenshot(output, (32, 32)), axis=(0, 1)))


def shows(server: Xorg, output: Output, wanted: tuple[int, int, int]) -> bool:
    return max(abs(a - b) for a, b in zip(colour(server, output), wanted, strict=True)) <= 2


def end_and_report(process: Any, folder: Path) -> dict[str, Any]:
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, (folder / "words.txt").read_text("utf-8")
    words = (folder / "words.txt").read_text("utf-8")
    assert "Traceback" not in words, words
    report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return report


def said(report: dict[str, Any]) -> dict[str, list[str]]:
    notices: dict[str, list[str]] = {}
    for notice in report["notices"]:
        notices.setdefault(notice["subject"], []).append(notice["text"])
    return notices


def test_three_monitors_one_of_which_is_unplugged_and_returned() -> None:
    result = take("hotplug", quick=True)
    if result.skipped:
        skip_or_fail(result.skipped)
    assert result.holds, result.as_table()


def test_plugged_and_unplugged_again_and_again_the_picture_returns_and_all_is_said(
    server: Xorg, tmp_path: Path
) -> None:
    server.identify(RIGHT, make_edid("HALL", "HALL-7"))
    scene = scene_of(
        tmp_path,
        '[one.display]\nmonitor = "DUMMY0"\nfullscreen = true\n'
        '[two.display]\nmonitor = "serial:HALL-7"\nfullscreen = true\n',
    )
    report_path = tmp_path / "report.json"
    with running(scene, server.environment, "--report", str(report_path)) as process:
        until(lambda: shows(server, LEFT, ORANGE) and shows(server, RIGHT, ORANGE), 60, "both show the stage")
        for cycle in range(4):
            with server.watch(RIGHT, (32, 32)) as look:
                server.unplug(RIGHT)
                until(lambda: look().mean() < 4, 10, "the window has gone with its monitor")
                if cycle == 3:
                    # In another size, at another rate, at another place: it is the same monitor.
                    server.plug(Output("DUMMY1", 320, 180, 75, 960))
                    break
                server.plug(RIGHT)
                until(lambda: look().mean() > 40, 10, "the picture is back")
            assert shows(server, LEFT, ORANGE)
        moved = Output("DUMMY1", 320, 180, 75, 960)
        until(lambda: shows(server, moved, ORANGE), 10, "the picture is back in another place")
        picture = server.screenshot(moved)
        assert np.abs(picture[[2, 2, 177, 177], [2, 317, 2, 317]].astype(int) - ORANGE).max() <= 2, "all of it"
        report = end_and_report(process, tmp_path)
    one, two = report["displays"]["one"], report["displays"]["two"]
    assert (one["monitor_lost"], two["monitor_lost"]) == (0, 4)
    assert one["where"] == "on DUMMY0 (640×360, 60 Hz)"
    assert two["where"] == "on DUMMY1 (320×180, 75 Hz)"
    assert two["size"] == [320, 180]
    assert one["presents"] > two["presents"] > 0
    assert said(report) == {
        "display two": [
            "waiting for monitor serial:HALL-7; it returns by itself",
            "its picture is on monitor DUMMY1 again",
        ]
    }


def test_a_mode_that_changes_is_followed_and_none_is_ever_changed(server: Xorg, tmp_path: Path) -> None:
    scene = scene_of(tmp_path, '[one.display]\nmonitor = "1"\nfullscreen = true\n')
    before = server.xrandr("-q")
    with running(scene, server.environment, "--report", str(tmp_path / "report.json")) as process:
        until(lambda: shows(server, RIGHT, ORANGE), 60, "the stage")
        assert server.xrandr("-q") == before, "50 Hz is still 50 Hz"
        larger = Output("DUMMY1", 960, 540, 30, 640)
        server.plug(larger)
        corner = Output("DUMMY1", 32, 32, 30, 640 + 960 - 40, 540 - 40)
        until(lambda: shows(server, corner, ORANGE), 10, "the stage in the corner of what is larger now")
        report = end_and_report(process, tmp_path)
    assert report["displays"]["one"]["where"] == "on DUMMY1 (960×540, 30 Hz)"
    assert report["displays"]["one"]["size"] == [960, 540]
    assert report["displays"]["one"]["monitor_lost"] == 0


def test_without_their_monitors_displays_are_what_the_scene_says_until_those_come(server: Xorg, tmp_path: Path) -> None:
    server.unplug(RIGHT)
    scene = scene_of(
        tmp_path,
        '[base.display]\nmonitor = "DUMMY0"\nfullscreen = true\n'
        '[wait.display]\nmonitor = "DUMMY1"\nfullscreen = true\nabsent = "wait"\n'
        '[twin.display]\nmonitor = "DUMMY0"\nfullscreen = true\nabsent = "offscreen"\n'
        '[typo.display]\nmonitor = "HMDI-1"\nabsent = "offscreen"\n'
        '[seat.display]\nmonitor = "at:here"\nwidth = 64\nheight = 36\n',
    )
    with running(scene, server.environment, "--report", str(tmp_path / "report.json")) as process:
        until(lambda: shows(server, LEFT, ORANGE), 60, "the stage")
        assert shows(server, RIGHT, BLACK)
        server.plug(RIGHT)
        until(lambda: shows(server, RIGHT, ORANGE), 10, "the stage on the monitor that came")
        report = end_and_report(process, tmp_path)
    displays = report["displays"]
    assert {name: display["kind"] for name, display in displays.items()} == {
        "base": "window", "wait": "window", "twin": "offscreen", "typo": "offscreen", "seat": "window",
    }  # fmt: skip
    assert all(display["presents"] for display in displays.values())
    assert said(report) == {
        "display wait": [
            "there is no monitor 'DUMMY1': there is DUMMY0; it waits",
            "its picture is on monitor DUMMY1 now",
        ],
        "display twin": ["monitor DUMMY0 is covered by display base; it goes on offscreen"],
        "display typo": ["there is no monitor 'HMDI-1': there is DUMMY0; it goes on offscreen"],
        "display seat": ["there is no monitor 'at:here': write a place as at:X,Y; it is a window meanwhile"],
    }


def test_windows_closed_by_hand_go_one_by_one_and_the_show_ends_with_the_last(server: Xorg, tmp_path: Path) -> None:
    scene = scene_of(
        tmp_path,
        '[one.display]\nmonitor = "DUMMY0"\nfullscreen = true\ntitle = "first"\n'
        '[two.display]\nmonitor = "DUMMY1"\nfullscreen = true\ntitle = "second"\n',
    )
    with running(scene, server.environment, "--report", str(tmp_path / "report.json")) as process:
        until(lambda: shows(server, LEFT, ORANGE) and shows(server, RIGHT, ORANGE), 60, "both show the stage")
        server.close_window("first")
        until(lambda: shows(server, LEFT, BLACK), 10, "the first has gone")
        time.sleep(0.3)
        assert process.poll() is None
        assert shows(server, RIGHT, ORANGE)
        server.close_window("second")
        assert process.wait(30) == 0
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert said(report)["display one"] == ["its window was closed by hand; the show goes on"]


def test_a_window_that_is_moved_keeps_the_time_of_the_monitor_that_it_is_on_now(server: Xorg, tmp_path: Path) -> None:
    scene = scene_of(tmp_path, '[one.display]\ntitle = "free"\nwidth = 64\nheight = 36\n')

    def has_said(what: str) -> bool:
        return f"display one: its window is on {what} now" in (tmp_path / "words.txt").read_text("utf-8")

    with running(scene, server.environment, "--report", str(tmp_path / "report.json")) as process:
        corner = Output("DUMMY0", 16, 16, 60, 8, 8)
        until(lambda: shows(server, corner, ORANGE), 60, "the stage")
        server.move_window("free", RIGHT.x + 100, 100)
        until(lambda: has_said("DUMMY1 (640×360, 50 Hz)"), 20, "it is on the other monitor")
        server.plug(Output("DUMMY1", 640, 360, 75, 640))
        until(lambda: has_said("DUMMY1 (640×360, 75 Hz)"), 20, "that has another rate")
        corner = Output("DUMMY1", 16, 16, 75, RIGHT.x + 124, 110)
        until(lambda: shows(server, corner, ORANGE), 10, "it shows the stage")
        report = end_and_report(process, tmp_path)
    assert report["displays"]["one"]["vsync"]["refresh_hz"] == 75.0
    assert report["displays"]["one"]["where"] == "on DUMMY1 (640×360, 75 Hz)"


def covered(compositor: Sway, output: str) -> bool:
    """Whether a monitor of 640 × 360 shows the stage from corner to corner."""
    picture = compositor.screenshot(output)[[2, 2, 180, 357, 357], [2, 637, 320, 2, 637]]
    return bool(np.abs(picture.astype(int) - ORANGE).max() <= 2)


def test_on_wayland_displays_cover_their_monitors_and_one_that_is_plugged_in_gets_its_own(tmp_path: Path) -> None:
    scene = scene_of(
        tmp_path,
        '[one.display]\nmonitor = "HEADLESS-1"\nfullscreen = true\n'
        '[two.display]\nmonitor = "HEADLESS-2"\n'
        '[three.display]\nmonitor = "HEADLESS-3"\nfullscreen = true\nabsent = "wait"\n',
    )
    with sway() as compositor:
        report_path = tmp_path / "report.json"
        with running(scene, compositor.environment, "--report", str(report_path)) as process:
            for output in ("HEADLESS-1", "HEADLESS-2"):
                until(partial(covered, compositor, output), 80, f"{output} shows the stage", GRIM_S)
            compositor.tell("create_output")
            until(partial(covered, compositor, "HEADLESS-3"), 20, "HEADLESS-3 shows the stage", GRIM_S)
            assert covered(compositor, "HEADLESS-1")
            assert covered(compositor, "HEADLESS-2")
            report = end_and_report(process, tmp_path)
    displays = report["displays"]
    assert [display["monitor_lost"] for display in displays.values()] == [0, 0, 0]
    assert displays["one"]["where"] == "on HEADLESS-1 (640×360, 60 Hz)"
    assert displays["three"]["where"] == "on HEADLESS-3 (640×360, 75 Hz)"
    assert all(display["size"] == [640, 360] for display in displays.values())
    assert said(report) == {
        "display two": ["this desktop puts no window anywhere, so it covers its monitor"],
        "display three": [
            "there is no monitor 'HEADLESS-3': there is HEADLESS-1, HEADLESS-2; it waits",
            "its picture is on monitor HEADLESS-3 now",
        ],
    }
