"""`scrim new`: a scene of one's own, begun as one of the examples, with the files that it shows."""

from __future__ import annotations

import shutil
import tomllib
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.component import about, components, fields_of
from engine.errors import OutputError
from engine.scene.words import suggestion

SCENES = Path(__file__).parents[1] / "scenes"

SCHEMA = "scene.schema.json"
"""What lets editors complete and check a scene as one types; a scene's first line names it."""

FIRST = "hello"


@dataclass(frozen=True, slots=True)
class Example:
    """One scene to begin with, and what it shows, in a sentence."""

    name: str
    words: str
    path: Path


def examples() -> list[Example]:
    """Return every example, the one to begin with first."""
    found = [Example(path.stem, _words(path), path) for path in sorted(SCENES.glob("*.toml"))]
    return sorted(found, key=lambda example: example.name != FIRST)


def create(path: Path, like: str = FIRST) -> list[Path]:
    """Write a new scene like an example, and beside it what that shows; return the files that were written.

    What is there already stays: a scene of that name is an OutputError, a file that it shows is taken as it is.
    """
    path = path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")
    known = {example.name: example for example in examples()}
    if like not in known:
        raise OutputError(f"there is no example {like!r}{suggestion(like, list(known))}; scrim new --list shows them")
    if path.exists():
        raise OutputError(f"{path} is there already; choose another name, or open it with scrim preview {path}")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    text = known[like].path.read_text("utf-8")
    wanted = [*_files(tomllib.loads(text)), *([SCHEMA] if SCHEMA in text else [])]
    written = []
    try:
        for name in dict.fromkeys(wanted):
            source, copy = SCENES / name, path.parent / name
            if source.is_file() and not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
                written.append(copy)
        path.write_text("".join(_without_tests(text)), "utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another place") from error
    return [path, *written]


def run(arguments: Namespace) -> int:
    """List the examples, or write a scene and say what comes next."""
    if arguments.list or arguments.name is None:
        wide = max(len(example.name) for example in examples())
        for example in examples():
            print(f"{example.name:{wide}}  {example.words}")
        return 0
    scene, *others = create(arguments.name, arguments.like)
    print(f"wrote {scene}" + (f", and {len(others)} files beside it" if others else ""))
    print(f"next: scrim preview {scene}")
    return 0


def _files(tables: dict[str, Any]) -> Iterator[str]:
    """Every file that a scene names, as it names it, and those of what it includes."""
    for name in tables.get("include", []):
        yield name
        yield from _files(tomllib.loads((SCENES / name).read_text("utf-8")))
    for parts in tables.values():
        for component, fields in parts.items() if isinstance(parts, dict) else ():
            infos = fields_of(components()[component])
            for field, value in fields.items():
                if about(infos[field]).file and isinstance(value, str) and "://" not in value:
                    yield value


def _words(path: Path) -> str:
    """Return the first sentence of an example's comment."""
    lines = path.read_text("utf-8").splitlines()
    comment = " ".join(line.lstrip("# ") for line in lines[:6] if line.startswith("# ") and "golden:" not in line)
    return comment.partition(". ")[0].rstrip(".") + "."


def _without_tests(text: str) -> Iterator[str]:
    """Leave out what concerns only Scrim's own tests: the times of golden pictures."""
    return (line for line in text.splitlines(keepends=True) if not line.startswith("# golden:"))
