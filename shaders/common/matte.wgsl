// How much of a pixel is person: from a mask texture, from a guided filter's lines, or from the screen's colour.

@group(2) @binding(2) var matte_texture: texture_2d<f32>;

const NONE = 0u;
const TEXTURE = 1u;  // alpha, at any size
const GUIDED = 2u;   // (a, b): alpha = a · encoded colour + b (He, Sun and Tang 2010, "Guided Image Filtering")
const KEY = 3u;      // chroma key
override MATTE: u32 = NONE;

struct Cutout {
    screen: vec3f,      // the key's screen, encoded
    tolerance: f32,
    strongest: vec3f,   // 1 for the screen's strongest channel
    key_softness: f32,
    threshold: f32,
    softness: f32,
    despill: f32,
    darkness: f32,
}

// Hue and saturation × value as a vector: the hexagon of HSV seen from above.
fn chroma(encoded: vec3f) -> vec2f {
    return vec2f(encoded.r - 0.5 * (encoded.g + encoded.b), 0.8660254 * (encoded.g - encoded.b));
}

// Distance from the screen in HSV, in units of the screen's own saturation: 0 is screen, and a pixel that mixes screen
// with anything grey lies just as far as it is not screen. More saturated than the screen is still screen; of value only
// what is darker counts, weighed by `darkness`, since a screen has bright patches.
fn key_distance(cutout: Cutout, encoded: vec3f) -> f32 {
    let screen = chroma(cutout.screen);
    let own = length(screen) + 1e-4;
    let pixel = chroma(encoded);
    let along = dot(pixel, screen) / own;
    let across = (pixel.x * screen.y - pixel.y * screen.x) / own;
    let value = max(cutout.screen.r, max(cutout.screen.g, cutout.screen.b));
    let darker = (value - max(encoded.r, max(encoded.g, encoded.b))) / value;
    return length(vec3f(max(own - along, 0.0) / own, across / own, max(darker, 0.0) * cutout.darkness));
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
            return saturate((distance - cutout.tolerance) / max(cutout.key_softness, 1e-3));
        }
        default: {
            return 1.0;
        }
    }
}

// The person's own colour: the share of screen that the distance tells is taken out of the mix, and then the screen's
// strongest channel may not stand out above the mean of the other two.
fn despill(cutout: Cutout, encoded: vec3f) -> vec3f {
    let share = clamp(key_distance(cutout, encoded), 0.2, 1.0);
    let person = max((encoded - cutout.screen * (1.0 - share)) / share, vec3f(0.0));
    let strong = dot(person, cutout.strongest);
    let others = 0.5 * (person.r + person.g + person.b - strong);
    let clean = person - cutout.strongest * max(strong - others, 0.0);
    return mix(encoded, clean, cutout.despill);
}
