"""The picture: what a display shows, to fit, at its own pixels or nearer."""

from __future__ import annotations

from typing import Any

from imgui_bundle import ImVec2, imgui

from engine.display.target import OffscreenTarget
from tools.preview.canvas import Canvas
from tools.preview.panels.widgets import at_right, chip, colour, coloured
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.theme import DEEPEST, DIM, FAINT, Icon

NEAREST = 64.0
FARTHEST = 1 / 16

Vector = tuple[float, float]


class View:
    """Where a picture lies in its panel: `zoom` screen pixels to one of its own, or as large as fits."""

    def __init__(self) -> None:
        self.fits = True
        self.zoom = 1.0
        self.centre: Vector = (0.5, 0.5)  # what lies in the middle of the panel, in fractions of the picture

    def lay(self, panel: Vector, size: tuple[int, int]) -> tuple[Vector, Vector]:
        """Return the picture's top left corner in the panel, and how large it is drawn."""
        if self.fits:
            self.zoom = min(panel[0] / size[0], panel[1] / size[1])
            self.centre = (0.5, 0.5)
        drawn = (size[0] * self.zoom, size[1] * self.zoom)
        corner = (panel[0] / 2 - self.centre[0] * drawn[0], panel[1] / 2 - self.centre[1] * drawn[1])
        if self.zoom == round(self.zoom):  # whole pixels on whole pixels
            corner = (float(round(corner[0])), float(round(corner[1])))
        return corner, drawn

    def zoom_at(self, factor: float, at: Vector, panel: Vector, size: tuple[int, int]) -> None:
        """Go nearer by a factor, with what lies at a place of the panel staying there."""
        corner, drawn = self.lay(panel, size)
        held = ((at[0] - corner[0]) / drawn[0], (at[1] - corner[1]) / drawn[1])
        self.fits = False
        self.zoom = min(NEAREST, max(FARTHEST, self.zoom * factor))
        drawn = (size[0] * self.zoom, size[1] * self.zoom)
        self.centre = (
            held[0] - (at[0] - panel[0] / 2) / drawn[0],
            held[1] - (at[1] - panel[1] / 2) / drawn[1],
        )

    def pan(self, by: Vector, size: tuple[int, int]) -> None:
        """Move the picture with the pointer."""
        self.fits = False
        self.centre = (
            self.centre[0] - by[0] / (size[0] * self.zoom),
            self.centre[1] - by[1] / (size[1] * self.zoom),
        )


class PicturePanel:
    """The live picture of one display."""

    title = "Picture"

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._view = View()
        self._display = ""

    def draw(self, session: Session) -> None:
        """Draw the bar above the picture, then the picture."""
        shown = self._shown()
        self._draw_bar(shown)
        if shown is None:
            self._draw_nothing(session)
            return
        view, size = shown
        panel = imgui.get_content_region_avail()
        if panel.x < 8 or panel.y < 8:
            return
        origin = imgui.get_cursor_screen_pos()
        area = (panel.x, panel.y)
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(origin, ImVec2(origin.x + panel.x, origin.y + panel.y), colour(DEEPEST))
        imgui.invisible_button("picture", panel, imgui.ButtonFlags_.mouse_button_middle)
        self._hear(origin, area, size)
        corner, drawn = self._view.lay(area, size)
        first = ImVec2(origin.x + corner[0], origin.y + corner[1])
        imgui.push_clip_rect(origin, ImVec2(origin.x + panel.x, origin.y + panel.y), True)
        draw.add_image(self._canvas.texture(view), first, ImVec2(first.x + drawn[0], first.y + drawn[1]))
        imgui.pop_clip_rect()

    def _shown(self) -> tuple[Any, tuple[int, int]] | None:
        """Return what is to be seen: a view and its size."""
        show = self._player.show
        if show is None:
            return None
        targets = {
            name: presenter.target
            for name, presenter in show.present.presenters.items()
            if isinstance(presenter.target, OffscreenTarget)
        }
        if not targets:
            return None
        if self._display not in targets:
            self._display = next(iter(targets))
        target = targets[self._display]
        return target.view, target.size

    def _draw_bar(self, shown: tuple[Any, tuple[int, int]] | None) -> None:
        show = self._player.show
        names = list(show.present.presenters) if show is not None else []
        for name in names:
            if chip(f"{Icon.MONITOR}  {name}", on=name == self._display, help_text=f"What display {name} shows"):
                self._display = name
            imgui.same_line(0, 2)
        at_right(190 * self._canvas.scale)
        size = shown[1] if shown is not None else (0, 0)
        coloured(f"{size[0]} × {size[1]}", FAINT)
        imgui.same_line()
        if chip(f"{self._view.zoom:.0%}" if not self._view.fits else "Fit", on=self._view.fits, help_text="Fit (F)"):
            self._view.fits = True
        imgui.same_line(0, 2)
        is_whole = not self._view.fits and self._view.zoom == 1.0
        if chip("1:1", on=is_whole, help_text="One pixel of the picture a pixel of the screen (1)"):
            self._view.fits, self._view.zoom, self._view.centre = False, 1.0, (0.5, 0.5)

    def _draw_nothing(self, session: Session) -> None:
        imgui.spacing()
        if session.mistakes:
            coloured("Nothing to show yet: the scene has mistakes, listed below.", DIM)
        elif self._player.trouble:
            coloured(self._player.trouble, DIM)
        else:
            coloured("The show is starting.", DIM)

    def _hear(self, origin: ImVec2, panel: Vector, size: tuple[int, int]) -> None:
        """Zoom with the wheel, pan with the middle button, or the left one while Space is held."""
        if not imgui.is_item_hovered() and not imgui.is_item_active():
            return
        io = imgui.get_io()
        pointer = (io.mouse_pos.x - origin.x, io.mouse_pos.y - origin.y)
        if io.mouse_wheel:
            self._view.zoom_at(1.2**io.mouse_wheel, pointer, panel, size)
        if imgui.is_item_active() and (io.mouse_delta.x or io.mouse_delta.y):
            self._view.pan((io.mouse_delta.x, io.mouse_delta.y), size)
            self._canvas.pointer = "all"
        if not io.want_text_input:
            if imgui.is_key_pressed(imgui.Key.f):
                self._view.fits = True
            if imgui.is_key_pressed(imgui.Key._1):
                self._view.fits, self._view.zoom, self._view.centre = False, 1.0, (0.5, 0.5)
