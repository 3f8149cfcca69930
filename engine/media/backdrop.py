"""What stands behind the synthetic performer: a screen to key, a plain wall, or a room."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Plane

SCREENS = {"green": (0, 177, 64), "blue": (0, 71, 187)}
WALL = (90, 120, 130)

Field = NDArray[np.float32]
Rgb = tuple[int, int, int]


def backdrop(kind: Literal["green", "blue", "wall", "room"], width: int, height: int, seed: int) -> Plane:
    """Return the backdrop as opaque RGBA, always the same for the same arguments; `seed` is that of its grain."""
    match kind:
        case "room":
            rgb = _room(width, height)
        case "wall":
            rgb = _lit(WALL, width, height)
        case _:
            rgb = _lit(SCREENS[kind], width, height, folds=1.0)
    rgb += np.random.default_rng(seed).normal(0, 0.9, (height, width, 1)).astype(np.float32)
    rgba = np.full((height, width, 4), 255, np.uint8)
    np.copyto(rgba[..., :3], np.clip(np.rint(rgb), 0, 255), casting="unsafe")
    return rgba


def _grid(width: int, height: int) -> tuple[Field, Field]:
    """Return x from 0 to the picture's shape, and y from 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    return x, y


def _glow(x: Field, y: Field, at: tuple[float, float], size: tuple[float, float]) -> Field:
    """Return a soft round light of height 1."""
    glow: Field = np.exp(-(((x - at[0]) / size[0]) ** 2) - ((y - at[1]) / size[1]) ** 2)
    return glow


def _lit(colour: Rgb, width: int, height: int, folds: float = 0.0) -> Field:
    """Something of one colour lit by two lamps that almost match; cloth has a few soft folds."""
    x, y = _grid(width, height)
    wide = width / height
    lamps = _glow(x, y, (0.25 * wide, 0.35), (0.6 * wide, 1.0)) + 0.94 * _glow(
        x, y, (0.75 * wide, 0.3), (0.6 * wide, 1.0)
    )
    fold = 0.012 * np.sin(9 * x + 1.2 * np.sin(2 * y)) + 0.008 * np.sin(23 * x + y)
    light = 0.90 + 0.10 * lamps / lamps.max() + folds * fold * y
    lit: Field = np.array(colour, np.float32) * light[..., None]
    return lit


class _Wall:
    """A canvas of `LINES` lines, painted twice as fine as it is shown, in units of its height."""

    LINES = 1440

    def __init__(self, wide: float, colour: Rgb) -> None:
        self.canvas = np.full((self.LINES, round(wide * self.LINES), 3), colour, np.uint8)

    def area(self, colour: Rgb, *points: tuple[float, float]) -> None:
        """Fill a polygon."""
        corners = np.rint(np.array(points) * self.LINES * 16).astype(np.int32)
        cv2.fillPoly(self.canvas, [corners], colour, cv2.LINE_AA, 4)

    def box(self, colour: Rgb, x: float, y: float, width: float, height: float) -> None:
        """Fill an upright rectangle."""
        self.area(colour, (x, y), (x + width, y), (x + width, y + height), (x, y + height))


FLOOR_Y = 0.84
BOOKS: tuple[Rgb, ...] = ((150, 66, 58), (206, 160, 84), (66, 84, 104), (224, 214, 196), (110, 120, 96), (96, 62, 80))


def _room(width: int, height: int) -> Field:
    """A wall with a window and its light, a shelf with books and a plant, a floor lamp and a wooden floor."""
    wide = width / height
    wall = _Wall(wide, (196, 184, 168))
    _paint_floor(wall, wide)
    window = (0.06 * wide, 0.10, 0.26 * wide, 0.46)
    _paint_window(wall, *window)
    _paint_shelf(wall, 0.70 * wide, 0.27, 0.25 * wide)
    lamp = (0.635 * wide, 0.30)
    _paint_lamp(wall, *lamp)
    rgb: Field = cv2.resize(wall.canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    cv2.GaussianBlur(rgb, (0, 0), 0.0022 * height, dst=rgb)  # the performer is in focus, the room is not quite

    x, y = _grid(width, height)
    day = _glow(x, y, (window[0] + window[2] / 2, 0.35), (0.55 * wide, 0.75))
    slanted = _glow(x - 0.55 * (y - 0.5), y, (0.43 * wide, 0.52), (0.11 * wide, 0.26)) ** 0.5
    warm = _glow(x, y, (lamp[0], lamp[1] + 0.03), (0.24, 0.30)) + 0.5 * _glow(x, y, (lamp[0], FLOOR_Y), (0.3, 0.12))
    light = 0.66 + 0.36 * day[..., None] * np.array((0.97, 1.0, 1.04), np.float32)
    light += 0.10 * slanted[..., None] * np.array((1.1, 1.0, 0.85), np.float32)
    light += 0.34 * warm[..., None] * np.array((1.15, 0.92, 0.60), np.float32)
    light *= (1 - 0.16 * np.clip(y - FLOOR_Y + 0.06, 0, 0.06) / 0.06 * (y < FLOOR_Y))[..., None]
    return rgb * light.astype(np.float32)


def _paint_floor(wall: _Wall, wide: float) -> None:
    wall.box((150, 112, 82), 0, FLOOR_Y, wide, 1 - FLOOR_Y)
    vanishing = (wide / 2, 0.30)
    shades: tuple[Rgb, ...] = ((146, 108, 78), (156, 118, 86), (138, 102, 74), (151, 111, 80))
    board = 0.16
    for i in range(-24, 24):
        left, right = wide / 2 + i * board, wide / 2 + (i + 1) * board - 0.005
        run = (FLOOR_Y - vanishing[1]) / (1 - vanishing[1])
        back = [(vanishing[0] + (x - vanishing[0]) * run, FLOOR_Y) for x in (right, left)]
        wall.area(shades[i % 4], (left, 1.0), (right, 1.0), *back)
    wall.box((226, 220, 210), 0, FLOOR_Y - 0.045, wide, 0.045)
    wall.box((196, 188, 176), 0, FLOOR_Y - 0.006, wide, 0.006)


def _paint_window(wall: _Wall, x: float, y: float, width: float, height: float) -> None:
    lines = wall.LINES
    rows = np.linspace(0, 1, round(height * lines))[:, None, None]
    sky = np.array((168, 204, 236)) * (1 - rows) + np.array((240, 240, 228)) * rows
    top, left = round(y * lines), round(x * lines)
    view = wall.canvas[top : top + len(rows), left : left + round(width * lines)]
    view[:] = sky
    step = np.linspace(0, width, 30)
    for base, swell, colour in (
        (0.66, 0.030, (168, 190, 178)),
        (0.78, 0.045, (126, 158, 128)),
        (0.90, 0.025, (98, 132, 96)),
    ):
        hill = y + height * base + swell * np.sin(step * (9 + 20 * swell) + 40 * base)
        wall.area(colour, *zip(x + step, hill, strict=True), (x + width, y + height), (x, y + height))
    np.copyto(view, cv2.GaussianBlur(view, (0, 0), 9))
    frame, bar = (240, 236, 228), 0.016
    for at in (x - bar, x + width / 2 - bar / 2, x + width):
        wall.box(frame, at, y - bar, bar, height + 2 * bar)
    for at in (y - bar, y + 0.40 * height, y + height):
        wall.box(frame, x - bar, at, width + 2 * bar, bar)
    wall.box((228, 222, 212), x - 0.04, y + height + bar, width + 0.08, 0.022)
    wall.box((164, 152, 138), x - 0.035, y + height + bar + 0.022, width + 0.07, 0.008)
    fold = 0.017
    for side in (-1, 1):  # curtains
        for i in range(5):
            start = x - 0.085 + i * fold if side < 0 else x + width + i * fold
            tone = (184, 122, 96) if i % 2 else (198, 138, 110)
            wall.area(
                tone, (start, 0.055), (start + fold, 0.055), (start + fold * 1.1, 0.70), (start - fold * 0.1, 0.70)
            )
    wall.box((92, 76, 66), x - 0.12, 0.046, width + 0.24, 0.012)


def _paint_shelf(wall: _Wall, x: float, y: float, width: float) -> None:
    chance = np.random.default_rng(7)
    wood, dark = (142, 102, 72), (150, 138, 124)
    for board, filled in ((0, 0.62), (1, 0.80)):
        level = y + 0.20 * board
        wall.box(dark, x + 0.006, level + 0.016, width, 0.012)
        wall.box(wood, x, level, width, 0.017)
        at = x + 0.03 + 0.10 * board
        while at < x + filled * width:
            thick, high = float(chance.uniform(0.014, 0.028)), float(chance.uniform(0.085, 0.135))
            colour = BOOKS[int(chance.integers(len(BOOKS)))]
            wall.box(colour, at, level - high, thick, high)
            wall.box((232, 220, 190), at, level - high * 0.82, thick, 0.006)
            at += thick + 0.0015
    pot = x + 0.84 * width
    for lean in np.linspace(-1.1, 1.1, 9):  # a plant: pointed leaves
        tip = (pot + 0.085 * np.sin(lean), y - 0.055 - 0.085 * np.cos(lean))
        bulge = 0.012 * np.array((np.cos(lean), np.sin(lean)))
        waist = np.array((pot + 0.045 * np.sin(lean), y - 0.055 - 0.045 * np.cos(lean)))
        tone = (84, 122, 84) if lean < 0 else (70, 106, 76)
        wall.area(tone, (pot, y - 0.05), tuple(waist + bulge), tip, tuple(waist - bulge))
    wall.area((202, 196, 186), (pot - 0.034, y - 0.058), (pot + 0.034, y - 0.058), (pot + 0.024, y), (pot - 0.024, y))


def _paint_lamp(wall: _Wall, x: float, y: float) -> None:
    wall.box((70, 62, 58), x - 0.004, y + 0.10, 0.008, FLOOR_Y - y - 0.08)
    wall.area(
        (62, 54, 52),
        (x - 0.055, FLOOR_Y + 0.03),
        (x + 0.055, FLOOR_Y + 0.03),
        (x + 0.03, FLOOR_Y + 0.012),
        (x - 0.03, FLOOR_Y + 0.012),
    )
    wall.area((255, 236, 196), (x - 0.042, y), (x + 0.042, y), (x + 0.072, y + 0.115), (x - 0.072, y + 0.115))
