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
const LEARNED = 1u;  // it is known in a few cells: samples at the corners of a few quads are enough for a first look
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
    @location(0) scale: vec3f,  // `screen_scale` of the screen here
}

fn scale_at(uv: vec2f) -> vec3f {
    if SCREEN == LEARNED {
        return screen_scale(textureSampleLevel(screen_map, linear_sampler, uv, 0.0).rgb);
    }
    return screen_scale(keying.cutout.screen);
}

const QUADS = vec2u(10u, 6u);
const STEPS = 4096.0;

// The whole picture, an instance for each quad. The scale is that of a plane laid through a quad's corners, in steps so
// coarse that differences are exact: where all that corners say lies in a plane to the last bit, lavapipe draws one
// rectangle and not two triangles.
@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Lit {
    let corner = quad_corner(index);
    let place = vec2f(vec2u(instance % QUADS.x, instance / QUADS.x));
    let first = place / vec2f(QUADS);
    let last = (place + 1.0) / vec2f(QUADS);
    let nw = scale_at(first);
    let ne = scale_at(vec2f(last.x, first.y));
    let sw = scale_at(vec2f(first.x, last.y));
    let se = scale_at(last);
    let across = round(0.5 * STEPS * (ne + se - nw - sw));
    let down = round(0.5 * STEPS * (sw + se - nw - ne));
    let origin = round(0.25 * STEPS * (nw + ne + sw + se) - 0.5 * (across + down));
    return Lit(to_clip(mix(first, last, corner)), (origin + corner.x * across + corner.y * down) / STEPS);
}

// A run of its tiles for each instance. They overlap, and all must agree on a texel: nothing differs by corners.
@vertex
fn vs_tile(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Lit {
    return Lit(to_clip(tile_corner(index, instance)), screen_scale(keying.cutout.screen));
}

// The mean colour of a block: a filtered sample where the corners of four texels meet is their mean. Of an NV12 picture's
// sixteen pixels all four of chroma, which a key goes by, and one of luma; of another's sixteen, two quarters that touch:
// every row and column is seen as much as in the mean of all, and since they change sides from block to block so is every
// slanted hair.
fn block_at(texel: vec2f, middle: vec2f) -> vec3f {
    if LAYOUT == NV12 && BLOCK > 2.0 {
        let last = vec2f(textureDimensions(plane_0)) - 1.0;
        let luma = textureLoad(plane_0, vec2i(min(texel * BLOCK + 1.0, last)), 0).r;
        return decode_yuv(keying.reading, luma, textureSampleLevel(plane_1, linear_sampler, middle, 0.0).rg);
    }
    if LAYOUT == NV12 {
        let luma = textureSampleLevel(plane_0, linear_sampler, middle, 0.0).r;
        return decode_yuv(keying.reading, luma, textureLoad(plane_1, vec2i(texel), 0).rg);
    }
    if BLOCK < 4.0 {
        return picture(keying.reading, middle).rgb;
    }
    var step = keying.reading.pixel;
    step.y *= select(1.0, -1.0, (u32(texel.x) & 1u) == 1u);
    return 0.5 * (picture(keying.reading, middle - step).rgb + picture(keying.reading, middle + step).rgb);
}

@fragment
fn fs_main(corner: Lit) -> @location(0) vec4f {
    let texel = floor(corner.position.xy);
    let middle = (texel + 0.5) * BLOCK * keying.reading.pixel;
    var scale = corner.scale;
    if SCREEN == PLATE || (SCREEN == LEARNED && BLOCK < 4.0) {
        scale = screen_scale(textureSampleLevel(screen_map, linear_sampler, middle, 0.0).rgb);
    }
    let encoded = block_at(texel, middle);
    return vec4f(encoded, key_distance(scale, keying.cutout.darkness, encoded) / FARTHEST);
}
