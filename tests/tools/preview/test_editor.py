"""A click on a mistake opens the author's editor at its line, as that editor wants to be told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.preview.editor import command, open_in_editor

FILE = Path("/scenes/show.toml")


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("code --wait", ["code", "--wait", "--goto", "/scenes/show.toml:7:3"]),
        ("subl", ["subl", "/scenes/show.toml:7:3"]),
        ("kate", ["kate", "--line", "7", "/scenes/show.toml"]),
        ("/usr/bin/vim", ["/usr/bin/vim", "+7", "/scenes/show.toml"]),
        ("gedit", ["gedit", "+7", "/scenes/show.toml"]),
    ],
)
def test_editors_are_told_the_line(editor: str, words: list[str]) -> None:
    assert command(editor, FILE, 7, 3) == words


def test_the_editor_is_started_and_what_cannot_be_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Ended:
        def __init__(self, words: list[str], **_: object) -> None:
            started.append(words)

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Ended)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "code")
    assert open_in_editor(tmp_path / "show.toml", 7) == "opened show.toml at line 7"
    assert started == [["code", "--goto", f"{tmp_path}/show.toml:7:1"]]
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setenv("EDITOR", "vim")
    assert "wants a terminal" in open_in_editor(tmp_path / "show.toml", 7)
    monkeypatch.delenv("EDITOR")
    assert "set $EDITOR" in open_in_editor(tmp_path / "show.toml", 7)
