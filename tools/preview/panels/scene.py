"""The scene as a tree: entities, each with its components, to choose, add, rename, copy and remove."""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from engine.component import components
from engine.scene.schema import sentence
from tools.preview.panels.widgets import SIGNS, at_right, coloured, heading, icon_button, inked, sign_of, tip
from tools.preview.presets import PRESETS
from tools.preview.session import Selection, Session
from tools.preview.theme import BAD, DIM, FAINT, Fonts, Icon

MOST_MARKED = 200
"""Entities of a larger scene are not marked where a mistake is in them: the list of problems does."""


class ScenePanel:
    """The tree. Only the rows that are seen are drawn, so that 2,000 entities cost no more than 40."""

    title = "Scene"

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._search = ""
        self._open: set[str] = set()
        self._renaming = ""
        self._name = ""
        self._seen = Selection()

    def draw(self, session: Session) -> None:
        """Draw search, tree and what can be done with the chosen entity."""
        self._draw_top(session)
        rows = self._rows(session)
        imgui.begin_child("tree", ImVec2(0, 0))
        self._keys(session, rows)
        clipper = imgui.ListClipper()
        clipper.begin(len(rows), imgui.get_frame_height())
        if session.selection != self._seen and (session.selection.entity, "") in rows:
            self._seen = Selection(session.selection.entity, session.selection.component)
            clipper.include_item_by_index(rows.index((session.selection.entity, "")))
            imgui_scroll_to = rows.index((session.selection.entity, ""))
        else:
            imgui_scroll_to = -1
        while clipper.step():
            for at in range(clipper.display_start, clipper.display_end):
                self._draw_row(session, *rows[at])
                if at == imgui_scroll_to and not imgui.is_item_visible():
                    imgui.set_scroll_here_y()
        clipper.end()
        imgui.end_child()

    def _draw_top(self, session: Session) -> None:
        imgui.set_next_item_width(-imgui.get_frame_height() - 6)
        _, self._search = imgui.input_text_with_hint("##search", f"{Icon.SEARCH}  Find an entity", self._search)
        imgui.same_line()
        if icon_button(Icon.ADD, "Add something to the scene", key="add"):
            imgui.open_popup("add")
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(10, 10))
        if imgui.begin_popup("add"):
            group = ""
            for preset in PRESETS:
                if preset.group != group:
                    if group:
                        imgui.spacing()
                    group = preset.group
                    heading(self._fonts, group)
                if imgui.menu_item_simple(f"{preset.sign}   {preset.name}"):
                    preset.add_to(session)
                tip(preset.help)
            imgui.end_popup()
        imgui.pop_style_var()

    def _rows(self, session: Session) -> list[tuple[str, str]]:
        """Every entity, and the components of those that are open."""
        wanted = self._search.lower()
        rows = []
        for name, parts in session.tables.items():
            if wanted and wanted not in name.lower() and not any(wanted in part for part in session.parts(name)):
                continue
            rows.append((name, ""))
            if name in self._open and isinstance(parts, dict):
                rows += [(name, part) for part in parts]
        return rows

    def _draw_row(self, session: Session, entity: str, component: str) -> None:
        imgui.push_id(f"{entity}.{component}")
        if component:
            self._draw_component(session, entity, component)
        else:
            self._draw_entity(session, entity)
        imgui.pop_id()

    def _draw_entity(self, session: Session, entity: str) -> None:
        parts = session.parts(entity)
        chosen = session.selection.entity == entity
        layer = parts.get("layer")
        hidden = isinstance(layer, dict) and layer.get("visible") is False
        if entity == self._renaming:
            self._draw_name(session, entity)
            return
        flags = imgui.TreeNodeFlags_.open_on_arrow | imgui.TreeNodeFlags_.span_avail_width
        flags |= imgui.TreeNodeFlags_.frame_padding | imgui.TreeNodeFlags_.no_tree_push_on_open
        flags |= imgui.TreeNodeFlags_.allow_overlap
        if chosen:
            flags |= imgui.TreeNodeFlags_.selected
        imgui.set_next_item_open(entity in self._open)
        with inked(FAINT if hidden else (*imgui_text(chosen),)):
            imgui.tree_node_ex(f"{sign_of(parts)}  {entity}###row", flags)
        if imgui.is_item_toggled_open():
            self._open ^= {entity}
        elif imgui.is_item_clicked():
            session.selection = Selection(entity)
            self._seen = Selection(entity)
        if imgui.is_item_hovered() and imgui.is_mouse_double_clicked(0):
            self._rename(entity)
        self._draw_menu(session, entity)
        if session.mistakes and len(session.tables) <= MOST_MARKED and session.mistakes_at((entity,)):
            imgui.same_line()
            coloured(Icon.WARNING, BAD)
        if isinstance(layer, dict):
            at_right(imgui.get_frame_height())
            help_text = "Show this layer" if hidden else "Hide this layer"
            if icon_button(Icon.HIDDEN if hidden else Icon.EYE, help_text, enabled=True, key="visible"):
                session.set((entity, "layer", "visible"), hidden)

    def _draw_component(self, session: Session, entity: str, component: str) -> None:
        imgui.indent(imgui.get_font_size() * 1.8)
        chosen = session.selection == Selection(entity, component)
        with inked(DIM):
            pressed, _ = imgui.selectable(f"{SIGNS.get(component, Icon.BOX)}  {component}", chosen)
        if pressed:
            session.selection = Selection(entity, component)
            self._seen = Selection(entity, component)
        if component in components():
            tip(sentence(components()[component]), component)
        imgui.unindent(imgui.get_font_size() * 1.8)

    def _draw_name(self, session: Session, entity: str) -> None:
        imgui.set_keyboard_focus_here()
        imgui.set_next_item_width(-1)
        done, self._name = imgui.input_text(
            "##name", self._name, imgui.InputTextFlags_.enter_returns_true | imgui.InputTextFlags_.auto_select_all
        )
        if done:
            self._renaming = ""
            session.rename_entity(entity, self._name.strip())
        elif imgui.is_item_deactivated() or imgui.is_key_pressed(imgui.Key.escape):
            self._renaming = ""

    def _draw_menu(self, session: Session, entity: str) -> None:
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(8, 8))
        if imgui.begin_popup_context_item("menu"):
            session.selection.entity = entity
            if imgui.menu_item_simple(f"{Icon.PEN}   Rename", "F2"):
                self._rename(entity)
            if imgui.menu_item_simple(f"{Icon.COPY}   Duplicate", "Ctrl D"):
                session.duplicate_entity(entity)
            imgui.separator()
            if imgui.menu_item_simple(f"{Icon.TRASH}   Remove", "Del"):
                session.remove_entity(entity)
            imgui.end_popup()
        imgui.pop_style_var()

    def _keys(self, session: Session, rows: list[tuple[str, str]]) -> None:
        """Act on the keyboard, while the tree has it."""
        if not imgui.is_window_focused(imgui.FocusedFlags_.child_windows) or imgui.is_any_item_active():
            return
        entity = session.selection.entity
        names = [name for name, component in rows if not component]
        if entity in names:
            step = imgui.is_key_pressed(imgui.Key.down_arrow) - imgui.is_key_pressed(imgui.Key.up_arrow)
            if step:
                session.selection = Selection(names[max(0, min(len(names) - 1, names.index(entity) + step))])
            if imgui.is_key_pressed(imgui.Key.right_arrow):
                self._open.add(entity)
            if imgui.is_key_pressed(imgui.Key.left_arrow):
                self._open.discard(entity)
            if imgui.is_key_pressed(imgui.Key.f2):
                self._rename(entity)
            if imgui.is_key_pressed(imgui.Key.delete):
                session.remove_entity(entity)
            if imgui.is_key_chord_pressed(imgui.Key.mod_ctrl | imgui.Key.d):
                session.duplicate_entity(entity)

    def _rename(self, entity: str) -> None:
        self._renaming = self._name = entity


def imgui_text(chosen: bool) -> tuple[float, float, float, float]:
    """Return the ink of a row."""
    return (1.0, 1.0, 1.0, 1.0) if chosen else (0.85, 0.88, 0.91, 1.0)
