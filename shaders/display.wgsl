// From the stage's linear light to what a display is sent: place, tone, gamma, dither.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var stage: texture_2d<f32>;

struct Screen {
    quad: Quad,
    gamma: f32,    // exponent 1/gamma on encoded values
    dither: f32,   // height of the noise in encoded values
    seed: f32,     // moves the noise from frame to frame
}

@group(1) @binding(0) var<uniform> screen: Screen;

// At one stage pixel a display pixel, upright: an exact load, a third cheaper than a sample.
override EXACT: bool = false;

// Whether gamma is other than 1. A constant, since a CPU runs both sides of a branch (lavapipe).
override BENT: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(screen.quad, index);
}

// Interleaved gradient noise (Jimenez 2014, "Next Generation Post Processing in Call of Duty: Advanced Warfare").
fn noise(pixel: vec2f) -> f32 {
    return fract(52.9829189 * fract(dot(pixel + 5.588238 * screen.seed, vec2f(0.06711056, 0.00583715))));
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    var light: vec3f;
    if EXACT {
        light = textureLoad(stage, vec2i(corner.uv * vec2f(textureDimensions(stage))), 0).rgb;
    } else {
        light = textureSampleLevel(stage, linear_sampler, corner.uv, 0.0).rgb;
    }
    var encoded = encode_srgb(saturate(light));
    if BENT {
        encoded = pow(encoded, vec3f(1.0 / screen.gamma));
    }
    return vec4f(encoded + (noise(corner.position.xy) - 0.5) * screen.dither, 1.0);
}
