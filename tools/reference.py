"""`scrim reference`: write what is derived from the components, the reference page and the editors' schema."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from argparse import Namespace
from pathlib import Path

from engine.scene.reference import reference_page
from engine.scene.schema import scene_schema

SCENES = Path(__file__).parents[1] / "scenes"


def derived() -> dict[Path, str]:
    """Return what each derived file should hold."""
    return {
        SCENES / "REFERENCE.md": reference_page(),
        SCENES / "scene.schema.json": json.dumps(scene_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def show_page() -> int:
    """Open the reference page in what the desktop takes for it, and say where it lies."""
    page = SCENES / "REFERENCE.md"
    print(page)
    desktop = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) or sys.platform != "linux"
    if desktop:
        webbrowser.open(page.as_uri())
    return 0


def run(arguments: Namespace) -> int:
    """Write the files, open the page, or with `arguments.check` return 1 when one is not current."""
    if arguments.open:
        return show_page()
    stale = [file for file, text in derived().items() if not file.exists() or file.read_text("utf-8") != text]
    for file in stale:
        if arguments.check:
            print(f"{file.name} is not current; run: scrim reference", file=sys.stderr)
        else:
            file.write_text(derived()[file], "utf-8")
            print(f"wrote {file.name}")
    return 1 if stale and arguments.check else 0
