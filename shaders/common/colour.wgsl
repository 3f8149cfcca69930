// Colour: encoding, luminance and hue. sRGB primaries throughout.

// Rec. 709 luminance of linear light.
fn luminance(linear_rgb: vec3f) -> f32 {
    return dot(linear_rgb, vec3f(0.2126, 0.7152, 0.0722));
}

// IEC 61966-2-1: display-encoded to linear light.
fn decode_srgb(encoded: vec3f) -> vec3f {
    let curve = pow((max(encoded, vec3f(0.0)) + 0.055) / 1.055, vec3f(2.4));
    return select(curve, encoded / 12.92, encoded <= vec3f(0.04045));
}

// IEC 61966-2-1: linear light to display-encoded.
fn encode_srgb(linear_rgb: vec3f) -> vec3f {
    let light = max(linear_rgb, vec3f(0.0));
    let curve = 1.055 * pow(light, vec3f(1.0 / 2.4)) - 0.055;
    return select(curve, light * 12.92, light <= vec3f(0.0031308));
}

// Hue, saturation and value, each 0 to 1 (hue goes round); of encoded colour, as a picture editor shows them.
fn hsv(rgb: vec3f) -> vec3f {
    let most = max(rgb.r, max(rgb.g, rgb.b));
    let chroma = most - min(rgb.r, min(rgb.g, rgb.b));
    let scale = 1.0 / max(chroma, 1e-5);
    var sector = (rgb.r - rgb.g) * scale + 4.0;
    sector = select(sector, (rgb.b - rgb.r) * scale + 2.0, most == rgb.g);
    sector = select(sector, (rgb.g - rgb.b) * scale, most == rgb.r);
    return vec3f(fract(sector / 6.0), chroma / max(most, 1e-5), most);
}
