"""Monitors are told apart by what they say of themselves, and a scene may name one in any of five ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.components import Display
from engine.display.hotplug import Place, place
from engine.display.monitors import Edid, Monitor, matching, remedy
from tests.conftest import ROOT
from tests.monitors import THREE, Output, Xorg, clean_environment, make_edid, xorg

HALL = Monitor(0, "HDMI-1", 0, 0, 1920, 1080, 60.0, model="EB-L1505U", serial="X1", edid="aa11")
WALL = Monitor(1, "DP-1", 1920, 0, 1920, 1080, 50.0, model="DELL U2412M", serial="W7", edid="bb22")
TWIN = Monitor(2, "DP-2", 3840, 0, 1920, 1080, 50.0, model="DELL U2412M", serial="W7", edid="bb22")
DESK = Monitor(3, "eDP-1", -1280, 0, 1280, 720, 144.0)
ALL = [HALL, WALL, TWIN, DESK]


# What a monitor says of itself ----------------------------------------------------------------------------------------


def test_an_edid_tells_model_serial_and_a_hash_of_its_own() -> None:
    edid = Edid.parse(make_edid("DELL U2412M", "0FFXD4"))
    assert (edid.model, edid.serial) == ("DELL U2412M", "0FFXD4")
    assert len(edid.digest) == 12
    assert edid.digest != Edid.parse(make_edid("DELL U2412M", "0FFXD5")).digest


def test_an_edid_without_a_serial_text_has_its_number() -> None:
    assert Edid.parse(make_edid("EPSON PJ", "", 16843009)).serial == "16843009"
    assert Edid.parse(make_edid("EPSON PJ", "")).serial == ""


@pytest.mark.parametrize("data", [b"", b"\x00" * 128, b"\xff" * 256, make_edid("A", "B")[:127]])
def test_of_what_is_no_edid_nothing_is_known(data: bytes) -> None:
    assert Edid.parse(data) == Edid()


# Which one is meant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("HDMI-1", [HALL]),
        ("hdmi-1", [HALL]),
        ("EB-L1505U", [HALL]),
        ("dell u2412m", [WALL, TWIN]),
        ("serial:X1", [HALL]),
        ("serial: x1", [HALL]),
        ("edid:bb", [WALL, TWIN]),
        ("edid:BB22", [WALL, TWIN]),
        ("at:0,0", [HALL]),
        ("at:-1,719", [DESK]),
        ("at:1920, 500", [WALL]),
        ("2", [TWIN]),
        ("", ALL),
        ("HDMI-2", []),
        ("serial:", []),
        ("edid:", []),
        ("at:99999,0", []),
        ("at:left", []),
        ("at:1,2,3", []),
        ("7", []),
        ("-1", []),
        (":", []),
    ],
)
def test_a_monitor_is_meant_by_name_serial_edid_place_or_number(wanted: str, found: list[Monitor]) -> None:
    assert matching(wanted, ALL) == found


def test_what_is_not_there_is_answered_with_what_is() -> None:
    assert remedy("HDMI-2", [HALL, DESK]) == "there is HDMI-1, eDP-1"
    assert remedy("0", []) == "there is none at all"
    assert remedy("at:left", ALL) == "write a place as at:X,Y"


# Where displays go ----------------------------------------------------------------------------------------------------


def full(monitor: str = "", absent: str = "window") -> Display:
    return Display(monitor=monitor, absent=absent, fullscreen=True)  # type: ignore[arg-type]


def where(places: dict[str, Place]) -> dict[str, str]:
    return {name: place.monitor.name if place.monitor is not None else place.kind for name, place in places.items()}


def test_displays_that_take_any_monitor_leave_alone_what_others_name() -> None:
    places = place({"any": full(), "named": full("HDMI-1"), "more": full()}, [HALL, WALL, TWIN], {})
    assert where(places) == {"any": "DP-1", "named": "HDMI-1", "more": "DP-2"}
    assert all(there.covers and not there.said for there in places.values())


def test_two_of_one_make_are_shared_out() -> None:
    assert where(place({"a": full("DELL U2412M"), "b": full("DELL U2412M")}, ALL, {})) == {"a": "DP-1", "b": "DP-2"}


def test_two_displays_cannot_cover_one_monitor_and_the_second_says_so() -> None:
    places = place({"a": full("HDMI-1"), "b": full("serial:X1"), "c": full("at:5,5", "offscreen")}, ALL, {})
    assert where(places) == {"a": "HDMI-1", "b": "window", "c": "offscreen"}
    assert places["b"].said == "monitor HDMI-1 is covered by display a; it is a window meanwhile"
    assert places["c"].said == "monitor HDMI-1 is covered by display a; it goes on offscreen"
    shared = place({"a": Display(monitor="HDMI-1"), "b": Display(monitor="HDMI-1")}, ALL, {})
    assert where(shared) == {"a": "HDMI-1", "b": "HDMI-1"}, "windows may share one"


@pytest.mark.parametrize(
    ("absent", "kind", "words"),
    [("window", "window", "it is a window meanwhile"), ("offscreen", "offscreen", "it goes on offscreen"),
     ("wait", "wait", "it waits")],
)  # fmt: skip
def test_without_its_monitor_a_display_is_what_the_scene_says(absent: str, kind: str, words: str) -> None:
    (there,) = place({"wall": full("DP-9", absent)}, [DESK], {}).values()
    assert (there.kind, there.covers) == (kind, False)
    assert there.said == f"there is no monitor 'DP-9': there is eDP-1; {words}"


def test_one_that_goes_while_on_air_leaves_no_window_over_the_others() -> None:
    displays = {"a": full("HDMI-1"), "b": full("DP-1"), "c": full("DP-2", "offscreen")}
    places = place(displays, [HALL], {"a": HALL, "b": WALL, "c": TWIN})
    assert where(places) == {"a": "HDMI-1", "b": "wait", "c": "offscreen"}
    assert places["b"].said == "waiting for monitor DP-1; it returns by itself"


@pytest.mark.parametrize("wanted", ["", "1", "at:1920,0"])
def test_a_display_named_by_place_follows_its_monitor_and_takes_no_others(wanted: str) -> None:
    displays = {"a": full("0"), "b": full(wanted), "c": full("2")}
    had = {"a": HALL, "b": WALL, "c": TWIN}
    moved = Monitor(1, "DP-2", 1920, 0, 1920, 1080, 50.0, model="DELL U2412M", serial="W7", edid="bb22")
    # With the middle one gone, the right one moves to its place and has its number.
    other = Monitor(1, "DP-3", 1920, 0, 1280, 720, 60.0, edid="cc33")
    assert where(place(displays, [HALL, other], {"a": HALL, "b": WALL})) == {"a": "HDMI-1", "b": "wait", "c": "window"}
    assert where(place({"a": displays["a"], "c": displays["c"]}, [HALL, moved], had)) == {"a": "HDMI-1", "c": "DP-2"}
    assert where(place(displays, ALL, had)) == {"a": "HDMI-1", "b": "DP-1", "c": "DP-2"}


def test_another_device_on_a_named_connector_gets_the_picture() -> None:
    spare = Monitor(0, "HDMI-1", 0, 0, 1280, 720, 60.0, serial="spare", edid="dd44")
    assert where(place({"a": full("HDMI-1")}, [spare], {"a": HALL})) == {"a": "HDMI-1"}
    assert where(place({"a": full("0")}, [spare], {"a": HALL})) == {"a": "HDMI-1"}
    assert where(place({"a": full("serial:X1")}, [spare], {"a": HALL})) == {"a": "wait"}


def test_a_device_is_found_again_on_another_connector() -> None:
    elsewhere = Monitor(0, "HDMI-2", 0, 0, 1920, 1080, 60.0, serial="X1", edid="aa11")
    for wanted in ("serial:X1", "edid:aa11", "HDMI-1", "0", ""):
        assert where(place({"a": full(wanted)}, [elsewhere], {"a": HALL})) == {"a": "HDMI-2"}


def test_without_positions_a_named_monitor_is_covered_and_that_is_said() -> None:
    places = place({"a": Display(monitor="DP-1"), "b": Display(), "c": full("DP-2")}, ALL, {}, positions=False)
    assert [(name, there.covers) for name, there in places.items()] == [("a", True), ("c", True), ("b", False)]
    assert places["a"].said == "this desktop puts no window anywhere, so it covers its monitor"
    assert not places["c"].said


# On a real X server ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Xorg]:
    with xorg(tmp_path_factory.mktemp("xorg")) as server:
        yield server


def listed(environment: dict[str, str]) -> list[dict[str, object]]:
    """Return every monitor, as a program of its own sees it: a desktop is entered at most once in each."""
    code = "import json, dataclasses as d; from engine.display.monitors import list_monitors as l\n"
    code += "print(json.dumps([d.asdict(m) for m in l()]))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    monitors: list[dict[str, object]] = json.loads(done.stdout)
    return monitors


def test_monitors_are_listed_with_place_size_rate_and_identity(server: Xorg) -> None:
    server.identify(THREE[1], make_edid("HALL LEFT", "SN-1"))
    server.identify(THREE[2], make_edid("HALL RIGHT", "SN-2"))
    monitors = listed(server.environment)
    assert [(m["name"], m["x"], m["width"], m["height"], m["refresh_hz"]) for m in monitors] == [
        ("DUMMY0", 0, 1920, 1080, 60.0),
        ("DUMMY1", 1920, 1920, 1080, 50.0),
        ("DUMMY2", 3840, 1280, 720, 144.0),
    ]
    assert [(m["model"], m["serial"]) for m in monitors] == [("", ""), ("HALL LEFT", "SN-1"), ("HALL RIGHT", "SN-2")]
    assert monitors[1]["edid"] == Edid.parse(make_edid("HALL LEFT", "SN-1")).digest


def test_the_doctor_lists_monitors_by_what_a_scene_may_call_them(server: Xorg) -> None:
    server.identify(THREE[1], make_edid("HALL LEFT", "SN-1"))
    command = [sys.executable, "-m", "tools.cli", "doctor", "--json"]
    done = subprocess.run(command, env=server.environment, cwd=ROOT, capture_output=True, text=True)
    displays = json.loads(done.stdout)["displays"]
    digest = Edid.parse(make_edid("HALL LEFT", "SN-1")).digest
    said = f"DUMMY1 (1920×1080, 50 Hz), at:1920,0, HALL LEFT, serial:SN-1, edid:{digest}"
    assert displays["monitor 1"] == {"value": said, "remedy": ""}
    assert displays["monitor 0"]["remedy"] == "it does not say which it is: name it by its connector"


def test_rates_from_1_to_1000_hz_are_listed_as_they_are(server: Xorg) -> None:
    strange = [Output("DUMMY3", 640, 360, 1000, 0, 1080), Output("DUMMY4", 640, 360, 1, 640, 1080)]
    server.plug(*strange)
    try:
        rates = {str(monitor["name"]): monitor["refresh_hz"] for monitor in listed(server.environment)}
    finally:
        server.unplug(*strange)
    assert rates["DUMMY3"] == 1000.0
    assert rates["DUMMY4"] in (1.0, 60.0), "a rate that rounds to 0 is taken for 60"


@pytest.mark.parametrize(
    ("desktop", "words"),
    [
        ({}, "no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"XDG_SESSION_TYPE": "wayland"}, "no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":98765"}, "no desktop: X11: Failed to open display :98765"),
        (
            {"WAYLAND_DISPLAY": "wayland-7"},
            "no desktop: WAYLAND_DISPLAY is set, but XDG_RUNTIME_DIR, where it is to be found, is not",
        ),
        ({"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": "/nowhere"}, "no desktop: Wayland: Failed to connect"),
    ],
)
def test_without_a_desktop_one_line_says_why(desktop: dict[str, str], words: str) -> None:
    code = "from engine.display.monitors import start_desktop\ntry: start_desktop()\nexcept Exception as e: print(e)"
    environment = {**clean_environment(), **desktop}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    (said,) = done.stdout.splitlines()
    assert said.startswith(words)


def test_a_show_without_a_desktop_goes_on_offscreen(tmp_path: Path) -> None:
    scene = tmp_path / "show.toml"
    scene.write_text("[a.fill]\n[a.layer]\n[d.display]\n[s.stage]\nwidth = 32\nheight = 18\n", encoding="ascii")
    command = [sys.executable, "-m", "tools.cli", "run", str(scene), "--seconds", "0.1"]
    environment = {**clean_environment(), "WAYLAND_DISPLAY": "wayland-7"}
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    (said,) = (line for line in done.stderr.splitlines() if line.startswith("display d"))
    assert "XDG_RUNTIME_DIR, where it is to be found, is not; it goes on offscreen" in said


def test_this_process_entered_no_desktop() -> None:
    assert "PYGLFW_LIBRARY_VARIANT" not in os.environ
