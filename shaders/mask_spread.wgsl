// Third step: the mean of the lines around every mask pixel, so that neighbours agree (He et al., equation 8).

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var lines: texture_2d<f32>;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    // Nine samples between texels cover the 6 × 6 around.
    let step = 2.0 / vec2f(textureDimensions(lines));
    var sum = vec4f(0.0);
    for (var y = -1.0; y <= 1.0; y += 1.0) {
        for (var x = -1.0; x <= 1.0; x += 1.0) {
            sum += textureSampleLevel(lines, linear_sampler, corner.uv + vec2f(x, y) * step * 0.75, 0.0);
        }
    }
    return sum / 9.0;
}
