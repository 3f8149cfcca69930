"""New scene: the examples with a picture of each, to begin one's own from; and the scenes that lie beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from imgui_bundle import ImVec2, ImVec4, imgui

from engine.errors import OutputError
from engine.gpu.device import Usage
from tools.new import SCENES, Example, create, examples
from tools.preview.canvas import Canvas
from tools.preview.panels.widgets import coloured, heading, inked, tip, warning
from tools.preview.session import Session
from tools.preview.theme import ACCENT, DIM, FAINT, RAISED, TEXT, Icon

STILLS = SCENES / "gallery" / "stills"

THUMBNAIL = (176.0, 99.0)
COLUMNS = 4
SIZE = (4 * 196.0 + 230.0, 560.0)


class NewScenePanel:
    """A page over the window; what is chosen in it is opened instead of this scene, in `wanted`."""

    title = "New scene"

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._examples: list[Example] = []
        self._beside: list[Path] = []
        self._pictures: dict[str, Any] = {}
        self._like = ""
        self._name = "my_show"
        self._trouble = ""
        self._opening = False
        self.wanted: Path | None = None
        """The scene that somebody wants to have instead."""

    def open(self, session: Session) -> None:
        """Show it from the next frame on."""
        self._opening = True
        self._examples = examples()
        self._like = self._examples[0].name
        self._beside = sorted(path for path in session.path.absolute().parent.glob("*.toml"))[:100]
        self._trouble = ""

    def draw(self, session: Session) -> None:
        """Draw it, while it is open."""
        if self._opening:
            self._opening = False
            imgui.open_popup(self.title)
        scale = self._canvas.scale
        imgui.set_next_window_size(ImVec2(SIZE[0] * scale, SIZE[1] * scale))
        imgui.set_next_window_pos(imgui.get_main_viewport().get_center(), imgui.Cond_.appearing, ImVec2(0.5, 0.5))
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(18, 16))
        if imgui.begin_popup_modal(
            self.title, True, imgui.WindowFlags_.no_resize | imgui.WindowFlags_.no_saved_settings
        )[0]:
            self._load_one()
            imgui.begin_child("examples", ImVec2(COLUMNS * 196 * scale, -imgui.get_frame_height() - 14))
            self._draw_examples()
            imgui.end_child()
            imgui.same_line(0, 18)
            imgui.begin_child("beside", ImVec2(0, -imgui.get_frame_height() - 14))
            heading(self._canvas.fonts, "In this folder")
            for path in self._beside:
                is_this = path == session.path.absolute()
                if imgui.selectable(f"{Icon.FILE}  {path.name}", is_this)[0] and not is_this:
                    self._want(path)
            imgui.end_child()
            self._draw_foot(session)
            if imgui.is_key_pressed(imgui.Key.escape):
                imgui.close_current_popup()
            imgui.end_popup()
        imgui.pop_style_var()

    def _draw_examples(self) -> None:
        width, height = (side * self._canvas.scale for side in THUMBNAIL)
        for at, example in enumerate(self._examples):
            if at % COLUMNS:
                imgui.same_line(0, 14)
            imgui.begin_group()
            corner = imgui.get_cursor_screen_pos()
            opposite = ImVec2(corner.x + width, corner.y + height)
            if imgui.invisible_button(example.name, ImVec2(width, height)):
                self._like = example.name
            tip(example.words, example.name)
            draw = imgui.get_window_draw_list()
            view = self._pictures.get(example.name)
            if view is not None:
                draw.add_image(self._canvas.texture(view), corner, opposite)
            else:
                draw.add_rect_filled(corner, opposite, imgui.get_color_u32(ImVec4(*RAISED)), 4)
            if example.name == self._like:
                draw.add_rect(corner, opposite, imgui.get_color_u32(ImVec4(*ACCENT)), 3.0, 2.5)
            with inked(TEXT if example.name == self._like else DIM):
                imgui.text(example.name)
            imgui.end_group()

    def _draw_foot(self, session: Session) -> None:
        imgui.align_text_to_frame_padding()
        coloured("Called", FAINT)
        imgui.same_line()
        imgui.set_next_item_width(220 * self._canvas.scale)
        done, self._name = imgui.input_text("##name", self._name, imgui.InputTextFlags_.enter_returns_true)
        imgui.same_line()
        if imgui.button(f"Begin like {self._like}") or done:
            try:
                self._want(create(session.path.absolute().parent / self._name.strip(), self._like)[0])
            except OutputError as error:
                self._trouble = str(error)
        if self._trouble:
            imgui.same_line()
            warning(self._trouble)

    def _want(self, path: Path) -> None:
        self.wanted = path
        imgui.close_current_popup()

    def _load_one(self) -> None:
        """Read one more picture a frame, so that the page is there at once."""
        for example in self._examples:
            if example.name not in self._pictures:
                self._pictures[example.name] = self._picture(STILLS / f"{example.name}.webp")
                return

    def _picture(self, path: Path) -> Any | None:
        image = cv2.imread(str(path)) if path.is_file() else None
        if image is None:
            return None
        pixels = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGBA))
        gpu = self._canvas.gpu
        texture = gpu.texture(
            path.stem, image.shape[1], image.shape[0], "rgba8unorm", Usage.TEXTURE_BINDING | Usage.COPY_DST
        )
        gpu.upload(texture, pixels)
        return texture.create_view()
