"""How the previewer looks: fonts, colours, distances."""

from __future__ import annotations

from pathlib import Path

import imgui_bundle
from imgui_bundle import ImVec2, ImVec4, imgui

FONTS = Path(imgui_bundle.__file__).parent / "assets" / "fonts"

Ink = tuple[float, float, float, float]


def ink(code: str, alpha: float = 1.0) -> Ink:
    """Read "#rrggbb", encoded as a display wants it."""
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return (red, green, blue, alpha)


# A grey with a little blue, in steps of equal lightness; one accent, and a colour for each severity.
DEEPEST = ink("#0d0f12")
GROUND = ink("#15181d")
PANEL = ink("#1b1f25")
RAISED = ink("#242a32")
LIFTED = ink("#303843")
LINE = ink("#2a313a")
TEXT = ink("#e3e7ec")
DIM = ink("#8b95a3")
FAINT = ink("#5c6672")
ACCENT = ink("#5aa9ff")
GOOD = ink("#5ec98b")
WARN = ink("#f2b84b")
BAD = ink("#f26d6d")

SYSTEM_INKS = tuple(map(ink, ("#5aa9ff", "#b58cf2", "#f27fb2", "#f2b84b", "#5ec98b", "#4cc9d6", "#8fb0ff", "#f28f5c")))
"""One for each system of a tick, in their order."""


class Icon:
    """Signs of Font Awesome 6, which is merged into every font."""

    ADD = "\uf067"
    ARROWS = "\uf047"
    BOLT = "\uf0e7"
    BOX = "\uf1b2"
    CAMERA = "\uf03d"
    CHECK = "\uf00c"
    CLOCK = "\uf017"
    CLOSE = "\uf00d"
    COPY = "\uf0c5"
    DROPPER = "\uf1fb"
    EYE = "\uf06e"
    FILE = "\uf15c"
    FILL = "\uf576"
    FIT = "\uf065"
    FOLDER = "\uf07c"
    HIDDEN = "\uf070"
    LAMP = "\uf0eb"
    LAYERS = "\uf5fd"
    LOOP = "\uf2f9"
    MASK = "\uf0c4"
    MICROPHONE = "\uf130"
    MONITOR = "\uf390"
    PAUSE = "\uf04c"
    PEN = "\uf304"
    PERSON = "\uf007"
    PICTURE = "\uf03e"
    PLAY = "\uf04b"
    REDO = "\uf01e"
    RESET = "\uf2ea"
    SAVE = "\uf0c7"
    SEARCH = "\uf002"
    SNOW = "\uf2dc"
    STAGE = "\uf5c8"
    STEP = "\uf051"
    STEP_BACK = "\uf048"
    STREAM = "\uf519"
    TO_START = "\uf049"
    TRASH = "\uf2ed"
    UNDO = "\uf0e2"
    WARNING = "\uf071"


class Fonts:
    """The faces in use. Without their files imgui's own stands in for all of them, and signs are left out."""

    def __init__(self) -> None:
        self.text = self._face("Roboto/Roboto-Regular.ttf")
        self.bold = self._face("Roboto/Roboto-Bold.ttf")
        self.digits = self._face("Inconsolata-Medium.ttf")

    def _face(self, name: str) -> imgui.ImFont:
        fonts = imgui.get_io().fonts
        if not (FONTS / name).is_file():
            return fonts.add_font_default()
        face = fonts.add_font_from_file_ttf(str(FONTS / name), 15.0)
        signs = FONTS / "Font_Awesome_6_Free-Solid-900.otf"
        if signs.is_file():
            config = imgui.ImFontConfig()
            config.merge_mode = True
            config.glyph_offset = ImVec2(0.0, 1.0)
            fonts.add_font_from_file_ttf(str(signs), 12.5, config)
        return face


def dress(scale: float) -> None:
    """Set colours and distances of the present context; `scale` is 1 on a usual monitor."""
    style = imgui.Style()
    style.window_padding = ImVec2(10, 8)
    style.frame_padding = ImVec2(8, 4)
    style.item_spacing = ImVec2(8, 6)
    style.item_inner_spacing = ImVec2(6, 4)
    style.cell_padding = ImVec2(6, 3)
    style.indent_spacing = 14
    style.scrollbar_size = 10
    style.grab_min_size = 8
    style.window_rounding = style.child_rounding = 0
    style.frame_rounding = style.grab_rounding = style.tab_rounding = 4
    style.popup_rounding = 6
    style.scrollbar_rounding = 5
    style.window_border_size = style.child_border_size = style.frame_border_size = 0
    style.popup_border_size = 1
    style.tab_bar_border_size = 0
    style.tab_bar_overline_size = 0
    style.separator_text_border_size = 1
    style.disabled_alpha = 0.4
    style.anti_aliased_fill = True
    colours = {
        "text": TEXT,
        "text_disabled": DIM,
        "window_bg": GROUND,
        "child_bg": (0, 0, 0, 0),
        "popup_bg": ink("#20252c", 0.99),
        "border": LINE,
        "frame_bg": RAISED,
        "frame_bg_hovered": LIFTED,
        "frame_bg_active": LIFTED,
        "title_bg": PANEL,
        "title_bg_active": PANEL,
        "menu_bar_bg": PANEL,
        "scrollbar_bg": (0, 0, 0, 0),
        "scrollbar_grab": LIFTED,
        "scrollbar_grab_hovered": FAINT,
        "scrollbar_grab_active": DIM,
        "check_mark": ACCENT,
        "checkbox_selected_bg": LIFTED,
        "slider_grab": ACCENT,
        "slider_grab_active": ink("#8cc4ff"),
        "button": RAISED,
        "button_hovered": LIFTED,
        "button_active": FAINT,
        "header": ink("#5aa9ff", 0.22),
        "header_hovered": ink("#5aa9ff", 0.14),
        "header_active": ink("#5aa9ff", 0.30),
        "separator": LINE,
        "separator_hovered": ACCENT,
        "separator_active": ACCENT,
        "resize_grip": (0, 0, 0, 0),
        "tab": (0, 0, 0, 0),
        "tab_hovered": LIFTED,
        "tab_selected": RAISED,
        "text_selected_bg": ink("#5aa9ff", 0.35),
        "plot_histogram": ACCENT,
        "plot_lines": ACCENT,
        "table_header_bg": (0, 0, 0, 0),
        "table_border_light": LINE,
        "table_border_strong": LINE,
        "drag_drop_target": ACCENT,
        "nav_cursor": ACCENT,
        "modal_window_dim_bg": (0, 0, 0, 0.55),
    }
    for name, colour in colours.items():
        style.set_color_(getattr(imgui.Col_, name), ImVec4(*colour))
    style.scale_all_sizes(scale)
    style.font_size_base = 15.0
    style.font_scale_dpi = scale
    _take_over(style)


def _take_over(style: imgui.Style) -> None:
    """Copy a style into the present context's own, which cannot be replaced as a whole."""
    own = imgui.get_style()
    for name in dir(style):
        if not name.startswith("_") and name not in ("color_", "set_color_", "scale_all_sizes"):
            value = getattr(style, name)
            if not callable(value):
                setattr(own, name, value)
    for which in imgui.Col_:
        if which != imgui.Col_.count:
            own.set_color_(which, style.color_(which))
