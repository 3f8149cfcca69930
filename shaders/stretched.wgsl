// A texture of linear light over a quad.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/blend.wgsl"

@group(2) @binding(0) var light: texture_2d<f32>;

struct Stretched {
    quad: Quad,
    opacity: f32,
}

@group(1) @binding(0) var<uniform> stretched: Stretched;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(stretched.quad, index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let colour = textureSampleLevel(light, linear_sampler, corner.uv, 0.0).rgb;
    return blend_over(vec4f(colour, 1.0), stretched.opacity, corner.position.xy);
}
