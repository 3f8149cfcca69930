"""Every field of every component has a control, and what it writes is what the component takes."""

from __future__ import annotations

import pytest

from engine.component import components, fields_of
from tools.preview.control import control_of

FIELDS = [(name, field) for name, kind in components().items() for field in fields_of(kind)]


@pytest.mark.parametrize(("component", "field"), FIELDS, ids=".".join)
def test_a_field_has_a_control_that_keeps_its_bounds(component: str, field: str) -> None:
    control = control_of(component, field)
    assert control.help
    if control.kind in ("slider", "number"):
        for value in (control.low, control.high, (control.low + control.high) / 2, control.high * 2 + 1):
            rounded = control.rounded(value)
            assert control.low <= rounded <= control.high
            assert type(rounded) is (int if control.is_whole else float)
            components()[component](**{field: rounded})
    if control.kind == "choice":
        assert control.default in control.choices


def test_controls_are_what_people_expect() -> None:
    kinds = {
        ("layer", "opacity"): "slider",
        ("layer", "order"): "number",
        ("layer", "visible"): "switch",
        ("layer", "blend"): "choice",
        ("layer", "mask"): "entity",
        ("key", "screen"): "colour",
        ("camera", "source"): "file",
        ("place", "crop"): "several",
        ("keyframes", "times_s"): "list",
        ("keyframes", "light"): "tracks",
        ("display", "title"): "text",
        ("cue", "show"): "entities",
        ("shader", "parameters"): "table",
    }
    assert {path: control_of(*path).kind for path in kinds} == kinds
    assert control_of("stage", "width").restarts
    assert control_of("camera", "rate_hz").format == "%.1f Hz"
