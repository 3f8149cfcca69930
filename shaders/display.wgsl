// From the stage's linear light to what a display is sent: place, tone, gamma, dither.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/grade.wgsl"

@group(2) @binding(0) var stage: texture_2d<f32>;
@group(2) @binding(1) var before: texture_2d<f32>;  // the last stage
@group(2) @binding(2) var flow: texture_2d<f32>;    // the motion from it to this one, in fractions of the picture
@group(2) @binding(3) var change: texture_2d<f32>;  // one pixel: how much that leaves different

struct Screen {
    quad: Quad,
    gamma: f32,    // exponent 1/gamma on encoded values
    dither: f32,   // height of the noise in encoded values
    seed: f32,     // moves the noise from frame to frame
    phase: f32,    // between the last stage, 0, and this one, 1
    grade: Grade,
}

@group(1) @binding(0) var<uniform> screen: Screen;

// At one stage pixel a display pixel, upright: an exact load, a third cheaper than a sample.
override EXACT: bool = false;

// Whether gamma is other than 1. A constant, since a CPU runs both sides of a branch (lavapipe).
override BENT: bool = false;

// How light beyond 1 is brought back.
const CLIP = 0u;
const REINHARD = 1u;
const ACES = 2u;
override TONE: u32 = CLIP;

// The light that is white after Reinhard's curve.
const WHITE = 4.0;

// What is shown between two stages.
const HOLD = 0u;
const BLEND = 1u;
const MOTION = 2u;
override FILL: u32 = HOLD;

// Mean difference of encoded brightness that is a cut and no motion: then nothing in between is made up.
const CUT = 0.12;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(screen.quad, index);
}

// Interleaved gradient noise (Jimenez 2014, "Next Generation Post Processing in Call of Duty: Advanced Warfare").
fn noise(pixel: vec2f) -> f32 {
    return fract(52.9829189 * fract(dot(pixel + 5.588238 * screen.seed, vec2f(0.06711056, 0.00583715))));
}

fn sample(picture: texture_2d<f32>, uv: vec2f) -> vec3f {
    return textureSampleLevel(picture, linear_sampler, uv, 0.0).rgb;
}

// Where the moved pixels agree better than those in place they are taken; where something is covered or uncovered they
// do not, and it fades.
fn between(uv: vec2f) -> vec3f {
    let last = sample(before, uv);
    let newest = sample(stage, uv);
    let t = screen.phase;
    if textureLoad(change, vec2i(0), 0).r > CUT {
        return select(last, newest, t >= 0.5);
    }
    let faded = mix(last, newest, t);
    if FILL == BLEND {
        return faded;
    }
    let motion = textureSampleLevel(flow, linear_sampler, uv, 0.0).rg;
    let from_last = sample(before, uv - t * motion);
    let from_newest = sample(stage, uv + (1.0 - t) * motion);
    let gained = distance(last, newest) - distance(from_last, from_newest);
    return mix(faded, mix(from_last, from_newest, t), smoothstep(-0.05, 0.0, gained));
}

fn toned(light: vec3f) -> vec3f {
    switch TONE {
        case REINHARD: {
            // Reinhard, Stark, Shirley and Ferwerda 2002, "Photographic Tone Reproduction for Digital Images", eq. 4: on
            // luminance, so that colours keep their hue.
            let l = luminance(light);
            return light * (1.0 + l / (WHITE * WHITE)) / (1.0 + l);
        }
        case ACES: {
            // Narkowicz 2015, "ACES Filmic Tone Mapping Curve".
            return light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
        }
        default: {
            return light;
        }
    }
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    var light: vec3f;
    if FILL != HOLD {
        light = between(corner.uv);
    } else if EXACT {
        light = textureLoad(stage, vec2i(corner.uv * vec2f(textureDimensions(stage))), 0).rgb;
    } else {
        light = textureSampleLevel(stage, linear_sampler, corner.uv, 0.0).rgb;
    }
    if GRADED {
        light = balanced(screen.grade, light);
    }
    var encoded = encode_srgb(saturate(toned(light)));
    if GRADED {
        encoded = looked_up(screen.grade, encoded);
    }
    if BENT {
        encoded = pow(encoded, vec3f(1.0 / screen.gamma));
    }
    return vec4f(encoded + (noise(corner.position.xy) - 0.5) * screen.dither, 1.0);
}
