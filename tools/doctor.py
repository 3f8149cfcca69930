"""`scrim doctor`: say what this machine can do for a show, and how to get what it cannot."""

from __future__ import annotations

import json
import os
import platform
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata
from typing import Any

import numpy as np

from engine.errors import ModelError, ShowError

PACKAGES = ("scrim", "wgpu", "glfw", "esper", "onnxruntime", "onnxruntime-gpu", "numpy", "opencv-python-headless", "av")

ENCODERS = {
    "libx264": "it comes with PyAV's own wheels",
    "h264_nvenc": "it needs an NVIDIA card with its driver",
    "h264_qsv": "it needs an Intel GPU with its media driver (Debian: apt-get install intel-media-va-driver)",
    "h264_amf": "it needs an AMD card with its AMF runtime",
    "h264_videotoolbox": "it needs macOS",
}
"""H.264 encoders by ffmpeg's names, and what each needs."""

PROVIDERS = {
    "tensorrt": "it needs an NVIDIA card, SCRIM_EXTRA=gpu and TensorRT",
    "cuda": "it needs an NVIDIA card, SCRIM_EXTRA=gpu, and CUDA with cuDNN",
    "coreml": "it needs macOS",
    "directml": "it needs Windows and the package onnxruntime-directml",
    "openvino": "it needs the package onnxruntime-openvino",
    "cpu": "install onnxruntime: SCRIM_EXTRA=cpu tools/run",
}
"""What each of onnxruntime's providers needs."""

SLEEPS = 50
LATE_US = 1000.0
"""Waking later than this eats up the margin that a tick has."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says how to get what is missing, or is empty."""

    subject: str
    name: str
    value: Any
    remedy: str = ""


def run(arguments: Namespace) -> int:
    """Print what was found, as a table or with `arguments.json` as data; return 1 when no show can run here."""
    findings = examine()
    if arguments.json:
        data: dict[str, dict[str, Any]] = {}
        for finding in findings:
            data.setdefault(finding.subject, {})[finding.name] = {"value": finding.value, "remedy": finding.remedy}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        print(table(findings))
    return 0 if any(finding.name == "adapter" and finding.value for finding in findings) else 1


def examine() -> list[Finding]:
    """Look at everything. What cannot be looked at is a finding too."""
    findings = []
    for subject, look in SUBJECTS.items():
        try:
            findings += list(look())
        except ShowError as error:
            findings.append(Finding(subject, "available", False, str(error)))
        except Exception as error:  # a doctor outlives what is wrong with the patient
            findings.append(Finding(subject, "available", False, f"cannot be asked: {type(error).__name__}: {error}"))
    return findings


def table(findings: list[Finding]) -> str:
    """Write findings in columns, each remedy under what it is for."""
    wide = max(len(finding.name) for finding in findings) + 2
    lines = []
    subject = ""
    for finding in findings:
        if finding.subject != subject:
            subject = finding.subject
            lines += ["", subject]
        lines.append(f"  {finding.name:{wide}}{_words(finding.value)}")
        if finding.remedy:
            lines.append(f"  {'':{wide}}→ {finding.remedy}")
    return "\n".join(lines[1:])


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "–" if value is None else str(value)


def _machine() -> Iterator[Finding]:
    yield Finding("machine", "system", f"{platform.system()} {platform.release()} {platform.machine()}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    few = "with less than 4, picture, model and tick take turns" if cores < 4 else ""
    yield Finding("machine", "cores", cores, few)
    if hasattr(os, "sysconf"):
        yield Finding("machine", "memory, MiB", os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20)
    overshoot_us = np.array([_overshoot_us() for _ in range(SLEEPS)])
    p50, p99 = (round(float(value), 1) for value in np.percentile(overshoot_us, (50, 99)))
    yield Finding("machine", "sleep overshoot p50, µs", p50)
    late = "" if p99 < LATE_US else "something else keeps the cores busy: close it, or frames will be late"
    yield Finding("machine", "sleep overshoot p99, µs", p99, late)


def _overshoot_us() -> float:
    """Return how much too late a sleep of 2 ms ends."""
    due_ns = time.perf_counter_ns() + 2_000_000
    time.sleep(0.002)
    return (time.perf_counter_ns() - due_ns) / 1000


def _packages() -> Iterator[Finding]:
    yield Finding("packages", "python", platform.python_version())
    for name in PACKAGES:
        try:
            yield Finding("packages", name, metadata.version(name))
        except metadata.PackageNotFoundError:
            if not name.startswith("onnxruntime"):  # there is one or the other; models say it if there is none
                yield Finding("packages", name, None, "set up anew: delete .venv, then tools/run")


def _gpu() -> Iterator[Finding]:
    from engine.gpu.device import WANTED_FEATURES, open_gpu

    gpu = open_gpu()
    info = gpu.info
    slow = "it draws in software: install your card's Vulkan driver" if gpu.is_software else ""
    yield Finding("gpu", "adapter", info["device"], slow)
    yield Finding("gpu", "driver", info["description"])
    yield Finding("gpu", "backend", info["backend_type"])
    yield Finding("gpu", "largest texture, px", gpu.adapter.limits["max-texture-dimension-2d"])
    for feature in WANTED_FEATURES:
        there = feature in gpu.features
        yield Finding("gpu", feature, there, "" if there else "a newer driver may have it; Scrim does without")


def _displays() -> Iterator[Finding]:
    from engine.components import Display
    from engine.display.monitors import list_monitors
    from engine.display.window import DEEP_FORMAT, Window
    from engine.gpu.device import open_gpu

    for monitor in list_monitors():
        place = f"at:{monitor.x},{monitor.y}" if (monitor.x, monitor.y) != (0, 0) or monitor.index == 0 else ""
        scale = f"scale {monitor.scale:g}" if monitor.scale != 1.0 else ""
        identity = [
            monitor.model,
            f"serial:{monitor.serial}" if monitor.serial else "",
            f"edid:{monitor.edid}" if monitor.edid else "",
        ]
        value = ", ".join(filter(None, [str(monitor), place, scale, *identity]))
        nameless = "" if monitor.edid else "it does not say which it is: name it by its connector"
        yield Finding("displays", f"monitor {monitor.index}", value, nameless)
    window = Window(open_gpu(), "doctor", Display(title="scrim doctor", depth_bits=10), (64, 64))
    try:
        slow = "" if window.present_mode == "mailbox" else "without mailbox, a slow display can hold up the others"
        yield Finding("displays", "present mode", window.present_mode, slow)
        yield Finding("displays", "bits a colour", "up to 10" if window.format == DEEP_FORMAT else "8")
    finally:
        window.release()


def _cameras() -> Iterator[Finding]:
    from engine.media.device import list_devices

    devices = list_devices()
    for device in devices:
        yield Finding("cameras", f"device:{device.number}", device.name)
    if not devices:
        yield Finding("cameras", "webcam", None, 'plug one in; a file, or source = "synthetic", needs none')


def _encoders() -> Iterator[Finding]:
    from engine.media.encoder import encodes

    for name, needs in ENCODERS.items():
        works = encodes(name, (640, 368), Fraction(30))
        yield Finding("H.264 encoders", name, works, "" if works else needs)


def _models() -> Iterator[Finding]:
    from engine.models.runtime import installed_providers, try_provider

    installed = installed_providers()
    for name, needs in PROVIDERS.items():
        if name not in installed:
            yield Finding("models", name, "not installed", needs)
            continue
        try:
            runs_on = try_provider(name)
        except ModelError as error:
            yield Finding("models", name, str(error), needs)
        else:
            refused = runs_on != name
            yield Finding(
                "models", name, f"refuses, runs on {runs_on}" if refused else "runs", needs if refused else ""
            )


SUBJECTS: dict[str, Callable[[], Iterator[Finding]]] = {
    "machine": _machine,
    "packages": _packages,
    "gpu": _gpu,
    "displays": _displays,
    "cameras": _cameras,
    "H.264 encoders": _encoders,
    "models": _models,
}
