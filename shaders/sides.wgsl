// The colours on either side of a key's edge, small: first the sums of what surely is of one side, in and around tiles
// with an edge.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/key.wgsl"

struct Sampling {
    screen_from: f32,  // a value up to here is surely behind
    screen_to: f32,    // and from here on surely is not
    person_from: f32,
    person_to: f32,
    size: vec2f,       // of one side, in texels
}

@group(2) @binding(0) var keyed: texture_2d<f32>;  // colours, and their distance from the screen

@group(1) @binding(0) var<uniform> sampling: Sampling;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return tile_of_whole(index, instance);
}

struct Sums {
    @location(0) person: vec4f,
    @location(1) behind: vec4f,
}

const SAMPLES = 3;

@fragment
fn fs_main(corner: Corner) -> Sums {
    var sums = Sums(vec4f(0.0), vec4f(0.0));
    var counted = 0.0;
    let first = floor(corner.position.xy);
    let texels = vec2f(textureDimensions(keyed)) / sampling.size;
    for (var y = 0; y < SAMPLES; y++) {
        for (var x = 0; x < SAMPLES; x++) {
            let texel = (first + (vec2f(f32(x), f32(y)) + 0.5) / f32(SAMPLES)) * texels;
            let here = textureLoad(keyed, vec2i(texel), 0) * vec4f(1.0, 1.0, 1.0, FARTHEST);
            let sure = smoothstep(sampling.person_from, sampling.person_to, here.a);
            counted += smoothstep(sampling.person_from, 0.5 * (sampling.person_from + sampling.person_to), here.a);
            sums.person += vec4f(here.rgb, 1.0) * (sure * sure * sure * sure);
            sums.behind += vec4f(here.rgb, 1.0) * (1.0 - smoothstep(sampling.screen_from, sampling.screen_to, here.a));
        }
    }
    // A texel that lies across the edge knows less than it seems: a lens and a codec mix colours farther than alpha says.
    let share = 1.0 / f32(SAMPLES * SAMPLES);
    let whole = counted * share;
    return Sums(sums.person * (share * whole * whole * whole), sums.behind * share);
}
