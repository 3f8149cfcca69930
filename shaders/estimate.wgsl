// What the light around a person is like, and what the person is like, in eleven texels, smoothed in time.
//
//    0 to 8   the light from all around, as spherical harmonics
//    9        the colour of the light that the camera saw the person in, and how much of the picture is person
//    10       mean logarithm of the luminance of the person and of what is behind; grain of both
//
// A picture is taken for half a panorama: its left edge lies to the person's left, its middle behind, its upper edge
// above. Of what is in front of the person nothing is known, so that is taken to be a mirror of what is behind.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/harmonics.wgsl"

@group(2) @binding(0) var behind: texture_2d<f32>;   // what is drawn behind the person, small and blurred
@group(2) @binding(1) var colours: texture_2d<f32>;  // of samples.wgsl
@group(2) @binding(2) var grains: texture_2d<f32>;
@group(2) @binding(3) var before: texture_2d<f32>;   // the last estimate

struct Estimate {
    panorama: array<vec4f, 9>,  // the coefficients of a panorama, where there is one
    keep: f32,                  // how much of the last estimate is kept
    keep_person: f32,
    pad: vec2f,
}

@group(1) @binding(0) var<uniform> estimate: Estimate;

// Whether the light comes from a panorama's file, rather than from what is behind.
override PANORAMA: bool = false;

const COLUMNS = 16u;
const ROWS = 9u;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn behind_at(column: u32, row: u32) -> vec3f {
    let size = vec2f(textureDimensions(behind));
    let uv = (vec2f(f32(column), f32(row)) + 0.5) / vec2f(f32(COLUMNS), f32(ROWS));
    return max(textureLoad(behind, vec2i(uv * size), 0).rgb, vec3f(0.0));
}

fn coefficient(index: u32) -> vec3f {
    if PANORAMA {
        return estimate.panorama[index].rgb;
    }
    var sum = vec3f(0.0);
    var weights = 0.0;
    for (var row = 0u; row < ROWS; row++) {
        let up = ((f32(row) + 0.5) / f32(ROWS) - 0.5) * PI;
        for (var column = 0u; column < COLUMNS; column++) {
            let around = ((f32(column) + 0.5) / f32(COLUMNS) - 0.5) * PI;
            let flat = vec3f(sin(around) * cos(up), sin(up), cos(around) * cos(up));
            let both = harmonic(index, flat) + harmonic(index, flat * vec3f(1.0, 1.0, -1.0));
            sum += behind_at(column, row) * both * cos(up);
            weights += 2.0 * cos(up);
        }
    }
    return sum * (4.0 * PI / weights);
}

fn log_luminance(colour: vec3f) -> f32 {
    return log2(luminance(colour) + 0.01);
}

// The colour of the light on a person: what is brightest on them shows it best, and what is grey. The fourth power lies
// between the mean (grey world) and the maximum (Finlayson and Trezzi 2004, "Shades of Gray and Colour Constancy").
fn colour_of_light() -> vec4f {
    var sum = vec3f(0.0);
    var count = 0.0;
    let size = textureDimensions(colours);
    for (var y = 0u; y < size.y; y++) {
        for (var x = 0u; x < size.x; x++) {
            let sample = textureLoad(colours, vec2u(x, y), 0);
            let most = max(sample.r, max(sample.g, sample.b));
            let grey = min(sample.r, min(sample.g, sample.b)) / max(most, 1e-3);
            let squared = sample.rgb * sample.rgb;
            sum += squared * squared * grey * grey;
            count += sample.a;
        }
    }
    let tint = sqrt(sqrt(sum / max(count, 1.0))) + 0.005;
    return vec4f(tint / luminance(tint), count / f32(size.x * size.y));
}

fn levels() -> vec4f {
    var person = vec2f(0.0);
    var grain = vec4f(0.0);
    let size = textureDimensions(colours);
    for (var y = 0u; y < size.y; y++) {
        for (var x = 0u; x < size.x; x++) {
            let sample = textureLoad(colours, vec2u(x, y), 0);
            person += vec2f(log_luminance(sample.rgb), 1.0) * sample.a;
            grain += textureLoad(grains, vec2u(x, y), 0);
        }
    }
    var around = 0.0;
    for (var row = 0u; row < ROWS; row++) {
        for (var column = 0u; column < COLUMNS; column++) {
            around += log_luminance(behind_at(column, row)) / f32(COLUMNS * ROWS);
        }
    }
    // σ = √(π/2) / 6 · mean of the absolute difference (Immerkær 1996).
    let noise = 0.2088856 * grain.xy / max(grain.zw, vec2f(1.0));
    return vec4f(person.x / max(person.y, 1.0), around, noise);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let index = u32(corner.position.x);
    let last = textureLoad(before, vec2u(index, 0u), 0);
    var found: vec4f;
    var keep = estimate.keep_person;
    if index < HARMONICS {
        found = vec4f(coefficient(index), 1.0);
        keep = estimate.keep;
    } else if index == HARMONICS {
        found = colour_of_light();
    } else {
        found = levels();
    }
    return mix(found, last, keep);
}
