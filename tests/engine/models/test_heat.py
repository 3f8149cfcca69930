"""The hottest sensor, from a tree of files as the kernel has it."""

from __future__ import annotations

from pathlib import Path

from engine.models.heat import hottest_c


def test_the_hottest_that_makes_sense_counts(tmp_path: Path) -> None:
    assert hottest_c(tmp_path) is None
    for name, text in {
        "hwmon/hwmon0/temp1_input": "41000\n",
        "hwmon/hwmon1/temp2_input": "66500\n",
        "hwmon/hwmon1/temp3_input": "nonsense",
        "thermal/thermal_zone0/temp": "52000\n",
        "thermal/thermal_zone1/temp": "-273000\n",
        "thermal/thermal_zone2/temp": "999000\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "ascii")
    assert hottest_c(tmp_path) == 66.5
