"""A chroma key: the screen's colour is background."""

from __future__ import annotations

from pydantic_core import CoreSchema, core_schema

from engine.component import Colour, component, field


class Screen(Colour):
    """A screen's colour, written as "#rrggbb", or "auto": the one that stands at the picture's borders."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Screen:
        """Read "auto", "#rrggbb" or "#rgb"."""
        if text == "auto":
            return cls(-1.0, -1.0, -1.0)
        try:
            return cls(*Colour.parse(text))
        except ValueError as error:
            raise ValueError(f'{error}, or "auto"') from error

    @property
    def is_auto(self) -> bool:
        """Whether it is to be found in the picture."""
        return self.red < 0.0

    def hex(self) -> str:
        """Write it as a scene does."""
        return "auto" if self.is_auto else super().hex()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            json_schema_input_schema=core_schema.str_schema(pattern="^(auto|#([0-9a-fA-F]{3}){1,2})$"),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.hex, return_schema=core_schema.str_schema()
            ),
        )


@component
class Key:
    """How far from the screen, in hue, saturation and value, a pixel must be to be person; 1 is as far as grey is."""

    screen: Screen = field(
        Screen.parse("#00b140"), 'Colour of the screen; "auto" finds it at the picture\'s left, right and upper border.'
    )
    plate: str = field(
        "", "A still of the empty screen, as this camera sees it: each pixel's own screen colour.", file="picture"
    )
    even: bool = field(True, "Learn how the screen is lit, and even that out.")
    tolerance: float = field(0.2, "Share of person that is still screen.", low=0.0, high=2.0)
    softness: float = field(0.6, "Share from there to all person; 0 is a hard cut.", low=0.0, high=2.0)
    darkness: float = field(0.25, "How much being darker than the screen counts.", low=0.0, high=2.0)
    despill: float = field(1.0, "How much of the screen's light is taken off the person.", low=0.0, high=1.0)
