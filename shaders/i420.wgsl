// What an encoder wants: a display's picture as planar YUV 4:2:0, BT.709, limited range.
//
// One target of width × 3/2 height: luma above; below it the blue difference plane, then the red difference plane, each
// half as wide and high, written as they lie in memory: two of their rows side by side in one row of the target.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var shown: texture_2d<f32>;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

// ITU-R BT.709-6, items 3.2 and 3.3: luma weights, and how far the differences reach.
const LUMA = vec3f(0.2126, 0.7152, 0.0722);

// In steps of 8 bits, item 4.6 of the same, of which 10 bits have quarters.
fn level(texel: vec2i) -> f32 {
    let size = vec2i(textureDimensions(shown));
    if texel.y < size.y {
        let luma = dot(textureLoad(shown, texel, 0).rgb, LUMA);
        return 16.0 + 219.0 * luma;
    }
    let half_size = size / 2;
    let place = (texel.y - size.y) * size.x + texel.x;
    let plane_size = half_size.x * half_size.y;
    let in_plane = place % plane_size;
    let chroma_texel = vec2i(in_plane % half_size.x, in_plane / half_size.x) * 2;
    // Chroma sits between two rows and on the left column (MPEG-2 siting); the mean of four pixels is close enough to
    // that for the eye and keeps colour where it was within half a pixel.
    let colour = (textureLoad(shown, chroma_texel, 0).rgb
        + textureLoad(shown, chroma_texel + vec2i(1, 0), 0).rgb
        + textureLoad(shown, chroma_texel + vec2i(0, 1), 0).rgb
        + textureLoad(shown, chroma_texel + vec2i(1, 1), 0).rgb) * 0.25;
    let luma = dot(colour, LUMA);
    let difference = select((colour.r - luma) / 1.5748, (colour.b - luma) / 1.8556, place < plane_size);
    return 128.0 + 224.0 * difference;
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    return vec4f(level(vec2i(corner.position.xy)) / 255.0);
}

// 10 bits in a word of 16.
@fragment
fn fs_deep(corner: Corner) -> @location(0) vec4u {
    return vec4u(u32(round(4.0 * level(vec2i(corner.position.xy)))));
}
