"""What must hold between components is checked, with a remedy."""

from __future__ import annotations

import pytest

from engine.scene.load import load_scene
from tests.engine.scene.conftest import Write, Wrong

SYNTHETIC = 'camera.source = "synthetic"'
STREAM = "[a.display]\n[a.stream]\n"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("[guest.mask]", "1:8", "mask has no camera to cut out"),
        ("[guest.layer]", "1:8", "layer has nothing to draw"),
        ("[a.stage]\n[b.stage]", "2:4", "a scene has one stage, and 'a' has it already"),
        ("[a.particles]\nemit = 'edge'", "2:1", 'emit = "edge" needs a mask'),
        ("[a.logo]\nfile = 'x.png'", "1:4", "logo belongs to one display"),
        ("[a]\ndisplay.width = 64\nlogo.margin = 0.1", "3:1", "logo has no picture"),
        ("[a.camera]\n[a.mask]\nsource = 'truth'", "3:1", "needs a synthetic camera"),
        (f"{STREAM}depth_bits = 10\nurl = 'rtmp://h/live/key'", "3:1", "rtmp://h/live/… takes 8 bits a colour; set"),
        (f"{STREAM}depth_bits = 10\nurl = 'virtual-camera'", "3:1", "virtual-camera takes 8 bits a colour"),
        (f"{STREAM}encoder = 'libx265'", "3:1", "libx265 is for 10 bits a colour"),
        (f"{STREAM}encoder = 'h264_nvenc'\ndepth_bits = 10", "3:1", "h264_nvenc is for 8 bits a colour"),
        ("[a.camera]\n[a.mask]\nrun = 'gpu'", "3:1", "run: 'gpu' is nowhere to run a model; write \"thread\" or"),
        ("[a.camera]\n[a.mask]\nrun = 'grpc://gpu/a/b'", "3:1", "run: 'grpc://gpu/a/b' is no server of models"),
        ("[a.camera]\n[a.mask]\ncorrected_by = 'gpu'", "3:1", "corrected_by: 'gpu' is no server of models"),
        ("[a.fill]\n[b.layer]\ncamera = 'a'", "3:1", "camera: 'a' has no camera; give an entity a camera table"),
        (f"[a]\n{SYNTHETIC}\n[b.layer]\nmask = 'a'", "4:1", "mask: 'a' has no mask"),
        (f"[a]\n{SYNTHETIC}\n[b.mask]\ncamera = 'A'", "4:1", "camera: 'A' is no entity (possible: 'a')"),
    ],
)
def test_a_broken_rule_is_said(write: Write, wrong: Wrong, text: str, place: str, said: str) -> None:
    write(b"", "x.png")
    [mistake] = wrong(text)
    assert mistake.startswith(f"{place}: ")
    assert said in mistake


@pytest.mark.parametrize(
    "text",
    [
        f"[a]\n{SYNTHETIC}\n[a.mask]\n[a.layer]",
        "[a.camera]\n[a.mask]",
        f"[a]\n{SYNTHETIC}\nmask.source = 'neural'",
        "[a.camera]\n[a.mask]\n[a.key]",
        "[a.camera]\n[a.mask]\nmodel = 'net.onnx'",
        "[a.camera]\n[a.mask]\nrun = 'grpcs://gpu.lan:8001/person/2'\ncorrected_by = 'grpc://[::1]/heavy'",
        f"[a]\n{SYNTHETIC}\n[b.mask]\ncamera = 'a'\n[c.layer]\nmask = 'b'\n[d.particles]\nemit = 'edge'\nmask = 'b'",
        "[a.display]\n[a.logo]\nfile = 'x.png'",
        f"{STREAM}encoder = 'hevc_qsv'\ndepth_bits = 10\nurl = 'udp://h:5000'",
    ],
)
def test_what_keeps_the_rules_loads(write: Write, text: str) -> None:
    write(b"", "x.png")
    write(b"", "net.onnx")
    load_scene(write(text))


def test_what_only_follows_from_a_mistake_is_not_said(wrong: Wrong) -> None:
    mistakes = wrong(
        "[a.mask]\ncamera = 3\n[b.layer]\nmask = 4\n[c.particles]\nemit = 'edge'\nmask = 5\n[d]\nlayer = 6"
    )
    assert [mistake.split(":")[0] for mistake in mistakes] == ["2", "4", "7", "9"]


def test_two_broken_rules_of_one_component_are_both_said(wrong: Wrong) -> None:
    assert len(wrong("[a.logo]")) == 2
