"""A new scene is an example with its files, and what is there already stays."""

from __future__ import annotations

import os
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest

from engine.scene.load import load_scene
from tests.conftest import ROOT
from tools.cli import main
from tools.new import FIRST, create, examples


@pytest.mark.parametrize("name", [example.name for example in examples()])
def test_a_scene_like_any_example_is_whole(name: str, tmp_path: Path) -> None:
    scene, *others = create(tmp_path / "my_show", name)
    assert scene == tmp_path / "my_show.toml"
    assert load_scene(scene).entities.keys() == load_scene(ROOT / "scenes" / f"{name}.toml").entities.keys()
    assert "golden" not in scene.read_text("utf-8")
    assert all(file.is_relative_to(tmp_path) for file in others)


def test_examples_say_what_they_show() -> None:
    assert examples()[0].name == FIRST
    assert all(len(example.words) > 10 and example.words.endswith(".") for example in examples())


def test_the_command_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my_show"]) == 0
    assert "next: scrim preview my_show.toml" in capsys.readouterr().out
    (tmp_path / "my_show.toml").write_text("# mine\n", "utf-8")
    assert main(["new", "my_show.toml"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "my_show.toml").read_text("utf-8") == "# mine\n"
    assert main(["new", "other", "--like", "helo"]) == 2
    assert "did you mean 'hello'?" in capsys.readouterr().err
    assert main(["new", "none/other"]) == 2
    assert "make it first" in capsys.readouterr().err
    assert main(["new", "--list"]) == 0
    assert capsys.readouterr().out.startswith(FIRST)


def test_the_reference_page_is_opened(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":99")
    assert main(["reference", "--open"]) == 0
    assert capsys.readouterr().out == f"{ROOT / 'scenes' / 'REFERENCE.md'}\n"
    assert opened == [(ROOT / "scenes" / "REFERENCE.md").as_uri()]


def test_a_new_scene_goes_on_air(tmp_path: Path) -> None:
    (scene, *_) = create(tmp_path / "my_show", "particles")
    command = [sys.executable, "-m", "tools.cli", "run", str(scene), "--headless", "--seconds", "0.2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command += ["--clock", "step", "--set", "+stage.stage.width=160", "--set", "+stage.stage.height=90"]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=tmp_path)
