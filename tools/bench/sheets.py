"""`scrim bench --sheet DIR`: before / after sheets of the shared footage, for people to look at. Never committed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.components import Mask
from engine.models.segmenter import Segmenter
from tools.bench import cutouts, refine
from tools.bench.cutouts import Array, CutOut
from tools.bench.keyer import FFMPEG_TUNED, GRID
from tools.bench.media import MEDIA, clip, model

INDEX = 25
ZOOMS = 3
ZOOM_PX = (80, 64)
TIMES = 4


def write(folder: Path) -> list[Path]:
    """Write a sheet of each clip; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = [_keyed(folder, name) for name in GRID if clip(f"{name}.mpg") is not None]
    if model() is not None:
        sheets += [_refined(folder, name) for name in refine.CLIPS if clip(f"{name}.mp4") is not None]
    return sheets


def _keyed(folder: Path, name: str) -> Path:
    path = MEDIA / "clips" / f"{name}.mpg"
    rgb = cutouts.frames(path, [INDEX])[INDEX]
    size = (rgb.shape[1], rgb.shape[0])
    with tempfile.TemporaryDirectory() as scratch:
        theirs = cutouts.by_ffmpeg(rgb, Path(scratch), *FFMPEG_TUNED)
    cuts = {"OpenCV": cutouts.by_opencv(rgb), "ffmpeg": theirs}
    cuts["ours"] = cutouts.cut_out(path, size, cutouts.key_parts(), [INDEX])[0]
    return _sheet(folder / f"{name}.png", rgb, cuts)


def _refined(folder: Path, name: str) -> Path:
    path, network = MEDIA / "clips" / f"{name}.mp4", model()
    assert network is not None
    rgb = cutouts.frames(path, [INDEX])[INDEX]
    raw = CutOut(refine.raw_mask(Segmenter(network, threads=1), rgb), rgb / 255)
    mask = Mask(source="neural", model=str(network))
    ours = cutouts.cut_out(path, (rgb.shape[1], rgb.shape[0]), {"mask": mask}, [INDEX])[0]
    return _sheet(folder / f"{name}.png", rgb, {"raw mask": raw, "ours": ours})


def _sheet(path: Path, rgb: Array, cuts: dict[str, CutOut | None]) -> Path:
    """Lay a picture and its cut-outs in rows: each whole, then magnified where its edge is."""
    photo: Any = cv2.imread(str(MEDIA / "images" / "bg_forest-5524569_640.jpg"))
    background = cv2.resize(photo, rgb.shape[1::-1])[..., ::-1]
    rows = {"picture": rgb, **{name: cut.over(background) for name, cut in cuts.items() if cut is not None}}
    ours = cuts["ours"]
    assert ours is not None
    places = _edges(ours.alpha)
    lines = []
    for name, picture in rows.items():
        height = ZOOM_PX[1] * TIMES
        whole: Any = cv2.resize(picture, (round(height * picture.shape[1] / picture.shape[0]), height))
        cv2.putText(whole, name, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        zooms = [picture[y : y + ZOOM_PX[1], x : x + ZOOM_PX[0]] for x, y in places]
        big = [cv2.resize(zoom, None, fx=TIMES, fy=TIMES, interpolation=cv2.INTER_CUBIC) for zoom in zooms]
        lines.append(np.hstack([whole, *big]))
    cv2.imwrite(str(path), np.vstack(lines)[..., ::-1])
    return path


def _edges(alpha: Array) -> list[tuple[int, int]]:
    """Return corners of windows around the person's edge: at the top, to the left and to the right."""
    height, width = alpha.shape
    inside = alpha > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    top = int(rows[0]) if len(rows) else 0
    row = min(height - 1, top + (height - top) // 3)
    across = np.flatnonzero(inside[row]) if inside[row].any() else columns
    left, right = (int(across[0]), int(across[-1])) if len(across) else (0, width - 1)
    middles = [((left + right) // 2, top + 20), (left, row), (right, row)]
    return [
        (min(max(0, x - ZOOM_PX[0] // 2), width - ZOOM_PX[0]), min(max(0, y - ZOOM_PX[1] // 2), height - ZOOM_PX[1]))
        for x, y in middles[:ZOOMS]
    ]
