"""What it costs: the last ticks as a flame, presents as dots with misses marked, delays, drops, models and memory."""

from __future__ import annotations

import json
import time

from imgui_bundle import ImVec2, imgui

from engine.components import Camera, Mask
from engine.notices import log
from engine.trace import Span
from systems import ORDER
from systems.capture import Captured
from systems.inference import Inferred, Shown
from systems.show import Show
from tools.preview.canvas import Canvas
from tools.preview.flame import Interval, Row, dots, rows
from tools.preview.panels.widgets import at_right, chip, colour, coloured, heading, icon_button
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.theme import (
    ACCENT,
    BAD,
    DIM,
    FAINT,
    GOOD,
    GROUND,
    LINE,
    SYSTEM_INKS,
    TEXT,
    WARN,
    Icon,
    Ink,
)

WINDOWS_S = (0.1, 0.3, 1.0, 3.0)
"""How much time the flame may show."""

GATHER_S = 0.5
"""How often figures are worked out: a percentile of 4,096 numbers costs 0.1 ms."""

FLAME_SHARE = 0.62
LABEL_WIDTH = 108.0
ROW_HEIGHT = 15.0

Line = tuple[str, tuple[str, ...], Ink]
"""A name, what stands behind it, and the colour of that."""

Table = tuple[str, tuple[str, ...], list[Line]]
"""A title, the heads of its columns, and lines."""


class CostsPanel:
    """The profiler of a live show. While time is stepped nothing is measured that an audience would see."""

    title = "Costs"

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._window_s = 0.3
        self._held_ns = 0  # where the flame ends, while it is held
        self._figures: list[Table] = []
        self._gathered_s = 0.0

    def draw(self, session: Session) -> None:
        """Draw the flame on the left and figures on the right."""
        show = self._player.show
        if show is None:
            coloured("Nothing is on air.", DIM)
            return
        if show.clock.steps:
            coloured("Time is stepped, so that every tick is the same however long it takes.", DIM)
            coloured("Play live to see what the show costs.", FAINT)
            return
        width = imgui.get_content_region_avail().x
        imgui.begin_child("flame", ImVec2(width * FLAME_SHARE, 0))
        self._draw_bar(session, show)
        self._draw_flame(show)
        imgui.end_child()
        imgui.same_line(0, 14)
        imgui.begin_child("figures", ImVec2(0, 0))
        self._draw_figures(show)
        imgui.end_child()

    # The flame -------------------------------------------------------------------------------------------------------

    def _draw_bar(self, session: Session, show: Show) -> None:
        held = bool(self._held_ns)
        if icon_button(
            Icon.PLAY if held else Icon.PAUSE, "Go on" if held else "Hold what is seen", on=held, key="hold"
        ):
            self._held_ns = 0 if held else time.perf_counter_ns()
        for window_s in WINDOWS_S:
            imgui.same_line(0, 2)
            if chip(f"{window_s:g} s", on=window_s == self._window_s, help_text="How much time is shown"):
                self._window_s = window_s
        at_right(128 * self._canvas.scale)
        if chip(f"{Icon.SAVE}  Save a trace", on=False, help_text="For Perfetto (ui.perfetto.dev) or chrome://tracing"):
            session.said = save_trace(session, show)

    def _draw_flame(self, show: Show) -> None:
        began_ns, took_ns = show.trace.span("tick").newest(1)
        to_ns = self._held_ns or (int(began_ns[-1] + took_ns[-1]) if len(began_ns) else time.perf_counter_ns())
        from_ns = to_ns - round(self._window_s * 1e9)
        found = rows(show.trace.spans(), from_ns, to_ns)
        found = [row for row in found if row.intervals]
        scale = self._canvas.scale
        label, height = LABEL_WIDTH * scale, ROW_HEIGHT * scale
        imgui.begin_child("rows", ImVec2(0, 0))
        origin = imgui.get_cursor_screen_pos()
        width = imgui.get_content_region_avail().x - label
        needed = sum(row.depth * height + 3 for row in found)
        imgui.dummy(ImVec2(label + width, max(needed, 10.0)))
        draw = imgui.get_window_draw_list()
        pixels_a_ns = width / (to_ns - from_ns)
        main = next((row for row in found if row.thread == "MainThread"), None)
        ticks = [each for each in main.intervals if each.name == "tick"] if main is not None else []
        interval_ns = 1e9 / show.stage.rate_hz
        for tick in ticks:
            x = origin.x + label + (tick.began_ns - from_ns) * pixels_a_ns
            if x > origin.x + label:
                draw.add_line(ImVec2(x, origin.y), ImVec2(x, origin.y + needed), colour((*LINE[:3], 0.9)), 1.0)
        top = origin.y
        tip = ""
        for row in found:
            name = "main" if row.thread == "MainThread" else row.thread
            draw.push_clip_rect(ImVec2(origin.x, top), ImVec2(origin.x + label - 6, top + row.depth * height), True)
            draw.add_text(ImVec2(origin.x, top), colour(DIM), name)
            draw.pop_clip_rect()
            for interval in row.intervals:
                left = origin.x + label + max(0.0, (interval.began_ns - from_ns) * pixels_a_ns)
                right = origin.x + label + min(width, (interval.ended_ns - from_ns) * pixels_a_ns)
                corner = ImVec2(left, top + interval.depth * height)
                opposite = ImVec2(max(right, left + 1.0), top + (interval.depth + 1) * height - 1)
                late = interval.name == "tick" and interval.ended_ns - interval.began_ns > interval_ns
                draw.add_rect_filled(corner, opposite, colour(BAD if late else ink_of(interval.name)), 2)
                if right - left > imgui.calc_text_size(interval.name).x + 6:
                    draw.add_text(ImVec2(left + 4, corner.y), colour(GROUND), interval.name)
                if imgui.is_mouse_hovering_rect(corner, opposite):
                    tip = f"{interval.name}  {(interval.ended_ns - interval.began_ns) / 1e6:.2f} ms"
            if row.thread.startswith("display "):
                corner = ImVec2(origin.x + label, top)
                self._draw_vsyncs(draw, show, row.thread, corner, from_ns, to_ns, pixels_a_ns)
                self._draw_dots(draw, row, ticks, corner, from_ns, to_ns, pixels_a_ns)
            top += row.depth * height + 3
        if tip and imgui.is_window_hovered():
            imgui.set_tooltip(tip)
        imgui.end_child()

    def _draw_vsyncs(
        self,
        draw: imgui.ImDrawList,
        show: Show,
        thread: str,
        origin: ImVec2,
        from_ns: int,
        to_ns: int,
        pixels_a_ns: float,
    ) -> None:
        """Draw a display's vsyncs as lines, and until when a stage must be presented for each as shorter ones."""
        presenter = next((each for each in show.present.presenters.values() if each.name == thread), None)
        timing = presenter.timing if presenter is not None else None
        if timing is None or not timing.trusted:
            return
        zero_ns = show.clock.at(0)
        height = ROW_HEIGHT * self._canvas.scale
        vsync_ns = timing.estimate.vsync_after(from_ns + zero_ns)
        while vsync_ns < to_ns + zero_ns:
            for at_ns, share, ink in (
                (vsync_ns, 1.0, DIM),
                (timing.pace.deadline.before(vsync_ns), 0.4, FAINT),
            ):
                x = origin.x + (at_ns - zero_ns - from_ns) * pixels_a_ns
                draw.add_line(ImVec2(x, origin.y + height * (1 - share)), ImVec2(x, origin.y + height), colour(ink))
            vsync_ns = timing.estimate.vsync_after(vsync_ns + 1)

    def _draw_dots(
        self,
        draw: imgui.ImDrawList,
        row: Row,
        ticks: list[Interval],
        origin: ImVec2,
        from_ns: int,
        to_ns: int,
        pixels_a_ns: float,
    ) -> None:
        """Draw a display's presents as dots on its line, and a ring where a stage was not shown."""
        middle = origin.y + ROW_HEIGHT * self._canvas.scale / 2
        found = dots(ticks, row.intervals, to_ns)
        for shown_ns in found.shown_ns:
            if shown_ns >= from_ns:
                draw.add_circle_filled(ImVec2(origin.x + (shown_ns - from_ns) * pixels_a_ns, middle), 3, colour(GOOD))
        for missed_ns in found.missed_ns:
            if missed_ns >= from_ns:
                draw.add_circle(ImVec2(origin.x + (missed_ns - from_ns) * pixels_a_ns, middle), 4, colour(BAD), 0, 1.6)

    # Figures ---------------------------------------------------------------------------------------------------------

    def _draw_figures(self, show: Show) -> None:
        now_s = time.monotonic()
        if now_s - self._gathered_s > GATHER_S:
            self._gathered_s = now_s
            self._figures = gather(show)
        for title, columns, lines in self._figures:
            count = max(len(columns), *(len(cells) for _, cells, _ in lines)) if lines else len(columns)
            if not imgui.begin_table(title, 1 + count, imgui.TableFlags_.sizing_stretch_prop):
                continue
            imgui.table_setup_column("name", imgui.TableColumnFlags_.width_stretch, 1.6)
            for at in range(count):
                imgui.table_setup_column(f"{at}", imgui.TableColumnFlags_.width_stretch, 1.0)
            imgui.table_next_row()
            imgui.table_next_column()
            heading(self._canvas.fonts, title)
            for column in columns:
                imgui.table_next_column()
                coloured(column, FAINT)
            for name, cells, ink in lines:
                imgui.table_next_row()
                imgui.table_next_column()
                coloured(name, TEXT)
                for cell in cells:
                    imgui.table_next_column()
                    coloured(cell, ink)
            imgui.end_table()


def ink_of(name: str) -> Ink:
    """Return the colour of a span: that of its system, or one that its name always gets."""
    if name == "tick":
        return (*ACCENT[:3], 0.55)
    at = ORDER.index(name) if name in ORDER else sum(map(ord, name))
    return SYSTEM_INKS[at % len(SYSTEM_INKS)]


def gather(show: Show) -> list[Table]:
    """Return tables of figures: a title, the columns' heads, and lines of a name, cells and a colour."""
    tick = show.trace.span("tick").summary()
    python = show.trace.span("tick python").summary()
    interval_ms = 1000 / show.stage.rate_hz
    ticks: list[Line] = [
        ("tick", _percentiles(tick.p50, tick.p95, tick.p99), WARN if tick.p95 > interval_ms else DIM),
        ("Python in it", _percentiles(python.p50, python.p95, python.p99), DIM),
        ("late", (f"{show.loop.lag}",), WARN if show.loop.lag else DIM),
    ]
    tables: list[Table] = [(f"Ticks, {show.stage.rate_hz:g} Hz", ("p50", "p95", "p99 ms"), ticks)]
    tables.append(("Displays", ("Hz", "delay ms", "drops"), [_display(show, name) for name in show.present.presenters]))
    if cameras := _cameras(show):
        tables.append(("Cameras", ("state", "dropped"), cameras))
    if masks := _masks(show):
        tables.append(("Masks", ("by", "on", "age ms"), masks))
    memory = f"{show.gpu.texture_bytes / 1e6:.0f} MB"
    tables.append(("GPU", (), [("textures", (memory,), DIM), ("device", (str(show.gpu.info["device"]),), DIM)]))
    return tables


def _percentiles(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.1f}" for value in values)


def _display(show: Show, name: str) -> Line:
    presenter = show.present.presenters[name]
    delays = [span.summary() for span in presenter.delays.values() if span.count]
    delay = f"{max(each.p50 for each in delays):.0f}" if delays else "–"
    rate = _rate_hz(show.trace.span(presenter.name))
    return name, (rate, delay, f"{presenter.drops}"), WARN if presenter.drops else DIM


def _rate_hz(span: Span) -> str:
    """Return how often a span came of late."""
    began_ns, _ = span.newest(31)
    if len(began_ns) < 2:
        return "–"
    return f"{1e9 * (len(began_ns) - 1) / max(1, int(began_ns[-1] - began_ns[0])):.1f}"


def _cameras(show: Show) -> list[Line]:
    found: list[Line] = []
    for entity, (_, captured, shown) in show.world.each(Camera, Captured, Shown):
        if captured.feed is None or (shown.planes is not None and shown.planes.still):
            continue
        lost = captured.feed.status == "lost"
        cells = (captured.feed.status, f"{captured.feed.dropped}")
        found.append((show.world.name(entity), cells, BAD if lost else DIM))
    return found


def _masks(show: Show) -> list[Line]:
    found: list[Line] = []
    for entity, (_, inferred) in show.world.each(Mask, Inferred):
        model, answer = inferred.model, inferred.answer
        if model is None:
            continue
        age = f"{(show.clock.now_ns - answer.captured_ns) / 1e6:.0f}" if answer is not None else "–"
        found.append((show.world.name(entity), (model.segmenter.name, model.segmenter.provider, age), DIM))
    return found


def save_trace(session: Session, show: Show) -> str:
    """Write the trace beside the scene; return what to tell of it."""
    path = session.path.with_suffix(".trace.json")
    try:
        path.write_text(json.dumps(show.trace.as_chrome()) + "\n", encoding="utf-8")
    except OSError as error:
        log.debug("no trace", exc_info=True)
        return f"cannot write {path}: {error.strerror}"
    return f"wrote {path.name}: open it in ui.perfetto.dev or chrome://tracing"
