// A person's colours in a few hundred samples, for estimates; and how grainy the person and the stage around them are.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

@group(2) @binding(2) var silhouette: texture_2d<f32>;
@group(2) @binding(3) var stage: texture_2d<f32>;  // as it was composed last

struct Samples {
    reading: Reading,
    quad: Quad,        // where the person lies on the stage
}

@group(1) @binding(0) var<uniform> person: Samples;

override GRAIN: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn picture_luma(uv: vec2f) -> f32 {
    return luminance(picture(person.reading, uv).rgb);
}

fn stage_luma(texel: vec2i) -> f32 {
    return luminance(encode_srgb(saturate(textureLoad(stage, texel, 0).rgb)));
}

// The difference of two Laplacians, which sees noise and hardly any structure.
// Immerkær 1996, "Fast Noise Variance Estimation".
fn noise_of_picture(uv: vec2f) -> f32 {
    // As large as it will be on the stage: what is enlarged is less grainy.
    let zero = uv_to_target(person.quad, vec2f(0.0));
    let step = 1.0 / vec2f(
        length((uv_to_target(person.quad, vec2f(1.0, 0.0)) - zero) * frame.size),
        length((uv_to_target(person.quad, vec2f(0.0, 1.0)) - zero) * frame.size),
    );
    var sum = 0.0;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let weight = f32((2 - 3 * abs(x)) * (2 - 3 * abs(y)));
            sum += weight * picture_luma(uv + vec2f(f32(x), f32(y)) * step);
        }
    }
    return abs(sum);
}

fn noise_of_stage(texel: vec2i) -> f32 {
    var sum = 0.0;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            sum += f32((2 - 3 * abs(x)) * (2 - 3 * abs(y))) * stage_luma(texel + vec2i(x, y));
        }
    }
    return abs(sum);
}

struct Sampled {
    @location(0) colour: vec4f,  // linear light times alpha, alpha
    @location(1) grain: vec4f,   // noise of the person and of the stage; 1 where each counts
}

@fragment
fn fs_main(corner: Corner) -> Sampled {
    let alpha = textureSampleLevel(silhouette, linear_sampler, corner.uv, 0.0).r;
    let inside = select(0.0, 1.0, alpha > 0.9);
    let light = decode_srgb(picture(person.reading, corner.uv).rgb);
    var grain = vec4f(0.0);
    if GRAIN {
        let on_stage = uv_to_target(person.quad, corner.uv);
        let texel = clamp(vec2i(on_stage * frame.size), vec2i(1), vec2i(frame.size) - 2);
        let outside = select(0.0, 1.0, alpha < 0.02 && all(on_stage > vec2f(0.0)) && all(on_stage < vec2f(1.0)));
        grain = vec4f(noise_of_picture(corner.uv) * inside, noise_of_stage(texel) * outside, inside, outside);
    }
    return Sampled(vec4f(light * inside, inside), grain);
}
