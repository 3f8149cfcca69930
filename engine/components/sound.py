"""Sound that goes with the pictures."""

from engine.component import component, field


@component
class Sound:
    """A microphone or the sound of a file, sent in step with the picture by the streams and recordings that name it."""

    source: str = field(
        "auto",
        'Where sound comes from: "auto" (the system\'s microphone), "device:0", a file with sound, or "synthetic" '
        "(a click each second, to check with).",
        file="camera",
    )
    camera: str = field(
        "",
        "Whose picture it belongs to, and is delayed with; empty takes this entity's camera, else the slowest.",
        refers="camera",
    )
    delay_ms: float = field(
        0.0, "Delay it by so much more, or less, than the picture.", low=-1000.0, high=5000.0, unit="ms"
    )
    gain_db: float = field(0.0, "Louder or softer.", low=-60.0, high=24.0, unit="dB")
    loop: bool = field(True, "Start a file again at its end; otherwise silence follows.")
