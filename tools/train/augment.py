"""Composites for training: people over new backgrounds, then what light, lens, sensor and codec do to a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from tools.train.data import Image, Person, TrainingSet
from tools.train.puppet import Cutout, as_taken, with_body

BODIES = 100
"""So many drawn bodies are kept."""


@dataclass(frozen=True)
class Mix:
    """What composites show, and how often."""

    sources: Mapping[str, float] = field(
        default_factory=lambda: {"asl": 0.34, "canada": 0.09, "grid": 0.16, "london": 0.37, "misc": 0.04}
    )
    """The folder that gives the person: by variety, not by count. asl has arms and hands, london 91 people."""

    bodies: float = 0.45
    """Of head and shoulders that get a drawn body: nothing else here shows arms spread, or legs."""

    counts: tuple[float, float, float, float] = (0.12, 0.58, 0.2, 0.1)
    """0, 1, 2 and 3 people."""

    originals: float = 0.1
    """A picture as it is, with its own background; more people may be put into it."""

    covered: float = 0.18
    """Things before the people."""


@dataclass(frozen=True)
class Sample:
    """A picture, R'G'B', and how much of each pixel is person."""

    picture: Image
    alpha: Image


class Composer:
    """Makes composites of one size. Not for several threads: it holds the random numbers."""

    def __init__(self, source: TrainingSet, size: tuple[int, int], seed: int, mix: Mix | None = None) -> None:
        self._size = size
        self._backgrounds = source.backgrounds
        self._folders = source.by_folder()
        self._mix = mix or Mix()
        shares = np.array([self._mix.sources[folder] for folder in self._folders])
        self._weights = shares / shares.sum()
        self._rng = np.random.default_rng(seed)
        self._bodies: list[Cutout] = []

    def sample(self) -> Sample:
        """Return the next composite."""
        rng = self._rng
        stretch = self._stretch()
        count = int(rng.choice(4, p=self._mix.counts))
        if count and rng.random() < self._mix.originals:
            picture, alpha = self._original(stretch)
            count = int(rng.random() < 0.25)
        else:
            picture, alpha = self._background(), np.zeros(self._size[::-1], np.float32)
        if rng.random() < 0.4:
            self._clutter(picture, None, int(rng.integers(1, 4)))
        if rng.random() < 0.3:
            picture = _blurred(picture, rng.uniform(0.4, 3.0))
        for _ in range(count):
            self._put_person(picture, alpha, stretch, crowd=count > 1)
        if count and rng.random() < self._mix.covered:
            self._clutter(picture, alpha, int(rng.integers(1, 3)))
        picture = self._light(picture)
        picture, alpha = self._lens(picture, alpha)
        out = np.ascontiguousarray(np.clip(picture * 255, 0, 255).astype(np.uint8))
        out = self._codec(out)
        levels = np.clip(alpha * 255 + 0.5, 0, 255).astype(np.uint8)
        if rng.random() < 0.5:
            out, levels = np.ascontiguousarray(out[:, ::-1]), np.ascontiguousarray(levels[:, ::-1])
        return Sample(out, levels)

    def _stretch(self) -> float:
        """Return how much wider than true things look: the engine stretches 4:3 and 9:16 to the model's shape."""
        draw = self._rng.random()
        width, height = self._size
        shape = width / height
        if draw < 0.4:
            return 1.0 * float(self._rng.uniform(0.92, 1.08))
        if draw < 0.75:
            return shape / (4 / 3) * float(self._rng.uniform(0.95, 1.1))
        return shape / float(self._rng.uniform(9 / 16, 4 / 3)) if draw < 0.93 else float(self._rng.uniform(0.7, 1.0))

    def _person(self) -> Person:
        folder = self._rng.choice(list(self._folders), p=self._weights)
        people = self._folders[str(folder)]
        return people[int(self._rng.integers(len(people)))]

    def _original(self, stretch: float) -> tuple[Any, Any]:
        """Return a picture as it was taken, a part of it, or all of it stretched."""
        rng = self._rng
        person = self._person()
        width, height = self._size
        image, mask = person.levels[min(1, len(person.levels) - 1)]
        rows, columns = mask.shape
        share = rng.uniform(0.7, 1.0)
        part_width = columns * share
        part_height = min(rows, part_width * height / width * stretch)
        x = rng.uniform(0, columns - part_width)
        y = rng.uniform(0, rows - part_height)
        scale = np.array([[width / part_width, 0, -x * width / part_width]], np.float32)
        matrix = np.vstack([scale, [[0, height / part_height, -y * height / part_height]]]).astype(np.float32)
        picture: Any = cv2.warpAffine(image, matrix, self._size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
        alpha: Any = cv2.warpAffine(mask, matrix, self._size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
        return picture.astype(np.float32) / 255, alpha.astype(np.float32) / 255

    def _background(self) -> Any:
        draw = self._rng.random()
        if draw < 0.54:
            return self._scenery()
        if draw < 0.62:
            # A picture as a wall, panel or window in a plain room.
            room = self._plain()
            self._clutter(room, None, int(self._rng.integers(2, 7)))
            return room
        if draw < 0.78:
            return self._room()
        if draw < 0.87:
            return self._screen()
        if draw < 0.95:
            share = np.float32(self._rng.uniform(0.3, 0.7))
            return self._scenery() * share + (self._plain() if draw < 0.91 else self._scenery()) * (1 - share)
        return self._noise(int(self._rng.integers(2, 40)))

    def _scenery(self) -> Any:
        """Return part of a background picture, turned, mirrored and in other colours."""
        rng = self._rng
        image = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        rows, columns = image.shape[:2]
        width, height = self._size
        part_width = columns * rng.uniform(0.25, 1.0)
        part_height = min(float(rows), part_width * height / width * rng.uniform(0.6, 1.6))
        x, y = int(rng.uniform(0, columns - part_width)), int(rng.uniform(0, rows - part_height))
        part = image[y : y + max(8, int(part_height)), x : x + max(8, int(part_width))]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        if rng.random() < 0.06:
            part = part[::-1]
        shrunk: Any = cv2.resize(part, self._size, interpolation=cv2.INTER_AREA)
        return self._tinted(shrunk.astype(np.float32) / 255, 0.25)

    def _plain(self) -> Any:
        """Return a smooth wall with uneven light."""
        rng = self._rng
        grey = rng.uniform(0.1, 0.95)
        colour = rng.uniform(0.05, 0.95, 3) if rng.random() < 0.5 else grey + rng.uniform(-0.06, 0.06, 3)
        return np.clip(colour.astype(np.float32) * (0.8 + 0.4 * self._noise(int(rng.integers(2, 5)), 1)), 0, 1)

    def _room(self) -> Any:
        """Return what stands upright in homes and streets: shelves, curtains, panes, beams."""
        rng = self._rng
        width, height = self._size
        room = self._plain() if rng.random() < 0.6 else self._scenery()
        for _ in range(int(rng.integers(1, 4))):
            left, right = np.sort(rng.uniform(-0.1, 1.1, 2)) * width
            top, bottom = np.sort(rng.uniform(-0.2, 1.2, 2)) * height
            x, y = max(0, int(left)), max(0, int(top))
            part = room[y : max(y, int(bottom)), x : max(x, int(right))]
            rows, columns = part.shape[:2]
            if rows < 8 or columns < 8:
                continue
            kind = int(rng.integers(4))
            frame = (self._colour() / 255).astype(np.float32)
            if kind == 0:  # books, or slats: columns of any width and colour
                edges = np.cumsum(rng.uniform(2, 14, columns // 2)).astype(int)
                spines = np.stack([self._colour() / 255 for _ in range(len(edges) + 1)]).astype(np.float32)
                part[:] = spines[np.searchsorted(edges, np.arange(columns))]
                for shelf in range(0, rows, int(rng.integers(14, 50))):
                    part[shelf : shelf + 2] = frame
            elif kind == 1:  # a curtain: folds
                wave = np.sin(np.arange(columns) * rng.uniform(0.2, 1.5) + rng.uniform(0, 2, columns).cumsum() * 0.1)
                part[:] = np.clip(frame * (0.75 + 0.3 * wave[None, :, None]), 0, 1)
            elif kind == 2:  # panes in a frame, through which something else is seen
                part[:] = self._scenery()[:rows, :columns] if rng.random() < 0.6 else self._plain()[:rows, :columns]
                thick = int(rng.integers(1, 6))
                for at in range(0, columns, max(thick * 3, columns // int(rng.integers(1, 6)))):
                    part[:, at : at + thick] = frame
                for at in range(0, rows, max(thick * 3, rows // int(rng.integers(1, 5)))):
                    part[at : at + thick] = frame
            else:  # beams, rails, legs of furniture
                for _ in range(int(rng.integers(2, 8))):
                    ends = rng.uniform(-0.1, 1.1, (2, 2)) * self._size
                    if rng.random() < 0.6:
                        ends[1, int(rng.integers(2))] = ends[0, 0]
                    colour = (self._colour() / 255).tolist()
                    start, end = (point.astype(int).tolist() for point in ends)
                    room = np.ascontiguousarray(room, np.float32)
                    cv2.line(room, start, end, colour, int(rng.integers(1, 14)), cv2.LINE_AA)
        return room * (0.85 + 0.3 * self._noise(3, 1))

    def _colour(self) -> Any:
        """Return a colour of things, 0 to 255: any, grey, or like skin and wood, which alone make no person."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.35:
            return rng.uniform(10, 245, 3)
        if draw < 0.7:
            return np.clip(rng.uniform(5, 250) + rng.uniform(-15, 15, 3), 0, 255)
        return rng.uniform(60, 240) * np.array([1.0, rng.uniform(0.62, 0.85), rng.uniform(0.4, 0.75)])

    def _screen(self) -> Any:
        """Return a green or blue screen."""
        rng = self._rng
        dark, bright = rng.uniform(0.0, 0.35), rng.uniform(0.35, 0.95)
        middle = rng.uniform(dark, bright)
        colour = [dark, bright, middle] if rng.random() < 0.4 else [dark, middle, bright]
        light = 0.75 + 0.5 * self._noise(int(rng.integers(2, 4)), 1)
        return np.clip(np.array(colour, np.float32) * light, 0, 1)

    def _noise(self, cells: int, channels: int = 3) -> Any:
        """Return smooth noise of 0 to 1 with so many cells across."""
        rows = max(2, cells * 9 // 16)
        small = self._rng.random((rows, cells, channels), np.float32)
        large: Any = cv2.resize(small, self._size, interpolation=cv2.INTER_LINEAR)
        return large.reshape(*large.shape[:2], channels)

    def _tinted(self, picture: Any, most: float) -> Any:
        """Return the picture in other light: each channel, contrast, level, colourfulness."""
        rng = self._rng
        gains = 1 + rng.uniform(-most, most, 3)
        level, contrast = rng.uniform(-most, most) * 0.5, 1 + rng.uniform(-most, most)
        colourful = float(np.clip(1 + rng.normal(0, most), 0, 2))
        tinted = (picture - 0.5) * (contrast * gains).astype(np.float32) + np.float32(0.5 + level)
        grey = tinted.mean(-1, keepdims=True)
        return np.clip(grey + (tinted - grey) * np.float32(colourful), 0, 1)

    def _put_person(self, picture: Any, alpha: Any, stretch: float, crowd: bool) -> None:
        """Draw one person into the picture and its alpha."""
        rng = self._rng
        cut = self._cutout(self._person())
        width, height = self._size
        _, _, box_width, box_height = cut.box
        # How tall the visible person is, of the picture: from somebody across the room to a face that fills it.
        tall = float(np.exp(rng.uniform(np.log(0.38), np.log(1.3)))) if not crowd else float(rng.uniform(0.3, 0.95))
        if cut.whole:
            tall = float(np.exp(rng.uniform(np.log(0.4), np.log(2.4))))
        scale = tall * height / box_height
        across = min(scale * stretch, 1.5 * width / box_width)
        level = int(np.clip(np.floor(np.log2(1 / max(scale, across)) + 0.3), 0, len(cut.levels) - 1))
        image, mask = cut.levels[level]
        factor = mask.shape[0] / cut.size[1]
        center_x = rng.uniform(0.05, 0.95) * width if rng.random() < 0.35 else rng.normal(0.5, 0.14) * width
        bottom = self._bottom(cut, tall) * height
        angle = np.deg2rad(rng.normal(0, 4) if rng.random() < 0.85 else rng.normal(0, 15))
        flip = -1.0 if rng.random() < 0.5 else 1.0
        linear = np.array([[across, 0], [0, scale]]) @ np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        linear = linear @ np.diag([flip, 1.0])
        anchor = np.array([cut.box[0] + box_width / 2, cut.box[1] + box_height])
        matrix = np.hstack([linear / factor, (np.array([center_x, bottom]) - linear @ anchor)[:, None]])
        warped: Any = cv2.warpAffine(image, matrix, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        edge: Any = cv2.warpAffine(mask, matrix, self._size, flags=cv2.INTER_LINEAR)
        cover = edge.astype(np.float32) / 255
        if rng.random() < 0.15:
            self._shadow(picture, cover)
        blended = cover
        if rng.random() < 0.3:
            blended = _blurred(cover, rng.uniform(0.3, 0.9))
        person = self._tinted(warped.astype(np.float32) / 255, 0.22)
        if rng.random() < 0.25:
            person *= 0.55 + 0.8 * self._noise(2, 1)  # light from one side
        picture += (np.clip(person, 0, 1) - picture) * blended[..., None]
        np.maximum(alpha, cover, out=alpha)

    def _cutout(self, person: Person) -> Cutout:
        if person.folder in ("london", "grid", "canada") and self._rng.random() < self._mix.bodies:
            return self._body(person)
        return as_taken(person)

    def _body(self, person: Person) -> Cutout:
        """Return somebody with a body: drawing one costs 15 ms, so each is used a dozen times."""
        rng = self._rng
        if len(self._bodies) >= BODIES and rng.random() > 1 / 12:
            return self._bodies[int(rng.integers(len(self._bodies)))]
        body = with_body(person, self._texture, rng)
        if len(self._bodies) < BODIES:
            self._bodies.append(body)
        else:
            self._bodies[int(rng.integers(BODIES))] = body
        return body

    def _bottom(self, cut: Cutout, tall: float) -> float:
        """Return where the lower end of the person is, in heights of the picture: a cut end never shows in the air."""
        rng = self._rng
        if cut.whole and tall > 0.9:
            return float(tall + rng.uniform(-0.1, 0.3))  # the head is in the picture, what is below may not be
        if cut.at_bottom:
            return float(max(1.005, rng.uniform(1.0, 1.15 + 0.25 * max(0.0, tall - 0.6))))
        return float(max(tall * 0.6, rng.uniform(0.75, 1.1) if tall < 1 else rng.uniform(1.0, tall)))

    def _texture(self, width: int, height: int) -> Any:
        """Return cloth: one colour, stripes, checks, or part of a picture."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.25:
            image = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
            rows, columns = image.shape[:2]
            side = int(rng.uniform(0.1, 0.6) * min(rows, columns))
            x, y = int(rng.integers(columns - side)), int(rng.integers(rows - side))
            return cv2.resize(image[y : y + side, x : x + side], (width, height), interpolation=cv2.INTER_LINEAR)
        cloth = np.broadcast_to(self._colour().astype(np.float32), (height, width, 3)).copy()
        if draw < 0.45:
            period, turned = int(rng.integers(4, 30)), rng.random() < 0.5
            line = (np.arange(height if turned else width) % period) < period * rng.uniform(0.2, 0.8)
            other = rng.uniform(10, 245, 3).astype(np.float32)
            cloth[np.broadcast_to(line[:, None] if turned else line[None], (height, width))] = other
        folds: Any = cv2.resize(rng.random((7, 6), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(cloth * (0.7 + 0.6 * folds)[..., None], 0, 255).astype(np.uint8)

    def _shadow(self, picture: Any, cover: Any) -> None:
        rng = self._rng
        width, height = self._size
        shift = np.array([[1, 0, rng.uniform(-0.08, 0.08) * width], [0, 1, rng.uniform(-0.05, 0.08) * height]])
        shadow: Any = cv2.warpAffine(cover, shift, self._size)
        picture *= 1 - _blurred(shadow, rng.uniform(1, 8))[..., None] * np.float32(rng.uniform(0.2, 0.7))

    def _clutter(self, picture: Any, alpha: Any, count: int) -> None:
        """Draw things: behind the people, or, where an alpha is given, before them."""
        rng = self._rng
        width, height = self._size
        for _ in range(count):
            cover: Any = np.zeros((height, width), np.uint8)
            corners: Any
            center = rng.uniform(0, 1, 2) * self._size
            radius = rng.uniform(0.05, 0.3 if alpha is not None else 0.6) * height
            draw = rng.random()
            if alpha is not None and draw < 0.4:
                # A desk, or the edge of a table: from some height down over all or half of the picture.
                top, slope = int(rng.uniform(0.72, 0.97) * height), int(rng.uniform(-0.06, 0.06) * height)
                corners = [(0, top + slope), (width, top - slope), (width, height), (0, height)]
                cv2.fillPoly(cover, [np.array(corners, np.int32)], 255)
            elif draw < 0.55:
                axes = (int(radius), int(radius * rng.uniform(0.3, 2)))
                cv2.ellipse(cover, center.astype(int).tolist(), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
            elif draw < 0.85:
                half = np.array([radius, radius * rng.uniform(0.2, 3)])
                turn = np.deg2rad(rng.normal(0, 6))
                spread = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
                corners = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ spread.T + center
                cv2.fillPoly(cover, [corners.astype(np.int32)], 255, cv2.LINE_AA)
            else:
                angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 9))))
                reach = radius * rng.uniform(0.4, 1.3, len(angles))
                corners = np.stack([np.cos(angles) * reach, np.sin(angles) * reach], 1) + center
                cv2.fillPoly(cover, [corners.astype(np.int32)], 255, cv2.LINE_AA)
            thing = self._scenery() if rng.random() < 0.5 else self._texture(width, height).astype(np.float32) / 255
            share = cover.astype(np.float32) / 255
            if rng.random() < 0.3:
                share = _blurred(share, rng.uniform(0.5, 2))
            picture += (thing - picture) * share[..., None]
            if alpha is not None:
                alpha *= 1 - share

    def _light(self, picture: Any) -> Any:
        """Return the whole picture in other light, sometimes hardly any."""
        rng = self._rng
        if rng.random() < 0.7:
            picture = self._tinted(picture, 0.15)
        if rng.random() < 0.5:
            picture = np.power(np.clip(picture, 0, 1), np.float32(np.exp(rng.normal(0, 0.35))))
        draw = rng.random()
        if draw < 0.1:
            picture = picture * np.float32(rng.uniform(0.15, 0.5))  # a dark room
        elif draw < 0.16:
            picture = picture * np.float32(rng.uniform(0.4, 0.7)) + np.float32(rng.uniform(0.2, 0.35))  # flare, haze
        elif draw < 0.19:
            picture = np.repeat(picture.mean(-1, keepdims=True), 3, -1)
        return picture

    def _lens(self, picture: Any, alpha: Any) -> tuple[Any, Any]:
        """Return picture and alpha blurred by defocus, motion, or a small sensor; then noise on the picture."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.12:
            picture = _blurred(picture, rng.uniform(0.3, 1.2))
        elif draw < 0.2:
            length = int(rng.integers(3, 8))
            kernel: Any = np.zeros((length, length), np.float32)
            turn = rng.uniform(0, np.pi)
            end = np.array([np.cos(turn), np.sin(turn)]) * length / 2
            middle = np.array([length / 2, length / 2])
            cv2.line(kernel, (middle - end).astype(int).tolist(), (middle + end).astype(int).tolist(), 1.0)
            kernel /= max(float(kernel.sum()), 1e-6)
            picture, alpha = cv2.filter2D(picture, -1, kernel), cv2.filter2D(alpha, -1, kernel)
        elif draw < 0.3:
            width, height = self._size
            share = rng.uniform(0.35, 0.8)
            small: Any = cv2.resize(picture, (int(width * share), int(height * share)), interpolation=cv2.INTER_AREA)
            picture = cv2.resize(small, self._size, interpolation=cv2.INTER_LINEAR)
        elif draw < 0.38:
            picture = picture + (picture - _blurred(picture, 1.0)) * np.float32(rng.uniform(0.3, 1.5))
        if rng.random() < 0.5:
            strength = np.float32(rng.exponential(0.018))
            picture = picture + rng.standard_normal(picture.shape, np.float32) * strength
        return picture, alpha

    def _codec(self, picture: Image) -> Image:
        rng = self._rng
        if rng.random() >= 0.35:
            return picture
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 95))])
        unpacked: Any = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        return unpacked


def _blurred(picture: Any, sigma: float) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), sigma)
