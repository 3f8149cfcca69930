"""How hot the machine is, by whatever sensor it has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

SYSTEM = Path("/sys/class")


def hottest_c(system: Path | None = None) -> float | None:
    """Return the hottest of processor and NVIDIA cards, in °C; None where nothing says. May block on a sensor."""
    found = [*_sensors(system or SYSTEM), *_cards()]
    return max(found, default=None)


def _sensors(system: Path) -> list[float]:
    """Read hwmon and thermal zones; a sensor that cannot be read, or says nonsense, is left out."""
    found = []
    for path in (*system.glob("hwmon/hwmon*/temp*_input"), *system.glob("thermal/thermal_zone*/temp")):
        try:
            celsius = int(path.read_text("ascii")) / 1000
        except (OSError, ValueError):
            continue
        if 0 < celsius < 150:
            found.append(celsius)
    return found


@cache
def nvml() -> Any:
    """Return NVIDIA's management library, or None where its package (the extra `gpu`) or a card is missing."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:
        return None
    return pynvml


def _cards() -> list[float]:
    library = nvml()
    if library is None:
        return []
    try:
        handles = [library.nvmlDeviceGetHandleByIndex(index) for index in range(library.nvmlDeviceGetCount())]
        return [float(library.nvmlDeviceGetTemperature(handle, library.NVML_TEMPERATURE_GPU)) for handle in handles]
    except Exception:  # a card that was lost: the processor's sensors still speak
        return []
