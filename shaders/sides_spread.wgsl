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

// Nine samples between texels, a standard deviation of about one texel in all.
@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let step = 1.2 / vec2f(textureDimensions(person));
    var sum = vec4f(0.0);
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let uv = corner.uv + vec2f(f32(x), f32(y)) * step;
            let weight = (2.0 - f32(abs(x))) * (2.0 - f32(abs(y))) / 16.0;
            if BEHIND {
                sum += weight * textureSampleLevel(behind, linear_sampler, uv, 0.0);
            } else {
                sum += weight * textureSampleLevel(person, linear_sampler, uv, 0.0);
            }
        }
    }
    return sum;
}
