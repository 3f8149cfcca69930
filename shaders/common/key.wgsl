// A chroma key's arithmetic: how far a colour is from the screen, and a person without the screen's light.

#include "common/colour.wgsl"

// What a distance is stored as, in 8 bits: skin lies at 1.2, and beyond 1.5 all is equally far.
const FARTHEST = 1.5;

// A change of colour, -1 to 1, as 8 bits hold it: none is 128, exactly.
fn packed_change(change: vec3f) -> vec3f {
    return (128.0 + 127.0 * change) / 255.0;
}

fn unpacked_change(packed: vec3f) -> vec3f {
    return (255.0 * packed - 128.0) / 127.0;
}

// What a screen's colour is to `key_distance`: its chroma as the unit of length, and its value's inverse.
fn screen_scale(screen: vec3f) -> vec3f {
    let own = chroma(screen);
    return vec3f(own / max(dot(own, own), 1e-4), 1.0 / max(max(screen.r, max(screen.g, screen.b)), 1e-4));
}

// Distance from the screen in HSV, in units of the screen's own saturation: 0 is screen, and a pixel that mixes screen
// with anything grey lies just as far as it is not screen. More saturated than the screen is still screen; of value only
// what is darker counts, weighed by `darkness`, since a screen has bright patches.
fn key_distance(scale: vec3f, darkness: f32, encoded: vec3f) -> f32 {
    let pixel = chroma(encoded);
    let short = max(1.0 - dot(pixel, scale.xy), 0.0);
    let across = pixel.x * scale.y - pixel.y * scale.x;
    let darker = max(1.0 - max(encoded.r, max(encoded.g, encoded.b)) * scale.z, 0.0) * darkness;
    return sqrt(short * short + across * across + darker * darker);
}

// The screen's light that lies on a person, taken off: what of a colour points in the screen's hue, which skin and hair
// never do. `spill` is the screen without its grey, scaled so that its chroma is 1 long.
fn despill(spill: vec3f, amount: f32, encoded: vec3f) -> vec3f {
    let excess = max(dot(chroma(encoded), chroma(spill)), 0.0);
    return max(encoded - spill * (excess * amount), vec3f(0.0));
}
