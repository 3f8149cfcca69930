"""An overlay's picture: facts as text, bars and colours, for eyes that are used to the dark."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.components.overlay import Overlay
from engine.display.facts import CameraFacts, DisplayFacts, Facts, MaskFacts, Message
from engine.notices import Severity

Ink = tuple[int, int, int]
Ground = tuple[int, int, int, int]
"""Premultiplied."""

BACKING: Ink = (10, 12, 16)
HAIRLINE: Ink = (44, 49, 58)
LABEL: Ink = (124, 133, 147)
VALUE: Ink = (214, 219, 227)
CALM: Ink = (96, 176, 168)
WARN: Ink = (255, 182, 72)
ALARM: Ink = (255, 99, 88)

SEVERITY: dict[Severity, Ink] = {"stopped": ALARM, "visible": WARN, "noted": CALM}
STATUS: dict[str, Ink] = {"live": VALUE, "ended": LABEL, "lost": ALARM}

LINES_A_HEIGHT = 54
"""Text is a 54th of the display's height: 13 px at 720p, 20 px at 1080p; read from two metres on a 24-inch monitor."""

LEAST_TEXT_PX, LEAST_SMALL_PX = 10, 9
"""Below this the font cannot be read."""

WIDTH = 29.0
"""Of a panel, in text heights. All lengths below are too."""

EDGE = 1.0
ROW = 1.55
GAP = 0.7
SMALL = 0.82
BIG = 2.0

LEAST_PX = (96, 32)
"""A display with less room than this has no panel."""

MOST_MESSAGES = 6
MOST_LINES = 2

REGULAR, SEMIBOLD = 420, 600

ASCENT, DESCENT = 1.0, 0.35
"""Of a line, in text heights from its baseline."""

FINENESS = 4
"""Text is drawn so many times as large and shrunk: OpenCV puts letters on whole pixels, which at 10 px looks torn."""

_fonts = threading.local()


def font() -> Any:
    """Return this thread's font: OpenCV's own, Rubik. Its digits have one width, so that a row does not dance."""
    if not hasattr(_fonts, "sans"):
        _fonts.sans = cv2.FontFace("sans")
    return _fonts.sans


@lru_cache(maxsize=4096)
def width_of(text: str, size: int, weight: int = REGULAR) -> int:
    """Return how wide a text is in pixels."""
    x, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), font(), size * FINENESS, weight)
    return int(-(-max(1, x + wide) // FINENESS))


@lru_cache(maxsize=512)
def written(text: str, ink: Ink, size: int, weight: int, ground: Ground) -> NDArray[np.uint8]:
    """Return a text on its ground. About 0.1 ms for a new one; of a panel's 55 most are as they were last time."""
    width, height = width_of(text, size, weight), round((ASCENT + DESCENT) * size)
    fine = np.zeros((height * FINENESS, width * FINENESS), np.uint8)
    cv2.putText(fine, text, (0, round(ASCENT * size) * FINENESS), (255,), font(), size * FINENESS, weight)
    cover = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)[..., None] / 255.0
    return np.asarray(np.rint(cover * (*ink, 255) + (1.0 - cover) * ground), np.uint8)


def text_px(overlay: Overlay, display_height: int) -> int:
    """Return the height of an overlay's text."""
    return max(LEAST_TEXT_PX, round(display_height / LINES_A_HEIGHT * overlay.scale))


def most_size(overlay: Overlay, display_px: tuple[int, int]) -> tuple[int, int]:
    """Return how large a panel may become on a display; (0, 0) where it does not fit."""
    em = text_px(overlay, display_px[1])
    size = (min(round(WIDTH * em), display_px[0] - 2 * em), display_px[1] - 2 * em)
    return (0, 0) if size[0] < LEAST_PX[0] or size[1] < LEAST_PX[1] else size


class Pen:
    """Draws into premultiplied RGBA, on a ground of one colour.

    Text brings its ground along: blending it into what is there took 50 µs each, which is 3 ms for a panel; and OpenCV
    5.0 blends colour, but writes over alpha how much a letter covers, so that each has a hole around it.

    Thread: one. Blocks: never. Owns: its picture. Fails: never; what lies outside is cut.
    """

    def __init__(self, width: int, height: int, ground: Ground) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        self._ground = ground
        self._empty = np.full_like(self.pixels, ground)

    def clear(self) -> None:
        """Begin anew."""
        np.copyto(self.pixels, self._empty)

    def text(self, x: float, y: float, text: str, ink: Ink, size: int, weight: int = REGULAR) -> None:
        """Write from `x` to the right, on the baseline `y`."""
        left, top = max(0, round(x)), round(y) - round(ASCENT * size)
        if top >= 0 and text:
            area = self.pixels[top:, left:]
            found = written(text, ink, size, weight, self._ground)[: area.shape[0], : area.shape[1]]
            area[: found.shape[0], : found.shape[1]] = found

    def text_to(self, x: float, y: float, text: str, ink: Ink, size: int, weight: int = REGULAR) -> None:
        """Write so that it ends at `x`."""
        self.text(x - width_of(text, size, weight), y, text, ink, size, weight)

    def box(self, x: float, y: float, width: float, height: float, ink: Ink) -> None:
        """Fill a box; at least a pixel of it."""
        left, top = max(0, round(x)), max(0, round(y))
        right, bottom = max(left + 1, round(x + width)), max(top + 1, round(y + height))
        self.pixels[top:bottom, left:right] = (*ink, 255)

    def bars(self, x: float, y: float, width: float, height: float, values: Sequence[float], full: float) -> None:
        """Draw values as bars that stand on `y`, the newest at the right; those above `full` warn."""
        bar, gap = 2, 1
        count = max(0, int(width) // (bar + gap))
        newest = np.asarray(values[-count:] if count else (), np.float64)
        if not len(newest):
            return
        tall = np.clip(np.rint(newest / full * height * 0.8), 1, round(height)).astype(int)
        columns = np.arange(len(newest) * (bar + gap))
        seen = (np.arange(round(height))[::-1, None] < tall[columns // (bar + gap)]) & (columns % (bar + gap) < bar)
        ink = np.where((newest > full)[:, None], WARN, CALM)[columns // (bar + gap)]
        left, top = round(x + width) - len(columns), round(y) - round(height)
        if left < 0 or top < 0:
            return
        area = self.pixels[top : round(y), left : left + len(columns)]
        seen, ink = seen[: area.shape[0], : area.shape[1]], ink[: area.shape[1]]
        area[seen] = np.concatenate([ink, np.full((len(ink), 1), 255)], axis=1)[np.nonzero(seen)[1]]

    def cut(self, text: str, width: float, size: int, weight: int = REGULAR) -> str:
        """Return as much of a text as is no wider than this."""
        if width_of(text, size, weight) <= width:
            return text
        least, most = 0, len(text)
        while least < most:
            middle = (least + most + 1) // 2
            if width_of(text[:middle].rstrip() + "…", size, weight) <= width:
                least = middle
            else:
                most = middle - 1
        return text[:least].rstrip() + "…" if least else ""

    def wrapped(self, text: str, width: float, size: int, lines: int) -> list[str]:
        """Return a text in lines no wider than this; the last one is cut."""
        found: list[str] = []
        words = text.split()
        while words and len(found) < lines - 1:
            count = 1
            while count < len(words) and width_of(" ".join(words[: count + 1]), size) <= width:
                count += 1
            found.append(self.cut(" ".join(words[:count]), width, size))
            words = words[count:]
        return [*found, self.cut(" ".join(words), width, size)] if words else found


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in a row: where it ends, in text heights from the panel's left edge."""

    end: float
    text: str
    ink: Ink = VALUE


class Panel:
    """Draws facts into a picture of at most `size`.

    Thread: one at a time. Blocks: never. Owns: its picture, which the next `draw` draws over. Fails: never.
    """

    def __init__(self, overlay: Overlay, display_px: tuple[int, int]) -> None:
        self.size = most_size(overlay, display_px)
        self._overlay = overlay
        self._em = text_px(overlay, display_px[1])
        self._y = 0.0

    @property
    def _small(self) -> int:
        return max(LEAST_SMALL_PX, round(SMALL * self._em))

    @cached_property
    def _pen(self) -> Pen:
        alpha = self._overlay.backing
        red, green, blue, opaque = (round(part * alpha) for part in (*BACKING, 255))
        return Pen(*self.size, (red, green, blue, opaque))

    def draw(self, facts: Facts) -> NDArray[np.uint8]:
        """Return premultiplied RGBA, as high as there is something to show; a view that the next `draw` overwrites."""
        messages = self._messages(facts) if self._overlay.messages else []
        width, height = self.size
        if 0 in self.size or not (self._overlay.figures or messages):
            return np.zeros((0, max(1, width), 4), np.uint8)
        pen = self._pen
        pen.clear()
        self._y = EDGE * 0.8
        if self._overlay.figures:
            self._head(facts)
            self._table(DISPLAY_COLUMNS, (self._display_row(row) for row in facts.displays))
            self._table(CAMERA_COLUMNS, (self._camera_row(row) for row in facts.cameras))
            self._table(MASK_COLUMNS, (self._mask_row(row) for row in facts.masks))
        if messages:
            self._say(messages)
        used = min(height, math.ceil((self._y + EDGE * 0.5) * self._em))
        self._round_off(used)
        return pen.pixels[:used]

    # What is drawn, from top to bottom. Places are in text heights.

    def _head(self, facts: Facts) -> None:
        em, pen, right = self._em, self._pen, self.size[0] - EDGE * self._em
        base = (self._y + 1.55) * em
        slow = facts.rate_hz is not None and facts.rate_hz < 0.97 * facts.wanted_hz
        rate = number(facts.rate_hz, 1)
        big = round(BIG * em)
        pen.text(EDGE * em, base, rate, WARN if slow else VALUE, big, SEMIBOLD)
        after = EDGE * em + width_of(rate, big, SEMIBOLD) + 0.4 * em
        pen.text(after, base, "fps", LABEL, em)
        lately = facts.missed_lately > 0
        missed = "step clock" if facts.stepping else f"{facts.missed} missed"
        if after + 2.2 * em + width_of(missed, em) <= right:
            pen.text_to(right, base, missed, WARN if lately else LABEL, em, SEMIBOLD if lately else REGULAR)
        self._y += 2.2
        if not facts.tick_ms or not self._fits(1.6):
            return
        base = (self._y + 1.2) * em
        budget_ms = 1e3 / facts.wanted_hz
        pen.text(EDGE * em, base, "tick", LABEL, em)
        typical = f"{middle(facts.tick_ms):.1f}"
        of = f"/{budget_ms:.0f} ms"
        pen.text_to(right, base, of, LABEL, self._small)
        until = right - width_of("/000 ms", self._small)
        pen.text_to(until, base, typical, VALUE, em)
        left = (EDGE + 3.2) * em
        bars = until - 3.2 * em - left
        if bars > 3 * em:
            pen.box(left, base - 1.15 * em * 0.8 - 1, bars, 1, HAIRLINE)
            pen.bars(left, base, bars, 1.15 * em, facts.tick_ms, budget_ms)
        self._y += ROW

    def _table(self, columns: Sequence[tuple[float, str]], rows: Iterable[Row]) -> None:
        found = list(rows)
        if not found or not self._fits(GAP + 2 * ROW):
            return
        em, pen = self._em, self._pen
        self._y += GAP * 0.5
        self._rule()
        base = (self._y + GAP * 0.5 + 0.95) * em
        for end, title in columns:
            if end == 0.0:
                pen.text(EDGE * em, base, title, LABEL, self._small, SEMIBOLD)
            elif self._has_room(end):
                pen.text_to(self._at(end), base, title, LABEL, self._small)
        self._y += GAP * 0.5 + 1.25
        for position, row in enumerate(found):
            left = len(found) - position
            if not self._fits(ROW):
                break
            if left > 1 and not self._fits(2 * ROW):
                pen.text(EDGE * em, (self._y + 1.1) * em, f"and {left} more", LABEL, self._small)
                self._y += ROW
                break
            self._row(row)

    def _row(self, row: Row) -> None:
        em, pen = self._em, self._pen
        base = (self._y + 1.1) * em
        first = min((self._at(cell.end) - width_of(cell.text, em) for cell in row.cells if cell.text), default=1e9)
        first = min(first, self._at(row.bars_from) if row.bars else first)
        pen.text(EDGE * em, base, pen.cut(row.name, first - (EDGE + 0.6) * em, em), row.ink, em)
        for cell in row.cells:
            if self._has_room(cell.end):
                pen.text_to(self._at(cell.end), base, cell.text, cell.ink, em)
        if row.bars and self._has_room(row.bars_from):
            left, right = self._at(row.bars_from), self._at(WIDTH - EDGE)
            pen.bars(left, base, right - left, 0.95 * em, row.bars, row.full)
        self._y += ROW

    def _say(self, messages: Sequence[Message]) -> None:
        em, pen = self._em, self._pen
        if self._overlay.figures:
            if not self._fits(GAP + 2 * ROW):
                return
            self._y += GAP * 0.5
            self._rule()
            self._y += GAP * 0.5
        left, right = (EDGE + 0.8) * em, self.size[0] - EDGE * em
        for message in messages[:MOST_MESSAGES]:
            lines = pen.wrapped(message.text, right - left, em, MOST_LINES)
            tall = 1.2 + 1.25 * len(lines)
            if not self._fits(tall):
                return
            top = self._y * em
            ink = SEVERITY[message.severity]
            aside = age(message.age_s) + (f"  ×{message.count}" if message.count > 1 else "")
            pen.text_to(right, top + 0.95 * em, aside, LABEL, self._small)
            subject = pen.cut(message.subject, right - left - width_of(aside, self._small) - em, em, SEMIBOLD)
            pen.text(left, top + 0.95 * em, subject, ink, em, SEMIBOLD)
            for line_number, line in enumerate(lines):
                pen.text(left, top + (2.2 + 1.25 * line_number) * em, line, VALUE, em)
            pen.box(EDGE * em, top + 0.15 * em, max(2.0, 0.2 * em), (tall - 0.35) * em, ink)
            self._y += tall + 0.35

    def _display_row(self, row: DisplayFacts) -> Row:
        draw = f"{middle(row.draw_ms):.1f}" if row.draw_ms else "–"
        cells = (
            Cell(11.3, number(row.rate_hz, 0)),
            Cell(15.6, number(row.delay_ms, 0)),
            Cell(19.8, draw),
            Cell(23.6, str(row.missed)),
        )
        full = max(8.0, 2.0 * middle(row.draw_ms or (0.0,)))
        return Row(row.name, cells, ink=ALARM if row.is_away else VALUE, bars=row.draw_ms, full=full)

    def _camera_row(self, row: CameraFacts) -> Row:
        ink = STATUS[row.status]
        cells = (
            Cell(11.3, number(row.rate_hz, 0) if row.status == "live" else "–"),
            Cell(15.6, str(row.dropped)),
            Cell(WIDTH - EDGE, row.status, LABEL if row.status == "live" else ink),
        )
        return Row(row.name, cells, ink=ink)

    def _mask_row(self, row: MaskFacts) -> Row:
        unsure = row.confidence is not None and row.confidence < UNSURE
        sure = "–" if row.confidence is None else f"{100 * row.confidence:.0f}"
        moved = f"{row.moved} warped" if row.moved is not None else ""
        where = " · ".join(part for part in (moved, row.provider, row.decided_by) if part)
        where = self._pen.cut(where, (WIDTH - EDGE - 16.4) * self._em, self._em)
        cells = (
            Cell(11.3, sure, WARN if unsure else VALUE),
            Cell(15.6, number(row.age_ms, 0)),
            Cell(WIDTH - EDGE, where, WARN if row.spared else LABEL),
        )
        return Row(row.name, cells)

    # Helpers.

    def _messages(self, facts: Facts) -> list[Message]:
        """Those that are young enough, and those of what is off the air."""
        lasts_s = self._overlay.message_s
        return [message for message in facts.messages if message.severity == "stopped" or message.age_s < lasts_s]

    def _fits(self, height: float) -> bool:
        return (self._y + height + EDGE * 0.5) * self._em <= self.size[1]

    def _at(self, end: float) -> float:
        """A place given for the full width: what lies right of the name moves with a narrower panel's edge."""
        return end * self._em - (WIDTH * self._em - self.size[0])

    def _has_room(self, end: float) -> bool:
        return self._at(end) > 6 * self._em

    def _rule(self) -> None:
        self._pen.box(EDGE * self._em, self._y * self._em, self.size[0] - 2 * EDGE * self._em, 1, HAIRLINE)

    def _round_off(self, used: int) -> None:
        """Take the corners off."""
        radius = max(2, round(0.4 * self._em))
        away = np.arange(radius)[::-1] + 0.5
        kept = np.clip(radius + 0.5 - np.hypot(away[:, None], away[None, :]), 0.0, 1.0)[..., None]
        pixels = self._pen.pixels[:used]
        if used < 2 * radius or pixels.shape[1] < 2 * radius:
            return
        for rows, columns, mask in (
            (slice(0, radius), slice(0, radius), kept),
            (slice(0, radius), slice(-radius, None), kept[:, ::-1]),
            (slice(used - radius, used), slice(0, radius), kept[::-1]),
            (slice(used - radius, used), slice(-radius, None), kept[::-1, ::-1]),
        ):
            pixels[rows, columns] = np.rint(pixels[rows, columns] * mask)


@dataclass(frozen=True, slots=True)
class Row:
    """A name, its values, and bars at the right."""

    name: str
    cells: tuple[Cell, ...]
    ink: Ink = VALUE
    bars: tuple[float, ...] = ()
    bars_from: float = 24.3
    full: float = 1.0


UNSURE = 0.75
"""A mask whose pixels are, on average, less sure than this is about to be seen to be wrong."""

DISPLAY_COLUMNS = ((0.0, "DISPLAYS"), (11.3, "Hz"), (15.6, "delay ms"), (19.8, "draw ms"), (23.6, "missed"))
CAMERA_COLUMNS = ((0.0, "CAMERAS"), (11.3, "Hz"), (15.6, "dropped"))
MASK_COLUMNS = ((0.0, "MASKS"), (11.3, "sure %"), (15.6, "age ms"))


def middle(values: Sequence[float]) -> float:
    """Return the median. numpy's imports its masked arrays when it is first called: 25 ms in which no thread runs."""
    return sorted(values)[len(values) // 2]


def number(value: float | None, digits: int) -> str:
    """Write a value, or that there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def age(seconds: float) -> str:
    """Write how long ago something was."""
    if seconds < 1.5:
        return "now"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
