// Colour: encoding, luminance and hue. sRGB primaries throughout.

// Rec. 709 luminance of linear light.
fn luminance(linear_rgb: vec3f) -> f32 {
    return dot(linear_rgb, vec3f(0.2126, 0.7152, 0.0722));
}

// Hue and saturation × value as a vector: the hexagon of HSV seen from above.
fn chroma(encoded: vec3f) -> vec2f {
    return vec2f(encoded.r - 0.5 * (encoded.g + encoded.b), 0.8660254 * (encoded.g - encoded.b));
}

// The sRGB transfer functions of IEC 61966-2-1. Above the straight toe they are fitted polynomials (in √ for the way
// back): within 0.02/255 of the formula, and three times as fast as pow() where a CPU draws (lavapipe).

// Display-encoded to linear light.
fn decode_srgb(encoded: vec3f) -> vec3f {
    let v = encoded;
    let curve = ((((0.087316579 * v - 0.307447503) * v + 0.667209848) * v + 0.519367661) * v + 0.032747724) * v
        + 0.000916834;
    return select(curve, v / 12.92, v <= vec3f(0.04045));
}

// Linear light to display-encoded.
fn encode_srgb(linear_rgb: vec3f) -> vec3f {
    let v = max(linear_rgb, vec3f(0.0));
    let root2 = sqrt(v);
    let root4 = sqrt(root2);
    let curve = 0.642711685 * root2 + 0.711708147 * root4 - 0.336700781 * sqrt(root4) - 0.017679469 * v;
    return select(curve, v * 12.92, v <= vec3f(0.0031308));
}
