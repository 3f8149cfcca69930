// How much of a pixel is person: from a mask texture, from a guided filter's lines, or from a key's shares.

#include "common/key.wgsl"

@group(2) @binding(2) var matte_texture: texture_2d<f32>;

const NONE = 0u;
const TEXTURE = 1u;  // alpha, at any size
const GUIDED = 2u;   // (a, b): alpha = a · encoded colour + b (He, Sun and Tang 2010, "Guided Image Filtering")
const KEY = 3u;      // what `key_matte.wgsl` makes, at half the picture's size: the share of person is in alpha
override MATTE: u32 = NONE;

struct Cutout {
    screen: vec3f,      // the key's screen, encoded
    tolerance: f32,     // a share up to which all is screen
    spill: vec3f,       // the screen without its grey, of chroma 1
    key_softness: f32,  // from there to all person
    despill: f32,
    darkness: f32,
    choke: f32,         // pixels of the picture that the edge is moved inwards
    feather: f32,       // and over which it fades inwards; below 0 outwards
    fitted: f32,        // how wide the edge is in a line's values
}

// Alpha of a key where this share of what it sees is person.
fn key_alpha(cutout: Cutout, share: f32) -> f32 {
    return saturate((share - cutout.tolerance) / max(cutout.key_softness, 1e-3));
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
            return saturate((value - 0.5) / cutout.fitted + 0.5);
        }
        case KEY: {
            return key_alpha(cutout, textureSampleLevel(matte_texture, linear_sampler, uv, 0.0).a);
        }
        default: {
            return 1.0;
        }
    }
}
