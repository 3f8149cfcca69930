"""The performer's head: a face that turns within it, and hair before and behind.

A point of the head is given in head radii from its middle. A point of the face is an angle to the side of the nose,
in degrees, and a height from -1 (crown) to 1 (chin).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.media.brush import DEEP, RIM, Brush, Points, Rgb, blend, closed, curve, darker, ellipse, moved
from engine.media.performer import Appearance, Pose

ABOVE_NECK = 0.137
HEAD_RX, HEAD_RY = 0.073, 0.099

WIDTH_AT = (-1.0, -0.9, -0.7, -0.4, -0.1, 0.2, 0.45, 0.7, 0.85, 0.95, 1.0)
WIDTHS = (0.0, 0.45, 0.74, 0.94, 1.0, 0.97, 0.89, 0.71, 0.53, 0.34, 0.2)
"""How wide a face is, from the crown to the chin."""

# Right halves of outlines, from the top down. Hair below the chin swings.
SKULL = ((0.0, -1.06), (0.7, -0.82), (0.96, -0.25), (0.4, 0.5))
BACK_HAIR = {
    "bob": ((0.5, -1.08), (1.0, -0.6), (1.28, 0.0), (1.30, 0.75), (1.0, 1.12), (0.0, 1.1)),
    "long": ((0.5, -1.06), (0.95, -0.6), (1.28, 0.2), (1.36, 1.3), (1.15, 2.2), (0.0, 2.35)),
}
CURLS = ((1.15, -0.2), (1.05, 0.3), (0.85, 0.72))
FACE_AT = (-0.9, -0.6, -0.15, 0.25, 0.55, 0.82, 0.97)
BEARD = ((0, 0.46), (26, 0.50), (46, 0.50), (74, 0.42), (88, 0.10), (80, 0.62), (52, 0.90), (18, 1.04))

CAPS = {  # how far the hair stands off, where it ends, its hairline at the ear, and how it narrows towards its end
    "bob": (1.17, 0.55, 0.12, 0.04),
    "long": (1.14, 1.05, 0.12, 0.04),
    "short": (1.08, 0.02, -0.12, 0.10),
    "bun": (1.06, 0.10, -0.12, 0.22),
    "curls": (1.16, -0.10, -0.20, 0.04),
}
EYES = (-25.0, 25.0)
BROW = ((0.42, -0.27), (0.75, -0.325), (1.15, -0.33), (1.65, -0.25))
FRAME: Rgb = (44, 38, 42)


def both_sides(half: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a whole outline from its right half, clockwise."""
    return [*half, *((-x, y) for x, y in reversed(half) if x > 0)]


class Head:
    """Head and hair of one pose. The parts behind the shoulders are painted first, the neck next, the face last."""

    def __init__(self, appearance: Appearance, pose: Pose, brush: Brush, neck: Points) -> None:
        self.appearance = appearance
        self.pose = pose
        self.brush = brush
        self._neck = neck
        self._turn = pose.head_turn
        self._side = math.sin(self._turn)
        self._behind = -0.22 * self._side  # how far the back of the head is off the face, across
        self._middle = moved(neck, 0.014 * self._side + 0.05 * pose.head_tilt, -ABOVE_NECK)
        cos, sin = math.cos(pose.head_tilt), math.sin(pose.head_tilt)
        self._tilt = np.array(((cos, -sin), (sin, cos)))

    def at(self, x: float, y: float) -> Points:
        """Return a point of the head as it is seen, in head radii from its middle."""
        seen: Points = self._middle + self._tilt @ np.array((x * HEAD_RX, y * HEAD_RY))
        return seen

    def face(self, degrees: float, y: float) -> Points:
        """Return a point on the face's surface, `degrees` to the side of the nose."""
        angle = min(math.pi / 2, max(-math.pi / 2, math.radians(degrees) + self._turn))
        return self.at(math.sin(angle) * float(np.interp(y, WIDTH_AT, WIDTHS)) + self._jut(y), y)

    def _jut(self, y: float) -> float:
        """Return how far the face is ahead of the head's middle: the chin more than the brow."""
        return self._side * (0.05 + 0.10 * max(0.0, y))

    def facing(self, degrees: float) -> float:
        """Return how much of a spot we see: 1 straight on, 0 at the edge."""
        return max(0.0, math.cos(math.radians(degrees) + self._turn))

    def back(self) -> None:
        """Paint the hair behind the shoulders."""
        style, hair, brush = self.appearance.hair_style, darker(self.appearance.hair, 0.82), self.brush
        if style in BACK_HAIR:
            sway = 0.05 * self.pose.wave * self.pose.waving + 0.08 * self.pose.walking * self.pose.stride
            outline = both_sides(BACK_HAIR[style])
            brush.solid(closed([self.at(x + self._behind + sway * (y > 1), y) for x, y in outline]), hair)
        elif style == "bun":
            brush.solid(ellipse(self.at(2.6 * self._behind, -1.28), 0.036, 0.034), darker(self.appearance.hair, 0.95))
        elif style == "curls":
            for x, y in both_sides(CURLS):
                brush.solid(ellipse(self.at(self._behind + x, y), 0.034, 0.034), hair)

    def neck(self) -> None:
        """Paint the neck, and the chin's shadow on it."""
        top = self.at(-0.10 * self._side, 0.45)
        self.brush.limb([top, moved(self._neck, 0.0, -0.014)], (0.064, 0.066), darker(self.appearance.skin, 0.93))
        self.brush.shade(ellipse(self.at(0.15 * self._side, 1.02), 0.040, 0.022), DEEP)

    def front(self) -> None:
        """Paint the face and the hair around it."""
        appearance, brush = self.appearance, self.brush
        brush.solid(closed([self.at(self._behind + x, y) for x, y in both_sides(SKULL)]), appearance.hair)
        self._ears()
        brush.solid(
            closed([self.face(x, y) for x, y in both_sides([(90.0, y) for y in FACE_AT])]), appearance.skin, core=0.74
        )
        for degrees in (-42.0, 42.0):  # cheeks
            brush.shade(ellipse(self.face(degrees, 0.36), 0.016 * self.facing(degrees) + 0.002, 0.012), (176, 158, 152))
        if appearance.beard:
            beard = closed([self.face(*point) for point in both_sides(BEARD)])
            brush.flat(beard, blend(appearance.hair, appearance.skin, 0.22))
        for degrees in EYES:
            self._eye(degrees)
        self._nose()
        self._mouth()
        if appearance.glasses:
            self._glasses()
        self._hair()

    def _ears(self) -> None:
        for degrees in (-92.0, 92.0):
            angle = math.radians(degrees) + self._turn
            if math.cos(angle) > -0.15:
                self.brush.solid(
                    ellipse(self.at(math.sin(angle), 0.08), 0.013, 0.021), darker(self.appearance.skin, 0.94)
                )

    def _nose(self) -> None:
        """Paint a shaded wing, a soft underside and a lit ridge."""
        wing = [self.face(4, -0.02), self.face(9, 0.24), self.face(4, 0.33)]
        self.brush.line(curve(wing), darker(self.appearance.skin, 0.86), 0.0035)
        self.brush.shade(ellipse(self.face(0, 0.38), 0.013, 0.006), RIM)
        self.brush.shade(ellipse(self.face(-2, 0.20), 0.006, 0.018), (182, 178, 172))

    def _eye(self, degrees: float) -> None:
        pose, brush, seen = self.pose, self.brush, self.facing(degrees)
        if seen < 0.12:
            return
        half, high = 0.0165 * seen + 0.001, 0.0108 * max(pose.eyes, 0.08)
        middle, lashes = self.face(degrees, 0.02), darker(self.appearance.hair, 0.45)
        brush.shade(ellipse(moved(middle, 0, -0.004), half * 1.35, 0.016), (146, 144, 150))
        if pose.eyes > 0.25:
            t = np.linspace(0, math.pi, 9)
            lid = middle - np.stack((half * np.cos(t), high * np.sin(t) ** 0.9), axis=1)
            below = middle + np.stack((half * np.cos(t), 0.72 * high * np.sin(t)), axis=1)
            brush.flat(np.concatenate((lid, below)), (244, 240, 236))
            iris, narrow = moved(middle, 0.0035 * self._side, -0.0008), 0.35 + 0.65 * seen
            brush.flat(ellipse(iris, 0.0080 * narrow, min(0.0088, high * 0.92)), (78, 54, 42))
            brush.flat(ellipse(iris, 0.0042 * narrow, min(0.0046, high * 0.6)), (20, 16, 18))
            brush.flat(ellipse(moved(iris, -0.0024, -0.0024), 0.0016, 0.0016), (250, 250, 250))
            brush.line(lid, lashes, 0.0030)
        else:
            brush.line(curve([moved(middle, -half, 0), moved(middle, 0, 0.004), moved(middle, half, 0)]), lashes, 0.004)
        brow = [self.face(degrees * across, y - 0.03 * pose.waving) for across, y in BROW]
        brush.limb(
            brow, (0.0060, 0.0075, 0.0070, 0.0030), blend(darker(self.appearance.hair, 0.8), self.appearance.skin, 0.18)
        )

    def _mouth(self) -> None:
        pose, brush = self.pose, self.brush
        lips = blend(self.appearance.skin, (180, 72, 76), 0.5)
        smile = 0.045 + 0.015 * pose.waving
        parted = 0.03 + 0.15 * pose.mouth + 0.11 * pose.waving
        edge = [(-22, 0.60 - smile), (-10, 0.588), (0, 0.602), (10, 0.588), (22, 0.60 - smile)]
        upper = curve([self.face(*point) for point in edge])
        t = np.linspace(-1, 1, 9)
        bottom = 0.60 - smile * t**2 + (0.02 + parted) * np.sqrt(np.cos(t * math.pi / 2))
        lower = np.array([self.face(-22 * across, y) for across, y in zip(t, bottom, strict=True)])
        brush.flat(np.concatenate((upper, lower)), (120, 44, 50))
        if parted > 0.09:
            top = [self.face(18 * across, 0.604 - 0.040 * across**2) for across in t]
            low = [self.face(-17 * across, 0.660 - 0.055 * across**2) for across in t]
            brush.flat(np.array([*top, *low]), (246, 242, 236))  # teeth
        brush.line(lower, lips, 0.0045)
        brush.line(upper, darker(lips, 0.88), 0.0032)

    def _glasses(self) -> None:
        left, right = (self.face(degrees, 0.03) for degrees in EYES)
        half_left, half_right = (0.0235 * self.facing(degrees) + 0.001 for degrees in EYES)
        for middle, half in ((left, half_left), (right, half_right)):
            rim = ellipse(middle, half, 0.0205)
            self.brush.line(np.concatenate((rim, rim[:1])), FRAME, 0.0042)
        bars = [(moved(left, half_left, -0.003), moved(right, -half_right, -0.003))]
        if self.facing(-70) > 0:
            bars.append((moved(left, -half_left, -0.003), self.face(-88, 0.0)))
        if self.facing(70) > 0:
            bars.append((moved(right, half_right, -0.003), self.face(88, 0.0)))
        for bar in bars:
            self.brush.line(np.array(bar), FRAME, 0.0042)

    def _hair(self) -> None:
        """Paint the cap: from the hairline over the crown."""
        appearance, brush, s = self.appearance, self.brush, self._side
        style = appearance.hair_style
        full, low, side, taper = CAPS[style]
        ends = []  # of the cap, left and right; the one turned away ends behind the temple
        for sign in (-1, 1):
            away = min(1.0, max(0.0, 1.8 * s * sign))
            ends.append(low + (min(low, -0.45) - low) * away)
        left, right = ends
        across = np.linspace(-1, 1, 13) * (math.pi / 2)
        up, out = np.cos(across) ** 0.85, np.sin(across)
        x = full * out * (1 - taper * (1 - up)) - 0.20 * s * (1 - out * math.copysign(1.0, s)) / 2
        end = np.where(out < 0, left, right)
        crown = [self.at(*point) for point in zip(x, end * (1 - up) - full * up, strict=True)]
        slant = 0.25 if low > 0.3 else 0.0
        hairline = [(88, right - slant), (80, min(side, right)), (62, min(-0.40, right)), (38, -0.60), (16, -0.70)]
        hairline += [(-12, -0.60), (-40, -0.50), (-64, min(-0.30, left)), (-80, min(side, left)), (-88, left - slant)]
        outline = np.concatenate((curve(crown), curve([self.face(*point) for point in hairline])))
        brush.flat(outline, appearance.hair)
        brush.shade(outline, RIM)
        brush.shade(ellipse(self.at(-0.3 - 0.1 * s, -0.80), 0.036, 0.015), (198, 192, 184))
        for strand in (((14, -0.74), (-20, -0.70), (-56, -0.46)), ((18, -0.74), (40, -0.68), (60, -0.48))):
            brush.line(curve([self.face(*point) for point in strand]), darker(appearance.hair, 0.84), 0.0024)
        if style == "curls":
            for i, a in enumerate(np.linspace(math.pi, 0, 11)):
                radius = 0.027 + 0.004 * (i % 2)
                place = self.at(-0.20 * s + 1.06 * math.cos(a), -0.36 - 0.68 * math.sin(a))
                brush.solid(ellipse(place, radius, radius), darker(appearance.hair, 1.0 + 0.06 * (i % 2)))
