"""Displays go onto monitors and off them by edits of the scene, and nothing else of it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.display.monitors import Monitor
from tools.preview.outputs import Desktop, Output, name_of, outputs_of, put_on, set_free
from tools.preview.session import Session

LEFT = Monitor(0, "HDMI-1", 0, 0, 1920, 1080, 60.0, serial="1", edid="aaaa")
RIGHT = Monitor(1, "DP-2", 1920, 0, 1280, 720, 50.0, serial="2", edid="bbbb")

SCENE = """# Two displays.
[sky.fill]
[sky.layer]
[wall.display]  # the wall
monitor = "HDMI-1"  # left
fullscreen = true
[side.display]
kind = "offscreen"
width = 640
"""

Open = Callable[..., Session]


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    desktop = Desktop(exists=True)
    desktop.monitors = [LEFT, RIGHT]
    monkeypatch.setattr(desktop, "look", lambda _now_s: None)
    return desktop


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    def open_one(text: str = SCENE, **others: str) -> Session:
        for name, other in others.items():
            (tmp_path / f"{name}.toml").write_text(other, encoding="utf-8")
        path = tmp_path / "show.toml"
        path.write_text(text, encoding="utf-8")
        return Session(path)

    return open_one


def named(session: Session, desktop: Desktop) -> dict[str, Output]:
    return {output.name: output for output in outputs_of(session, None, desktop)}


def text(session: Session) -> str:
    return session.document.text.decode()


def test_displays_are_where_the_show_would_put_them(opened: Open, desktop: Desktop) -> None:
    outputs = named(opened(), desktop)
    assert [(each.number, each.monitor, each.where) for each in outputs.values()] == [
        (1, LEFT, "for HDMI-1"),
        (2, None, "offscreen"),
    ]
    desktop.monitors = [RIGHT]
    wall = named(opened(), desktop)["wall"]
    assert wall.is_absent
    assert "there is no monitor 'HDMI-1': there is DP-2" in wall.where


def test_without_a_desktop_all_are_offscreen(opened: Open) -> None:
    outputs = named(opened(), Desktop(exists=False))
    assert [each.where for each in outputs.values()] == ["offscreen", "offscreen"]
    assert not any(each.is_absent for each in outputs.values())


def test_a_display_is_put_on_a_monitor_and_taken_back_with_one_undo(opened: Open, desktop: Desktop) -> None:
    session = opened()
    outputs = named(session, desktop)
    put_on(session, outputs["side"], RIGHT, list(outputs.values()), desktop)
    expected = 'width = 640\nmonitor = "DP-2"\nfullscreen = true\n'
    assert text(session) == SCENE.replace('kind = "offscreen"\nwidth = 640\n', expected), "a window is the default"
    assert named(session, desktop)["side"].monitor == RIGHT
    session.undo()
    assert text(session) == SCENE


def test_two_displays_do_not_cover_one_monitor(opened: Open, desktop: Desktop) -> None:
    session = opened()
    outputs = named(session, desktop)
    put_on(session, outputs["side"], LEFT, list(outputs.values()), desktop)
    side = named(session, desktop)["side"]
    assert (side.monitor, side.place.covers) == (LEFT, False)


def test_a_display_that_is_set_free_says_no_more_than_it_must(opened: Open, desktop: Desktop) -> None:
    session = opened()
    set_free(session, named(session, desktop)["wall"])
    assert text(session) == SCENE.replace('monitor = "HDMI-1"  # left\nfullscreen = true\n', "")
    set_free(session, named(session, desktop)["wall"])
    assert session.document.undoes == "take wall from its monitor", "what is free already is no step"


def test_what_an_included_file_says_is_said_otherwise_in_the_scene(opened: Open, desktop: Desktop) -> None:
    session = opened(
        'include = ["walls.toml"]\n[sky.fill]\n[sky.layer]\n', walls='[wall.display]\nmonitor = "HDMI-1"\n'
    )
    set_free(session, named(session, desktop)["wall"])
    assert text(session).endswith('[wall.display]\nmonitor = ""\n')
    assert named(session, desktop)["wall"].monitor is None


def test_the_display_that_every_show_has_is_written_once_it_is_put_somewhere(opened: Open, desktop: Desktop) -> None:
    bare = "[sky.fill]\n[sky.layer]\n"
    session = opened(bare)
    (output,) = outputs_of(session, None, desktop)
    put_on(session, output, RIGHT, [output], desktop)
    assert text(session) == bare + '\n[display.display]\nmonitor = "DP-2"\nfullscreen = true\n'
    session.undo()
    assert text(session) == bare


@pytest.mark.parametrize(
    ("twin", "name"),
    [
        (Monitor(2, "DP-3", 0, 1080, 1920, 1080, 60.0, serial="1", edid="aaaa"), "HDMI-1"),
        (Monitor(2, "HDMI-1", 0, 1080, 1920, 1080, 60.0, serial="9", edid="aaaa"), "serial:1"),
        (Monitor(2, "HDMI-1", 0, 1080, 1920, 1080, 60.0, serial="1", edid="cccc"), "edid:aaaa"),
        (Monitor(2, "HDMI-1", 0, 1080, 1920, 1080, 60.0, serial="1", edid="aaaa"), "at:0,0"),
    ],
)
def test_a_monitor_is_called_so_that_no_other_is_meant(twin: Monitor, name: str) -> None:
    assert name_of(LEFT, [LEFT, RIGHT, twin]) == name
