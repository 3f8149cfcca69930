// Second stage of a key, first step: how steep the distance from the screen is, and which way (Sobel).
//
// Of the distance and not of the picture's brightness: stripes of a shirt are all equally far from the screen.

#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/colour.wgsl"
#include "common/key.wgsl"

@group(2) @binding(0) var keyed: texture_2d<f32>;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return tile_of_whole(index, instance);
}

fn at(texel: vec2i) -> f32 {
    return textureLoad(keyed, clamp(texel, vec2i(0), vec2i(textureDimensions(keyed)) - 1), 0).a * FARTHEST;
}

// In colour the direction towards the person, in alpha how much farther a texel on is; no two differ by more than 1.
@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let p = vec2i(corner.position.xy);
    let nw = at(p + vec2i(-1, -1));
    let ne = at(p + vec2i(1, -1));
    let sw = at(p + vec2i(-1, 1));
    let se = at(p + vec2i(1, 1));
    let across = ne + se - nw - sw + 2.0 * (at(p + vec2i(1, 0)) - at(p + vec2i(-1, 0)));
    let down = sw + se - nw - ne + 2.0 * (at(p + vec2i(0, 1)) - at(p + vec2i(0, -1)));
    let slope = vec2f(across, down) / 8.0;
    let steep = length(slope);
    return vec4f(packed_change(vec3f(slope / max(steep, 1e-6), 0.0)), steep);
}
