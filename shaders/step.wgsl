// A step on the way to the stage, as a screen shows it: a camera's picture, a mask, the light on a person, layers.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

const PICTURE = 0u;  // plane_0 and plane_1, as LAYOUT says
const GREY = 1u;     // the red of plane_0
const SHADE = 2u;    // plane_0 is what multiplies a person's colour, plane_1 what is added: on a grey body
const STAGE = 3u;    // plane_0 is linear light

@group(2) @binding(2) var shape: texture_2d<f32>;  // that body: a person's alpha

override SHOWN: u32 = PICTURE;

struct Step {
    quad: Quad,
    reading: Reading,
}

@group(1) @binding(0) var<uniform> step: Step;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(step.quad, index);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let first = textureSampleLevel(plane_0, linear_sampler, corner.uv, 0.0);
    let second = textureSampleLevel(plane_1, linear_sampler, corner.uv, 0.0);
    switch SHOWN {
        case GREY: {
            return vec4f(first.rrr, 1.0);
        }
        case SHADE: {
            let alpha = textureSampleLevel(shape, linear_sampler, corner.uv, 0.0).r;
            return vec4f(encode_srgb(alpha * saturate(0.18 * first.rgb + second.rgb)), 1.0);
        }
        case STAGE: {
            return vec4f(encode_srgb(saturate(first.rgb)), 1.0);
        }
        default: {
            let seen = picture(step.reading, corner.uv);
            if LAYOUT == LIGHT {
                return vec4f(encode_srgb(saturate(seen.rgb)), 1.0);
            }
            return vec4f(seen.rgb * seen.a, 1.0);  // what is transparent is black
        }
    }
}
