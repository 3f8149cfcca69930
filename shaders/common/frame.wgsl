// What every pass of a tick may know: group 0.

struct Lamp {
    colour: vec3f,   // linear light times strength
    reach: f32,      // stage heights to half strength; 0 is everywhere
    position: vec3f, // stage heights: right, down, towards the viewer
    pad: f32,
}

struct Frame {
    size: vec2f,     // stage in pixels
    time_s: f32,
    lamp_count: u32,
    lamps: array<Lamp, 16>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var linear_sampler: sampler;
