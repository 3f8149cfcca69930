"""A camera that other programs see, and that shows the show: through pyvirtualcam."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.output import Samples, Settings

REMEDIES = {
    "linux": "load its driver (sudo modprobe v4l2loopback; Debian and Ubuntu: v4l2loopback-dkms)",
    "darwin": "install OBS, start its virtual camera once, and close it",
    "win32": "install OBS",
}
"""What to do on each system where there is no virtual camera."""


class VirtualCamera:
    """A Sink that other programs can choose as their webcam. It has no sound.

    Thread: one at a time. Blocks: for a copy. Owns: the camera. Fails: OutputError when there is none, or it is gone.
    """

    encoder = "none"

    def __init__(self, settings: Settings) -> None:
        self._camera: Any = None
        try:
            package: Any = importlib.import_module("pyvirtualcam")
        except ImportError as error:
            raise OutputError("the virtual camera needs a package; run: pip install pyvirtualcam") from error
        try:
            self._camera = package.Camera(
                settings.width, settings.height, settings.rate_hz, fmt=package.PixelFormat.I420
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise OutputError(f"there is no virtual camera; {REMEDIES.get(sys.platform, 'install one')}") from error
        self.device = str(self._camera.device)
        self._last: NDArray[np.uint8] | None = None

    def picture(self, i420: NDArray[np.uint8] | None, place: int) -> None:  # noqa: ARG002 - shown when it comes
        """Show a picture; a repeated one is sent again, since some programs take a silent camera for a broken one."""
        if i420 is not None:
            self._last = np.array(i420)
        try:
            self._camera.send(self._last)
        except (RuntimeError, OSError) as error:
            raise OutputError(f"the virtual camera takes no more pictures ({error}); load its driver again") from error

    def sound(self, samples: Samples) -> None:
        """Leave it."""

    def close(self) -> None:
        """Give the camera back."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
