"""How much of each pixel of a picture is person."""

from typing import Literal

from engine.component import Fraction, component, field
from engine.components.camera import Camera


@component
class Mask:
    """Which part of a camera's picture is person (an alpha matte)."""

    camera: str = field("", "The entity whose camera is cut out; empty means this entity's own.", refers="camera")
    source: Literal["auto", "key", "neural", "truth"] = field(
        "auto",
        "Who decides: a chroma key, a neural network, or what a synthetic camera knows. "
        "auto: neural with a model, key with a key table, truth of a synthetic camera; else neural.",
    )
    model: str = field(
        "",
        "An ONNX person segmentation model, or the name of one that `scrim models list` knows; empty is the best on "
        "this machine, Scrim's own at least.",
        file="model",
    )
    provider: Literal["auto", "tensorrt", "cuda", "coreml", "directml", "openvino", "cpu"] = field(
        "auto", "What runs the model. auto: the fastest that takes it; any other: that or an error, never a fallback."
    )
    run: str = field(
        "thread",
        "Where the model runs: thread; process, a process of its own, which cannot harm the show and whose masks other "
        "programs may read; or the URL of a server that speaks the Open Inference Protocol, grpc://HOST:PORT/MODEL or "
        "grpcs:// (Triton and its kin). While a server does not answer, the model here does.",
    )
    corrected_by: str = field(
        "", "The URL of a server's heavier model, which corrects the masks of this one where the picture is still."
    )
    correct_every: int = field(5, "Every how many pictures the heavier model is asked.", low=1, high=300)
    edges: Literal["auto", "network", "model"] = field(
        "auto",
        "Who says where the edge of a neural mask is: network, a second one, of Scrim's own, which looks again at mask "
        "and picture (10 ms on a core); model, the model itself. auto: model where a show on air is drawn without a "
        "GPU, which needs the cores itself; else network.",
    )
    align: Literal["aligned", "warped", "latest"] = field(
        "aligned",
        "aligned: every picture is shown with its own mask; warped: the newest picture, with the newest mask moved to "
        "where things are by now, which takes 5 to 7 ms of a tick where there is no GPU; latest: the newest picture, "
        "with the newest mask as it is.",
    )
    max_delay_ms: float = field(
        250.0,
        "How long an aligned picture may wait for its mask before it is shown with an older one, and how much older "
        "than its picture a warped mask may be and still be moved: else, or after 16 pictures, it stays where it was.",
        low=0.0,
        high=2000.0,
        unit="ms",
    )
    smooth: float = field(
        0.9, "The most that counts of earlier neural masks, where the picture is still.", low=0.0, high=0.95
    )
    refine: float = field(1.0, "How closely a neural mask follows the edges of its picture.", low=0.0, high=1.0)
    threshold: float = field(
        0.55, "Where a neural mask has its edge, between background (0) and person (1).", low=0.05, high=0.95
    )
    garbage: tuple[Fraction, Fraction, Fraction, Fraction] = field(
        (0.0, 0.0, 0.0, 0.0),
        "Never person: this far in from the left, top, right and bottom, in fractions of the picture.",
    )
    fill_holes: float = field(
        0.001,
        "A neural mask's holes become person where they are smaller than this share of the picture's area; 0: none. A "
        "key's are closed by a lower key.tolerance.",
        low=0.0,
        high=0.1,
    )
    drop_specks: float = field(
        0.0005,
        "What stands alone in a neural mask goes if it is smaller than this share of the picture's area; 0: nothing. "
        "Of a key, a higher key.tolerance and garbage take it away.",
        low=0.0,
        high=0.1,
    )
    choke_px: float = field(
        0.0, "Move the edge inwards, or, below 0, outwards; in pixels of the picture.", low=-8.0, high=8.0, unit="px"
    )
    feather_px: float = field(
        0.0, "Let the edge fade over this far inwards, or, below 0, outwards.", low=-16.0, high=16.0, unit="px"
    )
    softness: float = field(
        0.4,
        "Width of a neural mask's edge in its values, before it is fitted to the picture; 0 is a hard cut.",
        low=0.0,
        high=1.0,
    )


def decide(mask: Mask, camera: Camera | None, has_key: bool) -> Literal["key", "neural", "truth"]:
    """Return who decides for this mask, given the camera it cuts out and whether its entity has a key."""
    if mask.source != "auto":
        return mask.source
    if mask.model:
        return "neural"
    if has_key:
        return "key"
    return "truth" if camera is not None and camera.source == "synthetic" else "neural"


def lost_on_a_key(mask: Mask) -> list[str]:
    """Return the fields that ask for something which only neural masks do: set, and not to nothing."""
    names = ("smooth", "refine", "threshold", "softness", "fill_holes", "drop_specks")
    usual = Mask()
    return [name for name in names if getattr(mask, name) not in (0.0, getattr(usual, name))]


def edge_of(mask: Mask) -> tuple[float, float]:
    """Return the value of a neural mask up to which nothing is seen, and that from which all is; of 1.

    Both are within 0 and 1: what a network is sure of is not half seen.
    """
    half_width = max(min(mask.softness * 0.5, mask.threshold, 1.0 - mask.threshold), 1e-3)
    return mask.threshold - half_width, mask.threshold + half_width
