"""The gallery: `python -m tools.gallery [NAME...]` draws a still of every scene and writes scenes/GALLERY.md.

A still is of the first time that a scene is tagged with for its golden picture; what is said of it is the sentence
below that tag. Look at what has changed before it is committed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from engine.gpu.device import Gpu, open_gpu
from tools.golden import HEAD_LINES, SCENES, TAG, Picture, render, scenes, times_of

PAGE = SCENES / "GALLERY.md"
STILLS = SCENES / "gallery" / "stills"

STAGE_PX = 960
STILL_PX = 400
FRONT_PX = 1280  # the picture on the repository's first page
QUALITY = 78
COLUMNS = 3

FRONT = "hello"
FOUR = ("everything", "lights", "particles", "two_people")
"""The scenes in the first page's second picture."""

HEAD = """\
# What scenes look like

Written by `python -m tools.gallery`, which draws every scene in this folder; all pictures in them are Scrim's own.
Put one on air with `./tools/run scenes/NAME.toml`.
"""


def still(scene: Path, gpu: Gpu, stage_px: int, long_side_px: int) -> Picture:
    """Return what a scene's first display shows at its first time."""
    pictures = render(scene, times_of(scene)[:1], gpu, stage_px, long_side_px)
    return next(iter(pictures.values()))


def write(file: Path, picture: Picture) -> None:
    """Write a still."""
    file.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    print(f"{file.relative_to(SCENES.parent)}: {file.stat().st_size / 1000:.0f} kB")


def sentence(scene: Path) -> str:
    """Return what a scene says of itself: the comment lines below its tag."""
    lines = scene.read_text(encoding="utf-8").splitlines()
    below = next(number for number, line in enumerate(lines[:HEAD_LINES], start=1) if TAG.match(line.strip()))
    said: list[str] = []
    for line in lines[below:]:
        if not line.startswith("# "):
            break
        said.append(line.removeprefix("# "))
    return " ".join(said)


def page() -> str:
    """Return the gallery's page, of the scenes that have a still."""
    shown = [scene for scene in scenes() if (STILLS / f"{scene.stem}.webp").exists()]
    cells = [
        f'<td valign="top" width="33%"><a href="{scene.name}"><img src="gallery/stills/{scene.stem}.webp" '
        f'alt="{scene.stem}"></a><br><b>{scene.stem}</b>: {sentence(scene)}</td>'
        for scene in shown
    ]
    rows = ("\n".join(cells[first : first + COLUMNS]) for first in range(0, len(cells), COLUMNS))
    table = "\n</tr><tr>\n".join(rows)
    return f"{HEAD}\n<table><tr>\n{table}\n</tr></table>\n"


def main() -> int:
    """Draw the stills of the scenes that are named, or of all, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.gallery", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a scene's file name without .toml; none means all")
    names = parser.parse_args().names
    by_name = {scene.stem: scene for scene in scenes()}
    if unknown := sorted(set(names) - by_name.keys()):
        print(f"no such scene: {', '.join(unknown)}", file=sys.stderr)
        return 2
    gpu = open_gpu()
    for scene in [by_name[name] for name in names or by_name]:
        if times_of(scene):
            write(STILLS / f"{scene.stem}.webp", still(scene, gpu, STAGE_PX, STILL_PX))
    if not names:
        for left in STILLS.glob("*.webp"):
            if left.stem not in by_name or not times_of(by_name[left.stem]):
                left.unlink()
    if not names or FRONT in names:
        write(STILLS.parent / f"{FRONT}.webp", still(by_name[FRONT], gpu, FRONT_PX, FRONT_PX))
    if not names or set(FOUR) & set(names):
        four = [still(by_name[name], gpu, STAGE_PX, FRONT_PX // 2) for name in FOUR]
        rows = [np.hstack(four[:2]), np.hstack(four[2:])]
        write(STILLS.parent / "scenes.webp", np.asarray(np.vstack(rows), np.uint8))
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
