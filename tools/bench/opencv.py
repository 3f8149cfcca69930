"""The keyer's rivals, written with OpenCV: our own formula, and the hard range that OpenCV is commonly used for."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from engine.components import Key

cv: Any = cv2
"""OpenCV's stubs know no scalars as operands; its functions do."""


class SameFormula:
    """What shaders/common/matte.wgsl does to a pixel, in OpenCV's calls on 32-bit floats: alpha, unmixing and all."""

    def __init__(self, background: Any, key: Key) -> None:
        self._key = key
        screen = np.array([int(key.screen.hex()[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
        plane = np.array([[1.0, -0.5, -0.5], [0.0, 0.8660254, -0.8660254]], np.float32)
        x, y = plane @ screen
        own = x * x + y * y
        self._screen = screen
        self._along_across = np.array([[x, y], [y, -x]], np.float32) @ plane / (own * 255.0)  # of 8-bit colour
        self._value = float(screen.max())
        height, width = background.shape[:2]
        self._rgb = np.empty((height, width, 3), np.uint8)
        self._float, self._person, self._blended = (np.empty((height, width, 3), np.float32) for _ in range(3))
        self._parts = np.empty((height, width, 2), np.float32)
        self._one, self._two, self._three, self._distance, self._behind = (
            np.empty((height, width), np.float32) for _ in range(5)
        )
        self.alpha = np.empty((height, width), np.float32)
        self._light_of = decoded(np.arange(256) / 255).astype(np.float32).reshape(1, 256)
        self._background_light = cv2.LUT(cv2.cvtColor(background, cv2.COLOR_BGR2RGB), self._light_of)

    def frame(self, nv12: Any) -> Any:
        """Key, unmix, despill and blend one picture in linear light."""
        key, one, two, three, distance = self._key, self._one, self._two, self._three, self._distance
        cv.cvtColor(nv12, cv.COLOR_YUV2RGB_NV12, dst=self._rgb)
        np.multiply(self._rgb, np.float32(1.0), out=self._float)
        cv.transform(self._float, self._along_across, dst=self._parts)
        cv.extractChannel(self._parts, 0, dst=one)
        cv.extractChannel(self._parts, 1, dst=two)
        cv.subtract(1.0, one, dst=one)
        cv.max(one, 0.0, dst=one)
        cv.magnitude(one, two, distance)
        red, green, blue = cv.split(self._float)
        cv.max(cv.max(red, green, dst=two), blue, dst=two)
        cv.addWeighted(two, -key.darkness / (self._value * 255.0), two, 0.0, key.darkness, dst=two)
        cv.max(two, 0.0, dst=two)
        cv.magnitude(distance, two, distance)

        cv.addWeighted(distance, 1.0 / key.softness, distance, 0.0, -key.tolerance / key.softness, dst=self.alpha)
        cv.min(cv.max(self.alpha, 0.0, dst=self.alpha), 1.0, dst=self.alpha)
        cv.min(cv.max(distance, 0.2, dst=one), 1.0, dst=one)  # the share of person
        cv.divide(1.0, one, dst=two)
        cv.subtract(1.0, one, dst=one)
        for channel, screen in zip((red, green, blue), self._screen, strict=True):
            cv.scaleAdd(one, -float(screen) * 255.0, channel, dst=channel)
            cv.max(cv.multiply(channel, two, dst=channel), 0.0, dst=channel)
        cv.addWeighted(red, 0.5, blue, 0.5, 0.0, dst=three)
        cv.min(green, three, dst=green)
        encoded = cv.convertScaleAbs(cv.merge((red, green, blue), dst=self._person))
        cv.LUT(encoded, self._light_of, dst=self._person)
        cv.subtract(1.0, self.alpha, dst=self._behind)
        return cv.blendLinear(self._person, self._background_light, self.alpha, self._behind, dst=self._blended)

    @property
    def alpha_8_bit(self) -> Any:
        """The last picture's alpha, 0 to 255."""
        return np.round(self.alpha * 255.0).astype(np.uint8)


class OpenCV:
    """A key as OpenCV is used for it: range in HSV, blurred edge, despill, blend. All into memory made once."""

    GREEN = (np.array((50, 80, 60)), np.array((85, 255, 255)))
    SPECK = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))

    def __init__(self, background: Any, low: Any = GREEN[0], high: Any = GREEN[1]) -> None:
        height, width = background.shape[:2]
        self._low, self._high = low, high
        self._background = background
        self._blended = np.empty_like(background)
        self._hsv = np.empty_like(background)
        self._screen, self.alpha, self._mean, self._green = (np.empty((height, width), np.uint8) for _ in range(4))
        self._front, self._behind = (np.empty((height, width), np.float32) for _ in range(2))
        self._light_of = decoded(np.arange(256) / 255).astype(np.float32).reshape(1, 256)
        self._background_light = cv2.LUT(background, self._light_of)
        self._light, self._blended_light = (np.empty((height, width, 3), np.float32) for _ in range(2))

    def frame(self, bgr: Any) -> Any:
        """Key and blend one picture in linear light onto a stage of floats, as ours does."""
        self.key(bgr)
        cv2.LUT(self.despill(bgr), self._light_of, dst=self._light)
        front, behind = self._weights()
        return cv2.blendLinear(self._light, self._background_light, front, behind, dst=self._blended_light)

    def encoded_frame(self, bgr: Any) -> Any:
        """Key and blend one picture as its 8 bits are: less work, and edges that are too dark."""
        self.key(bgr)
        front, behind = self._weights()
        return cv2.blendLinear(self.despill(bgr), self._background, front, behind, dst=self._blended)

    def edged_frame(self, bgr: Any) -> Any:
        """The same with an edge by Sobel and Canny."""
        self.key(bgr, edges=True)
        front, behind = self._weights()
        return cv2.blendLinear(self.despill(bgr), self._background, front, behind, dst=self._blended)

    def hand_made_frame(self, bgr: Any) -> Any:
        """Key with edges (Sobel, Canny), and blend in floats: what one finds in tutorials."""
        self.key(bgr, edges=True)
        front = cv2.merge([self.alpha] * 3).astype(np.float32) / 255
        person = cv2.multiply(self.despill(bgr).astype(np.float32), front)
        behind = cv2.multiply(self._background.astype(np.float32), 1.0 - front)
        return cv2.add(person, behind).astype(np.uint8)

    def key(self, bgr: Any, *, edges: bool = False) -> None:
        """Work out `alpha`; `edges` takes away from it where the picture is steep."""
        cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV, dst=self._hsv)
        cv2.inRange(self._hsv, self._low, self._high, dst=self._screen)
        cv2.morphologyEx(self._screen, cv2.MORPH_OPEN, self.SPECK, dst=self._screen)
        cv2.bitwise_not(self._screen, dst=self._screen)
        if edges:
            grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
            across, down = cv2.Sobel(grey, cv2.CV_16S, 1, 0), cv2.Sobel(grey, cv2.CV_16S, 0, 1)
            steep = cv2.addWeighted(cv2.convertScaleAbs(across), 0.5, cv2.convertScaleAbs(down), 0.5, 0)
            cv2.subtract(self._screen, cv2.min(steep, cv2.Canny(grey, 80, 160)), dst=self._screen)
        cv2.GaussianBlur(self._screen, (5, 5), 0, dst=self.alpha)

    def despill(self, bgr: Any) -> Any:
        """Take the screen's light off: green may not stand out above the mean of blue and red."""
        blue, green, red = cv2.split(bgr)
        cv2.addWeighted(blue, 0.5, red, 0.5, 0, dst=self._mean)
        cv2.min(green, self._mean, dst=self._green)
        return cv2.merge((blue, self._green, red))

    def _weights(self) -> tuple[Any, Any]:
        np.multiply(self.alpha, np.float32(1 / 255), out=self._front)
        np.subtract(1.0, self._front, out=self._behind)
        return self._front, self._behind


def decoded(encoded: Any) -> Any:
    """Return sRGB-encoded values as linear light."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
