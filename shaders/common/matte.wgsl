// How much of a pixel is person: from a mask texture, from a guided filter's lines, or from the screen's colour.

@group(2) @binding(2) var matte_texture: texture_2d<f32>;

const NONE = 0u;
const TEXTURE = 1u;  // alpha, at any size
const GUIDED = 2u;   // (a, b): alpha = a · encoded colour + b (He, Sun and Tang 2010, "Guided Image Filtering")
const KEY = 3u;      // chroma key
override MATTE: u32 = NONE;

struct Cutout {
    screen: vec3f,      // hue, saturation, value of the key's screen
    tolerance: f32,
    spill: vec3f,       // the screen's colour direction, encoded, largest part 1
    key_softness: f32,
    threshold: f32,
    softness: f32,
    despill: f32,
    pad: f32,
}

// Distance from the screen in HSV. Hue weighs most; value least, since a screen is never evenly lit. A pixel with
// little colour has no hue to speak of, so its hue counts only as far as it is saturated.
fn key_distance(cutout: Cutout, encoded: vec3f) -> f32 {
    let pixel = hsv(encoded);
    let turn = abs(fract(pixel.x - cutout.screen.x + 0.5) - 0.5) * 2.0;
    let coloured = min(pixel.y, cutout.screen.y);
    return length(vec3f(
        turn * 2.0 * coloured,
        max(cutout.screen.y - pixel.y, 0.0) * 0.9,
        max(cutout.screen.z - pixel.z, 0.0) * 0.35,
    ));
}

// Alpha at `uv` of a pixel of this encoded colour.
fn matte(cutout: Cutout, uv: vec2f, encoded: vec3f) -> f32 {
    switch MATTE {
        case TEXTURE: {
            return textureSampleLevel(matte_texture, linear_sampler, uv, 0.0).r;
        }
        case GUIDED: {
            let line = textureSampleLevel(matte_texture, linear_sampler, uv, 0.0);
            let value = dot(line.rgb, encoded) + line.a;
            let half_width = max(cutout.softness * 0.5, 1e-3);
            return smoothstep(cutout.threshold - half_width, cutout.threshold + half_width, value);
        }
        case KEY: {
            let distance = key_distance(cutout, encoded);
            return smoothstep(cutout.tolerance, cutout.tolerance + max(cutout.key_softness, 1e-3), distance);
        }
        default: {
            return 1.0;
        }
    }
}

// Take the screen's light off: the screen's strongest channel may not stand out above the mean of the other two.
fn despill(cutout: Cutout, encoded: vec3f) -> vec3f {
    let screen = cutout.spill;
    let others = (encoded.r + encoded.g + encoded.b - dot(encoded, screen)) * 0.5;
    let excess = max(dot(encoded, screen) - others, 0.0) * cutout.despill;
    return encoded - screen * excess;
}
