// How a layer mixes with what is behind it. Formulas: W3C Compositing and Blending Level 1, section 10.
//
// In linear light normal, add, multiply and screen are done by the blend unit, where `blend_over` gives it the terms
// that it needs. The others, and all of them where the layer mixes encoded values as picture editors do, read the stage
// as it was before this layer. The stage is opaque, so αb is 1.

@group(2) @binding(5) var backdrop: texture_2d<f32>;

const NORMAL = 0u;
const ADD = 1u;
const MULTIPLY = 2u;
const SCREEN = 3u;
const OVERLAY = 4u;
const SOFT_LIGHT = 5u;
override BLEND: u32 = NORMAL;

// Mix sRGB-encoded values rather than linear light, coverage included: 50 % white over black is #808080.
override ENCODED: bool = false;

// Whether many shapes of one draw lie over each other, as particles do. They cannot read what the others have drawn, so
// their coverage stays with the blend unit, in linear light.
override OVERLAPPING: bool = false;

fn soft_light(b: f32, s: f32) -> f32 {
    if s <= 0.5 {
        return b - (1.0 - 2.0 * s) * b * (1.0 - b);
    }
    let d = select(sqrt(b), ((16.0 * b - 12.0) * b + 4.0) * b, b <= 0.25);
    return b + (2.0 * s - 1.0) * (d - b);
}

fn hard_light(b: f32, s: f32) -> f32 {
    if s <= 0.5 {
        return b * 2.0 * s;
    }
    return b + (2.0 * s - 1.0) - b * (2.0 * s - 1.0);
}

// B(cb, cs) of the specification, both 0 to 1.
fn mixed(b: vec3f, s: vec3f) -> vec3f {
    switch BLEND {
        case ADD: {
            return min(b + s, vec3f(1.0));
        }
        case MULTIPLY: {
            return b * s;
        }
        case SCREEN: {
            return b + s - b * s;
        }
        case OVERLAY: {
            return vec3f(hard_light(s.r, b.r), hard_light(s.g, b.g), hard_light(s.b, b.b));
        }
        case SOFT_LIGHT: {
            return vec3f(soft_light(b.r, s.r), soft_light(b.g, s.g), soft_light(b.b, s.b));
        }
        default: {
            return s;
        }
    }
}

// What the blend unit is to be given for a premultiplied colour.
fn blend_over(source: vec4f, pixel: vec2f) -> vec4f {
    if (BLEND == NORMAL && (!ENCODED || OVERLAPPING)) || (!ENCODED && (BLEND == ADD || BLEND == SCREEN)) {
        return source;
    }
    if BLEND == MULTIPLY && !ENCODED {
        return vec4f(source.rgb + 1.0 - source.a, 1.0);  // the unit multiplies: backdrop · (1 − αs + αs·cs)
    }
    let behind = saturate(textureLoad(backdrop, vec2i(pixel), 0).rgb);
    let straight = saturate(source.rgb / max(source.a, 1e-5));
    if ENCODED {
        let below = encode_srgb(behind);
        let result = mixed(below, encode_srgb(straight));
        if OVERLAPPING {
            return vec4f(decode_srgb(result) * source.a, source.a);
        }
        return vec4f(decode_srgb(mix(below, result, source.a)), 1.0);
    }
    return vec4f(mixed(behind, straight) * source.a, source.a);
}
