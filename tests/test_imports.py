"""Imports go one way, and what is special is imported in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MAY_IMPORT = {
    "shaders": {"shaders"},
    "engine": {"shaders", "engine"},
    "systems": {"shaders", "engine", "systems"},
    "tools": {"shaders", "engine", "systems", "tools"},
    "tests": {"shaders", "engine", "systems", "tools", "tests"},
}
"""Each folder, and those of our own that it may import."""

ONLY_IN = {
    "esper": {"engine/world.py"},
    "glfw": {"engine/display/window.py", "engine/display/monitors.py"},
    "grpc": {"engine/models/server.py"},
    "onnxruntime": {
        "engine/models/runtime.py",
        "tools/bench/triton_person.py",  # it is not of the program
        "tools/models/optimise.py",  # it makes models and runs none
        "tools/train/edges.py",  # it runs where Scrim is not installed
    },
    "zmq": {"engine/models/process.py", "engine/models/perception.py", "tools/bench/ipc.py"},
}
"""Each special package, and the files of the program that may import it."""

PURE = ("engine/components/", "engine/timing/")
IMPURE = {"wgpu", "glfw", "grpc", "onnxruntime", "zmq"}

FILES = [path for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.fixture(params=FILES, ids=lambda path: str(path.relative_to(ROOT)))
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _imports(file: Path) -> Iterator[str]:
    """The top-level package of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative imports hide the direction"
            yield str(node.module).partition(".")[0]


def test_imports_go_one_way(file: Path) -> None:
    folder = file.relative_to(ROOT).parts[0]
    assert not set(_imports(file)) & MAY_IMPORT.keys() - MAY_IMPORT[folder]


def test_special_packages_are_imported_in_one_place(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()
    if not name.startswith("tests/"):
        assert not {package for package in set(_imports(file)) & ONLY_IN.keys() if name not in ONLY_IN[package]}
    if name.startswith(PURE):
        assert not set(_imports(file)) & IMPURE


def test_a_file_says_first_what_it_is_for(file: Path) -> None:
    text = file.read_text("utf-8")
    assert text.startswith('"""')
    assert ast.get_docstring(ast.parse(text))
