// What every pass of a tick may know: group 0.

struct Frame {
    size: vec2f,     // stage in pixels
    time_s: f32,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var linear_sampler: sampler;
