"""`scrim snapshot`: one picture of one display at one time, always the same."""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from engine.display.target import OffscreenTarget
from engine.errors import OutputError
from engine.scene.load import load_scene
from engine.timing.clock import HandClock
from systems.show import Show


def run(arguments: argparse.Namespace) -> int:
    """Render up to `--at` with a clock that steps, and write what the display shows."""
    if not arguments.output.absolute().parent.is_dir():
        raise OutputError(f"cannot write {arguments.output}: there is no folder {arguments.output.parent}")
    if arguments.depth_bits == 16 and arguments.output.suffix.lower() != ".png":
        raise OutputError(f"cannot write {arguments.output}: 16 bits a colour need a .png file")
    show = Show(load_scene(arguments.scene, arguments.overrides), HandClock(), headless=True, sends=False)
    show.open()
    try:
        names = list(show.present.presenters)
        name = arguments.display or names[0]
        if name not in names:
            raise OutputError(f"there is no display {name!r}; there are {', '.join(names)}")
        presenter = show.present.presenters[name]
        target = OffscreenTarget(show.gpu, f"{name} snapshot", presenter.target.size, arguments.depth_bits)
        presenter.move_to(target)
        show.run(arguments.at + 1 / show.stage.rate_hz)
        picture = show.gpu.read(target.texture)
    finally:
        show.close()
    if arguments.depth_bits == 16:
        picture = np.rint(np.clip(picture.astype(np.float32), 0.0, 1.0) * 65535.0).astype(np.uint16)
    try:
        written = cv2.imwrite(str(arguments.output), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGR))
    except cv2.error as error:
        raise OutputError(f"cannot write {arguments.output}: name a .png or .jpg file") from error
    if not written:
        raise OutputError(f"cannot write {arguments.output}: the folder cannot be written")
    return 0
