"""How much memory a process holds: the machine's, and the cards' where NVIDIA's library tells."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.models.heat import nvml


def held_bytes(pid: int) -> int | None:
    """Return what a process holds in memory and on NVIDIA cards; None where nobody tells."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") + _on_cards(pid)


def _on_cards(pid: int) -> int:
    library = nvml()
    with suppress(Exception):  # no card, or one that was lost
        cards = [library.nvmlDeviceGetHandleByIndex(index) for index in range(library.nvmlDeviceGetCount())]
        running = [each for card in cards for each in library.nvmlDeviceGetComputeRunningProcesses(card)]
        return sum(each.usedGpuMemory or 0 for each in running if each.pid == pid)
    return 0
