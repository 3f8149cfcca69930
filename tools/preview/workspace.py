"""The window's parts and where they lie; keys that hold everywhere; what is asked before the window closes."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import ImVec2, ImVec4, imgui

from engine.notices import log
from tools.preview.canvas import Canvas
from tools.preview.panels import Panel
from tools.preview.panels.bar import BarPanel
from tools.preview.panels.costs import CostsPanel
from tools.preview.panels.displays import DisplaysPanel
from tools.preview.panels.inspector import InspectorPanel
from tools.preview.panels.new_scene import NewScenePanel
from tools.preview.panels.picture import PicturePanel
from tools.preview.panels.problems import ProblemsPanel
from tools.preview.panels.scene import ScenePanel
from tools.preview.panels.timeline import TimelinePanel
from tools.preview.panels.widgets import at_right, coloured, inked
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.theme import BAD, DIM, FAINT, PANEL, Icon

LEFT, RIGHT, BOTTOM = 0.17, 0.29, 0.26
"""Shares of the window that the tree, the inspector and what lies below the picture take at first."""


class Workspace:
    """All panels, docked; people may move them.

    Thread: main. Blocks: never. Owns: the panels. Fails: never; a panel that raises says so in its own place.
    """

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        fonts = canvas.fonts
        self.new_scene = NewScenePanel(canvas)
        self.bar = BarPanel(fonts, player, self.new_scene)
        self.problems = ProblemsPanel(fonts, player)
        self.left: list[Panel] = [ScenePanel(fonts)]
        self.picture = PicturePanel(canvas, player)
        self.middle: list[Panel] = [self.picture]
        self.right: list[Panel] = [InspectorPanel(fonts)]
        self.displays = DisplaysPanel(canvas, player)
        self.bottom: list[Panel] = [self.problems, TimelinePanel(canvas, player), CostsPanel(canvas, player)]
        self.bottom.append(self.displays)
        self.closing = False
        self._asking = False
        self._next_scene: Path | None = None
        self._is_laid = False
        self._in_front = "Timeline" if player.mode == "stepped" else "Costs"
        self._problems = 0
        self.troubles: dict[str, str] = {}
        """What panels failed with, by their titles."""

    @property
    def is_dragging(self) -> bool:
        """Whether somebody holds something, so that what is drawn matters most."""
        return bool(imgui.is_any_item_active())

    @property
    def next_scene(self) -> Path | None:
        """What is to be opened once this scene is closed."""
        return self._next_scene if self.closing else None

    def show_panel(self, title: str) -> None:
        """Bring a panel to the front from the next frame on."""
        self._in_front = title

    def ask_to_close(self, session: Session) -> None:
        """Close, unless there is something that would be lost: then ask."""
        if session.document.is_changed:
            self._asking = True
        else:
            self.closing = True

    def draw(self, session: Session) -> None:
        """Draw everything."""
        self._keys(session)
        problems = self.problems.count(session)
        if problems > self._problems:
            self.show_panel(self.problems.title)
        self._problems = problems
        viewport = imgui.get_main_viewport()
        bar, foot = imgui.get_frame_height() + 14, imgui.get_text_line_height() + 10
        self._draw_strip("bar", ImVec2(0, 0), ImVec2(viewport.size.x, bar), 7)
        self._safely(self.bar, session)
        imgui.end()
        was_laid = self._is_laid
        self._dock(ImVec2(0, bar), ImVec2(viewport.size.x, viewport.size.y - bar - foot))
        for panel in (*self.left, *self.middle, *self.right, *self.bottom):
            count = problems if panel is self.problems else 0
            flags = imgui.WindowFlags_.no_collapse
            if panel in self.middle:
                flags |= imgui.WindowFlags_.no_scrollbar | imgui.WindowFlags_.no_scroll_with_mouse
            if panel.title == self._in_front and was_laid:
                imgui.set_next_window_focus()
                self._in_front = ""
            opened = imgui.begin(f"{panel.title}{f'  {count}' if count else ''}###{panel.title}", None, flags)[0]
            if opened:
                self._safely(panel, session)
            imgui.end()
        self._draw_strip("foot", ImVec2(0, viewport.size.y - foot), ImVec2(viewport.size.x, foot), 5)
        self._draw_foot(session)
        imgui.end()
        self._safely(self.new_scene, session)
        if self.new_scene.wanted is not None and self._next_scene is None:
            self._next_scene, self.new_scene.wanted = self.new_scene.wanted, None
            self.ask_to_close(session)
        self._ask(session)

    def _safely(self, panel: Panel, session: Session) -> None:
        """Draw a panel; one that fails says so, and the window goes on."""
        state = imgui.internal.ErrorRecoveryState()
        imgui.internal.error_recovery_store_state(state)
        try:
            panel.draw(session)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if self.troubles.get(panel.title) != text:
                self.troubles[panel.title] = text
                log.exception("panel %s failed", panel.title)
            io = imgui.get_io()
            io.config_error_recovery_enable_assert = io.config_error_recovery_enable_debug_log = False
            imgui.internal.error_recovery_try_to_recover_state(state)
            io.config_error_recovery_enable_assert = io.config_error_recovery_enable_debug_log = True
            coloured(f"{Icon.WARNING}  {text}", BAD)

    def _draw_strip(self, name: str, position: ImVec2, size: ImVec2, padding: float) -> None:
        imgui.set_next_window_pos(position)
        imgui.set_next_window_size(size)
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(12, padding))
        imgui.push_style_color(imgui.Col_.window_bg, ImVec4(*PANEL))
        flags = imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_docking | imgui.WindowFlags_.no_move
        flags |= imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_bring_to_front_on_focus
        imgui.begin(f"##{name}", None, flags)
        imgui.pop_style_color()
        imgui.pop_style_var()

    def _draw_foot(self, session: Session) -> None:
        with inked(DIM):
            imgui.text(session.said or "Ctrl S saves, Ctrl Z takes back; a field's name tells what it is for.")
        if self._player.show is not None:
            info = self._player.gpu.info
            text = f"{info['device']}"
            at_right(imgui.calc_text_size(text).x)
            coloured(text, FAINT)

    def _dock(self, position: ImVec2, size: ImVec2) -> None:
        """Let panels dock into the middle of the window; the first time, each where it belongs."""
        imgui.set_next_window_pos(position)
        imgui.set_next_window_size(size)
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(0, 0))
        flags = imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_docking | imgui.WindowFlags_.no_move
        flags |= imgui.WindowFlags_.no_bring_to_front_on_focus | imgui.WindowFlags_.no_nav_focus
        flags |= imgui.WindowFlags_.no_background | imgui.WindowFlags_.no_saved_settings
        imgui.begin("##dock", None, flags)
        imgui.pop_style_var()
        space = imgui.get_id("space")
        if not self._is_laid:
            self._is_laid = True
            self._lay(space, size)
        imgui.dock_space(space, ImVec2(0, 0), imgui.internal.DockNodeFlagsPrivate_.no_window_menu_button)
        imgui.end()

    def _lay(self, space: int, size: ImVec2) -> None:
        build = imgui.internal
        build.dock_builder_remove_node(space)
        build.dock_builder_add_node(space, imgui.internal.DockNodeFlagsPrivate_.dock_space)
        build.dock_builder_set_node_size(space, size)
        _, left, rest = build.dock_builder_split_node_py(space, imgui.Dir.left, LEFT)
        _, right, rest = build.dock_builder_split_node_py(rest, imgui.Dir.right, RIGHT / (1 - LEFT))
        _, bottom, middle = build.dock_builder_split_node_py(rest, imgui.Dir.down, BOTTOM)
        for panels, node in (
            (self.left, left),
            (self.right, right),
            (self.bottom, bottom),
            (self.middle, middle),
        ):
            for panel in panels:
                build.dock_builder_dock_window(f"###{panel.title}", node)
        build.dock_builder_finish(space)

    def _keys(self, session: Session) -> None:
        control = imgui.Key.mod_ctrl
        route = imgui.InputFlags_.route_global
        if imgui.shortcut(control | imgui.Key.s, route):
            session.save()
        if imgui.shortcut(control | imgui.Key.n, route):
            self.new_scene.open(session)
        if imgui.get_io().want_text_input:
            return
        if imgui.shortcut(control | imgui.Key.z, route):
            session.undo()
        if imgui.shortcut(control | imgui.Key.y, route) or imgui.shortcut(
            control | imgui.Key.mod_shift | imgui.Key.z, route
        ):
            session.redo()

    def _ask(self, session: Session) -> None:
        """Ask what to do with changes that are not saved, before the window closes."""
        if self._asking:
            self._asking = False
            imgui.open_popup("Not saved")
        centre = imgui.get_main_viewport().get_center()
        imgui.set_next_window_pos(centre, imgui.Cond_.appearing, ImVec2(0.5, 0.5))
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(20, 18))
        if imgui.begin_popup_modal("Not saved", None, imgui.WindowFlags_.always_auto_resize)[0]:
            imgui.text(f"{session.path.name} has changes that are not saved.")
            imgui.spacing()
            if imgui.button("Save and close") and session.save():
                self.closing = True
            imgui.same_line()
            if imgui.button("Throw them away"):
                self.closing = True
            imgui.same_line()
            if imgui.button("Go on") or imgui.is_key_pressed(imgui.Key.escape):
                self._next_scene = None
                imgui.close_current_popup()
            imgui.end_popup()
        imgui.pop_style_var()
