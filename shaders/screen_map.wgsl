// How the screen is lit, second step: its colour in every cell, also where somebody stands before it.
//
// What a cell does not see it takes from all others, the nearer the more (Shepard 1968, power 3). What was seen before
// somebody stepped there is remembered: a cell learns as fast as it sees.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var cells: texture_2d<f32>;
@group(2) @binding(1) var last_map: texture_2d<f32>;

struct Learning {
    screen: vec3f,
    rate: f32,    // share of a new picture, where the cell sees the screen; 1 forgets what was
    unseen: f32,  // and where it does not
}

@group(1) @binding(0) var<uniform> learning: Learning;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let size = vec2i(textureDimensions(cells));
    let here = vec2i(corner.position.xy);
    var sum = vec4f(0.0);
    for (var y = 0; y < size.y; y++) {
        for (var x = 0; x < size.x; x++) {
            let away = vec2f(vec2i(x, y) - here);
            let distance = dot(away, away) + 0.1;
            sum += textureLoad(cells, vec2i(x, y), 0) / (distance * sqrt(distance));
        }
    }
    let now = select(learning.screen, sum.rgb / max(sum.a, 1e-6), sum.a > 1e-4);
    let seen = saturate(textureLoad(cells, here, 0).a * 2.0);
    let share = mix(learning.unseen, learning.rate, seen);
    return vec4f(mix(textureLoad(last_map, here, 0).rgb, now, share), 1.0);
}
