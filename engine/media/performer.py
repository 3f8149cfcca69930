"""Who stands in when no camera is there: how they look, and how they move."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.media.brush import Rgb
from engine.media.shot import SECOND_NS

Side = Literal[-1, 1]

SKINS: tuple[Rgb, ...] = (
    (238, 196, 168),
    (224, 172, 138),
    (196, 140, 102),
    (150, 98, 68),
    (112, 72, 52),
    (242, 208, 186),
)
HAIRS: tuple[Rgb, ...] = ((58, 38, 30), (34, 28, 30), (124, 72, 38), (186, 136, 76), (150, 62, 40), (150, 148, 150))
TOPS: tuple[Rgb, ...] = ((214, 92, 70), (226, 170, 62), (128, 46, 66), (232, 222, 206), (150, 120, 176), (62, 58, 72))
TROUSERS: tuple[Rgb, ...] = ((48, 52, 70), (92, 76, 66), (70, 70, 76), (40, 38, 44))
HAIR_STYLES = ("bob", "short", "long", "bun", "curls")
TOP_STYLES = ("hoodie", "jacket", "stripes")


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a performer looks like."""

    skin: Rgb
    hair: Rgb
    hair_style: str
    top: Rgb
    top_style: str
    trousers: Rgb
    glasses: bool
    beard: bool


def appearance_of(seed: int) -> Appearance:
    """Return the appearance of performer `seed`; neighbours differ in hair, skin and clothes."""
    chance = np.random.default_rng(seed)
    style = HAIR_STYLES[(seed - 1) % len(HAIR_STYLES)]
    return Appearance(
        skin=SKINS[(seed - 1) % len(SKINS)],
        hair=HAIRS[(seed * 5 - 5 + int(chance.integers(2))) % len(HAIRS)],
        hair_style=style,
        top=TOPS[(seed - 1 + 3 * int(chance.integers(2))) % len(TOPS)],
        top_style=TOP_STYLES[(seed - 1) % len(TOP_STYLES)],
        trousers=TROUSERS[int(chance.integers(len(TROUSERS)))],
        glasses=bool(chance.random() < 0.35),
        beard=style == "short" and bool(chance.random() < 0.7),
    )


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a performer is and what they do. Angles in radians, positive to the right of the picture."""

    x: float  # -1 left end of the way, 1 right end
    turn: float  # of the body
    head_turn: float
    head_tilt: float
    stride: float  # swing of the legs, -1 to 1
    walking: float  # 0 stands, 1 walks
    waving: float  # 0 hand down, 1 hand up
    wave: float  # where the waving hand is, -1 to 1
    gesture: float  # how the talking hands move, -1 to 1
    breath: float  # -1 to 1
    eyes: float  # 1 open, 0 shut
    mouth: float  # 0 closed, 1 open
    waving_side: Side  # of the picture


ROUND_S = 16.0
"""They stand and wave, walk right, talk, walk left to the far side, wave, and come back."""

# At these times of a round they are there; in between they move smoothly.
_WHEN_S = np.array((0.0, 3.0, 5.2, 7.6, 11.4, 14.0, 16.0))
_WHERE = np.array((0.0, 0.0, 0.85, 0.85, -0.85, -0.85, 0.0))
_WAVES_S = ((-0.6, 2.6), (11.7, 13.7), (ROUND_S - 0.6, ROUND_S + 2.6))


def pose_at(seed: int, time_ns: int) -> Pose:
    """Return the pose of performer `seed` at a time: a pure function."""
    seconds = time_ns / SECOND_NS
    mirrored = -1.0 if seed % 2 == 0 else 1.0
    at_s = seconds % ROUND_S
    x, speed = _way(at_s)
    walking = _smooth(abs(speed) / 0.45)
    turn = mirrored * 0.95 * math.copysign(walking, speed)
    waving = max(_bump(at_s, start, end) for start, end in _WAVES_S)
    idle = 1 - walking
    return Pose(
        x=mirrored * x,
        turn=turn + idle * 0.16 * math.sin(0.9 * seconds + seed),
        head_turn=turn * 0.75 + idle * 0.30 * math.sin(0.67 * seconds + 0.5 * seed),
        head_tilt=0.05 * math.sin(1.3 * seconds + seed) + 0.05 * waving,
        stride=math.sin(2 * math.pi * 0.95 * seconds),
        walking=walking,
        waving=waving,
        wave=math.sin(2 * math.pi * 1.4 * seconds),
        gesture=math.sin(1.9 * seconds + seed),
        breath=math.sin(1.6 * seconds),
        eyes=1 - _bump((seconds + 0.37 * seed) % 3.7, 3.2, 3.42),
        mouth=max(0.0, math.sin(7.1 * seconds) * math.sin(2.3 * seconds + seed)) * (1 - 0.6 * walking),
        waving_side=-1 if mirrored > 0 else 1,
    )


def _smooth(t: float) -> float:
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def _bump(t: float, start: float, end: float) -> float:
    """Rise from 0 to 1 after `start`, and fall again before `end`."""
    ramp = min(0.5, (end - start) / 2)
    return _smooth((t - start) / ramp) * _smooth((end - t) / ramp)


def _way(at_s: float) -> tuple[float, float]:
    """Return where they are, and how fast they go, in ways a second."""
    i = min(int(np.searchsorted(_WHEN_S, at_s, side="right")) - 1, len(_WHEN_S) - 2)
    took_s, way = _WHEN_S[i + 1] - _WHEN_S[i], _WHERE[i + 1] - _WHERE[i]
    t = (at_s - _WHEN_S[i]) / took_s
    return float(_WHERE[i] + way * _smooth(t)), float(way * 6 * t * (1 - t) / took_s)
