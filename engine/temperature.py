"""The colour of light by its temperature."""

from __future__ import annotations

from functools import lru_cache

WHITE_K = 6504.0


def light_of(temperature_k: float) -> tuple[float, float, float]:
    """Return the colour of a black body, 1667 to 25000 K, in linear sRGB: (1, 1, 1) at 6504 K, of the same luminance.

    The chromaticity is the cubic approximation of Kim et al. 2002 (US patent 7024034), which is off by less than 0.001.
    What sRGB cannot show (below 1900 K, too little blue) is 0.
    """
    red, green, blue = _light_of(temperature_k)
    white = _light_of(WHITE_K)
    return red / white[0], green / white[1], blue / white[2]


@lru_cache(maxsize=64)
def _light_of(kelvin: float) -> tuple[float, float, float]:
    t = 1000.0 / kelvin
    if kelvin <= 4000.0:
        x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
    else:
        x = ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390
    if kelvin <= 2222.0:
        y = ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
    elif kelvin <= 4000.0:
        y = ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
    else:
        y = ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483
    big_x, big_z = x / y, (1.0 - x - y) / y  # of luminance 1
    # IEC 61966-2-1: from XYZ to linear sRGB.
    return (
        max(3.2406 * big_x - 1.5372 - 0.4986 * big_z, 0.0),
        max(-0.9689 * big_x + 1.8758 + 0.0415 * big_z, 0.0),
        max(0.0557 * big_x - 0.2040 + 1.0570 * big_z, 0.0),
    )
