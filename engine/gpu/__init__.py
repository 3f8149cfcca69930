"""The GPU: device, shaders, passes, uniforms, and reading back."""
