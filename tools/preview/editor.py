"""Opening a file in the author's own editor, at a line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

WITH_GOTO = ("code", "codium", "code-insiders", "cursor", "windsurf")
WITH_COLON = ("subl", "sublime_text", "zed", "hx", "helix", "micro", "atom")
IN_TERMINAL = ("vi", "vim", "nvim", "nano", "emacs", "hx", "helix", "micro", "kak", "joe", "ne")
TERMINALS = ("x-terminal-emulator", "gnome-terminal", "konsole", "xfce4-terminal", "alacritty", "kitty", "xterm")

_opened: list[subprocess.Popen[bytes]] = []
"""Editors that may still be open: one that nobody asks after stays a zombie."""


def command(editor: str, file: Path, line: int, column: int) -> list[str]:
    """Return what starts an editor at a place, as that editor wants to be told."""
    words = shlex.split(editor)
    name = Path(words[0]).stem
    if name in WITH_GOTO:
        return [*words, "--goto", f"{file}:{line}:{column}"]
    if name in WITH_COLON:
        return [*words, f"{file}:{line}:{column}"]
    if name in ("kate", "gedit", "gnome-text-editor"):
        return [*words, f"+{line}", str(file)] if name != "kate" else [*words, "--line", str(line), str(file)]
    return [*words, f"+{line}", str(file)]


def open_in_editor(file: Path, line: int, column: int = 1) -> str:
    """Open a file in $VISUAL or $EDITOR, else in what the desktop takes for it; return what to tell of it."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        if not editor:
            opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
            if shutil.which(opener) is None:
                return f"{file}:{line}: set $EDITOR to have it opened"
            words = [opener, str(file)]
        else:
            words = command(editor, file.absolute(), line, column)
            if Path(words[0]).stem in IN_TERMINAL and "-c" not in words:
                terminal = next((found for name in TERMINALS if (found := shutil.which(name))), None)
                if terminal is None:
                    return f"{file}:{line}: $EDITOR wants a terminal, and there is none here"
                words = [terminal, "--" if "gnome" in terminal else "-e", *words]
        _opened[:] = [each for each in _opened if each.poll() is None]
        nothing = subprocess.DEVNULL
        _opened.append(subprocess.Popen(words, stdin=nothing, stdout=nothing, stderr=nothing))
    except (OSError, ValueError) as error:
        return f"$EDITOR cannot be started: {error}"
    return f"opened {file.name} at line {line}"
