// A camera's picture, read from its planes as they came: no pass of its own turns it into RGB.

@group(2) @binding(0) var plane_0: texture_2d<f32>;  // rgba, or luma
@group(2) @binding(1) var plane_1: texture_2d<f32>;  // chroma

const RGBA = 0u;   // straight alpha, sRGB-encoded
const NV12 = 1u;   // luma plane, chroma plane at half size
const LIGHT = 2u;  // premultiplied linear light: what Scrim has drawn itself
override LAYOUT: u32 = RGBA;

// At one picture pixel a stage pixel an exact load is a third cheaper than a filtered sample (lavapipe).
override EXACT: bool = false;

struct Reading {
    // How luma and chroma become R'G'B' (ITU-R BT.601 or BT.709, full or limited range), worked out on the CPU.
    red: vec4f,      // · (luma, blue difference, red difference, 1)
    green: vec4f,
    blue: vec4f,
    luma: vec4f,     // and which part of each is luma; in w what black is
    pixel: vec2f,    // one picture pixel in uv
    lod: f32,        // mip level that matches the size on the stage
    pad: f32,
}

fn decode_yuv(reading: Reading, luma: f32, chroma: vec2f) -> vec3f {
    let yuv = vec4f(luma, chroma, 1.0);
    return saturate(vec3f(dot(reading.red, yuv), dot(reading.green, yuv), dot(reading.blue, yuv)));
}

fn luma_of(reading: Reading, encoded: vec3f) -> f32 {
    return dot(reading.luma.rgb, encoded);
}

// The luma at `uv`, 0 to 1: all that is left of an NV12 picture where its chroma is known already.
fn luma(reading: Reading, uv: vec2f) -> f32 {
    if LAYOUT != NV12 {
        return luma_of(reading, picture(reading, uv).rgb);
    }
    return saturate(reading.red.x * (raw_luma(reading, uv) - reading.luma.w));
}

fn raw_luma(reading: Reading, uv: vec2f) -> f32 {
    if EXACT {
        return textureLoad(plane_0, vec2i(uv * vec2f(textureDimensions(plane_0))), 0).r;
    }
    return textureSampleLevel(plane_0, linear_sampler, uv, 0.0).r;
}

// The colour between pixels, encoded, of a picture that is not light.
fn between(reading: Reading, uv: vec2f) -> vec3f {
    let first = textureSampleLevel(plane_0, linear_sampler, uv, reading.lod);
    if LAYOUT == NV12 {
        return decode_yuv(reading, first.r, textureSampleLevel(plane_1, linear_sampler, uv, 0.0).rg);
    }
    return first.rgb;
}

// The picture at `uv` (0 to 1): encoded, straight alpha; or premultiplied light where LAYOUT says so.
fn picture(reading: Reading, uv: vec2f) -> vec4f {
    if LAYOUT == NV12 {
        let chroma = textureSampleLevel(plane_1, linear_sampler, uv, 0.0).rg;
        return vec4f(decode_yuv(reading, raw_luma(reading, uv), chroma), 1.0);
    }
    if EXACT {
        return textureLoad(plane_0, vec2i(uv * vec2f(textureDimensions(plane_0))), 0);
    }
    return textureSampleLevel(plane_0, linear_sampler, uv, reading.lod);
}
