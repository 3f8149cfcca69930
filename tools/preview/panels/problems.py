"""Problems: what is wrong with the scene, with its line and remedy; clashes to decide; what the show has to say."""

from __future__ import annotations

from imgui_bundle import ImVec2, ImVec4, imgui

from engine.errors import Mistake
from tools.preview.editor import open_in_editor
from tools.preview.panels.widgets import coloured, inked, tip
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.theme import ACCENT, BAD, DIM, FAINT, GOOD, TEXT, WARN, Fonts, Icon, Ink

INKS: dict[str, Ink] = {"stopped": BAD, "visible": WARN, "noted": DIM}


class ProblemsPanel:
    """The list. A click on a line opens the author's editor there."""

    title = "Problems"

    def __init__(self, fonts: Fonts, player: Player) -> None:
        self._fonts = fonts
        self._player = player

    def count(self, session: Session) -> int:
        """How many there are that want something done."""
        document = session.document
        gone = document.is_gone and not session.mistakes  # of one that never was there is a mistake
        mistakes = len(session.mistakes) + len(self._shader_mistakes())
        return mistakes + len(document.clashes) + bool(self._player.trouble) + gone

    def draw(self, session: Session) -> None:
        """Draw clashes first, then mistakes, then notices."""
        document = session.document
        for clash in list(document.clashes):
            self._draw_clash(session, clash)
        if document.is_gone and session.scene is None:
            _line(Icon.WARNING, WARN, f"There is no {session.path.name} yet.", "What you add and save begins it.")
        elif document.is_gone:
            _line(Icon.WARNING, WARN, f"{session.path.name} is gone.", "Save to write it anew; what is on air stays.")
        elif document.is_broken_outside:
            _line(
                Icon.WARNING, WARN, f"{session.path.name} is no valid TOML just now.", "What you changed here is kept."
            )
            imgui.same_line()
            if imgui.small_button("Save over it"):
                session.save(over=True)
        if session.other_previewer:
            _line(Icon.WARNING, WARN, session.other_previewer, "What both change is shown here to choose from.")
        for mistake in session.mistakes:
            self._draw_mistake(session, mistake)
        for mistake in self._shader_mistakes():
            self._draw_mistake(session, mistake)
        if session.mistakes or self._shader_mistakes():
            imgui.spacing()
            on_air = "What is on air stays as it was." if session.scene is not None else "Nothing is on air yet."
            coloured(on_air, FAINT)
        if self._player.trouble:
            _line(Icon.WARNING, BAD, self._player.trouble, "")
        show = self._player.show
        notices = show.notices.all() if show is not None else []
        notices = [notice for notice in notices if notice.subject not in ("scene", "shader")]  # they are listed above
        for notice in reversed(notices):
            times = f"  × {notice.count}" if notice.count > 1 else ""
            _line("\u2022", INKS[notice.severity], notice.subject, notice.text + times)
        if not (self.count(session) or notices):
            coloured(f"{Icon.CHECK}  Nothing is wrong.", GOOD)

    def _shader_mistakes(self) -> tuple[Mistake, ...]:
        show = self._player.show
        return show.shader_mistakes if show is not None else ()

    def _draw_mistake(self, session: Session, mistake: Mistake) -> None:
        imgui.push_id(f"{mistake}")
        start = imgui.get_cursor_pos()
        flags = imgui.SelectableFlags_.allow_overlap
        place = f"{mistake.file.name}:{mistake.line}:{mistake.column}" if mistake.line else mistake.file.name
        pressed, _ = imgui.selectable("##line", False, flags, ImVec2(0, imgui.get_text_line_height()))
        if pressed:
            session.said = open_in_editor(mistake.file, max(1, mistake.line), mistake.column)
        tip("Click to open the file there in your editor ($EDITOR).", str(mistake))
        imgui.set_cursor_pos(start)
        coloured(Icon.WARNING, BAD)
        imgui.same_line()
        with inked(ACCENT):
            imgui.text(place)
        imgui.same_line()
        imgui.text(mistake.message)
        imgui.pop_id()

    def _draw_clash(self, session: Session, clash: object) -> None:
        from tools.preview.document import Clash

        assert isinstance(clash, Clash)
        imgui.push_id(".".join(clash.path))
        coloured(Icon.WARNING, WARN)
        imgui.same_line()
        imgui.text(".".join(clash.path))
        imgui.same_line()
        coloured("was changed here and in the file:", DIM)
        for mine, value, words in ((True, clash.mine, "Keep mine"), (False, clash.theirs, "Take the file's")):
            imgui.same_line()
            imgui.push_style_color(imgui.Col_.text, ImVec4(*TEXT))
            if imgui.small_button(f"{words}: {'taken out' if value is None else value}"):
                session.settle(clash, mine=mine)
            imgui.pop_style_color()
        imgui.pop_id()


def _line(sign: str, ink: Ink, text: str, more: str) -> None:
    coloured(sign, ink)
    imgui.same_line()
    imgui.text(text)
    if more:
        imgui.same_line()
        coloured(more, DIM)
