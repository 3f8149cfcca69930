"""A component is declared once; everything else is read from the declaration."""

from __future__ import annotations

from typing import Any, Literal

import pydantic
import pytest

from engine import component as declarations
from engine.component import (
    Colour,
    Fraction,
    about,
    component,
    components,
    field,
    fields_of,
    snake_case,
    state,
    states_of,
)


@pytest.fixture
def lamp(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A component that is forgotten after the test."""
    monkeypatch.setattr(declarations, "_BY_NAME", dict(components()))
    monkeypatch.setattr(declarations, "_STATES", {})

    @component
    class StageLamp:
        """A lamp."""

        strength: float = field(1.0, "How much.", low=0.0, high=2.0, unit="lm")
        kind: Literal["point", "flood"] = field("point", "Which.")
        follows: str = field("", "Whom.", refers="mask")
        shape: tuple[Fraction, Fraction] = field((0.0, 1.0), "Which part.")
        colour: Colour = field(Colour.parse("#fff"), "Which colour.")

    return StageLamp


def test_it_is_known_by_its_toml_name(lamp: Any) -> None:
    assert components()["stage_lamp"] is lamp
    assert snake_case("LightWrap") == "light_wrap"


def test_its_fields_say_what_they_are(lamp: Any) -> None:
    infos = fields_of(lamp)
    assert list(infos) == ["strength", "kind", "follows", "shape", "colour"]
    assert infos["strength"].description == "How much."
    assert about(infos["strength"]).unit == "lm"
    assert about(infos["follows"]).refers == "mask"
    assert about(infos["kind"]) == declarations.About()


def test_it_is_plain_slotted_data(lamp: Any) -> None:
    assert lamp() == lamp(strength=1)
    assert type(lamp(strength=1).strength) is float
    assert lamp(shape=[0, 0.5]).shape == (0.0, 0.5)
    with pytest.raises(AttributeError):
        lamp().other = 1


@pytest.mark.parametrize(
    "fields",
    [
        *({"strength": 3}, {"strength": "1"}, {"strength": True}, {"strength": float("nan")}, {"kind": "spot"}),
        *({"follows": 1}, {"shape": [0.0]}, {"shape": [0.0, 2.0]}, {"colour": "red"}, {"other": 1}),
    ],
)
def test_it_refuses_what_its_fields_exclude(lamp: Any, fields: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        lamp(**fields)


def test_a_state_belongs_to_its_component(lamp: Any) -> None:
    @state(of=lamp)
    class Warmth:
        degrees: float = 0.0

    assert states_of(lamp) == [Warmth]
    assert Warmth() != Warmth()  # two lamps are equally warm, never the same


def test_a_colour_goes_to_linear_light_and_back() -> None:
    assert Colour.parse("#fff") == (1.0, 1.0, 1.0)
    assert Colour.parse("#808080").red == pytest.approx(0.2158605)
    for text in ("#000000", "#0a0b0c", "#12f4ff", "#ffffff"):
        assert Colour.parse(text).hex() == text


def test_every_component_of_scrim_has_its_file_and_says_what_it_is() -> None:
    for name, made in components().items():
        assert made.__module__ == f"engine.components.{name}"
        assert made.__doc__
        assert made()
        for info in fields_of(made).values():
            assert info.description
            assert info.description.endswith(".")
