// First stage of a key: the colour of a block of pixels, and in alpha its distance from the screen.
//
// Once over the whole picture at a quarter of its size, to see where edges are; then at half its size there. Cameras have
// colour at half size only, so nothing is lost of what a key goes by, and the noise of four pixels is evened out.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"
#include "common/tiled.wgsl"

@group(2) @binding(4) var screen_map: texture_2d<f32>;  // the screen's colour where it is not the same everywhere

const NAMED = 0u;    // the screen has one colour
const LEARNED = 1u;  // it is known in a few cells: a sample at each corner of a tile is enough
const PLATE = 2u;    // and here for every pixel
override SCREEN: u32 = NAMED;

override BLOCK: f32 = 4.0;  // pixels in a texel, along an axis

struct Keying {
    reading: Reading,
    cutout: Cutout,
}

@group(1) @binding(0) var<uniform> keying: Keying;

struct Lit {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) scale: vec3f,  // `screen_scale` of the screen here
}

fn lit(uv: vec2f) -> Lit {
    var screen = keying.cutout.screen;
    if SCREEN == LEARNED {
        screen = textureSampleLevel(screen_map, linear_sampler, uv, 0.0).rgb;
    }
    return Lit(to_clip(uv), uv, screen_scale(screen));
}

const QUADS = vec2u(10u, 6u);  // a learned screen is smooth enough to be sampled at their corners

// The whole picture, an instance for each quad.
@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Lit {
    return lit((vec2f(vec2u(instance % QUADS.x, instance / QUADS.x)) + quad_corner(index)) / vec2f(QUADS));
}

// One tile of it for each instance.
@vertex
fn vs_tile(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Lit {
    return lit(tile_corner(index, instance));
}

// The mean colour of a block: a filtered sample where the corners of four texels meet is their mean, and of an NV12
// picture's chroma four texels are sixteen pixels. Of another's sixteen, two quarters that touch: every row and column is
// seen as much as in the mean of all, and since they change sides from block to block so is every slanted hair.
fn block_at(texel: vec2f) -> vec3f {
    let middle = (texel + 0.5) * BLOCK * keying.reading.pixel;
    if LAYOUT == NV12 || BLOCK < 4.0 {
        return picture(keying.reading, middle).rgb;
    }
    var step = keying.reading.pixel;
    step.y *= select(1.0, -1.0, (u32(texel.x) & 1u) == 1u);
    return 0.5 * (picture(keying.reading, middle - step).rgb + picture(keying.reading, middle + step).rgb);
}

@fragment
fn fs_main(corner: Lit) -> @location(0) vec4f {
    var scale = corner.scale;
    if SCREEN == PLATE {
        scale = screen_scale(textureSampleLevel(screen_map, linear_sampler, corner.uv, 0.0).rgb);
    }
    let encoded = block_at(floor(corner.position.xy));
    return vec4f(encoded, key_distance(scale, keying.cutout.darkness, encoded) / FARTHEST);
}
