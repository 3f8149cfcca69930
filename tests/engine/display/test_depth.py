"""Ten bits a colour: asked of a window's surface, said where it has none, recorded, and as fine as they should be."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.display import Display
from engine.display.window import Window, poll_desktop
from engine.errors import OutputError, ShowError
from tests.conftest import ROOT
from tests.displays import Desktop
from tests.engine.display.conftest import Windowed
from tests.engine.display.test_window import SCENE, ticks
from tests.monitors import sway
from tests.picture import encode
from tests.shows import Air, said_by, the_gpu
from tools import snapshot

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is for Linux")

GRADIENT = """
[a.fill]
shape = "linear"
colour = "#202020"
to = "#282828"
angle = 0.0
[a.layer]
"""
SIZE = (1024, 64)


@pytest.mark.parametrize(("depth_bits", "levels"), [(8, 9), (10, 33)])
def test_a_slow_gradient_has_the_levels_of_its_depth_and_dither_hides_their_steps(
    air: Air, depth_bits: int, levels: int
) -> None:
    """From 32 to 40 of 255; errors are in steps of the depth, over the mean of 8 columns.

    What is the same everywhere is no band: lavapipe makes floor(1024 x) of 10 bits, up to half a step off.
    """
    text = f"{GRADIENT}[d.display]\ndepth_bits = {depth_bits}\n"
    most = 2**depth_bits - 1
    plain = air(text + "dither = false\n", *SIZE)
    ideal = most * encode(plain.light()[0, :, 0].astype(float))
    banded, dithered = (shown.shown()[..., 0].astype(float) for shown in (plain, air(text, *SIZE)))
    wide = np.ones(8) / 8

    def error(shown: NDArray[Any]) -> float:
        errors = shown.mean(axis=0) - ideal
        assert abs(errors.mean()) < 0.5
        return float(np.abs(np.convolve(errors - errors.mean(), wide, "valid")).max())

    assert abs(len(np.unique(banded)) - levels) <= 1
    assert error(banded) > 0.35
    assert error(dithered) < 0.12
    assert np.abs(dithered - ideal).max() < 1.5
    runs = np.diff(np.flatnonzero(np.diff(dithered[32]) != 0))
    assert runs.max() < 0.75 * SIZE[0] / levels, "of one level"


# Windows --------------------------------------------------------------------------------------------------------------


def show_grey() -> dict[str, str]:
    """Open a window of each depth and fill it with a grey; return their formats."""
    formats = {}
    for depth_bits in (0, 8, 10):
        try:
            window = Window(the_gpu(), "depth", Display(depth_bits=depth_bits), (320, 180))
        except ShowError as error:
            return {"refused": str(error)}
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            if (view := window.acquire()) is not None:
                encoder = the_gpu().device.create_command_encoder()
                attachment = {"view": view, "load_op": "clear", "store_op": "store", "clear_value": (0.5, 0.25, 0, 1)}
                encoder.begin_render_pass(color_attachments=[attachment]).end()
                the_gpu().submit(encoder.finish())
                window.present()
            poll_desktop()
            time.sleep(0.02)
        formats[f"{depth_bits}"] = window.format
        if depth_bits < 10:
            window.release()
    print(json.dumps(formats), flush=True)
    input()  # the last window stays, to be looked at
    return {}


def on(environment: dict[str, str]) -> subprocess.Popen[str]:
    """Run this file as a program on a desktop."""
    command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


@on_linux
def test_a_surface_that_has_ten_bits_gives_them_to_who_asks() -> None:
    with sway() as compositor, on(compositor.environment) as program:
        assert program.stdout is not None
        formats = json.loads(program.stdout.readline())
        seen = np.concatenate([compositor.screenshot(name).reshape(-1, 3) for name in ("HEADLESS-1", "HEADLESS-2")])
        program.communicate("\n", timeout=30)
    assert formats == {"0": "bgra8unorm", "8": "bgra8unorm", "10": "rgb10a2unorm"}
    assert (np.abs(seen.astype(int) - (128, 64, 0)).max(axis=1) <= 1).mean() > 0.2, "red is red, and green green"


def test_a_surface_without_ten_bits_shows_eight_and_that_is_said(desktop: Desktop, windowed: Windowed) -> None:
    assert desktop.name
    show = windowed(SCENE + "[screen.display]\ndepth_bits = 10\n[other.display]\n")
    ticks(show, 2)
    assert said_by(show) == ["display screen: its surface offers no 10-bit colours; it shows 8 bits, dithered"]
    assert show.present.presenters["screen"].target.format == "bgra8unorm"
    assert show.present.presenters["screen"].presents == 2


@on_linux
def test_a_desktop_that_no_surface_fits_is_refused_before_it_aborts_the_process(tmp_path: Path) -> None:
    desktop = Desktop(tmp_path, depth=30)
    desktop.start()
    try:
        with on({**os.environ, "DISPLAY": desktop.name}) as program:
            said, _ = program.communicate("\n", timeout=60)
    finally:
        desktop.stop()
    assert program.returncode == 0
    assert "24 bits a pixel" in json.loads(said)["refused"]


# Recordings -----------------------------------------------------------------------------------------------------------


def read_luma(path: Path) -> tuple[str, NDArray[Any]]:
    """Return the kind of pixels of a film, and its last picture's luma, in levels of 10 bits."""
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
        luma = last.to_ndarray()[: last.height]
    return last.format.name, luma if luma.dtype == np.uint16 else 4 * luma.astype(np.uint16)


@pytest.mark.parametrize(("ticks", "own"), [(0, "rgb10a2unorm"), (1, "rgba8unorm")], ids=["from the start", "on air"])
def test_a_recording_of_ten_bits_has_the_levels_that_one_of_eight_lacks(
    air: Air, tmp_path: Path, ticks: int, own: str
) -> None:
    """All of a gradient from black to white at once; BT.709 in limited range.

    The display itself is drawn as deep as its first recording wants it, unless somebody sees it already.
    """
    wide = GRADIENT.replace("#202020", "#000000").replace("#282828", "#ffffff")
    on_air = air(wide + "[d.display]\ndither = false\n", *SIZE, ticks=ticks)
    on_air.show.record(tmp_path / "deep.mp4", "d", depth_bits=10)
    on_air.show.record(tmp_path / "plain.mp4", "d")
    assert on_air.show.present.presenters["d"].target.format == own
    on_air.ticks(3).show.present.stop()
    ideal = 64 + 876 * encode(on_air.light()[0, :, 0].astype(float))
    assert not on_air.said
    pixels, plain = read_luma(tmp_path / "plain.mp4")
    assert pixels == "yuv420p"
    assert len(np.unique(plain)) <= 220
    pixels, deep = read_luma(tmp_path / "deep.mp4")
    assert pixels == "yuv420p10le"
    assert len(np.unique(deep)) > 600
    errors = [np.abs(luma.mean(axis=0) - ideal).mean() for luma in (plain, deep)]
    assert errors[1] < 0.6 * errors[0]


def test_a_slow_gradient_recorded_with_ten_bits_has_no_bands(air: Air, tmp_path: Path) -> None:
    """From 32 to 40 of 255, with dither, by the scene's stream; in levels of 10 bits, over the mean of 8 columns."""
    path = tmp_path / "slow.mkv"
    on_air = air(f"{GRADIENT}[d.display]\n[d.stream]\nurl = '{path}'\ndepth_bits = 10\n", *SIZE, ticks=3)
    assert on_air.show.present.every_presenter == tuple(on_air.show.present.presenters.values()), "and no pass more"
    ideal = 64 + 876 * encode(on_air.light()[0, :, 0].astype(float))
    on_air.show.present.stop()
    errors = np.convolve(read_luma(path)[1].mean(axis=0) - ideal, np.ones(8) / 8, "valid")
    assert np.abs(errors - errors.mean()).max() < 1.0, "where 8 bits are up to 2 off"


# Snapshots ------------------------------------------------------------------------------------------------------------


def taken(folder: Path, name: str, depth_bits: int) -> NDArray[Any]:
    """Take a snapshot of the gradient; return it as RGB."""
    scene = folder / "scene.toml"
    scene.write_text(f"[stage.stage]\nwidth = {SIZE[0]}\nheight = {SIZE[1]}\n{GRADIENT}", encoding="utf-8")
    output = folder / name
    snapshot.run(
        argparse.Namespace(scene=scene, at=0.0, output=output, display=None, overrides=[], depth_bits=depth_bits)
    )
    picture: Any = cv2.imread(str(output), cv2.IMREAD_UNCHANGED)
    return np.asarray(picture[..., ::-1])


def test_a_snapshot_of_16_bits_has_what_the_stage_has(air: Air, tmp_path: Path) -> None:
    picture = taken(tmp_path, "deep.png", 16)
    assert picture.dtype == np.uint16
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    light = air(GRADIENT, *SIZE).light().astype(float)
    np.testing.assert_allclose(picture / 65535, encode(light), atol=2**-12)  # two steps of half floats here
    assert len(np.unique(picture)) > 100
    assert len(np.unique(taken(tmp_path, "plain.png", 8))) <= 10


def test_a_snapshot_of_16_bits_is_a_png(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"deep\.jpg: 16 bits a colour need a \.png file"):
        taken(tmp_path, "deep.jpg", 16)


if __name__ == "__main__":
    print(json.dumps(show_grey()))
