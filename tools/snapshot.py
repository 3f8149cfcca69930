"""`scrim snapshot`: one picture of one display at one time, always the same."""

from __future__ import annotations

import argparse

import cv2

from engine.display.target import OffscreenTarget
from engine.errors import OutputError
from engine.scene.load import load_scene
from engine.timing.clock import HandClock
from systems.show import Show


def run(arguments: argparse.Namespace) -> int:
    """Render up to `--at` with a clock that steps, and write what the display shows."""
    if not arguments.output.absolute().parent.is_dir():
        raise OutputError(f"cannot write {arguments.output}: there is no folder {arguments.output.parent}")
    show = Show(load_scene(arguments.scene, arguments.overrides), HandClock(), headless=True, sends=False)
    show.open()
    try:
        names = list(show.present.presenters)
        name = arguments.display or names[0]
        if name not in names:
            raise OutputError(f"there is no display {name!r}; there are {', '.join(names)}")
        show.run(arguments.at + 1 / show.stage.rate_hz)
        target = show.present.presenters[name].target
        assert isinstance(target, OffscreenTarget)
        picture = show.gpu.read(target.texture)
    finally:
        show.close()
    try:
        written = cv2.imwrite(str(arguments.output), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGR))
    except cv2.error as error:
        raise OutputError(f"cannot write {arguments.output}: name a .png or .jpg file") from error
    if not written:
        raise OutputError(f"cannot write {arguments.output}: the folder cannot be written")
    return 0
