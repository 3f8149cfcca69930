// First step from a network's mask to a matte, at the mask's own size: hold still what does not move.
//
// Keeps a small copy of the picture beside the mask. Where picture and mask both stayed the same the last mask is kept
// in part; where either changed, the new one counts at once, so that a moving hand leaves no trail.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

@group(2) @binding(2) var new_mask: texture_2d<f32>;
@group(2) @binding(3) var last_mask: texture_2d<f32>;
@group(2) @binding(4) var last_guide: texture_2d<f32>;

struct Smooth {
    reading: Reading,
    keep: f32,  // share of the last mask where nothing moved
}

@group(1) @binding(0) var<uniform> smooth_: Smooth;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

struct Kept {
    @location(0) guide: vec4f,
    @location(1) mask: vec4f,
}

@fragment
fn fs_main(corner: Corner) -> Kept {
    // Four filtered samples cover the up to 5 × 5 picture pixels under a mask pixel.
    let quarter = 0.25 / vec2f(textureDimensions(new_mask));
    let colour = (picture(smooth_.reading, corner.uv + quarter * vec2f(-1.0, -1.0)).rgb
        + picture(smooth_.reading, corner.uv + quarter * vec2f(1.0, -1.0)).rgb
        + picture(smooth_.reading, corner.uv + quarter * vec2f(-1.0, 1.0)).rgb
        + picture(smooth_.reading, corner.uv + quarter * vec2f(1.0, 1.0)).rgb) * 0.25;
    let texel = vec2i(corner.position.xy);
    let now = textureLoad(new_mask, texel, 0).r;
    let before = textureLoad(last_mask, texel, 0).r;
    let moved = length(colour - textureLoad(last_guide, texel, 0).rgb);
    // Camera noise moves a pixel's colour by about 0.02; a third of that differs in mask value is a changed mind.
    let still = (1.0 - smoothstep(0.03, 0.10, moved)) * (1.0 - smoothstep(0.25, 0.60, abs(now - before)));
    return Kept(vec4f(colour, 1.0), vec4f(mix(now, before, smooth_.keep * still), 0.0, 0.0, 1.0));
}
