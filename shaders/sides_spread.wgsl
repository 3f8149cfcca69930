// Second step of the colours beside an edge: each sum spread over its neighbours, both sides into one texture.
//
// Behind a person nobody knows what is; so colours are spread only as far as edges are soft, and where none are near the
// sum of weights says so.

#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"

@group(2) @binding(0) var person: texture_2d<f32>;
@group(2) @binding(1) var behind: texture_2d<f32>;

override BEHIND: bool = false;  // which side; it has its half of the target

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    let corner = tile_of_whole(index, instance);
    let half_way = select(0.0, 1.0, BEHIND);
    let x = mix(-corner.position.w, corner.position.x, 0.5) + half_way * corner.position.w;
    return Corner(vec4f(x, corner.position.yzw), corner.uv);
}

// Four samples between texels, a standard deviation of 0.9 texels: 0.75² for the steps, 0.75 · 0.25 for the sampler.
@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let step = 0.75 / vec2f(textureDimensions(person));
    var sum = vec4f(0.0);
    for (var i = 0; i < 4; i++) {
        let uv = corner.uv + select(-step, step, vec2<bool>((i & 1) == 1, i >= 2));
        if BEHIND {
            sum += 0.25 * textureSampleLevel(behind, linear_sampler, uv, 0.0);
        } else {
            sum += 0.25 * textureSampleLevel(person, linear_sampler, uv, 0.0);
        }
    }
    return sum;
}
