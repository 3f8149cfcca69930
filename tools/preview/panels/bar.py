"""The bar at the top: which scene, whether it is saved, undo and redo, and how the show's time goes."""

from __future__ import annotations

from imgui_bundle import imgui

from tools.preview.panels.new_scene import NewScenePanel
from tools.preview.panels.widgets import at_right, chip, coloured, icon_button, tip
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.theme import DIM, FAINT, TEXT, WARN, Fonts, Icon


class BarPanel:
    """File on the left, time in the middle, the rate on the right."""

    title = "Bar"

    def __init__(self, fonts: Fonts, player: Player, new_scene: NewScenePanel) -> None:
        self.new_scene = new_scene
        self._fonts = fonts
        self._player = player

    def draw(self, session: Session) -> None:
        """Draw it all in one line."""
        document = session.document
        imgui.align_text_to_frame_padding()
        imgui.push_font(self._fonts.bold, 15)
        imgui.text(session.path.stem)
        imgui.pop_font()
        tip(str(session.path.absolute()))
        imgui.same_line(0, 3)
        imgui.align_text_to_frame_padding()
        coloured(session.path.suffix, FAINT)
        imgui.same_line()
        if document.is_changed:
            coloured("\u2022 not saved", WARN)
        else:
            coloured("saved", FAINT)
        imgui.same_line(0, 18)
        if icon_button(Icon.FOLDER, "A new scene, or another (Ctrl N)"):
            self.new_scene.open(session)
        imgui.same_line(0, 2)
        if icon_button(Icon.SAVE, "Save (Ctrl S)", enabled=document.is_changed):
            session.save()
        imgui.same_line(0, 2)
        undoes, redoes = document.undoes, document.redoes
        if icon_button(
            Icon.UNDO, f"Undo (Ctrl Z): {undoes}" if undoes else "Undo (Ctrl Z)", enabled=bool(undoes), key="u"
        ):
            session.undo()
        imgui.same_line(0, 2)
        if icon_button(
            Icon.REDO, f"Redo (Ctrl Y): {redoes}" if redoes else "Redo (Ctrl Y)", enabled=bool(redoes), key="r"
        ):
            session.redo()
        if self._player.needs_restart:
            imgui.same_line(0, 18)
            if chip(
                f"{Icon.LOOP}  Begin the show again", on=True, help_text="The stage's size, rate or format changed"
            ):
                self._player.open()
        imgui.same_line(0, 18)
        windows = self._player.windows
        help_text = (
            "Close the displays' windows and end their streams"
            if windows
            else "Open the displays' windows and send their streams, as scrim run does"
        )
        if chip(f"{Icon.MONITOR}  Outputs", on=windows, help_text=help_text):
            self._player.windows = not windows
        self._draw_rate()

    def _draw_rate(self) -> None:
        show = self._player.show
        width = 250.0 * imgui.get_font_size() / 15.0
        at_right(width)
        if show is None:
            coloured("not on air", WARN)
            return
        if self._player.mode == "stepped":
            coloured("stepped", DIM)
            imgui.same_line()
            coloured(f"{self._player.now_s:.2f} s", TEXT)
            return
        ticks = show.trace.span("tick").summary()
        coloured(f"{show.stage.rate_hz:g} Hz", TEXT)
        imgui.same_line()
        share = ticks.p50 * show.stage.rate_hz / 1000
        coloured(f"tick {ticks.p50:.1f} ms", WARN if share > 1 else DIM)
        imgui.same_line()
        coloured(f"{show.loop.lag} late" if show.loop.lag else "on time", WARN if show.loop.lag else FAINT)
