// How a layer mixes with what is behind it. Formulas: W3C Compositing and Blending Level 1, sections 5, 9.1.2 and 10.
//
// In linear light the blend unit does normal, add, multiply, screen and exclusion, where `blend_over` gives it the terms
// that it needs. The others, and all of them where the layer mixes encoded values as picture editors do, read the stage
// as it was before this layer. Darken and lighten are among them: the unit's minimum and maximum leave coverage out, so
// they are the formula only where a layer is opaque everywhere. Reading costs half of drawing a picture once more; the
// copy of the stage that is read is 4 % of that, so it is whole, and made anew for each such layer (lavapipe, 1080p).

@group(2) @binding(5) var backdrop: texture_2d<f32>;   // what is drawn on the same target so far
@group(2) @binding(7) var clip: texture_2d<f32>;       // how much of somebody is in each pixel of the target
@group(2) @binding(11) var beneath: texture_2d<f32>;   // what the group that is drawn into will be laid over

const NORMAL = 0u;
const ADD = 1u;
const MULTIPLY = 2u;
const SCREEN = 3u;
const OVERLAY = 4u;
const DARKEN = 5u;
const LIGHTEN = 6u;
const COLOR_DODGE = 7u;
const COLOR_BURN = 8u;
const HARD_LIGHT = 9u;
const SOFT_LIGHT = 10u;
const DIFFERENCE = 11u;
const EXCLUSION = 12u;
const HUE = 13u;
const SATURATION = 14u;
const COLOR = 15u;
const LUMINOSITY = 16u;
override BLEND: u32 = NORMAL;

// Mix sRGB-encoded values rather than linear light, coverage included: 50 % white over black is #808080.
override ENCODED: bool = false;

// Whether many shapes of one draw lie over each other, as particles do. They cannot read what the others have drawn, so
// their coverage stays with the blend unit, in linear light.
override OVERLAPPING: bool = false;

// A group keeps what its layers add to what is beneath it; the backdrop of a layer is both together. In a knockout
// group it is what is beneath alone.
override GROUPED: bool = false;
override BENEATH: bool = false;
override KNOCKOUT: bool = false;

const UNCLIPPED = 0u;
const INSIDE = 1u;
const OUTSIDE = 2u;
override CLIP: u32 = UNCLIPPED;

// Draw how much of a pixel the layer takes, whatever its opacity, and nothing else.
override COVERAGE: bool = false;

fn hard_light(b: vec3f, s: vec3f) -> vec3f {
    return select(b + (2.0 * s - 1.0) * (1.0 - b), 2.0 * b * s, s <= vec3f(0.5));
}

fn soft_light(b: vec3f, s: vec3f) -> vec3f {
    let d = select(sqrt(b), ((16.0 * b - 12.0) * b + 4.0) * b, b <= vec3f(0.25));
    return select(b + (2.0 * s - 1.0) * (d - b), b - (1.0 - 2.0 * s) * b * (1.0 - b), s <= vec3f(0.5));
}

// Brightness as the modes that take a colour apart have it.
fn lum(c: vec3f) -> f32 {
    return dot(c, vec3f(0.3, 0.59, 0.11));
}

// The colour with this brightness, drawn towards its grey as far as it leaves 0 to 1.
fn set_lum(c: vec3f, brightness: f32) -> vec3f {
    let moved = c + (brightness - lum(c));
    let least = min(moved.r, min(moved.g, moved.b));
    let most = max(moved.r, max(moved.g, moved.b));
    let grey = lum(moved);
    var clipped = moved;
    if least < 0.0 {
        clipped = grey + (clipped - grey) * grey / (grey - least);
    }
    if most > 1.0 {
        clipped = grey + (clipped - grey) * (1.0 - grey) / (most - grey);
    }
    return clipped;
}

fn sat(c: vec3f) -> f32 {
    return max(c.r, max(c.g, c.b)) - min(c.r, min(c.g, c.b));
}

// The colour with this distance between its greatest channel and its least, which becomes 0.
fn set_sat(c: vec3f, saturation: f32) -> vec3f {
    let least = min(c.r, min(c.g, c.b));
    let span = sat(c);
    return select(vec3f(0.0), (c - least) * saturation / max(span, 1e-6), span > 0.0);
}

// B(cb, cs) of the specification, both 0 to 1.
fn mixed(b: vec3f, s: vec3f) -> vec3f {
    switch BLEND {
        case ADD: {
            return select(b + s, min(b + s, vec3f(1.0)), ENCODED);  // light may go beyond 1, its encoding not
        }
        case MULTIPLY: {
            return b * s;
        }
        case SCREEN: {
            return b + s - b * s;
        }
        case OVERLAY: {
            return hard_light(s, b);
        }
        case DARKEN: {
            return min(b, s);
        }
        case LIGHTEN: {
            return max(b, s);
        }
        case COLOR_DODGE: {
            return min(b / max(1.0 - s, vec3f(1e-6)), vec3f(1.0));
        }
        case COLOR_BURN: {
            return 1.0 - min((1.0 - b) / max(s, vec3f(1e-6)), vec3f(1.0));
        }
        case HARD_LIGHT: {
            return hard_light(b, s);
        }
        case SOFT_LIGHT: {
            return soft_light(b, s);
        }
        case DIFFERENCE: {
            return abs(b - s);
        }
        case EXCLUSION: {
            return b + s - 2.0 * b * s;
        }
        case HUE: {
            return set_lum(set_sat(s, sat(b)), lum(b));
        }
        case SATURATION: {
            return set_lum(set_sat(b, sat(s)), lum(b));
        }
        case COLOR: {
            return set_lum(s, lum(b));
        }
        case LUMINOSITY: {
            return set_lum(b, lum(s));
        }
        default: {
            return s;
        }
    }
}

fn straight(premultiplied: vec4f) -> vec3f {
    return saturate(premultiplied.rgb / max(premultiplied.a, 1e-5));
}

// What the blend unit is to be given for a premultiplied colour, drawn with this opacity.
fn blend_over(colour: vec4f, opacity: f32, pixel: vec2f) -> vec4f {
    var source = colour;
    if CLIP != UNCLIPPED {
        let inside = textureLoad(clip, vec2i(pixel), 0).r;
        source *= select(inside, 1.0 - inside, CLIP == OUTSIDE);
    }
    if COVERAGE {
        return vec4f(source.a);
    }
    source *= opacity;
    if BLEND == NORMAL && (!ENCODED || OVERLAPPING) {
        return source;
    }
    if !BENEATH && !ENCODED && (BLEND == ADD || BLEND == SCREEN || BLEND == EXCLUSION) {
        return source;
    }
    if !GROUPED && !ENCODED && BLEND == MULTIPLY {
        return vec4f(source.rgb + 1.0 - source.a, 1.0);  // the unit multiplies: backdrop · (1 − αs + αs·cs)
    }
    var own = vec4f(0.0);
    if !KNOCKOUT {
        own = textureLoad(backdrop, vec2i(pixel), 0);
    }
    var under = vec4f(0.0);
    if BENEATH {
        under = textureLoad(beneath, vec2i(pixel), 0);
    }
    let behind = own + under * (1.0 - own.a);
    var cb = straight(behind);
    var cs = straight(source);
    if ENCODED {
        cb = min(encode_srgb(cb), vec3f(1.0));
        cs = min(encode_srgb(cs), vec3f(1.0));
    }
    // Section 5.8: where nothing is behind, there is nothing to mix with.
    cs = mix(cs, mixed(cb, cs), behind.a);
    if !ENCODED {
        return vec4f(cs * source.a, source.a);
    }
    if OVERLAPPING {
        return vec4f(decode_srgb(cs) * source.a, source.a);
    }
    // Encoded coverage is beyond the unit: the whole pixel is worked out, and what is beneath taken off again.
    let covered = source.a + behind.a * (1.0 - source.a);
    let result = decode_srgb(mix(cb, cs, source.a / max(covered, 1e-5))) * covered;
    let kept = source.a + own.a * (1.0 - source.a);
    return vec4f(result - under.rgb * (1.0 - kept), kept);
}
