"""Bodies for heads: a torso, arms in any pose and legs, drawn below a portrait that ends at the shoulders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from tools.train.data import Image, Person


@dataclass(frozen=True)
class Cutout:
    """A person to be put into a picture. `whole` if there is a body: then it may be far, or reach below the edge."""

    levels: tuple[tuple[Image, Image], ...]
    size: tuple[int, int]
    box: tuple[int, int, int, int]
    at_bottom: bool
    whole: bool


def as_taken(person: Person) -> Cutout:
    """Return the person with nothing added."""
    levels = tuple((image, cut) for (image, _), cut in zip(person.levels, person.cut, strict=True))
    return Cutout(levels, person.size, person.box, person.at_bottom, whole=False)


def with_body(person: Person, texture: Callable[[int, int], Any], rng: np.random.Generator) -> Cutout:
    """Return the head of `person` on a drawn body, about 256 pixels wide at the largest level.

    The shapes are crude. What they teach is that what hangs together with a head is a person, whatever it wears.
    """
    level = 1 if person.size[0] > 300 else 0
    head, head_mask = person.levels[level][0], person.cut[level]
    rows, columns = head_mask.shape
    last = np.flatnonzero(head_mask[-3] > 127)
    if len(last) < columns // 8:
        return as_taken(person)
    left, right = float(last[0]), float(last[-1])
    middle, neck = (left + right) / 2, float(rows - 1)
    # A close portrait shows less than the shoulders: they are at least 1.7 heads wide.
    top_of_head = person.box[1] / (2 if level else 1)
    head_height = (neck - top_of_head) * 0.62
    shoulder = max((right - left) / 2, head_height * rng.uniform(0.8, 1.1))
    margin = int(shoulder * 2.4)
    torso = head_height * rng.uniform(2.0, 2.9)
    leg = head_height * rng.uniform(2.8, 4.2) if rng.random() < 0.6 else 0.0
    width, height = columns + 2 * margin, int(rows + torso + leg)
    canvas: Any = np.zeros((height, width, 3), np.uint8)
    mask: Any = np.zeros((height, width), np.uint8)
    skin = _skin(head, head_mask)
    shirt = texture(width, height)
    x, y = middle + margin, neck
    if leg:
        _legs(canvas, mask, texture(width, height), (x, y + torso * 0.92), shoulder, leg, rng)
    top = y - head_height * rng.uniform(0.0, 0.12)
    waist = shoulder * rng.uniform(0.65, 1.05)
    corners = [
        (x - shoulder * 0.55, top), (x + shoulder * 0.55, top), (x + shoulder, top + shoulder * 0.35),
        (x + shoulder * 0.92, y + torso * 0.4), (x + waist, y + torso), (x - waist, y + torso),
        (x - shoulder * 0.92, y + torso * 0.4), (x - shoulder, top + shoulder * 0.35),
    ]  # fmt: skip
    _paint(canvas, mask, shirt, [np.array(corners)], 0)
    sleeve = rng.random()
    for side in (-1.0, 1.0):
        joint = (x + side * shoulder * 0.85, top + shoulder * 0.42)
        _arm(canvas, mask, (shirt, skin), joint, side, shoulder, sleeve, rng)
    above = head_mask.astype(np.float32)[..., None] / 255
    part = canvas[:rows, margin : margin + columns]
    part[:] = (part * (1 - above) + head * above).astype(np.uint8)
    np.maximum(mask[:rows, margin : margin + columns], head_mask, out=mask[:rows, margin : margin + columns])
    mask = cv2.GaussianBlur(mask, (3, 3), 0)
    box = cv2.boundingRect((mask > 127).astype(np.uint8))
    levels = [(canvas, mask)]
    for _ in range(2):
        size = (levels[-1][1].shape[1] // 2, levels[-1][1].shape[0] // 2)
        smaller: list[Any] = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in levels[-1]]
        levels.append((smaller[0], smaller[1]))
    return Cutout(tuple(levels), (width, height), (box[0], box[1], box[2], box[3]), not leg, True)


def _skin(head: Image, mask: Image) -> Any:
    """Return the middle colour of the face."""
    rows, columns = mask.shape
    face = head[int(rows * 0.45) : int(rows * 0.65), int(columns * 0.42) : int(columns * 0.58)].reshape(-1, 3)
    return np.median(face, 0)


def _legs(
    canvas: Any,
    mask: Any,
    cloth: Any,
    hip: tuple[float, float],
    shoulder: float,
    length: float,
    rng: np.random.Generator,
) -> None:
    for side in (-1.0, 1.0):
        start = np.array([hip[0] + side * shoulder * 0.4, hip[1]])
        knee = start + np.array([side * rng.uniform(-0.05, 0.25) * length, length * 0.5])
        foot = knee + np.array([side * rng.uniform(-0.1, 0.12) * length, length * 0.48])
        thick = shoulder * rng.uniform(0.55, 0.85)
        _limb(canvas, mask, cloth, [start, knee, foot], [thick, thick * 0.8, thick * 0.6])


def _arm(
    canvas: Any,
    mask: Any,
    colours: tuple[Any, Any],
    start: tuple[float, float],
    side: float,
    shoulder: float,
    sleeve: float,
    rng: np.random.Generator,
) -> None:
    """Draw an arm: hanging, spread, bent or raised; sleeves short or long."""
    shirt, skin = colours
    bare = np.broadcast_to(skin.astype(np.uint8), canvas.shape)
    upper, lower = shoulder * rng.uniform(1.3, 1.7), shoulder * rng.uniform(1.1, 1.5)
    draw = rng.random()
    down = np.deg2rad(rng.uniform(-5, 35) if draw < 0.6 else rng.uniform(20, 110))
    bend = down + np.deg2rad(rng.uniform(-40, 20) if draw < 0.35 else rng.uniform(-140, 150))
    elbow = np.array(start) + upper * np.array([side * np.sin(down), np.cos(down)])
    wrist = elbow + lower * np.array([side * np.sin(bend), np.cos(bend)])
    thick = shoulder * rng.uniform(0.38, 0.6)
    _limb(canvas, mask, bare if sleeve < 0.2 else shirt, [np.array(start), elbow], [thick, thick * 0.85])
    _limb(canvas, mask, bare if sleeve < 0.5 else shirt, [elbow, wrist], [thick * 0.85, thick * 0.6])
    ahead = (wrist - elbow) / max(float(np.linalg.norm(wrist - elbow)), 1e-6)
    palm = wrist + ahead * thick * 0.35
    shapes = [np.array([palm + thick * 0.42 * np.array([np.cos(a), np.sin(a)]) for a in np.linspace(0, 6.2, 12)])]
    _paint(canvas, mask, bare, shapes, 0)
    turn = np.arctan2(ahead[1], ahead[0])
    for finger in np.linspace(-0.5, 0.5, 5)[rng.random(5) < 0.7]:
        tip = palm + thick * rng.uniform(0.8, 1.15) * np.array([np.cos(turn + finger), np.sin(turn + finger)])
        _limb(canvas, mask, bare, [palm, tip], [thick * 0.22, thick * 0.18])


def _limb(canvas: Any, mask: Any, cloth: Any, points: list[Any], widths: list[float]) -> None:
    """Paint a chain of tapered pieces with round joints."""
    shapes = []
    for (start, end), (first, second) in zip(pairwise(points), pairwise(widths), strict=True):
        along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        across = np.array([-along[1], along[0]]) / 2
        near, far = across * first, across * second
        shapes.append(np.array([start + near, end + far, end - far, start - near]))
    for point, width in zip(points, widths, strict=True):
        shapes.append(np.array([point + width / 2 * np.array([np.cos(a), np.sin(a)]) for a in np.linspace(0, 6.2, 12)]))
    _paint(canvas, mask, cloth, shapes, 0.25)


def _paint(canvas: Any, mask: Any, cloth: Any, shapes: list[Any], shade: float) -> None:
    """Fill shapes with cloth, darker towards their edges so that an arm before the torso has an outline."""
    every = np.concatenate(shapes)
    height, width = mask.shape
    left, top = np.clip(np.floor(every.min(0)).astype(int) - 2, 0, [width - 1, height - 1])
    right, bottom = np.clip(np.ceil(every.max(0)).astype(int) + 3, 1, [width, height])
    if right - left < 2 or bottom - top < 2:
        return
    cover: Any = np.zeros((bottom - top, right - left), np.uint8)
    for shape in shapes:
        cv2.fillPoly(cover, [np.round((shape - [left, top]) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    inner = cover
    if shade:
        inner = cv2.blur(cover, (max(3, (right - left) // 8 | 1),) * 2)
    share = cover.astype(np.float32)[..., None] / 255
    light = (1 - shade) + shade * inner.astype(np.float32)[..., None] / 255
    part = canvas[top:bottom, left:right]
    part[:] = (part * (1 - share) + cloth[top:bottom, left:right] * light * share).astype(np.uint8)
    np.maximum(mask[top:bottom, left:right], cover, out=mask[top:bottom, left:right])
