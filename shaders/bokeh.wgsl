// A camera's picture out of focus, as a lens does it: every point becomes a disc, bright ones seen as such.
//
// `fs_prepare` makes the picture small and turns it into light, weighed by how much of it is background; `fs_gather`
// takes the mean over a disc. The person has no weight, so nothing of them bleeds into what is behind; under them the
// background goes on. Close to the person discs are smaller, as what stands near them would be.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

@group(2) @binding(2) var silhouette: texture_2d<f32>;
@group(2) @binding(3) var prepared: texture_2d<f32>;

struct Bokeh {
    reading: Reading,
    pixel: vec2f,    // one target pixel in uv
    radius: f32,     // of a disc, in target pixels
}

@group(1) @binding(0) var<uniform> lens: Bokeh;

override OWN_PERSON: bool = false;

// How much brighter than white a clipped highlight is taken to have been.
const HIGHLIGHT = 2.5;

// Weight of the person, so that deep under them there is something at all.
const LEAST = 0.002;

// Of a disc: what it makes of a line is off by 5 % of its height; rings of 37 in all were off by 15 %.
const SAMPLES = 48;

// Cosine and sine of the golden angle.
const GOLDEN = vec2f(-0.73736888, 0.67549029);

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

@fragment
fn fs_prepare(corner: Corner) -> @location(0) vec4f {
    var sum = vec4f(0.0);
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let uv = corner.uv + vec2f(f32(x), f32(y)) * lens.pixel / 3.0;
            let light = decode_srgb(picture(lens.reading, uv).rgb);
            sum += vec4f(light * (1.0 + HIGHLIGHT * smoothstep(0.75, 1.0, luminance(light))), 1.0);
        }
    }
    var behind = 1.0;
    if OWN_PERSON {
        // Wider than the person by a little: an edge holds some of them.
        behind = 1.0 - smoothstep(0.02, 0.5, textureSampleLevel(silhouette, linear_sampler, corner.uv, 0.0).r);
    }
    let weight = max(behind * behind, LEAST);
    return vec4f(sum.rgb / 9.0 * weight, weight);
}

@fragment
fn fs_gather(corner: Corner) -> @location(0) vec4f {
    var radius = lens.radius;
    if OWN_PERSON {
        var near = 0.0;
        for (var i = 0; i < 8; i++) {
            let angle = f32(i) * 0.7853982;
            let at = corner.uv + vec2f(cos(angle), sin(angle)) * lens.pixel * lens.radius * 2.0;
            near += textureSampleLevel(silhouette, linear_sampler, at, 0.0).r / 8.0;
        }
        radius *= 1.0 - 0.55 * smoothstep(0.0, 0.7, near);
    }
    // Vogel's spiral (1979), as dense everywhere. No two samples stand above or beside each other: on rings many do, and
    // an upright line is seen several times beside itself.
    var sum = vec4f(0.0);
    var way = vec2f(1.0, 0.0);
    for (var i = 0; i < SAMPLES; i++) {
        let at = way * (radius * sqrt((f32(i) + 0.5) / f32(SAMPLES)));
        sum += textureSampleLevel(prepared, linear_sampler, corner.uv + at * lens.pixel, 0.0);
        way = vec2f(way.x * GOLDEN.x - way.y * GOLDEN.y, way.x * GOLDEN.y + way.y * GOLDEN.x);
    }
    return vec4f(sum.rgb / sum.a, 1.0);
}
