"""What a show has to show for itself: every figure of `--report`, with what it means."""

from __future__ import annotations

import dataclasses
import os
import platform
import resource
import time
from pathlib import Path
from typing import Any

from engine.components import Camera, Mask
from engine.display.presenter import Presenter
from engine.display.recorder import Recorder
from engine.media.output import SOUND_BLOCK, SOUND_RATE_HZ
from engine.trace import Summary
from systems.capture import Captured
from systems.inference import Inferred, Shown
from systems.masks import Matte
from systems.show import Show, describe_gpu


def make_report(show: Show) -> dict[str, Any]:
    """Return the figures of a show that has ended, as plain data. All durations are in milliseconds."""
    spans = {name: _rounded(summary) for name, summary in show.trace.summaries().items() if summary.count}
    stage = show.stage
    return {
        "scene": str(show.scene.path),
        "machine": {
            "gpu": describe_gpu(show.gpu),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "stage": {"width": stage.width, "height": stage.height, "rate_hz": stage.rate_hz, "format": stage.format},
        "clock": "step" if show.clock.steps else "real",
        "ticks": show.loop.tick.index,
        "lag": show.loop.lag,
        "cameras": _cameras(show),
        "masks": _masks(show),
        "models": _models(show),
        "displays": _displays(show),
        "recordings": [
            {
                "file": str(recorder.file.path),
                "encoder": recorder.file.encoder,
                "frames": recorder.file.frames,
                "repeated": recorder.file.repeated,
                "dropped": recorder.file.dropped + recorder.tap.dropped,
            }
            for recorder in show.present.recorders
        ],
        "outputs": [_output(recorder) for recorder in show.present.outputs.recorders],
        "spans_ms": spans,
        "peak_memory_mb": round(peak_memory_bytes() / 1e6, 1),
        "time_to_first_frame_s": time_to_first_frame_s(show),
        "notices": [
            {"severity": n.severity, "subject": n.subject, "text": n.text, "count": n.count} for n in show.notices.all()
        ],
    }


def peak_memory_bytes() -> int:
    """Return the most memory that this process ever held: on Linux not what its parent held before it was started."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def process_age_s() -> float:
    """Return how long ago this process was started, the interpreter's own start included, where the system tells."""
    try:
        started_ticks = int(Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()[19])
        uptime_s = float(Path("/proc/uptime").read_text("ascii").split()[0])
        return uptime_s - started_ticks / os.sysconf("SC_CLK_TCK")
    except OSError:
        return time.process_time()


def time_to_first_frame_s(show: Show) -> float | None:
    """Return the time from the start of the process to the first picture on any display."""
    first = [p.first_ns for p in show.present.every_presenter if p.first_ns is not None]
    if not first:
        return None
    return round(process_age_s() - (time.perf_counter_ns() - min(first)) / 1e9, 2)


def _cameras(show: Show) -> dict[str, Any]:
    found = {}
    for entity, (_, captured, shown) in show.world.each(Camera, Captured, Shown):
        feed = captured.feed
        counts = [model.counts(entity) for model in show.inference.models_of(entity)]
        inferences = sum(count.inferences for count in counts)
        found[show.world.name(entity)] = {
            "source": feed.description if feed is not None else "",
            "status": feed.status if feed is not None else "closed",
            "pictures": feed.delivered if feed is not None else 0,
            "taken_by_ticks": captured.taken,
            "dropped": feed.dropped if feed is not None else 0,
            "reopened": feed.reopened if feed is not None else 0,
            "shown": shown.count,
            "shown_without_own_mask": shown.unaligned,
            "inferences": inferences,
            "spared": sum(count.spared for count in counts),
            "inferences_per_picture": round(inferences / feed.delivered, 3) if feed and feed.delivered else None,
        }
    return found


def _masks(show: Show) -> dict[str, Any]:
    """Return of each network's mask how much older than the pictures shown it was, and what was done about it."""
    return {
        show.world.name(entity): {
            "align": mask.align,
            "older_than_picture_ms": _rounded(inferred.late.summary()) if inferred.late is not None else None,
            "warped": matte.moved,
            "too_old_to_warp": matte.unmoved,
        }
        for entity, (mask, matte, inferred) in show.world.each(Mask, Matte, Inferred)
        if inferred.model is not None
    }


def _models(show: Show) -> dict[str, Any]:
    return {
        path: {
            "name": model.segmenter.name,
            "where": model.segmenter.where,
            "address": model.segmenter.address or None,
            "provider": model.segmenter.provider,
            "nodes": model.segmenter.nodes,
            "fallback": model.segmenter.fallback or None,
            "input": model.segmenter.input_size,
            "lighter": model.segmenter.lighter or None,
            "sparing": model.sparing or None,
            "memory_grown_mb": _mb(model.grown_bytes),
            "age_ms": round(model.age_ns / 1e6, 1) if model.age_ns is not None else None,
        }
        for path, model in show.inference.models.items()
    }


def _mb(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else round(size_bytes / 1e6, 1)


def _displays(show: Show) -> dict[str, Any]:
    return {
        name: {
            "kind": "offscreen" if presenter.is_offscreen else "window",
            "where": show.present.hotplug.status(name) or "offscreen",
            "monitor_lost": show.present.hotplug.losses(name),
            "size": presenter.target.size,
            "presents": presenter.presents,
            "drops": presenter.drops,
            "skipped": presenter.skipped,
            "present_mode": getattr(presenter.target, "present_mode", None),
            "vsync": _vsync(presenter),
            "fill": presenter.display.fill,
            "fill_delay_ms": round(presenter.fill_delay_ns / 1e6, 2),
            "delay_ms": {camera: _rounded(span.summary()) for camera, span in presenter.delays.items() if span.count},
        }
        for name, presenter in show.present.presenters.items()
    }


def _vsync(presenter: Presenter) -> dict[str, Any] | None:
    """Return what is known of a window's vsyncs, and who told."""
    timing = presenter.timing
    if timing is None:
        return None
    estimate = timing.estimate
    return {
        "source": estimate.source,
        "refresh_hz": round(timing.refresh_hz, 3),
        "quality": round(estimate.quality, 2),
        "jitter_ms": round(estimate.jitter_ns / 1e6, 3),
    }


def _output(recorder: Recorder) -> dict[str, Any]:
    """Return what came of a stream or recording; its address is without passwords and stream keys."""
    file, sound = recorder.file, recorder.sound
    return {
        "kind": recorder.settings.address.kind,
        "url": file.path,
        "encoder": file.encoder,
        "frames": file.frames,
        "repeated": file.repeated,
        "dropped": file.dropped + recorder.tap.dropped,
        "left_out": file.left_out,
        "reconnects": file.reconnects,
        "sound_drift_ppm": round(sound.source.drift_ppm, 1) if sound is not None else None,
        "sound_error_ms": round(1e3 * sound.error_s, 2) if sound is not None else None,
        "sound_missing_ms": round(1e3 * file.silent_blocks * SOUND_BLOCK / SOUND_RATE_HZ),
    }


def _rounded(summary: Summary) -> dict[str, float]:
    return {name: round(value, 3) for name, value in dataclasses.asdict(summary).items()}
