"""What is cut out of clips whose truth is known, by Scrim and by its rivals, and how near the truth its edges are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from engine.component import Colour
from engine.components import Camera, Fill, Grade, Key, Layer, Mask, Stage
from engine.components.key import Screen
from systems.inference import Shown
from systems.show import Show
from tools.bench.media import MEDIA
from tools.bench.opencv import OpenCV
from tools.bench.stages import stepping

BAND_PX = 5
"""How far to each side of the true edge counts: a band of ten pixels."""

RIM_PX, INNER_PX = 2, 8
"""The outer two pixels of a person, and the six behind them."""

BORDER_PX = 4
"""The outermost pixels of old clips are no picture: half lines, black columns. Truths have nobody there."""

Array = NDArray[Any]

Prepare = Callable[[Show], None]
"""What is to be done to a show when it is open."""


class CutOut(NamedTuple):
    """Alpha, (height, width), and the person's colour where there is any, encoded, (height, width, 3); 0 to 1."""

    alpha: Array
    colour: Array

    def over(self, background: Array) -> Array:
        """Return it over an encoded picture, 8 bit, mixed in linear light."""
        behind = linear(background / 255)
        mixed = self.alpha[..., None] * linear(self.colour) + (1 - self.alpha[..., None]) * behind
        return np.asarray(np.round(255 * encoded(mixed)), np.uint8)


def linear(v: Array) -> Array:
    """Turn sRGB-encoded values into light."""
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def encoded(v: Array) -> Array:
    """Turn light into sRGB-encoded values."""
    v = np.clip(v, 0.0, 1.0)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055)


def frames(clip: Path, wanted: Iterable[int]) -> dict[int, NDArray[np.uint8]]:
    """Return these pictures of a clip, RGB."""
    wanted = set(wanted)
    with av.open(str(clip)) as container:
        found = enumerate(container.decode(video=0))
        return {index: np.asarray(frame.to_ndarray(format="rgb24")) for index, frame in found if index in wanted}


def truth(name: str, index: int) -> Array:
    """Return the true alpha of a picture of a shared clip."""
    mask: Any = cv2.imread(str(MEDIA / "masks" / name / f"{index:04d}.png"), cv2.IMREAD_GRAYSCALE)
    return np.asarray(mask, np.float64) / 255


def cut_out(source: Path, size: tuple[int, int], parts: Mapping[str, object], wanted: Iterable[int]) -> list[CutOut]:
    """Return what Scrim cuts out of these pictures of a clip of 25 Hz, tick by tick: over black and over white."""
    seen: list[list[Array]] = []
    for shade in ("#000000", "#ffffff"):
        entities: dict[str, dict[str, object]] = {
            "stage": {"stage": Stage(width=size[0], height=size[1], rate_hz=25.0)},
            "behind": {"fill": Fill(shape="plain", colour=Colour.parse(shade)), "layer": Layer(order=0)},
            "guest": {"camera": Camera(source=str(source)), "layer": Layer(order=1), **parts},
        }
        with stepping(entities, ticks=0) as stepper:
            seen.append([])
            for index in range(max(wanted) + 1):
                stepper.tick() if index else stepper.same_tick()
                if index in set(wanted):
                    stage = stepper.show.gpu.read(stepper.show.stage_image.texture)[..., :3]
                    seen[-1].append(stage.astype(np.float64))
    found = []
    for black, white in zip(*seen, strict=True):
        alpha = np.clip(1 - (white - black).mean(axis=2), 0, 1)
        found.append(CutOut(alpha, encoded(black / np.maximum(alpha, 1e-3)[..., None])))
    return found


def alphas(
    camera: Camera, size: tuple[int, int], mask: Mask, ticks: int, rate_hz: float, prepare: Prepare | None = None
) -> list[tuple[int, NDArray[np.uint8]]]:
    """Return what each tick shows of a camera's pictures: the picture's index, and its alpha, 0 to 255.

    One show is enough: the person is drawn eight stops darker, over white, so what is missing of white is alpha. Masks
    see the camera as it is.
    """
    entities: dict[str, dict[str, object]] = {
        "stage": {"stage": Stage(width=size[0], height=size[1], rate_hz=rate_hz)},
        "behind": {"fill": Fill(shape="plain", colour=Colour(1.0, 1.0, 1.0)), "layer": Layer(order=0)},
        "guest": {"camera": camera, "grade": Grade(exposure=-8.0), "layer": Layer(order=1), "mask": mask},
    }
    found = []
    with stepping(entities, ticks=0) as stepper:
        if prepare is not None:
            prepare(stepper.show)
        for index in range(ticks):
            stepper.tick() if index else stepper.same_tick()
            stage = stepper.show.gpu.read(stepper.show.stage_image.texture)[..., 1].astype(np.float32)
            shown = stepper.show.world.get("guest", Shown)
            assert shown is not None
            assert shown.picture is not None
            found.append((shown.picture.sequence - 1, np.round(255 * np.clip(1 - stage, 0, 1)).astype(np.uint8)))
    return found


def key_parts() -> dict[str, object]:
    """Return a key for the shared blue screens, whose masks were drawn a little wide."""
    return {"mask": Mask(source="key"), "key": Key(screen=Screen.parse("auto"), tolerance=0.1)}


def by_opencv(rgb: NDArray[np.uint8], width: int = 20, saturation: int = 140) -> CutOut:
    """Return what the OpenCV pipeline cuts out: HSV range, Sobel, Canny, blur; despilled as it does."""
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    hue = int(cv2.cvtColor(np.asarray(screen_of(rgb)[None, None, ::-1], np.uint8).copy(), cv2.COLOR_BGR2HSV)[0, 0, 0])
    rival = OpenCV(bgr, np.array((hue - width, saturation, 60)), np.array((hue + width, 255, 255)))
    rival.key(bgr, edges=True)
    return CutOut(rival.alpha / 255, _despilled(rgb))


def by_ffmpeg(rgb: NDArray[np.uint8], folder: Path, similarity: float, blend: float) -> CutOut | None:
    """Return what ffmpeg's chromakey and despill cut out, or None without the program."""
    program = which("ffmpeg")
    if program is None:
        return None
    red, green, blue = screen_of(rgb)
    picture, cut = folder / "picture.png", folder / "cut.png"
    cv2.imwrite(str(picture), rgb[..., ::-1])
    filters = f"format=yuva444p,chromakey=0x{red:02x}{green:02x}{blue:02x}:{similarity}:{blend},despill=type=blue"
    command = [program, "-v", "error", "-y", "-i", str(picture), "-vf", f"{filters},format=rgba", "-frames:v", "1"]
    subprocess.run([*command, str(cut)], check=True, stdin=subprocess.DEVNULL)
    bgra: Any = cv2.imread(str(cut), cv2.IMREAD_UNCHANGED)
    return CutOut(bgra[..., 3] / 255, bgra[..., 2::-1] / 255)


def screen_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the colour beside the person: what somebody would pick for a rival."""
    beside = np.concatenate([rgb[5:230, 5:70], rgb[5:230, -70:-5]]).reshape(-1, 3)
    return np.asarray(np.median(beside, axis=0), np.uint8)


def _despilled(rgb: NDArray[np.uint8]) -> Array:
    """Return a picture whose blue does not stand out above the mean of red and green, 0 to 1."""
    clean = rgb / 255
    clean[..., 2] = np.minimum(clean[..., 2], clean[..., :2].mean(axis=2))
    return np.asarray(clean)


def band_of(alpha: Array) -> NDArray[np.bool_]:
    """Return where the true edge is near."""
    inside = (alpha > 0.5).astype(np.uint8)
    disc: Any = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND_PX + 1, 2 * BAND_PX + 1))
    band = np.asarray(cv2.dilate(inside, disc) != cv2.erode(inside, disc))
    return band & ~border_of(band.shape)


def border_of(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where a clip's border is."""
    border = np.ones(shape, np.bool_)
    border[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    return border


def band_sad(alpha: Array, true: Array) -> float:
    """Return the sum of absolute differences of alpha in the band."""
    return float(np.abs(alpha - true)[band_of(true)].sum())


def overlap(alpha: Array, true: Array) -> float:
    """Return the intersection over union of what is more than half there."""
    picture = ~border_of(alpha.shape)
    one, other = (alpha > 0.5) & picture, (true > 0.5) & picture
    return float((one & other).sum() / max(1, (one | other).sum()))


def rim(cut: CutOut, screen: NDArray[np.uint8], *, border: bool = False) -> tuple[float, float]:
    """Return how much of the screen's hue the outer 2 px have more than the inner 6, of its own; and chroma's ratio.

    `border`: count the clip's border too. Its two upper half lines are nearly grey and no screen; keyed as somebody two
    pixels thick they are a third of all outer pixels.
    """
    inside = np.pad((cut.alpha > 0.5).astype(np.uint8), 1, mode="edge")
    depth = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5))[1:-1, 1:-1]
    counted = np.full(depth.shape, fill_value=True) if border else ~border_of(depth.shape)
    outer, inner = counted & (depth > 0) & (depth <= RIM_PX), counted & (depth > RIM_PX) & (depth <= INNER_PX)
    own, hue = _differences(cut.colour), _differences(screen / 255)
    towards = own @ hue / (hue @ hue)
    lengths = np.linalg.norm(own, axis=-1)
    return float(towards[outer].mean() - towards[inner].mean()), float(lengths[outer].mean() / lengths[inner].mean())


def _differences(rgb: Array) -> Array:
    """Return the colour differences (Cb, Cr) of ITU-R BT.601, half a unit each way."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([(blue - luma) / 1.772, (red - luma) / 1.402], axis=-1)
