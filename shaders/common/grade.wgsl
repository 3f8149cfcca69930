// Colour as an author wants it: exposure and white balance in light, then a look-up table for encoded values.

@group(2) @binding(8) var lut: texture_2d<f32>;

const NO_LUT = 0u;
const CUBE = 1u;    // slices of one blue, `columns` in a row: red across, green down
const CURVES = 2u;  // a row
override LUT: u32 = NO_LUT;
override GRADED: bool = false;

struct Grade {
    red: vec3f,      // rows of the matrix on linear light
    share: f32,      // of the table's colour
    green: vec3f,
    size: f32,       // entries along an axis of the table
    blue: vec3f,
    columns: f32,
    low: vec3f,      // where the table begins
    pad: f32,
    scale: vec3f,    // one over how far it reaches
    pad_2: f32,
}

fn balanced(grade: Grade, light: vec3f) -> vec3f {
    return max(vec3f(dot(grade.red, light), dot(grade.green, light), dot(grade.blue, light)), vec3f(0.0));
}

fn slice(grade: Grade, index: f32, across: vec2f) -> vec3f {
    let corner = vec2f(index % grade.columns, floor(index / grade.columns)) * grade.size;
    let uv = (corner + across + 0.5) / vec2f(textureDimensions(lut));
    return textureSampleLevel(lut, linear_sampler, uv, 0.0).rgb;
}

fn curve(at: f32) -> vec3f {
    return textureSampleLevel(lut, linear_sampler, vec2f((at + 0.5) / f32(textureDimensions(lut).x), 0.5), 0.0).rgb;
}

// Trilinear: within two slices the sampler mixes, between them this does.
fn looked_up(grade: Grade, encoded: vec3f) -> vec3f {
    if LUT == NO_LUT {
        return encoded;
    }
    let at = saturate((encoded - grade.low) * grade.scale) * (grade.size - 1.0);
    var found: vec3f;
    if LUT == CURVES {
        found = vec3f(curve(at.r).r, curve(at.g).g, curve(at.b).b);
    } else {
        let below = floor(at.b);
        let above = min(below + 1.0, grade.size - 1.0);
        found = mix(slice(grade, below, at.rg), slice(grade, above, at.rg), at.b - below);
    }
    return mix(encoded, saturate(found), grade.share);
}

// Light graded as a camera's picture is: it stays light, and beyond 1 where there is no table.
fn graded(grade: Grade, light: vec3f) -> vec3f {
    let seen = balanced(grade, light);
    if LUT == NO_LUT {
        return seen;
    }
    return decode_srgb(looked_up(grade, encode_srgb(saturate(seen))));
}
