// The colours on either side of a key's edge, small: first the sums of what surely is of one side, in and around tiles
// with an edge.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/picture.wgsl"
#include "common/key.wgsl"

struct Sampling {
    reading: Reading,
    screen_from: f32,  // a value up to here is surely behind
    screen_to: f32,    // and from here on surely is not
    person_from: f32,
    person_to: f32,
    size: vec2f,       // of one side, in texels
}

@group(1) @binding(0) var<uniform> sampling: Sampling;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return near_tile_of_whole(index, instance);  // a tile is as wide as spreading and sampling reach, four texels
}

// Colour at a point, and its distance from the screen.
fn sample_at(uv: vec2f) -> vec4f {
    return picture(sampling.reading, uv) * vec4f(1.0, 1.0, 1.0, FARTHEST);
}

struct Sums {
    @location(0) person: vec4f,
    @location(1) behind: vec4f,
}

const SAMPLES = 4;

@fragment
fn fs_main(corner: Corner) -> Sums {
    var sums = Sums(vec4f(0.0), vec4f(0.0));
    var counted = 0.0;
    let first = floor(corner.position.xy);
    for (var y = 0; y < SAMPLES; y++) {
        for (var x = 0; x < SAMPLES; x++) {
            let uv = (first + (vec2f(f32(x), f32(y)) + 0.5) / f32(SAMPLES)) / sampling.size;
            let here = sample_at(uv);
            let sure = smoothstep(sampling.person_from, sampling.person_to, here.a);
            counted += smoothstep(sampling.person_from, 0.5 * (sampling.person_from + sampling.person_to), here.a);
            sums.person += vec4f(here.rgb, 1.0) * pow(sure, 4.0);
            sums.behind += vec4f(here.rgb, 1.0) * (1.0 - smoothstep(sampling.screen_from, sampling.screen_to, here.a));
        }
    }
    // A texel that lies across the edge knows less than it seems: a lens and a codec mix colours farther than alpha says.
    let share = 1.0 / f32(SAMPLES * SAMPLES);
    let whole = counted * share;
    return Sums(sums.person * (share * whole * whole * whole), sums.behind * share);
}
