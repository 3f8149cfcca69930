"""Where panels are drawn: an imgui context on the show's own device, in a window or in a texture.

The only file that knows how imgui, wgpu and the window meet. imgui wants one frame after another: `begin`, panels,
`end`. What a frame costs is mostly filling pixels (11 to 20 ms a window on lavapipe, 0.5 on a GPU), so `end` can leave
the drawing out: a frame that is built and not drawn still hears of the mouse and still turns sliders.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import wgpu

from engine.display.input import Button, Dropped, Event, Focus, Input, Key, Moved, Text, Wheel
from engine.display.target import Target
from engine.gpu.device import Gpu

# glfw's library must be loaded before imgui brings its own, so this comes after what imports it.
from imgui_bundle import ImVec2, imgui  # isort: skip
from wgpu.utils.imgui import ImguiWgpuBackend  # isort: skip

from tools.preview.theme import Fonts, dress  # isort: skip

KEYS = {
    "left": "left_arrow",
    "right": "right_arrow",
    "up": "up_arrow",
    "down": "down_arrow",
    "left_control": "left_ctrl",
    "right_control": "right_ctrl",
    "kp_enter": "keypad_enter",
    "kp_add": "keypad_add",
    "kp_subtract": "keypad_subtract",
} | {digit: f"_{digit}" for digit in "0123456789"}
"""What imgui calls keys that it calls otherwise."""

MODIFIERS = {
    "left_control": imgui.Key.mod_ctrl,
    "right_control": imgui.Key.mod_ctrl,
    "left_shift": imgui.Key.mod_shift,
    "right_shift": imgui.Key.mod_shift,
    "left_alt": imgui.Key.mod_alt,
    "right_alt": imgui.Key.mod_alt,
    "left_super": imgui.Key.mod_super,
    "right_super": imgui.Key.mod_super,
}

POINTERS: dict[int, str] = {
    imgui.MouseCursor_.text_input: "text",
    imgui.MouseCursor_.resize_all: "all",
    imgui.MouseCursor_.resize_ns: "down",
    imgui.MouseCursor_.resize_ew: "across",
    imgui.MouseCursor_.hand: "hand",
}


class Canvas:
    """An imgui context and what it draws into.

    Thread: main. Blocks: `end`, while a software GPU is busy. Owns: the context, its buffers and textures.
    Fails: never; without a desktop's clipboard there is none.
    """

    def __init__(self, gpu: Gpu, target: Target, people: Input | None = None, scale: float = 1.0) -> None:
        self.gpu = gpu
        self.target = target
        self._people = people
        self._context = imgui.create_context()
        imgui.set_current_context(self._context)
        io = imgui.get_io()
        io.config_flags |= imgui.ConfigFlags_.docking_enable
        io.config_windows_move_from_title_bar_only = True
        io.config_drag_click_to_input_text = False
        io.set_log_filename("")
        self._backend = _Backend(gpu.device, target.format)
        self.scale = people.scale if people is not None else scale
        self.fonts = Fonts()
        dress(self.scale)
        self.dropped: list[str] = []
        self.pointer = ""
        self._known: dict[int, tuple[Any, imgui.ImTextureRef]] = {}
        self._stale: list[imgui.ImTextureRef] = []
        if people is not None:
            shell = imgui.get_platform_io()
            shell.platform_get_clipboard_text_fn = lambda _context: _or_nothing(people)
            shell.platform_set_clipboard_text_fn = lambda _context, text: people.copy(text)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.target.size

    @property
    def has_desktop(self) -> bool:
        """Whether this is a window, and not a picture of one."""
        return self._people is not None

    def hear(self, events: Iterable[Event]) -> bool:
        """Pass on what people do; return whether they did anything."""
        io = self._io()
        heard = False
        for event in events:
            heard = True
            match event:
                case Moved(x, y):
                    io.add_mouse_pos_event(x, y)
                case Button(number, down):
                    io.add_mouse_button_event(number, down)
                case Wheel(x, y):
                    io.add_mouse_wheel_event(x, y)
                case Key(name, down):
                    if name in MODIFIERS:
                        io.add_key_event(MODIFIERS[name], down)
                    io.add_key_event(getattr(imgui.Key, KEYS.get(name, name)), down)
                case Text(character):
                    io.add_input_character(ord(character))
                case Focus(has):
                    io.add_focus_event(has)
                case Dropped(files):
                    self.dropped.extend(files)
        return heard

    def begin(self, delta_s: float) -> None:
        """Begin a frame, `delta_s` after the last."""
        io = self._io()
        io.delta_time = max(delta_s, 1e-4)
        io.display_size = ImVec2(*map(float, self.size))
        self.pointer = ""
        for reference in self._stale:
            self._backend.unregister_texture(reference)
        self._stale.clear()
        imgui.new_frame()

    def end(self, *, draw: bool) -> bool:
        """End the frame, and draw it where asked and possible; return whether it was drawn."""
        if self._people is not None:
            with suppress(Exception):  # a desktop without such a pointer keeps the one it has
                self._people.point_with(self.pointer or POINTERS.get(imgui.get_mouse_cursor(), "arrow"))
        self.dropped.clear()
        if not draw:
            imgui.end_frame()
            return False
        imgui.render()
        view = self.target.acquire()
        if view is None:
            return False
        encoder = self.gpu.device.create_command_encoder()
        render = encoder.begin_render_pass(
            color_attachments=[
                {"view": view, "load_op": "clear", "store_op": "store", "clear_value": (0.0, 0.0, 0.0, 1.0)}
            ]
        )
        self._backend.render(imgui.get_draw_data(), render)
        render.end()
        self.submission = self.gpu.submit(encoder.finish())
        self.target.present()
        return True

    def texture(self, view: Any) -> imgui.ImTextureRef:
        """Return imgui's name for a texture's view; it must be opaque and display-encoded."""
        known = self._known.get(id(view))
        if known is None or known[0] is not view:
            known = self._known[id(view)] = (view, self._backend.register_texture(view))
        return known[1]

    def forget_textures(self) -> None:
        """Let go of every view that was shown, once the frame that may show them is drawn: a show was closed."""
        self._stale += [reference for _, reference in self._known.values()]
        self._known.clear()

    def close(self) -> None:
        """Let go of everything but the target."""
        imgui.set_current_context(self._context)
        self._known.clear()
        imgui.destroy_context(self._context)

    def _io(self) -> imgui.IO:
        imgui.set_current_context(self._context)
        return imgui.get_io()


class _Backend(ImguiWgpuBackend):  # type: ignore[misc]
    """wgpu's renderer of imgui, with buffers that are let go instead of destroyed.

    A buffer that is destroyed while the queue still reads it ends the process; and the texts of all windows are put
    together without copying them again for each.
    """

    def _update_vertex_buffer(self, draw_data: imgui.ImDrawData) -> None:
        self._vertex_buffer: Any
        self._index_buffer: Any
        lists = list(draw_data.cmd_lists)
        vertices = [(each.vtx_buffer.data_address(), each.vtx_buffer.size() * imgui.VERTEX_SIZE) for each in lists]
        indices = [(each.idx_buffer.data_address(), each.idx_buffer.size() * imgui.INDEX_SIZE) for each in lists]
        self._vertex_buffer = self._filled(self._vertex_buffer, "vertices", wgpu.BufferUsage.VERTEX, vertices)
        self._index_buffer = self._filled(self._index_buffer, "indices", wgpu.BufferUsage.INDEX, indices)

    def _filled(self, buffer: Any, label: str, usage: int, parts: list[tuple[int, int]]) -> Any:
        data = b"".join(ctypes.string_at(address, size) for address, size in parts)
        if buffer is None or buffer.size < len(data):
            size = 1 << max(16, (len(data) - 1).bit_length())
            buffer = self._device.create_buffer(label=label, size=size, usage=usage | wgpu.BufferUsage.COPY_DST)
        whole = np.frombuffer(data + bytes(-len(data) % 4), np.uint8)
        if whole.size:
            self._device.queue.write_buffer(buffer, 0, whole)
        return buffer


def _or_nothing(people: Input) -> str:
    try:
        return people.copied()
    except Exception:
        return ""
