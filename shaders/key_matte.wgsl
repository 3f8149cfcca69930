// Second stage of a key, third step: how much of each texel is person, and their own colour where it is mixed with another.
//
// Along the silhouette a texel mixes two colours, which are known from beside it; its share of person is its place
// between them, so the edge is as soft as the lens made it, and no softer. Away from it the first stage says which side
// a texel is on, and textures inside are left alone: a blue shirt before a blue screen stays whole.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/key.wgsl"
#include "common/sides.wgsl"

@group(2) @binding(0) var keyed: texture_2d<f32>;
@group(2) @binding(1) var line: texture_2d<f32>;

struct Weighing {
    middle: f32,  // the distance at which away from the silhouette a side is taken
    width: f32,   // from all screen to all person there
}

@group(1) @binding(0) var<uniform> weighing: Weighing;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return tile_of_whole(index, instance);
}

fn line_at(texel: vec2i) -> vec2f {
    return textureLoad(line, clamp(texel, vec2i(0), vec2i(textureDimensions(line)) - 1), 0).rg;
}

// How near the silhouette is: 1 on it and beside it, 0 two texels off. A weak piece of line counts if a strong one is
// as near. Five texels are seen, the own one and those at its corners: a line that passes beside it crosses one of them.
fn nearness(p: vec2i) -> f32 {
    let seen = line_at(p) + line_at(p - 1) + line_at(p + 1) + line_at(p + vec2i(1, -1)) + line_at(p + vec2i(-1, 1));
    return saturate(2.5 * seen.r) * saturate(4.0 * seen.g);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let p = vec2i(corner.position.xy);
    let here = textureLoad(keyed, p, 0);
    let away = here.a * FARTHEST;
    let side = smoothstep(weighing.middle - weighing.width, weighing.middle + weighing.width, away);
    let at = sides_at(corner.uv);
    // Where only the distance is known, that is the share; and what is surely of one side stays so.
    var share = mix(saturate(away), share_of_person(at, here.rgb), at.sure);
    share = max(share, smoothstep(0.55, 0.9, away));
    share = min(share, smoothstep(0.05, 0.3, away));
    share = mix(side, share, nearness(p));
    return vec4f(packed_change(own_colour(at, here.rgb, share) - here.rgb), share);
}

@fragment
fn fs_empty(corner: Corner) -> @location(0) vec4f {
    return vec4f(packed_change(vec3f(0.0)), 0.0);
}

@fragment
fn fs_solid(corner: Corner) -> @location(0) vec4f {
    return vec4f(packed_change(vec3f(0.0)), 1.0);
}
