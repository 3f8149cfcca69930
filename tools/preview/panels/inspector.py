"""The inspector: every field of what is chosen, each with the control that its component's description asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imgui_bundle import ImVec2, ImVec4, imgui

from engine.component import Colour, components, fields_of
from engine.scene.schema import sentence
from engine.scene.where import KeyPath
from engine.scene.words import toml
from tools.preview.control import Control, control_of
from tools.preview.panels.widgets import SIGNS, at_right, colour, coloured, icon_button, inked, sign_of, tip, warning
from tools.preview.session import Selection, Session
from tools.preview.theme import ACCENT, BAD, DIM, FAINT, LIFTED, RAISED, TEXT, Fonts, Icon, ink

ENDINGS = {
    "picture": (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".hdr", ".exr"),
    "camera": (".png", ".jpg", ".jpeg", ".webp", ".mp4", ".mov", ".mkv", ".webm", ".avi"),
    "model": (".onnx",),
    "panorama": (".hdr",),
    "lut": (".cube",),
}
"""Files that are offered for a field that names one."""

WORDS = {"camera": ("auto", "synthetic", "test-card", "device:0")}
"""What else such a field may say."""

NAMES_WIDTH = 0.38
"""Share of the panel that the fields' names take."""


class InspectorPanel:
    """The fields of one entity. A field that the scene says is bright, one at its default dim."""

    title = "Inspector"

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._typed: dict[KeyPath, str] = {}
        self._shown = Selection()

    def draw(self, session: Session) -> None:
        """Draw the chosen entity's components, one below the other."""
        entity = session.selection.entity
        if entity not in session.tables:
            with inked(DIM):
                imgui.text_wrapped("Choose an entity to see what it is made of.")
            return
        parts = session.parts(entity)
        imgui.push_font(self._fonts.bold, 19)
        imgui.text(f"{sign_of(parts)}  {entity}")
        imgui.pop_font()
        at_right(imgui.get_frame_height())
        if icon_button(Icon.ADD, "Give it another component", key="add component"):
            imgui.open_popup("components")
        self._draw_missing(session, entity)
        jump = session.selection != self._shown
        self._shown = Selection(session.selection.entity, session.selection.component)
        imgui.begin_child("fields", ImVec2(0, 0))
        for component in list(parts):
            self._draw_component(session, entity, component, jump=jump and component == session.selection.component)
        imgui.end_child()

    def _draw_missing(self, session: Session, entity: str) -> None:
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(8, 8))
        if imgui.begin_popup("components"):
            for name, component_type in components().items():
                if name in session.parts(entity):
                    continue
                if imgui.menu_item_simple(f"{SIGNS.get(name, Icon.BOX)}   {name}"):
                    session.add_component(entity, name)
                tip(sentence(component_type))
            imgui.end_popup()
        imgui.pop_style_var()

    def _draw_component(self, session: Session, entity: str, component: str, *, jump: bool) -> None:
        imgui.push_id(component)
        imgui.spacing()
        if jump:
            imgui.set_scroll_here_y(0.0)
        imgui.push_style_color(imgui.Col_.header, ImVec4(*TEXT[:3], 0.05))
        imgui.push_font(self._fonts.bold, 15)
        flags = imgui.TreeNodeFlags_.default_open | imgui.TreeNodeFlags_.allow_overlap
        if jump:
            imgui.set_next_item_open(True)
        is_open = imgui.collapsing_header(f"{SIGNS.get(component, Icon.BOX)}  {component}###header", flags)
        imgui.pop_font()
        imgui.pop_style_color()
        if component not in components():
            warning(f"there is no component {component!r}")
            imgui.pop_id()
            return
        tip(sentence(components()[component]))
        at_right(imgui.get_frame_height())
        with inked(FAINT):
            if icon_button(Icon.TRASH, f"Take {component} from {entity}", key="remove"):
                session.remove_component(entity, component)
        for mistake in session.mistakes_at((entity, component)):
            warning(mistake)
        if is_open and component in session.parts(entity):
            self._draw_fields(session, entity, component)
        imgui.pop_id()

    def _draw_fields(self, session: Session, entity: str, component: str) -> None:
        if not imgui.begin_table("fields", 2, imgui.TableFlags_.sizing_stretch_prop):
            return
        imgui.table_setup_column("name", imgui.TableColumnFlags_.width_stretch, NAMES_WIDTH)
        imgui.table_setup_column("value", imgui.TableColumnFlags_.width_stretch, 1.0 - NAMES_WIDTH)
        for field in fields_of(components()[component]):
            path = (entity, component, field)
            imgui.push_id(field)
            imgui.table_next_row()
            imgui.table_next_column()
            self._draw_name(session, path)
            imgui.table_next_column()
            self._draw_control(session, path, control_of(component, field))
            for mistake in session.mistakes_at(path):
                warning(mistake)
            imgui.pop_id()
        written = session.parts(entity).get(component)
        known = fields_of(components()[component])
        for field in [name for name in written if name not in known] if isinstance(written, dict) else []:
            imgui.table_next_row()
            imgui.table_next_column()
            imgui.align_text_to_frame_padding()
            coloured(field, BAD)
            imgui.table_next_column()
            for mistake in session.mistakes_at((entity, component, field)):
                warning(mistake)
        imgui.end_table()

    def _draw_name(self, session: Session, path: KeyPath) -> None:
        control = control_of(*path[1:])
        said = session.is_said(path)
        imgui.align_text_to_frame_padding()
        coloured(short(path[-1], control.unit), TEXT if said else DIM)
        foot = f"{'.'.join(path)}, else {toml(control.default)}"
        if control.restarts:
            foot += "\nTaken over when the show begins again."
        if session.is_included(path):
            foot += "\nSaid by an included file; a change is written here, over it."
        tip(control.help, path[-1], foot)
        if control.restarts:
            imgui.same_line(0, 4)
            coloured(Icon.LOOP, FAINT)
            tip("Taken over when the show begins again.")
        if said and not session.is_included(path) and imgui.begin_popup_context_item("reset"):
            if imgui.menu_item_simple(f"{Icon.RESET}   Back to the default, {toml(control.default)}"):
                session.reset(path)
            imgui.end_popup()

    # Controls --------------------------------------------------------------------------------------------------------

    def _draw_control(self, session: Session, path: KeyPath, control: Control) -> None:
        value = session.value(path)
        said = session.is_said(path)
        imgui.set_next_item_width(-imgui.FLT_MIN)
        with inked(TEXT if said else DIM):
            try:
                draw = getattr(self, f"_draw_{control.kind}")
                draw(session, path, control, value)
            except (TypeError, ValueError):  # the text says something else than this field may hold
                self._draw_text(session, path, control, toml(value))
        if control.kind in ("slider", "number", "colour", "several") and imgui.is_item_deactivated_after_edit():
            session.finish()

    def _draw_slider(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        flags = imgui.SliderFlags_.always_clamp
        _bar((float(value) - control.low) / (control.high - control.low))
        for part in ("frame_bg", "frame_bg_hovered", "frame_bg_active", "slider_grab", "slider_grab_active"):
            imgui.push_style_color(getattr(imgui.Col_, part), ImVec4(0, 0, 0, 0))
        low, high = control.low, control.high
        new: float
        if control.is_whole:
            changed, new = imgui.slider_int("##value", int(value), int(low), int(high), control.format, flags)
        else:
            changed, new = imgui.slider_float("##value", float(value), low, high, control.format, flags)
        imgui.pop_style_color(5)
        if changed:
            session.turn(path, control.rounded(new))

    def _draw_number(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        new: float
        speed = 1.0 if control.is_whole else 10.0**-control.decimals
        if control.is_whole:
            changed, new = imgui.drag_int(
                "##value", int(value), speed * 0.25, int(control.low), int(control.high), control.format
            )
        else:
            changed, new = imgui.drag_float("##value", float(value), speed, control.low, control.high, control.format)
        if changed:
            session.turn(path, control.rounded(new))

    def _draw_several(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        values = [float(each) for each in value]
        if len(values) != len(control.default):
            raise ValueError
        width = (imgui.get_content_region_avail().x - 4.0 * (len(values) - 1)) / len(values)
        for at, each in enumerate(values):
            if at:
                imgui.same_line(0, 4)
            imgui.set_next_item_width(width)
            changed, new = imgui.drag_float(f"##{at}", each, 0.002, control.low, control.high, "%.2f")
            if changed:
                session.turn(path, [*values[:at], control.rounded(new), *values[at + 1 :]])
            if imgui.is_item_deactivated_after_edit():
                session.finish()

    def _draw_list(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        """Draw as many numbers, points or colours as there are, with one more and one less to press for."""
        values = list(value)
        button = imgui.get_frame_height()
        across = max(1, int((imgui.get_content_region_avail().x - 2 * button) / (3.4 * imgui.get_font_size())))
        across = 1 if values and isinstance(values[0], list | tuple) else across
        for at, each in enumerate(values):
            if at % across:
                imgui.same_line(0, 4)
            imgui.set_next_item_width(3.1 * imgui.get_font_size())
            if isinstance(each, str):
                flags = imgui.ColorEditFlags_.no_inputs | imgui.ColorEditFlags_.picker_hue_wheel
                changed, rgb = imgui.color_edit3(f"##{at}", list(ink(Colour.parse(each).hex())[:3]), flags)
                new: Any = "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
            elif isinstance(each, list | tuple):
                imgui.set_next_item_width(-3 * button)
                drag = {2: imgui.drag_float2, 3: imgui.drag_float3, 4: imgui.drag_float4}[len(each)]
                changed, parts = drag(f"##{at}", [float(part) for part in each], 0.01, 0.0, 0.0, "%.3g")
                new = [round(part, 4) for part in parts]
            else:
                changed, new = imgui.drag_float(f"##{at}", float(each), 0.01, 0.0, 0.0, "%.3g")
                new = round(new, 4)
            if changed:
                session.turn(path, [*values[:at], new, *values[at + 1 :]])
            if imgui.is_item_deactivated_after_edit():
                session.finish()
        if values:
            imgui.same_line(0, 4)
        if icon_button("+", "One more", key="more"):
            session.set(path, [*values, values[-1] if values else control.rounded(0.0)])
        if len(values) > 1:
            imgui.same_line(0, 2)
            if icon_button("\u2212", "One less", key="less"):
                session.set(path, values[:-1])

    def _draw_tracks(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        """Draw a list for each field that changes with time, and let others be added."""
        for name in list(value):
            imgui.push_id(name)
            coloured(name.replace("_", " "), DIM)
            imgui.same_line()
            if icon_button(Icon.CLOSE, f"Let {name} be", key="let be"):
                session.reset((*path, name))
            else:
                self._draw_list(session, (*path, name), control, session.value((*path, name)))
            imgui.pop_id()
        missing = [name for name in control.choices if name not in value]
        entity, _, component = path
        if missing and component in session.parts(entity):
            if icon_button(Icon.ADD, f"Let a field of {component} change with time", key="track"):
                imgui.open_popup("tracks")
            if imgui.begin_popup("tracks"):
                count = len(session.value((entity, "keyframes", "times_s")))
                for name in missing:
                    if imgui.menu_item_simple(name):
                        session.set((*path, name), [session.value((entity, component, name))] * count)
                imgui.end_popup()
        elif not value:
            coloured("\u2013", FAINT)

    def _draw_switch(self, session: Session, path: KeyPath, _control: Control, value: Any) -> None:
        changed, new = imgui.checkbox("##value", bool(value))
        if changed:
            session.set(path, new)

    def _draw_choice(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        unit = f" {control.unit}" if control.unit else ""
        if imgui.begin_combo("##value", f"{value}{unit}"):
            for choice in control.choices:
                pressed, _ = imgui.selectable(f"{choice}{unit}", choice == value)
                if pressed and choice != value:
                    session.set(path, choice)
            imgui.end_combo()

    def _draw_colour(self, session: Session, path: KeyPath, _control: Control, value: Any) -> None:
        text = Colour.parse("#808080" if value == "auto" else value).hex()
        rgb = list(ink(text)[:3])
        dropper = imgui.get_frame_height()
        imgui.set_next_item_width(imgui.get_content_region_avail().x - dropper - 4)
        flags = imgui.ColorEditFlags_.display_hex | imgui.ColorEditFlags_.picker_hue_wheel
        changed, new = imgui.color_edit3("##value", rgb, flags)
        if changed:
            session.turn(path, "#" + "".join(f"{round(255 * each):02x}" for each in new))
        if imgui.is_item_deactivated_after_edit():
            session.finish()
        imgui.same_line(0, 4)
        if icon_button(Icon.DROPPER, "Take the colour from the picture", on=session.picking == path, key="dropper"):
            session.picking = None if session.picking == path else path

    def _draw_entity(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        if imgui.begin_combo("##value", str(value) or "none"):
            for choice in ("", *session.entities_with(control.refers)):
                pressed, _ = imgui.selectable(choice or "none", choice == value)
                if pressed and choice != value:
                    session.set(path, choice) if choice or session.is_said(path) else None
            imgui.end_combo()

    def _draw_entities(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        names = [str(each) for each in value]
        if imgui.begin_combo("##value", ", ".join(names) or "none"):
            for choice in session.entities_with(control.refers):
                changed, on = imgui.checkbox(choice, choice in names)
                if changed:
                    session.set(path, [*names, choice] if on else [name for name in names if name != choice])
            imgui.end_combo()

    def _draw_table(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        """Draw numbers and colours by the names that the scene gives them."""
        for name, each in dict(value).items():
            imgui.push_id(name)
            coloured(name.replace("_", " "), DIM)
            imgui.same_line()
            if isinstance(each, list):
                self._draw_list(session, (*path, name), control, session.value((*path, name)))
            else:
                self._draw_one(session, (*path, name), session.value((*path, name)))
            imgui.pop_id()
        if not value:
            coloured("\u2013", FAINT)

    def _draw_one(self, session: Session, path: KeyPath, value: Any) -> None:
        imgui.set_next_item_width(-imgui.FLT_MIN)
        if isinstance(value, bool):
            new: Any
            changed, new = imgui.checkbox("##value", value)
        elif isinstance(value, (int, float)):
            changed, number = imgui.drag_float("##value", float(value), 0.01, 0.0, 0.0, "%.3g")
            new = round(number, 4)
        else:
            changed, rgb = imgui.color_edit3("##value", list(ink(Colour.parse(value).hex())[:3]))
            new = "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
        if changed:
            session.turn(path, new)
        if imgui.is_item_deactivated_after_edit():
            session.finish()

    def _draw_file(self, session: Session, path: KeyPath, control: Control, value: Any) -> None:
        kind = control.file or "camera"
        button = imgui.get_frame_height()
        imgui.set_next_item_width(imgui.get_content_region_avail().x - button - 4)
        self._draw_text(session, path, control, value)
        imgui.same_line(0, 4)
        if icon_button(Icon.FOLDER, "Choose a file near the scene", key="files"):
            imgui.open_popup("files")
        if imgui.begin_popup("files"):
            for word in WORDS.get(kind, ()):
                if imgui.menu_item_simple(word):
                    session.set(path, word)
            for file in files_near(session.path, ENDINGS.get(kind, ())):
                if imgui.menu_item_simple(file):
                    session.set(path, file)
            imgui.end_popup()

    def _draw_text(self, session: Session, path: KeyPath, _control: Control, value: Any) -> None:
        typed = self._typed.get(path, str(value))
        done, typed = imgui.input_text("##value", typed, imgui.InputTextFlags_.enter_returns_true)
        if imgui.is_item_active():
            self._typed[path] = typed
        elif path in self._typed:
            typed = self._typed.pop(path)
            done = done or (imgui.is_item_deactivated_after_edit() and not imgui.is_key_pressed(imgui.Key.escape))
        if done and typed != str(value):
            self._typed.pop(path, None)
            session.set(path, typed)


def short(field: str, unit: str) -> str:
    """Return a field's name as it is shown: without the unit that stands beside its value."""
    return field.removesuffix(f"_{unit.lower()}").replace("_", " ")


def _bar(share: float) -> None:
    """Draw what lies below a slider: a frame, and how much of it the value fills."""
    corner, width = imgui.get_cursor_screen_pos(), imgui.calc_item_width()
    opposite = ImVec2(corner.x + width, corner.y + imgui.get_frame_height())
    hovered = imgui.is_mouse_hovering_rect(corner, opposite)
    rounding = imgui.get_style().frame_rounding
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(corner, opposite, colour(LIFTED if hovered else RAISED), rounding)
    end = corner.x + width * min(1.0, max(0.0, share))
    if end > corner.x + 1:
        draw.push_clip_rect(corner, ImVec2(end, opposite.y), True)
        draw.add_rect_filled(corner, opposite, colour((*ACCENT[:3], 0.36 if hovered else 0.26)), rounding)
        draw.pop_clip_rect()
    draw.add_line(ImVec2(end, corner.y + 2), ImVec2(end, opposite.y - 2), colour((*ACCENT[:3], 0.9)), 1.5)


def files_near(scene: Path, endings: tuple[str, ...], most: int = 60) -> list[str]:
    """Return files of these kinds in the scene's folder and the folders in it, as a scene would name them."""
    folder = scene.parent
    found = [path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix.lower() in endings]
    return [path.relative_to(folder).as_posix() for path in sorted(found)[:most]]
