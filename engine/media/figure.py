"""Drawing the performer: joints in space, turned about the body's upright axis, and seen from straight ahead.

Lengths are in figure units: 1 is the height of the figure's frame, y points down from its top, x is 0 at the hips.
"""

from __future__ import annotations

import math

import numpy as np

from engine.media.brush import Brush, Points, curve, darker, ellipse
from engine.media.head import Head
from engine.media.performer import Appearance, Pose, Side

HALF_WIDTH = 0.37
"""No part of the figure is farther than this from its middle, left and right."""

TOP = 0.05
"""Nor higher than this."""

SHOULDER_Y, WAIST_Y, HIP_Y = 0.372, 0.58, 0.70
SHOULDER_X, HIP_X = 0.106, 0.050
UPPER_ARM, FOREARM, THIGH, SHIN = 0.152, 0.135, 0.26, 0.24

TORSO = (  # half width and height, from the neck down
    (0.034, SHOULDER_Y - 0.040),
    (0.082, SHOULDER_Y - 0.022),
    (0.122, SHOULDER_Y + 0.016),
    (0.116, SHOULDER_Y + 0.085),
    (0.098, WAIST_Y),
    (0.104, HIP_Y),
    (0.106, HIP_Y + 0.026),
    (0.103, HIP_Y + 0.036),
)


class Figure:
    """One pose of one performer, on its way through a brush."""

    def __init__(self, appearance: Appearance, pose: Pose, brush: Brush) -> None:
        self.appearance = appearance
        self.pose = pose
        self.brush = brush
        self._cos, self._sin = math.cos(pose.turn), math.sin(pose.turn)
        self._bob = 0.006 * pose.walking * abs(pose.stride) - 0.002 * pose.breath
        half_widths, self._heights = np.array(TORSO).T
        self._half_widths = half_widths * (0.62 + 0.38 * abs(self._cos)) + 0.001 * pose.breath

    def draw(self) -> None:
        """Paint from back to front."""
        far: Side = 1 if self.pose.turn > 0 else -1  # turned to the right, their arm on the right is the far one
        near: Side = -1 if far == 1 else 1
        head = Head(self.appearance, self.pose, self.brush, self.see(0.0, SHOULDER_Y - 0.02, 0.01))
        head.back()
        behind = abs(self.pose.turn) > 0.45
        if behind:
            self._arm(far)
        self._leg(far)
        self._leg(near)
        self._torso(head)
        head.front()
        if not behind:
            self._arm(far)
        self._arm(near)

    def see(self, x: float, y: float, z: float = 0.0) -> Points:
        """Return where a point of the body is seen."""
        return np.array((x * self._cos + z * self._sin, y + self._bob))

    def _leg(self, side: Side) -> None:
        swing = 0.34 * self.pose.walking * self.pose.stride * side
        hip = np.array((side * HIP_X, HIP_Y + 0.01, 0.0))
        knee = hip + THIGH * np.array((side * 0.05, math.cos(swing), math.sin(swing)))
        back = swing - 0.35 * self.pose.walking * max(0.0, -swing) * 3
        ankle = knee + SHIN * np.array((0.0, math.cos(back), math.sin(back)))
        self.brush.limb(
            [self.see(*hip), self.see(*knee), self.see(*ankle)], (0.108, 0.084, 0.07), self.appearance.trousers
        )

    def _torso(self, head: Head) -> None:
        appearance, brush = self.appearance, self.brush
        half, y = self._half_widths, self._heights
        edge = np.stack((half, y), axis=1)
        leaning = np.stack((self._lean(y), np.full(len(y), self._bob)), axis=1)
        outline = np.concatenate((curve(edge + leaning), curve((edge * (-1, 1) + leaning)[::-1])))
        brush.solid(outline, appearance.top, core=0.72)
        head.neck()
        if appearance.top_style == "stripes":
            self._stripes()
        elif appearance.top_style == "jacket":
            self._jacket()
        else:
            self._hoodie()
        brush.flat(self._band(HIP_Y + 0.010, HIP_Y + 0.027), darker(appearance.top, 0.82))

    def _front(self, x: float, y: float) -> Points:
        """Return where a point on the chest's surface is seen: it is rounder than the joints behind it."""
        depth = 0.018 + 0.037 * min(1.0, max(0.0, (y - SHOULDER_Y + 0.04) / 0.10))
        return self.see(x, y, depth * math.cos(min(1.5, abs(x) / 0.12)))

    def _lean(self, y: Points) -> Points:
        """Return how far the torso leans towards where they go: less, the lower."""
        lean: Points = 0.012 * self._sin * (HIP_Y + 0.036 - y) / (HIP_Y - SHOULDER_Y)
        return lean

    def _band(self, top: float, low: float) -> Points:
        """Return a stripe around the torso between two heights; it sags in the middle, since a body is round."""
        t = np.linspace(-1, 1, 9)

        def edge(y: float) -> Points:
            half = np.interp(y, self._heights, self._half_widths) - 0.004
            x = self._lean(np.array(y)) + t * half
            return np.stack((x, y + self._bob + 0.010 * np.sqrt(1 - 0.96 * t * t)), axis=1)

        return np.concatenate((edge(top), edge(low)[::-1]))

    def _stripes(self) -> None:
        light = darker(self.appearance.top, 0.45) if sum(self.appearance.top) > 520 else (236, 230, 220)
        for y in np.arange(SHOULDER_Y + 0.03, HIP_Y, 0.05):
            self.brush.flat(self._band(y, y + 0.02), light)
        neckline = [self._front(x, SHOULDER_Y - 0.002 - 15.9 * x * x) for x in np.linspace(-0.042, 0.042, 7)]
        self.brush.line(curve(neckline), darker(self.appearance.top, 0.8), 0.010)

    def _hoodie(self) -> None:
        top, brush, y = self.appearance.top, self.brush, SHOULDER_Y
        hood = [(-0.066, y - 0.046), (-0.040, y - 0.008), (0.0, y + 0.012), (0.040, y - 0.008), (0.066, y - 0.046)]
        brush.limb([self._front(*point) for point in hood], (0.030, 0.036, 0.036, 0.036, 0.030), darker(top, 0.93))
        for x, end in ((-0.020, 0.067), (0.020, 0.083)):
            string = [self._front(x, y + 0.016), self._front(x * 1.25, y + 0.05), self._front(x, y + end)]
            brush.line(curve(string), (238, 232, 222), 0.005)
        pocket = [(-0.058, 0.612), (0.058, 0.612), (0.074, 0.672), (0.074, 0.690), (-0.074, 0.690), (-0.074, 0.672)]
        brush.line(np.array([self._front(*p) for p in (*pocket, pocket[0])]), darker(top, 0.72), 0.004)

    def _jacket(self) -> None:
        top, brush = self.appearance.top, self.brush
        shirt = (240, 236, 228)
        neck, low = SHOULDER_Y - 0.036, WAIST_Y + 0.03
        opening = [
            (-0.034, neck),
            (-0.016, neck + 0.030),
            (0.016, neck + 0.030),
            (0.034, neck),
            (0.022, WAIST_Y - 0.06),
            (0.004, low),
            (-0.012, WAIST_Y - 0.06),
        ]
        brush.flat(np.array([self._front(*p) for p in opening]), shirt)
        for side in (-1, 1):
            lapel = [
                (side * 0.034, neck - 0.004),
                (side * 0.064, neck + 0.040),
                (side * 0.052, neck + 0.056),
                (side * 0.058, neck + 0.072),
                (side * 0.008, low),
                (side * 0.020, neck + 0.075),
            ]
            brush.flat(np.array([self._front(*p) for p in lapel]), darker(top, 0.86))
        brush.line(np.array([self._front(0.005, low), self._front(0.012, HIP_Y + 0.03)]), darker(top, 0.6), 0.004)
        for y in (low + 0.015, low + 0.06):
            brush.flat(ellipse(self._front(-0.004, y), 0.005, 0.005), darker(top, 0.5))

    def _arm(self, side: Side) -> None:
        pose, appearance, brush = self.pose, self.appearance, self.brush
        up = pose.waving if side == pose.waving_side else 0.0
        swing = -0.50 * pose.walking * pose.stride * side
        calm = 1 - pose.walking
        beat = 0.5 + 0.5 * pose.gesture * side
        hang = _unit(side * (0.16 + 0.10 * calm), 1.0, swing)
        bend = _unit(
            side * (0.06 - 0.62 * calm),
            1.0 - calm * (0.92 + 0.30 * beat),
            swing + 0.42 + 0.5 * calm,
        )
        upper = _between(hang, _unit(side * 0.85, 0.42, 0.30), up)
        lower = _between(bend, _unit(side * (0.16 + 0.34 * pose.wave), -1.0, 0.25), up)
        shoulder = np.array((side * SHOULDER_X, SHOULDER_Y + 0.022, 0.0))
        elbow = shoulder + UPPER_ARM * upper
        wrist = elbow + FOREARM * lower
        seen = [self.see(*joint) for joint in (shoulder, elbow, wrist)]
        toward = self.see(*(wrist + 0.06 * lower)) - seen[2]
        cuff = seen[1] + 0.93 * (seen[2] - seen[1])
        brush.limb([seen[0], seen[1], cuff], (0.066, 0.058, 0.044), appearance.top)
        self._hand(seen[2], toward, side, up)
        along = (cuff - seen[1]) / (np.linalg.norm(cuff - seen[1]) + 1e-9)
        across = 0.0225 * np.array((along[1], -along[0]))
        ends = [cuff + k * across + d * along for k, d in ((-1, -0.008), (1, -0.008), (1, 0.016), (-1, 0.016))]
        brush.flat(np.array(ends), darker(appearance.top, 0.86))

    def _hand(self, wrist: Points, toward: Points, side: Side, open_: float) -> None:
        """Palm, four fingers and a thumb: relaxed, or spread as `open_` grows to 1."""
        skin = self.appearance.skin
        length = max(float(np.linalg.norm(toward)), 0.030)
        forward = toward / (np.linalg.norm(toward) + 1e-9)
        inward = np.array((forward[1], -forward[0])) * side  # to the thumb, when the palm faces us
        palm = wrist + forward * 0.024
        self.brush.limb([wrist, palm + forward * 0.010], (0.030, 0.040), skin)
        for i in range(4):
            across = (i - 1.5) / 1.5
            root = palm + forward * 0.018 + inward * across * 0.0135
            way = forward + inward * across * (0.05 + 0.32 * open_)
            reach = (0.030 + 0.010 * open_) * (length / 0.06) ** 0.5 * (1.0 - 0.14 * abs(across - 0.3))
            self.brush.limb([root, root + way * reach * 0.5, root + way * reach], (0.0125, 0.0115, 0.0095), skin)
        thumb = palm - forward * 0.008 + inward * 0.016
        way = forward * (0.75 - 0.25 * open_) + inward * (0.45 + 0.5 * open_)
        self.brush.limb([thumb, thumb + way * 0.016, thumb + way * 0.030], (0.016, 0.013, 0.0105), skin)


def _unit(x: float, y: float, z: float) -> Points:
    vector: Points = np.array((x, y, z)) / math.sqrt(x * x + y * y + z * z)
    return vector


def _between(one: Points, other: Points, amount: float) -> Points:
    return _unit(*(one + (other - one) * amount))
