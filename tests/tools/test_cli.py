"""The command line finds its commands, says mistakes in words, and imports no more than it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from engine.errors import GpuError
from tests.conftest import ROOT
from tools.cli import HELLO, main

HEAVY = {"av", "cv2", "esper", "glfw", "imgui_bundle", "numpy", "onnxruntime", "wgpu"}
GOOD = "[sky.layer]\n[sky.fill]\n"
BAD = "[sky.layer]\nordr = 1\nopacity = 2\n[sky.fill]\n"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Namespace]:
    """Run a command with its module replaced; return what it was given."""

    def run(module: str, *argv: str, raises: BaseException | None = None, code: int = 0) -> Namespace:
        given: list[Namespace] = []

        def stand_in(arguments: Namespace) -> int:
            given.append(arguments)
            if raises is not None:
                raise raises
            return 0

        made = ModuleType(module)
        vars(made)["run"] = stand_in
        monkeypatch.setitem(sys.modules, module, made)
        assert main(argv) == code
        return given[0]

    return run


def test_check_says_ok_for_each_good_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "show.toml"
    path.write_text(GOOD)
    assert main(["check", str(path), str(path)]) == 0
    assert capsys.readouterr() == (f"{path}: ok, 1 entity\n" * 2, "")


def test_check_opens_the_models_that_a_scene_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.onnx").write_text("no model", "utf-8")
    text = '[front.camera]\nsource = "synthetic"\n[guest.layer]\n[guest.mask]\ncamera = "front"\nmodel = "{}"\n'
    good, bad, strange = (tmp_path / f"{name}.toml" for name in ("good", "bad", "strange"))
    for path, model in ((good, "scrim_person"), (bad, "none.onnx"), (strange, "nobody")):
        path.write_text(text.format(model), "utf-8")
    assert main(["check", str(good), str(bad), str(strange)]) == 2
    said = capsys.readouterr()
    assert said.out == f"{good}: ok, 2 entities\n"
    first, second = said.err.splitlines()
    assert first.startswith(f"{bad}:6:1: model: ")
    assert "not an ONNX model" in first
    assert second.startswith(f'{strange}:6:1: model: there is no file "nobody" in ')


def test_check_says_all_mistakes_of_all_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(GOOD)
    bad.write_text(BAD)
    assert main(["check", str(bad), str(good), str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == f"{good}: ok, 1 entity\n"
    assert err.splitlines() == [
        f"{bad}:2:1: no field 'ordr' (did you mean 'order'?)",
        f"{bad}:3:1: opacity must be at most 1, not 2",
        f"{tmp_path}: {tmp_path.name!r} is a folder; name a scene file in it",
    ]


def test_run_gets_what_was_said(called: Callable[..., Namespace]) -> None:
    arguments = called(
        "tools.live",
        *("run", "show.toml", "--headless", "--seconds", "2.5", "--record", "a.mp4=wall", "--record", "b.mp4"),
        *("--report", "r.json", "--set", "a.b.c=1", "--set", "a.b.d=2", "--clock", "step"),
    )
    assert arguments.scene == Path("show.toml")
    assert (arguments.headless, arguments.seconds, arguments.clock) == (True, 2.5, "step")
    assert arguments.record == ["a.mp4=wall", "b.mp4"]
    assert arguments.report == Path("r.json")
    assert arguments.overrides == ["a.b.c=1", "a.b.d=2"]
    assert arguments.trace is None


def test_run_without_a_scene_says_hello(called: Callable[..., Namespace]) -> None:
    arguments = called("tools.live", "run")
    assert arguments.scene == HELLO
    assert (arguments.headless, arguments.seconds, arguments.report, arguments.clock) == (False, None, None, "real")
    assert (arguments.record, arguments.overrides) == ([], [])


def test_the_other_commands_get_what_was_said(called: Callable[..., Namespace]) -> None:
    assert called("tools.bench", "bench", "present", "--json").names == ["present"]
    assert called("tools.doctor", "doctor").json is False
    new = called("tools.new", "new", "my_show", "--like", "particles")
    assert (new.name, new.like, new.list) == (Path("my_show"), "particles", False)
    preview = called("tools.preview.app", "preview", "a.toml", "--screenshot=a.png", "--at=2", "--size=800x600")
    assert (preview.scene, preview.screenshot, preview.at, preview.size) == (
        Path("a.toml"), Path("a.png"), 2.0, (800, 600),
    )  # fmt: skip
    snapshot = called("tools.snapshot", "snapshot", "a.toml", "--at=1.5", "-oa.png", "--display=wall", "--set=a.b.c=1")
    assert (snapshot.scene, snapshot.at, snapshot.output) == (Path("a.toml"), 1.5, Path("a.png"))
    assert (snapshot.display, snapshot.overrides) == ("wall", ["a.b.c=1"])


def test_an_error_of_the_show_is_said_in_one_line(
    called: Callable[..., Namespace], capsys: pytest.CaptureFixture[str]
) -> None:
    called("tools.doctor", "doctor", raises=GpuError("no adapter; install a Vulkan driver"), code=2)
    assert capsys.readouterr() == ("", "no adapter; install a Vulkan driver\n")


def test_an_interrupt_ends_quietly(called: Callable[..., Namespace]) -> None:
    called("tools.live", "run", raises=KeyboardInterrupt(), code=130)


@pytest.mark.parametrize(
    "argv",
    [(), ("rnu",), ("run", "--seconds", "-1"), ("run", "--seconds", "x"), ("run", "--clock", "slow"), ("check",)],
)
def test_a_wrong_command_line_is_refused(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: scrim" in capsys.readouterr().err


def test_reference_check_says_what_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.reference.SCENES", tmp_path)
    assert main(["reference", "--check"]) == 1
    assert "REFERENCE.md is not current; run: scrim reference" in capsys.readouterr().err
    assert main(["reference"]) == 0
    assert main(["reference", "--check"]) == 0
    assert json.loads((tmp_path / "scene.schema.json").read_text("utf-8"))["title"] == "Scrim scene"


@pytest.mark.parametrize("argv", [["--help"], ["check", "show.toml"], ["new", "--list"]])
def test_light_commands_import_nothing_heavy(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tools.cli", *argv],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & HEAVY


STUCK = """
import sys
from pathlib import Path
from engine.errors import ModelError
from engine.models import session
from engine.models.session import Session
from tests.engine.models.onnx_models import spinner
from tools import cli

cli.STUCK_S = 0.1
opened = Session(spinner(Path(sys.argv[1])))
opened.bind((1, 3, 16, 32))
opened._opening._options = None  # so that nobody can end it
opened.inputs[0][:] = 1e15
session.LEAST_PATIENCE_S = session.LEAST_OPEN_S = 0.2
try:
    opened.run()
except ModelError as error:
    print(error)
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.parametrize(("command", "code"), [(["models", "info", "sinet_320"], 0), (["models", "info", "x"], 2)])
def test_a_run_that_is_stuck_for_good_does_not_spoil_the_end(tmp_path: Path, command: list[str], code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STUCK, tmp_path / "spinner.onnx", *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert "did not come back" in ended.stdout
    assert ("licence    MIT" in ended.stdout) == (code == 0)
    assert ("there is no model 'x'" in ended.stderr) == (code == 2)
    assert "terminate called" not in ended.stderr
    assert ended.returncode == code
