"""What happened when in a show is written on request, and the pacing bench plays it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.timing.record import TimingLog
from tools.cli import main

SCENE = """
[a.fill]
[a.layer]
[stage.stage]
width = 64
height = 36
[wall.display]
rate_hz = 15.0
[side.display]
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of one second of a show with two displays, at 30 Hz."""
    scene, path = tmp_path / "show.toml", tmp_path / "show.csv.gz"
    scene.write_text(SCENE)
    assert main(["run", str(scene), "--headless", "--seconds", "1", "--record-timing", str(path)]) == 0
    return path


def test_ticks_and_presents_are_logged_with_their_stage(log: Path) -> None:
    timing = TimingLog.load(log)
    assert [(display.name, display.refresh_hz) for display in timing.displays] == [("wall", 15.0), ("side", 0.0)]
    rows = {(lane.event, lane.subject): list(lane) for lane in timing.lanes}
    ticks = rows["tick", "stage"]
    assert ticks, "the show ticked"
    assert len({row.number for row in ticks}) == len(ticks), "each once; the rehearsal is not among them"
    assert all(row.begun_ns < row.ended_ns for row in ticks)
    began_ns = {row.number: row.begun_ns for row in ticks}
    for name in ("wall", "side"):
        presents = rows["present", name]
        assert presents
        assert all(began_ns[row.number] < row.ended_ns for row in presents), "no stage is shown before it was begun"
    assert len(rows["present", "wall"]) < len(rows["present", "side"]), "half as often"


def test_a_log_without_stamps_cannot_be_played_back(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["bench", "pacing", "--replay", str(log)]) == 2
    said = "the log holds too few stamps: did a display report when it showed a picture?"
    assert capsys.readouterr() == ("", f"{log}: {said}\n")


@pytest.mark.parametrize("text", [None, "no log\n"])
def test_what_is_no_log_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    path = tmp_path / "log.csv"
    if text is not None:
        path.write_text(text)
    assert main(["bench", "pacing", "--replay", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(path) in error


def test_replay_is_for_pacing_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "soak", "--replay", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "--replay is for pacing: scrim bench pacing --replay FILE\n"


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("scrim 0.")
