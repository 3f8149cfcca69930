"""A timing log comes back from its file as it went, and says where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.timing.record import Event, Lane, LoggedDisplay, TimingLog


def filled() -> TimingLog:
    log = TimingLog()
    log.display("wall", 59.94, pace=True)
    log.display("the side", 50.0)
    log.lane("tick").add(1, 100, 200, 900)
    log.lane("present", "wall").add(1, 210, 260, 900)
    log.lane("tick").add(2, 300, 400, 1900)
    log.lane("stamp", "wall").add(1, 950, 950, 900)
    return log


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_it_comes_back(tmp_path: Path, name: str) -> None:
    filled().save(tmp_path / name)
    log = TimingLog.load(tmp_path / name)
    assert log.displays == [LoggedDisplay("wall", 59.94, pace=True), LoggedDisplay("the side", 50.0)]
    assert log.events() == filled().events()


def test_events_are_in_the_order_of_their_ends() -> None:
    events = filled().events()
    assert [event.ended_ns for event in events] == [200, 260, 400, 950]
    assert events[1] == Event("present", "wall", 1, 210, 260, 900)


def test_the_file_is_a_table(tmp_path: Path) -> None:
    filled().save(tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text("utf-8").splitlines()[:5] == [
        "# scrim timing 1",
        "# display wall 59.94 pace",
        "# display the side 50.0",
        "event,subject,number,begun_ns,ended_ns,aim_ns",
        "tick,stage,1,100,200,900",
    ]


def test_a_lane_is_asked_for_once() -> None:
    log = TimingLog()
    assert log.lane("present", "wall") is log.lane("present", "wall")
    assert log.lane("present", "wall") is not log.lane("stamp", "wall")


def test_a_display_with_another_rate_replaces_itself() -> None:
    log = filled()
    log.display("wall", 50.0)
    assert [each.refresh_hz for each in log.displays if each.name == "wall"] == [50.0]


def test_a_full_lane_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "MOST", 2)
    log = filled()
    log.lane("tick").add(3, 500, 600)
    assert log.dropped == 1
    assert [event.number for event in log.lane("tick")] == [1, 2]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ":1: not a timing log"),
        ("tick,stage,1,2,3,4\n", ":1: not a timing log"),
        ("# scrim timing 1\ntick,stage,1,2,3\n", ":2: not a line"),
        ("# scrim timing 1\n\ntock,stage,1,2,3,4\n", ":3: not a line"),
        ("# scrim timing 1\ntick,stage,1,2,three,4\n", ":2: not a line"),
        ("# scrim timing 1\n# display wall\n", ":2: not a line"),
    ],
)
def test_it_says_where_a_file_is_none_of_ours(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=where):
        TimingLog.load(path)
