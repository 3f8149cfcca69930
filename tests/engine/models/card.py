"""A graphics card where there is none: real sessions of the processor that stall and fail when they are told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelError
from engine.models import providers, runtime, session
from engine.models.providers import PROVIDERS
from engine.models.session import Session
from tests.engine.models.onnx_models import mixer


class Card:
    """A graphics card as onnxruntime has it, that stalls, or has no memory, as often as it is told to.

    What it runs is run by the processor, by a real session; `entered` counts its runs, `stuck` is what holds them up.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.troubles: list[str] = []
        self.trouble = ""  # of the run that is on its way
        self.stuck = threading.Event()
        self.opened: list[str] = []
        self.entered = 0
        really_open = runtime._open

        def opens(model: Any, name: Any, wanted: Sequence[str], *rest: Any) -> Any:
            self.opened.append(wanted[0])
            if self.troubles[:1] == ["refuses"]:
                raise ModelError(f"{name}: the model does not open on {self.troubles.pop(0) and wanted[0]}: no driver")
            return OnCard(really_open(model, name, ["cpu"], *rest), self, wanted[0])

        monkeypatch.setattr(runtime, "_open", opens)
        monkeypatch.setattr(session, "installed_providers", lambda: ["cuda", "cpu"])
        monkeypatch.setitem(providers.DEVICES, "cuda", "cpu")  # tensors of their own, in the memory that there is
        monkeypatch.setattr(session, "LEAST_PATIENCE_S", 0.5)
        monkeypatch.setattr(session, "TIMES_PATIENCE", 0)
        really_run = runtime.Opening.run

        def runs(opening: runtime.Opening, patience_s: float) -> None:
            self.trouble = self.troubles.pop(0) if self.troubles[:1] in (["memory"], ["stalls"]) else ""
            really_run(opening, patience_s if self.trouble == "stalls" else 60.0)  # a busy machine is no stall

        monkeypatch.setattr(runtime.Opening, "run", runs)

    def session(self, path: Path, **options: Any) -> Session:
        opened = Session(mixer(path / "red.onnx", "nchw", [[1, 0, 0]]), **options)
        opened.bind((1, 3, 16, 32))
        return opened


class OnCard:
    """A session of onnxruntime, with the card in front of it."""

    def __init__(self, real: Any, card: Card, provider: str) -> None:
        self._real, self._card, self._provider = real, card, provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_providers(self) -> list[str]:
        return [PROVIDERS[self._provider]]

    def run_with_iobinding(self, *arguments: Any) -> None:
        self._card.entered += 1
        match self._card.trouble:
            case "memory":
                raise RuntimeError("CUDA failure 2: out of memory")
            case "stalls":
                self._card.stuck.wait(60)
                arguments = arguments[:1]  # it was in the last node, where nobody can end it
        self._real.run_with_iobinding(*arguments)
