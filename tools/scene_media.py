"""Draws the pictures that the example scenes use, so that they are Scrim's own: `python -m tools.scene_media`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1] / "scenes" / "media"
SIZE = (1600, 900)

Image = NDArray[np.float64]


def ridge(seed: int, base: float, height: float, roughness: float) -> Image:
    """Return the skyline of a range of hills: y (0 at the top) for each column, from octaves of smooth noise."""
    random = np.random.default_rng(seed)
    x = np.linspace(0.0, 1.0, SIZE[0])
    line = np.zeros_like(x)
    for octave in range(7):
        points = random.uniform(-1.0, 1.0, 4 * 2**octave + 3)
        place = x * (len(points) - 3) + 1
        index = place.astype(int)
        blend = (1.0 - np.cos((place - index) * np.pi)) / 2.0
        line += (points[index] * (1.0 - blend) + points[index + 1] * blend) * roughness**octave
    return np.asarray(base - height * line / 2.0)


def hills(seed: int, base: float, height: float, roughness: float, top: str, bottom: str) -> Image:
    """Return a range of hills as RGBA, 0 to 1: mist rises from its foot."""
    y = np.linspace(0.0, 1.0, SIZE[1])[:, None]
    line = ridge(seed, base, height, roughness)[None, :]
    below = (y - line) * SIZE[1]
    depth = np.clip((y - line) / 0.35, 0.0, 1.0)[..., None]
    colour = rgb(top) * (1.0 - depth) + rgb(bottom) * depth
    return np.dstack([np.broadcast_to(colour, (SIZE[1], SIZE[0], 3)), np.clip(below + 0.5, 0.0, 1.0)])


def sky() -> Image:
    """Return an evening sky with a low sun and thin clouds, as RGB, 0 to 1."""
    width, height = SIZE
    y, x = np.mgrid[0:height, 0:width] / height
    stops = [(0.0, "#16204a"), (0.35, "#5b4a86"), (0.6, "#d9748a"), (0.75, "#f7b267"), (1.0, "#fbe3a1")]
    places = [place for place, _ in stops]
    image = np.dstack([np.interp(y, places, [rgb(colour)[i] for _, colour in stops]) for i in range(3)])
    sun = np.hypot(x - 1.16, y - 0.62)
    image = image + np.exp(-((sun / 0.30) ** 2))[..., None] * rgb("#ffb070") * 0.55
    image = image + np.clip((0.058 - sun) * 220.0, 0.0, 1.0)[..., None] * rgb("#fff3d0") * 0.6
    random = np.random.default_rng(3)
    cloud: NDArray[Any] = np.zeros((height, width))
    for octave in range(1, 6):
        noise = random.uniform(0.0, 1.0, (3 * 2**octave, 2**octave)).astype(np.float32)
        cloud = cloud + cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) / 1.7**octave
    streaks = np.clip((cloud - np.quantile(cloud, 0.62)) * 1.6, 0.0, 0.45) * np.exp(-(((y - 0.36) / 0.22) ** 2))
    return np.asarray(image + streaks[..., None] * (rgb("#ffd7c2") - image))


def logo() -> Image:
    """Return Scrim's sign as RGBA: a person-shaped opening in a cloth, lit from behind."""
    side = 256
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    edge = 1.5 / side

    def inside(distance: Image) -> Image:
        return np.clip(0.5 - distance / edge, 0.0, 1.0)

    corner = np.hypot(np.maximum(np.abs(x - 0.5) - 0.28, 0.0), np.maximum(np.abs(y - 0.5) - 0.28, 0.0)) - 0.18
    folds = 0.5 + 0.5 * np.cos(x * 34.0 + 0.6 * np.sin(y * 5.0))
    cloth = rgb("#1c2b4a") + folds[..., None] * (rgb("#3a5a8c") - rgb("#1c2b4a"))
    head = np.hypot(x - 0.5, y - 0.36) - 0.125
    body = np.hypot((x - 0.5) / 1.15, np.maximum(y - 0.80, -0.02) * 0.9 + np.minimum(y - 0.80, 0.0)) - 0.245
    person = np.maximum(inside(head), inside(body))
    glow = np.exp(-np.maximum(np.minimum(head, body), 0.0) * 16.0)
    light = rgb("#ffe3a8")
    image = cloth + (glow * 0.75)[..., None] * (rgb("#ff9e6b") - cloth)
    image = image + person[..., None] * (light - image)
    return np.dstack([image, inside(corner)])


def studio() -> Image:
    """Return a studio as an equirectangular panorama, in linear light: a softbox, a warm strip, a dim room."""
    height, width = 64, 128
    down, around = np.meshgrid(
        (np.arange(height) + 0.5) / height * 180.0 - 90.0,
        (np.arange(width) + 0.5) / width * 360.0 - 180.0,
        indexing="ij",
    )

    def box(azimuth: float, elevation: float, wide: float, high: float) -> Image:
        across = np.abs((around - azimuth + 180.0) % 360.0 - 180.0) / wide
        up = np.abs(down + elevation) / high
        return np.asarray(np.exp(-(across**6) - up**6)[..., None])

    floor = np.clip((down + 10.0) / 60.0, 0.0, 1.0)[..., None]
    room = np.array([0.10, 0.11, 0.14]) * (1.0 - floor) + np.array([0.05, 0.045, 0.04]) * floor
    softbox = box(-125.0, 25.0, 32.0, 30.0) * np.array([4.2, 4.5, 5.0])
    strip = box(60.0, 10.0, 10.0, 45.0) * np.array([9.0, 4.2, 1.5])
    return np.asarray(room + softbox + strip)


def evening(side: int = 9) -> str:
    """Return a look-up table (.cube) that makes shadows teal and lights orange."""
    axis = np.linspace(0.0, 1.0, side)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    colours = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    brightness = (colours @ np.array([0.2126, 0.7152, 0.0722]))[:, None]
    tone = rgb("#0a2a33") * (1.0 - brightness) + rgb("#ffd9a0") * brightness
    graded = np.clip(0.72 * colours + 0.28 * tone + 0.03 * (colours - brightness), 0.0, 1.0)
    rows = "\n".join(" ".join(f"{part:.4f}" for part in row) for row in graded)
    return f'TITLE "evening"\nLUT_3D_SIZE {side}\n{rows}\n'


def rgb(text: str) -> Image:
    """Return "#rrggbb" as three numbers, 0 to 1, still encoded: these pictures are mixed as a painter mixes."""
    return np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def write(name: str, image: Image) -> None:
    """Write a picture beside the scenes."""
    pixels = (np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    quality = [cv2.IMWRITE_WEBP_QUALITY, 92] if name.endswith(".webp") else [cv2.IMWRITE_PNG_COMPRESSION, 9]
    cv2.imwrite(str(FOLDER / name), cv2.cvtColor(pixels, order), quality)


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    write("sky.webp", sky())
    write("hills_far.webp", hills(11, 0.68, 0.22, 0.50, "#6a5a92", "#c98aa0"))
    write("hills_middle.webp", hills(5, 0.78, 0.22, 0.46, "#43406f", "#86678f"))
    write("hills_near.webp", hills(23, 0.90, 0.20, 0.42, "#1d1f40", "#2c2a52"))
    write("logo.png", logo())
    (FOLDER / "evening.cube").write_text(evening(), encoding="ascii")
    cv2.imwrite(str(FOLDER / "studio.hdr"), studio()[..., ::-1].astype(np.float32))


if __name__ == "__main__":
    main()
