"""The picture: what a display shows or a step on the way to it, one or two at once, to fit or as near as one likes."""

from __future__ import annotations

from typing import Literal

from imgui_bundle import ImVec2, imgui

from engine.display.target import OffscreenTarget
from engine.geometry import WHOLE, Quad, lay
from tools.preview.canvas import Canvas
from tools.preview.panels.touch import Touch
from tools.preview.panels.view import Seen, Vector, View
from tools.preview.panels.widgets import at_right, chip, colour, coloured, inked, tip
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.steps import STEPS, Steps
from tools.preview.theme import ACCENT, DEEPEST, DIM, FAINT, TEXT, Icon

Compare = Literal["one", "wipe", "beside"]


class PicturePanel:
    """The live picture, with the handles of what is chosen on it."""

    title = "Picture"

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._view = View()
        self.sources = ["", "Camera"]  # a display or a step; the second is what the first is compared with
        self.compare: Compare = "one"
        self._wipe = 0.5
        self._chosen = ""
        self.steps: Steps | None = None
        self._touch = Touch(canvas, player)

    def draw(self, session: Session) -> None:
        """Draw the bar above the picture, then the picture."""
        self._meet_show()
        chosen = session.selection.entity
        if chosen != self._chosen:
            self._chosen = chosen
            if chosen in self._displays():  # whoever chooses a display wants to see it
                self.sources[0] = chosen
        first = self._seen(self.sources[0], session)
        self._draw_bar(session, first)
        panel = imgui.get_content_region_avail()
        if panel.x < 8 or panel.y < 8:
            return
        origin = imgui.get_cursor_screen_pos()
        area = (panel.x, panel.y)
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled(origin, ImVec2(origin.x + panel.x, origin.y + panel.y), colour(DEEPEST))
        if first is None:
            self._draw_nothing(session, origin)
            return
        second = self._seen(self.sources[1], session) if self.compare != "one" else None
        flags = imgui.ButtonFlags_.mouse_button_left | imgui.ButtonFlags_.mouse_button_middle
        imgui.invisible_button("picture", panel, flags)
        if self.compare == "beside" and second is not None:
            half = (area[0] / 2 - 1, area[1])
            self._hear(origin, half, first.size)
            self._draw_picture(origin, half, first, 0.0, 1.0, self.sources[0])
            self._draw_picture(ImVec2(origin.x + half[0] + 2, origin.y), half, second, 0.0, 1.0, self.sources[1])
            return
        wiping = second is not None and self._hear_wipe(origin, area, first.size)
        if not wiping:
            self._hear(origin, area, first.size)
        if second is not None and self.compare == "wipe":
            self._draw_picture(origin, area, first, 0.0, self._wipe, self.sources[0])
            self._draw_picture(origin, area, second, self._wipe, 1.0, self.sources[1], sized_as=first.size)
            self._draw_divider(origin, area, first.size)
        else:
            self._draw_picture(origin, area, first, 0.0, 1.0)
        if not wiping:
            self._touch.draw(session, first, self._view, origin, area)

    # What is seen ----------------------------------------------------------------------------------------------------

    def _meet_show(self) -> None:
        """Begin anew with another show: its textures are others."""
        show = self._player.show
        if show is None:
            self.steps = None
        elif self.steps is None or self.steps.show is not show:
            self.steps = Steps(show)

    def _displays(self) -> dict[str, OffscreenTarget]:
        show = self._player.show
        return {
            name: presenter.target
            for name, presenter in (show.present.presenters.items() if show is not None else ())
            if isinstance(presenter.target, OffscreenTarget)
        }

    def _seen(self, source: str, session: Session) -> Seen | None:
        """Return a display's picture, or a step's as it is now."""
        if self.steps is None:
            return None
        displays = self._displays()
        if source not in displays and source not in [step.name for step in STEPS]:
            source = self.sources[0] = next(iter(displays), "Stage")
        target = displays.get(source) or self.steps.draw(source, session.selection.entity)
        if target is None:
            return None
        quad = WHOLE if source in ("Stage", "Particles", "Layer") else self._quad(source)
        return Seen(source, target.view, target.texture, target.size, quad)

    def _quad(self, name: str) -> Quad | None:
        """Return how the stage lies on a display."""
        presenter = self._player.show.present.presenters.get(name) if self._player.show is not None else None
        if presenter is None or self._player.show is None:
            return None
        display, stage = presenter.display, self._player.show.stage_image.size
        turns = display.rotate // 90
        shown = stage if turns % 2 == 0 else stage[::-1]
        return lay(presenter.target.size, shown, fit=display.fit, crop=display.crop, quarter_turns=turns)

    # The bar ---------------------------------------------------------------------------------------------------------

    def _draw_bar(self, session: Session, seen: Seen | None) -> None:
        self._draw_sources(0)
        imgui.same_line(0, 10)
        for name, words, help_text in (
            ("one", "One", "One picture"),
            ("wipe", "Wipe", "Two pictures with a line between them to drag (W)"),
            ("beside", "Beside", "Two pictures side by side"),
        ):
            if chip(words, on=self.compare == name, help_text=help_text):
                self.compare = name  # type: ignore[assignment]
            imgui.same_line(0, 2)
        if self.compare != "one":
            imgui.same_line(0, 8)
            self._draw_sources(1)
        if session.picking is not None:
            imgui.same_line(0, 14)
            with inked(ACCENT):
                imgui.text(f"{Icon.DROPPER}  Point at a colour for {'.'.join(session.picking)}; Esc leaves it")
        at_right(176 * self._canvas.scale)
        size = seen.size if seen is not None else (0, 0)
        imgui.align_text_to_frame_padding()
        coloured(f"{size[0]} × {size[1]}", FAINT)
        imgui.same_line()
        if chip("Fit" if self._view.fits else f"{self._view.zoom:.0%}", on=self._view.fits, help_text="Fit (F)"):
            self._view.fit()
        imgui.same_line(0, 2)
        is_whole = not self._view.fits and self._view.zoom == 1.0
        if chip("1:1", on=is_whole, help_text="One pixel of the picture a pixel of the screen (1)"):
            self._view.whole()

    def _draw_sources(self, which: int) -> None:
        imgui.set_next_item_width(128 * self._canvas.scale)
        if imgui.begin_combo(f"##source{which}", self.sources[which] or "…"):
            coloured("DISPLAYS", FAINT)
            for name in self._displays():
                if imgui.selectable(f"{Icon.MONITOR}  {name}", self.sources[which] == name)[0]:
                    self.sources[which] = name
            coloured("STEPS", FAINT)
            for step in STEPS:
                if imgui.selectable(step.name, self.sources[which] == step.name)[0]:
                    self.sources[which] = step.name
                tip(step.help)
            imgui.end_combo()

    # The picture -----------------------------------------------------------------------------------------------------

    def _draw_nothing(self, session: Session, origin: ImVec2) -> None:
        if session.scene is None and session.mistakes:
            text = "Nothing to show yet: the scene has mistakes. They are listed below, each with its remedy."
        elif self._player.trouble:
            text = self._player.trouble
        elif self._player.show is None:
            text = "The show is starting."
        else:
            text = f"There is no {self.sources[0].lower()} to show for {session.selection.entity or 'this scene'}."
        imgui.set_cursor_screen_pos(ImVec2(origin.x + 18, origin.y + 16))
        coloured(text, DIM)

    def _draw_picture(
        self,
        origin: ImVec2,
        area: Vector,
        seen: Seen,
        begin: float,
        end: float,
        label: str = "",
        sized_as: tuple[int, int] | None = None,
    ) -> None:
        """Draw the part of a picture from `begin` to `end` of its width, where the view lays it."""
        size = sized_as or seen.size
        corner, drawn = self._view.lay(area, size)
        draw = imgui.get_window_draw_list()
        draw.push_clip_rect(origin, ImVec2(origin.x + area[0], origin.y + area[1]), True)
        left, top = origin.x + corner[0], origin.y + corner[1]
        draw.add_image(
            self._canvas.texture(seen.view),
            ImVec2(left + begin * drawn[0], top),
            ImVec2(left + end * drawn[0], top + drawn[1]),
            ImVec2(begin, 0.0),
            ImVec2(end, 1.0),
        )
        if label:
            width = imgui.calc_text_size(label).x
            visible_left = max(left + begin * drawn[0], origin.x)
            visible_right = min(left + end * drawn[0], origin.x + area[0])
            x = visible_left + 10 if begin == 0.0 else visible_right - width - 10
            y = max(top, origin.y) + 10
            draw.add_rect_filled(
                ImVec2(x - 7, y - 3), ImVec2(x + width + 7, y + imgui.get_font_size() + 3), colour((0, 0, 0, 0.55)), 4
            )
            draw.add_text(ImVec2(x, y), colour(TEXT), label)
        draw.pop_clip_rect()

    def _draw_divider(self, origin: ImVec2, area: Vector, size: tuple[int, int]) -> None:
        corner, drawn = self._view.lay(area, size)
        x = origin.x + corner[0] + self._wipe * drawn[0]
        draw = imgui.get_window_draw_list()
        draw.add_line(ImVec2(x, origin.y), ImVec2(x, origin.y + area[1]), colour((1, 1, 1, 0.8)), 1.5)
        middle = ImVec2(x, origin.y + area[1] / 2)
        draw.add_circle_filled(middle, 6, colour(TEXT))

    # People ----------------------------------------------------------------------------------------------------------

    def _hear_wipe(self, origin: ImVec2, area: Vector, size: tuple[int, int]) -> bool:
        """Drag the line between two pictures; return whether the pointer is on it."""
        if self.compare != "wipe":
            return False
        corner, drawn = self._view.lay(area, size)
        x = imgui.get_io().mouse_pos.x - origin.x - corner[0]
        near = imgui.is_item_hovered() and abs(x - self._wipe * drawn[0]) < 8
        if near or (imgui.is_item_active() and self._wiping):
            self._canvas.pointer = "across"
        self._wiping = imgui.is_item_active() and (near or self._wiping)
        if self._wiping:
            self._wipe = min(1.0, max(0.0, x / drawn[0]))
        return near or self._wiping

    _wiping = False

    def _hear(self, origin: ImVec2, area: Vector, size: tuple[int, int]) -> None:
        """Zoom with the wheel, pan with the middle button; the left one is for handles and the eyedropper."""
        io = imgui.get_io()
        hovered, active = imgui.is_item_hovered(), imgui.is_item_active()
        pointer = (io.mouse_pos.x - origin.x, io.mouse_pos.y - origin.y)
        if hovered and io.mouse_wheel:
            self._view.zoom_at(1.2**io.mouse_wheel, pointer, area, size)
        if active and imgui.is_mouse_dragging(2, 0.0):
            self._view.pan((io.mouse_delta.x, io.mouse_delta.y), size)
            self._canvas.pointer = "all"
        if hovered and not io.want_text_input and not imgui.is_any_item_active():
            if imgui.is_key_pressed(imgui.Key.f):
                self._view.fit()
            if imgui.is_key_pressed(imgui.Key._1):
                self._view.whole()
            if imgui.is_key_pressed(imgui.Key.w):
                self.compare = "one" if self.compare == "wipe" else "wipe"
