// The light on a person, as `shade.wgsl` has worked it out: what multiplies the person's colour, and what is added.

#include "common/added.wgsl"

@group(2) @binding(4) var gain: texture_2d<f32>;
@group(2) @binding(6) var glow: texture_2d<f32>;  // in alpha the grain that the person lacks

override LIT: bool = false;
override GRAINY: bool = false;

// Noise of standard deviation 1 that differs from pixel to pixel and from moment to moment: the sum of two hashes of
// even spread (Hoskins 2014, "Hash without Sine"), which falls off to both sides as grain does.
fn grain(pixel: vec2f, time_s: f32) -> f32 {
    var p = fract(vec3f(pixel, fract(time_s * 7.31) * 917.0).xyz * vec3f(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return (fract((p.x + p.y) * p.z) + fract((p.x + p.z) * p.y) - 1.0) * 2.449;
}

// The light that comes from a pixel of the person's colour, `encoded`.
fn lit(encoded: vec3f, uv: vec2f, pixel: vec2f) -> vec3f {
    if !LIT {
        return decode_srgb(encoded);
    }
    let root = textureSampleLevel(glow, linear_sampler, uv, 0.0);
    let added = root * root * MOST_ADDED;
    let much = textureSampleLevel(gain, linear_sampler, uv, 0.0).rgb;
    if GRAINY {
        let grained = saturate(encoded + added.a * grain(pixel, frame.time_s));
        return decode_srgb(grained) * much + added.rgb;
    }
    return decode_srgb(encoded) * much + added.rgb;
}
