// Fourth step: alpha at the size at which it is seen, where there is an edge, held still with the picture.
//
// The lines say what a pixel's colour amounts to, so a camera's noise shows in alpha, the more the fainter an edge is. So
// the mean over time is taken once more here, the less the more alpha changes, or a faint edge that moves slowly would
// drag behind. It begins later than the mean of the masks, or both together would leave a trail: begun with that, it had up
// to 16 of 10,000 pixels that a hand has uncovered show it after three frames, where 10 did.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"

@group(2) @binding(3) var held: texture_2d<f32>;  // in green, for how many frames the picture has not moved
@group(2) @binding(4) var last_alpha: texture_2d<f32>;

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
    let four = textureGather(1, held, linear_sampler, uv);
    return max(min(min(four.x, four.y), min(four.z, four.w)), 1.0);
}

@fragment
fn fs_edge(corner: Corner) -> @location(0) vec4f {
    let now = matte(settle.cutout, corner.uv, picture(settle.reading, corner.uv).rgb);
    let before = textureLoad(last_alpha, vec2i(corner.position.xy), 0).r;
    let held = 1.0 - smoothstep(0.5, 1.0, abs(now - before));
    let frames = still_frames(corner.uv);
    let share = held * min(settle.keep, (frames - 1.0) / (frames + 0.4));  // 0, .42, .59, .68 …
    return vec4f(mix(now, before, share), 0.0, 0.0, 1.0);
}

@fragment
fn fs_solid() -> @location(0) vec4f {
    return vec4f(1.0);
}

@fragment
fn fs_empty() -> @location(0) vec4f {
    return vec4f(0.0);
}
