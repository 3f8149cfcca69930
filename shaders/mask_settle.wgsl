// Fourth step: alpha at the picture's size, where there is an edge, held still with the picture.
//
// The lines say what a pixel's colour amounts to, and an edge makes of a camera's noise up to four times as much. So the
// mean over time is taken once more here. It begins more slowly than that of the masks, or both together would leave a
// trail: 3 of 1,000 pixels that a hand has uncovered still showed it after three frames, now less than 1. The blend unit
// takes it, of what was there and of red, by alpha.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"

@group(2) @binding(3) var guide: texture_2d<f32>;  // in alpha, for how many frames the picture has not moved

struct Settle {
    reading: Reading,
    cutout: Cutout,
    keep: f32,  // the most that counts of what was before
}

@group(1) @binding(0) var<uniform> settle: Settle;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return tile_of_whole(index, instance);
}

// Of all four mask pixels around, since what moves in one may be the edge in another.
fn still_frames(uv: vec2f) -> f32 {
    let four = textureGather(3, guide, linear_sampler, uv);
    return max(min(min(four.x, four.y), min(four.z, four.w)), 1.0);
}

@fragment
fn fs_edge(corner: Corner) -> @location(0) vec4f {
    let alpha = matte(settle.cutout, corner.uv, picture(settle.reading, corner.uv).rgb);
    let frames = still_frames(corner.uv);
    let share = min(settle.keep, (frames - 1.0) / (frames + 0.5));  // 0, .4, .57, .67 …
    return vec4f(alpha, 0.0, 0.0, 1.0 - share);
}

@fragment
fn fs_solid() -> @location(0) vec4f {
    return vec4f(1.0);
}

@fragment
fn fs_empty() -> @location(0) vec4f {
    return vec4f(0.0, 0.0, 0.0, 1.0);
}
