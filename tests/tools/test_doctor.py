"""The doctor says what is there, what is not, and never falls ill itself."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from fractions import Fraction

import pytest

from engine.errors import GpuError
from engine.media.encoder import encodes
from engine.models import providers, runtime
from tools import doctor
from tools.doctor import Finding


@pytest.fixture
def without_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window may open on the desktop of whoever runs the tests."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("without_desktop")
def test_the_table_and_the_data_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(Namespace(json=True)) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == list(doctor.SUBJECTS)
    assert data["gpu"]["backend"]["value"]
    assert data["models"]["cpu"] == {"value": "runs", "remedy": ""}
    assert data["H.264 encoders"]["libx264"]["value"] is True
    assert data["machine"]["cores"]["value"] > 0
    doctor.run(Namespace(json=False))
    table = capsys.readouterr().out
    for subject, findings in data.items():
        assert f"\n{subject}\n" in f"\n{table}"
        assert all(name in table for name in findings)


def test_a_remedy_stands_under_what_is_missing() -> None:
    findings = [Finding("gpu", "adapter", None, "install a driver"), Finding("gpu", "modes", ["fifo", "mailbox"])]
    assert doctor.table(findings).splitlines() == [
        "gpu",
        "  adapter  –",
        "           → install a driver",
        "  modes    fifo, mailbox",
    ]


def test_what_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def no_gpu() -> Iterator[Finding]:
        raise GpuError("no GPU adapter: install a Vulkan driver")
        yield

    def broken() -> Iterator[Finding]:
        yield Finding("models", "cpu", "runs")
        raise OSError("libcuda.so: no such file")

    monkeypatch.setattr(doctor, "SUBJECTS", {"gpu": no_gpu, "models": broken})
    assert doctor.run(Namespace(json=False)) == 1
    table = capsys.readouterr().out
    assert "→ no GPU adapter: install a Vulkan driver" in table
    assert "→ cannot be asked: OSError: libcuda.so: no such file" in table


def test_a_provider_that_is_listed_but_refuses_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "installed_providers", lambda: ["cuda", "cpu"])
    monkeypatch.setattr(runtime, "try_provider", lambda _name: "cpu")
    findings = {finding.name: finding for finding in doctor._models()}
    assert findings["cuda"].value == "refuses, runs on cpu"
    assert findings["cuda"].remedy == doctor.PROVIDERS["cuda"]
    assert findings["tensorrt"].value == "not installed"
    assert (findings["cpu"].value, findings["cpu"].remedy) == ("runs", "")


def test_every_provider_has_its_remedy() -> None:
    assert doctor.PROVIDERS.keys() == providers.PROVIDERS.keys()


def test_an_encoder_that_is_not_there_does_not_open() -> None:
    assert not encodes("h264_teleport", (640, 368), Fraction(30))
