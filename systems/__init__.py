"""What happens in a tick, one file each, in the order of `ORDER`."""

ORDER = (
    "keyframes",
    "cues",
    "grading",
    "capture",
    "inference",
    "masks",
    "viewpoint",
    "lighting",
    "particles",
    "layers",
    "composite",
    "present",
)
"""The systems by file name, as they run. Faces and avatars will stand between masks and lighting."""
