"""What the previewer's window is made of: one panel a file, each a class with a title and `draw(session)`."""

from __future__ import annotations

from typing import Protocol

from tools.preview.session import Session


class Panel(Protocol):
    """A part of the window. What it needs beside the session (the canvas, the player) comes through its constructor."""

    title: str

    def draw(self, session: Session) -> None:
        """Show the session, inside a window of imgui that is there already, and change it as people ask."""
