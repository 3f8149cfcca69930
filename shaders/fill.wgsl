// A colour or a gradient over a quad.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/blend.wgsl"

struct Fill {
    quad: Quad,
    from_colour: vec4f,
    to_colour: vec4f,
    direction: vec2f,  // of a straight gradient, in quad widths and heights
    radial: f32,       // 1 for a round gradient
    opacity: f32,
}

@group(1) @binding(0) var<uniform> fill: Fill;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(fill.quad, index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let from_centre = corner.uv - 0.5;
    let along = mix(dot(from_centre, fill.direction) + 0.5, length(from_centre) * 2.0, fill.radial);
    let colour = mix(fill.from_colour.rgb, fill.to_colour.rgb, saturate(along));
    return blend_over(vec4f(colour, 1.0), fill.opacity, corner.position.xy);
}
