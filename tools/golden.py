"""The golden pictures of the scenes: `python -m tools.golden [NAME...]` renders them anew into tests/golden.

A scene says in one of its first lines at which times: `# golden: 0.5 2.0`, or `# golden: off REASON`. Look at every
picture before it is committed: from then on it is what is right.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.components import Mask, Stage
from engine.display.target import OffscreenTarget
from engine.gpu.device import Gpu
from engine.models.manifest import BUILT_IN
from engine.scene.load import Scene, load_scene
from engine.tick import Tick
from engine.timing.clock import HandClock
from systems.show import Show

ROOT = Path(__file__).parents[1]
SCENES = ROOT / "scenes"
GOLDEN = ROOT / "tests" / "golden"

TAG = re.compile(r"^# golden: (?:off (?P<reason>\S.*)|(?P<times>\d+(?:\.\d+)?(?: \d+(?:\.\d+)?)*))$")
HEAD_LINES = 5

STAGE_PX = 640
"""The widest a stage is made for a golden picture: a software GPU draws it four times as fast as one of 1280."""

LONG_SIDE_PX = 256
"""Large enough to recognise everything, small enough to keep."""

Picture = NDArray[np.uint8]


class UntaggedError(ValueError):
    """A scene that does not say when it is to be looked at."""


def scenes() -> list[Path]:
    """Every example scene."""
    return sorted(SCENES.glob("*.toml"))


def times_of(scene: Path) -> list[float]:
    """Return the times in seconds at which a scene is compared; none where it says `off`."""
    for line in scene.read_text(encoding="utf-8").splitlines()[:HEAD_LINES]:
        if tag := TAG.match(line.strip()):
            return [float(time) for time in (tag["times"] or "").split()]
    raise UntaggedError(
        f"{scene.name}: add `# golden: TIMES` or `# golden: off REASON` to its first {HEAD_LINES} lines"
    )


def render(
    path: Path, times: list[float], gpu: Gpu | None = None, stage_px: int = STAGE_PX, long_side_px: int = LONG_SIDE_PX
) -> dict[str, Picture]:
    """Return what each display shows at each time, reduced, by the name of its golden file."""
    show = Show(load_scene(path, overrides(load_scene(path), stage_px)), HandClock(), headless=True, gpu=gpu)
    show.open()
    pictures: dict[str, Picture] = {}
    try:
        wanted = {round(time * show.stage.rate_hz): time for time in times}

        def look(tick: Tick) -> None:
            if tick.index not in wanted:
                return
            for number, (display, presenter) in enumerate(show.present.presenters.items()):
                assert isinstance(presenter.target, OffscreenTarget)
                name = path.stem if number == 0 else f"{path.stem}.{display}"
                shown = show.gpu.read(presenter.target.texture)[..., :3]
                pictures[f"{name}@{wanted[tick.index]:g}.png"] = reduced(shown, long_side_px)

        show.run((max(wanted) + 1) / show.stage.rate_hz, look)
    finally:
        show.close()
    return pictures


def overrides(scene: Scene, stage_px: int = STAGE_PX) -> list[str]:
    """Return what a golden picture has otherwise than the scene: a smaller stage, and no noise, which packs badly.

    And a network by name, where the scene takes the best on the machine.
    """
    stages = {name: part for name, parts in scene.entities.items() if isinstance(part := parts.get("stage"), Stage)}
    name, stage = next(iter(stages.items()), ("stage", Stage()))
    factor = min(1.0, stage_px / stage.width)
    changes = [
        f"{name}.stage.width={round(stage.width * factor)}",
        f"{name}.stage.height={round(stage.height * factor)}",
    ]
    for name, parts in scene.entities.items():
        if "display" in parts:
            changes.append(f"{name}.display.dither=false")
        if isinstance(mask := parts.get("mask"), Mask) and mask.source == "neural" and not mask.model:
            changes.append(f"{name}.mask.model={BUILT_IN.with_name('scrim_person.onnx')}")
    return changes


def reduced(picture: Picture, long_side_px: int = LONG_SIDE_PX) -> Picture:
    """Make a picture smaller by the mean of what each new pixel covers."""
    height, width = picture.shape[:2]
    factor = min(1.0, long_side_px / max(width, height))
    size = (round(width * factor), round(height * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def load(name: str) -> Picture | None:
    """Return a golden picture, or None where there is none yet."""
    found: Any = cv2.imread(str(GOLDEN / name))
    return None if found is None else np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)


def main() -> int:
    """Render the golden pictures of the scenes that are named, or of all."""
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a scene's file name without .toml; none means all")
    names = parser.parse_args().names
    unknown = set(names) - {path.stem for path in scenes()}
    if unknown:
        print(f"no such scene: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    GOLDEN.mkdir(exist_ok=True)
    for path in scenes():
        times = times_of(path)
        if (names and path.stem not in names) or not times:
            continue
        for name, picture in render(path, times).items():
            file = GOLDEN / name
            cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_PNG_COMPRESSION, 9))
            print(f"{file.relative_to(ROOT)}: {picture.shape[1]}×{picture.shape[0]}, {file.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
