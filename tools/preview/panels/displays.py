"""Displays: a map of the monitors to drag displays onto, how each display fares, and which one is which."""

from __future__ import annotations

import time

from imgui_bundle import ImVec2, imgui

from tools.preview.canvas import Canvas
from tools.preview.outputs import Desktop, Gauges, Output, outputs_of, put_on, set_free
from tools.preview.panels.widgets import chip, colour, coloured, inked, tip
from tools.preview.player import Player
from tools.preview.session import Selection, Session
from tools.preview.theme import ACCENT, DEEPEST, DIM, FAINT, LIFTED, LINE, PANEL, RAISED, TEXT, WARN, Icon

IDENTIFY_S = 5.0

MAP = 0.46
"""Share of the panel that the map takes."""

PULLED_PX = 4
"""A display that was pulled by less was clicked."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the window."""


class DisplaysPanel:
    """Monitors as they lie on the desktop, with the displays that belong on them; below those that are free."""

    title = "Displays"

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._gauges = Gauges()
        self.desktop = Desktop(exists=canvas.has_desktop)
        self.boxes: dict[str, Box] = {}
        """Where each monitor was drawn, by its name on the desktop."""
        self._held = ""
        self._identifying = False

    def draw(self, session: Session) -> None:
        """Draw the map, beside it the list."""
        show = self._player.show
        self.desktop.look(time.monotonic())
        self._gauges.look(show)
        outputs = outputs_of(session, show, self.desktop)
        if not outputs:
            with inked(DIM):
                imgui.text_wrapped("The scene has mistakes; its displays are shown once it has none.")
            return
        width = imgui.get_content_region_avail().x * MAP
        if imgui.begin_child("map", ImVec2(width, 0)):
            self._draw_map(session, outputs)
        imgui.end_child()
        imgui.same_line(0, 14)
        if imgui.begin_child("list", ImVec2(0, 0)):
            self._draw_head()
            self._draw_list(session, outputs)
        imgui.end_child()

    # Which is which --------------------------------------------------------------------------------------------------

    def _draw_head(self) -> None:
        show = self._player.show
        tags = [presenter.name_tag for presenter in show.present.presenters.values()] if show is not None else []
        shown = any(tag.is_shown for tag in tags)
        if chip(f"{Icon.SEARCH}  Identify", on=shown, help_text=IDENTIFY_HELP) and show is not None:
            show.present.identify(0.0 if shown else IDENTIFY_S)
            shown = not shown
        if shown != self._identifying:
            self._identifying = shown
            self._player.again()
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        if not self.desktop.exists:
            coloured("No desktop here: all are offscreen.", FAINT)
        elif not self._player.windows:
            coloured("Windows are closed; Outputs opens them.", FAINT)

    # The map ---------------------------------------------------------------------------------------------------------

    def _draw_map(self, session: Session, outputs: list[Output]) -> None:
        origin, area = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail()
        row = imgui.get_frame_height()
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(origin, ImVec2(origin.x + area.x, origin.y + area.y), colour(DEEPEST), 4)
        self._lay_monitors((origin.x + 10, origin.y + 10, area.x - 20, area.y - row - 26))
        pointer = imgui.get_io().mouse_pos
        target = self._monitor_at(pointer.x, pointer.y) if self._held else ""
        free_at = ImVec2(origin.x + 10, origin.y + area.y - row - 8)
        if not self.boxes:
            imgui.set_cursor_screen_pos(ImVec2(origin.x + 12, origin.y + 10))
            coloured("No monitors here.", FAINT)
        for monitor in self.desktop.monitors:
            here = [output for output in outputs if output.monitor == monitor]
            self._draw_monitor(monitor.name, here, lit=monitor.name == target)
            left, top, right, _ = self.boxes[monitor.name]
            at = ImVec2(left + 8, top + 2.6 * imgui.get_font_size())
            for output in here:
                self._draw_display(session, output, outputs, at, right - left - 16)
                at = ImVec2(at.x, at.y + row + 3)
        for output in outputs:
            if output.monitor is None:
                wide = self._draw_display(session, output, outputs, free_at, 0.0)
                free_at = ImVec2(free_at.x + wide + 6, free_at.y)

    def _lay_monitors(self, within: Box) -> None:
        """Fit the desktop into a box of left, top, width and height."""
        self.boxes = {}
        monitors = self.desktop.monitors
        if not monitors or within[2] < 20 or within[3] < 20:
            return
        left, top = min(each.x for each in monitors), min(each.y for each in monitors)
        wide = max(each.x + each.width for each in monitors) - left
        high = max(each.y + each.height for each in monitors) - top
        scale = min(within[2] / wide, within[3] / high)
        x, y = within[0] + (within[2] - wide * scale) / 2, within[1] + (within[3] - high * scale) / 2
        for each in monitors:
            corner = (x + (each.x - left) * scale, y + (each.y - top) * scale)
            self.boxes[each.name] = (*corner, corner[0] + each.width * scale - 2, corner[1] + each.height * scale - 2)

    def _monitor_at(self, x: float, y: float) -> str:
        inside = (name for name, box in self.boxes.items() if box[0] <= x < box[2] and box[1] <= y < box[3])
        return next(inside, "")

    def _draw_monitor(self, name: str, here: list[Output], *, lit: bool) -> None:
        monitor = next(each for each in self.desktop.monitors if each.name == name)
        left, top, right, bottom = self.boxes[name]
        covered = any(output.place.covers for output in here)
        draw = imgui.get_window_draw_list()
        first, last = ImVec2(left, top), ImVec2(right, bottom)
        draw.add_rect_filled(first, last, colour((*ACCENT[:3], 0.16) if covered else PANEL), 4)
        draw.add_rect(first, last, colour(ACCENT if lit or covered else LINE), 4, 2.0 if lit else 1.0)
        draw.push_clip_rect(first, last, True)
        size = imgui.get_font_size()
        draw.add_text(ImVec2(left + 8, top + 4), colour(TEXT), name)
        facts = f"{monitor.width}×{monitor.height}  {monitor.refresh_hz:g} Hz"
        if monitor.model and monitor.model != name:
            facts = f"{facts}  {monitor.model}"
        draw.add_text(ImVec2(left + 8, top + 4 + size * 1.15), colour(DIM), facts)
        draw.pop_clip_rect()

    def _draw_display(self, session: Session, output: Output, outputs: list[Output], at: ImVec2, width: float) -> float:
        """Draw one display to drag, as wide as its name where `width` is 0; return how wide it is."""
        text = f"{output.number}   {output.name}"
        width = width or imgui.calc_text_size(text).x + 20
        height = imgui.get_frame_height()
        imgui.set_cursor_screen_pos(at)
        imgui.invisible_button(f"display {output.name}", ImVec2(max(8.0, width), height))
        held, hovered = imgui.is_item_active(), imgui.is_item_hovered()
        if held and imgui.is_mouse_dragging(0, PULLED_PX):
            self._held = output.name
        if imgui.is_item_deactivated():
            self._let_go(session, output, outputs)
        said = f"{output.display.kind}, {output.where}"
        tip(said, output.name, "Drag it onto a monitor to cover that, or off it. A click shows its fields.")
        chosen = session.selection.entity == output.name
        self._draw_chip(imgui.get_window_draw_list(), at, width, output, lit=hovered or chosen)
        if self._held == output.name:
            self._canvas.pointer = "all"
            pointer = imgui.get_io().mouse_pos
            ghost = ImVec2(pointer.x - 14, pointer.y - height / 2)
            self._draw_chip(imgui.get_foreground_draw_list(), ghost, min(width, 180.0), output, lit=True)
        return width

    def _draw_chip(self, draw: imgui.ImDrawList, at: ImVec2, width: float, output: Output, *, lit: bool) -> None:
        last = ImVec2(at.x + width, at.y + imgui.get_frame_height())
        draw.add_rect_filled(at, last, colour(LIFTED if lit else RAISED), 4)
        draw.push_clip_rect(at, last, True)
        baseline = at.y + (last.y - at.y - imgui.get_font_size()) / 2
        draw.add_text(ImVec2(at.x + 8, baseline), colour(WARN if output.is_absent else ACCENT), f"{output.number}")
        draw.add_text(ImVec2(at.x + 24, baseline), colour(TEXT), output.name)
        draw.pop_clip_rect()

    def _let_go(self, session: Session, output: Output, outputs: list[Output]) -> None:
        """Put a display where it was dragged, or choose it where it was only clicked."""
        held, self._held = self._held, ""
        if held != output.name:
            session.selection = Selection(output.name, "display")
            return
        pointer = imgui.get_io().mouse_pos
        name = self._monitor_at(pointer.x, pointer.y)
        monitor = next((each for each in self.desktop.monitors if each.name == name), None)
        if monitor is None:
            set_free(session, output)
        elif output.monitor != monitor:
            put_on(session, output, monitor, outputs, self.desktop)

    # The list --------------------------------------------------------------------------------------------------------

    def _draw_list(self, session: Session, outputs: list[Output]) -> None:
        flags = imgui.TableFlags_.sizing_fixed_fit | imgui.TableFlags_.scroll_y
        if not imgui.begin_table("displays", 6, flags):
            return
        for name in ("Display", "Where", "Size", "Hz", "Missed", "Delay"):
            stretches = imgui.TableColumnFlags_.width_stretch if name == "Where" else 0
            imgui.table_setup_column(name, stretches)
        imgui.table_setup_scroll_freeze(0, 1)
        with inked(FAINT):
            imgui.table_headers_row()
        for output in outputs:
            self._draw_row(session, output)
        imgui.end_table()

    def _draw_row(self, session: Session, output: Output) -> None:
        figures = self._gauges.figures.get(output.name)
        imgui.table_next_row()
        imgui.table_next_column()
        chosen = session.selection.entity == output.name
        flags = imgui.SelectableFlags_.span_all_columns
        if imgui.selectable(f"{output.number}  {output.name}##row", chosen, flags)[0]:
            session.selection = Selection(output.name, "display")
        imgui.table_next_column()
        coloured(output.where, WARN if output.is_absent else DIM)
        tip(output.where)
        if output.is_sent:
            imgui.same_line()
            coloured(Icon.STREAM, ACCENT)
            tip("Its picture is recorded or streamed.")
        imgui.table_next_column()
        coloured(f"{output.size[0]} × {output.size[1]}" if all(output.size) else "\u2013", DIM)
        imgui.table_next_column()
        coloured(f"{figures.rate_hz:.0f}" if figures is not None and figures.rate_hz is not None else "\u2013", TEXT)
        imgui.table_next_column()
        missed = figures.missed if figures is not None else 0
        coloured(f"{missed}" if figures is not None else "\u2013", WARN if missed else TEXT)
        imgui.table_next_column()
        known = figures is not None and figures.delay_ms is not None
        coloured(f"{figures.delay_ms:.0f} ms" if figures is not None and known else "\u2013", TEXT)


IDENTIFY_HELP = (
    "Show each display's number and name on it for five seconds. What is recorded or streamed does not have them."
)
