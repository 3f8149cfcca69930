// What an author's own shader (a look) is drawn by. The file that includes this declares
//
//     struct Parameters { ... }               what a scene can set: f32 and vec3f, each with a comment
//     fn look(at: vec2f, time_s: f32) -> vec3f  linear light, which may be above 1
//
// `at` is in stage heights, from the middle: right and down. `given` has the parameters.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/noise.wgsl"

struct Look {
    parameters: Parameters,
    time_s: f32,
    aspect: f32,
}

@group(1) @binding(0) var<uniform> given: Look;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

// Five octaves of noise, each half as high and twice as fine: clouds. Perlin 1985, "An Image Synthesizer".
fn clouds(place: vec3f) -> f32 {
    var sum = 0.0;
    var p = place;
    var height = 0.5;
    for (var octave = 0; octave < 5; octave++) {
        sum += height * noise(p).x;
        p = p * 2.03 + vec3f(17.1, 5.7, 0.0);
        height *= 0.5;
    }
    return sum;
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let at = (corner.uv - 0.5) * vec2f(given.aspect, 1.0);
    return vec4f(max(look(at, given.time_s), vec3f(0.0)), 1.0);
}
