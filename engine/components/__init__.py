"""What a scene can say: every component, one small file each."""

from engine.components.camera import Camera
from engine.components.cue import Cue
from engine.components.display import Display
from engine.components.edges import Edges
from engine.components.environment import Environment
from engine.components.fill import Fill
from engine.components.grade import Grade
from engine.components.group import Group
from engine.components.key import Key
from engine.components.keyframes import Keyframes
from engine.components.layer import Layer
from engine.components.light import Light
from engine.components.lighting import Lighting
from engine.components.logo import Logo
from engine.components.mask import Mask
from engine.components.overlay import Overlay
from engine.components.particles import Particles
from engine.components.place import Place
from engine.components.shader import Shader
from engine.components.sound import Sound
from engine.components.stage import Stage
from engine.components.stream import Stream
from engine.components.viewpoint import Viewpoint
from engine.components.warp import Warp

__all__ = [
    "Camera",
    "Cue",
    "Display",
    "Edges",
    "Environment",
    "Fill",
    "Grade",
    "Group",
    "Key",
    "Keyframes",
    "Layer",
    "Light",
    "Lighting",
    "Logo",
    "Mask",
    "Overlay",
    "Particles",
    "Place",
    "Shader",
    "Sound",
    "Stage",
    "Stream",
    "Viewpoint",
    "Warp",
]
