// First step from a network's mask to a matte, at the mask's own size: hold still what does not move, and cut what is
// doubtful. That is done before the picture's colours decide, since to cut what they say would sharpen their noise.
//
// Keeps the mean of mask and picture, small, since the picture last moved at each pixel: of two after one frame, of three
// after two, until `keep` says that it is enough. So what a hand has uncovered is settled by the next frame, a trail has
// nothing to feed on, and what has been still for long hardly flickers. What moves is measured against the mean picture,
// whose noise is less than that of the last one.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"

@group(2) @binding(2) var new_mask: texture_2d<f32>;
@group(2) @binding(3) var last_held: texture_2d<f32>;
@group(2) @binding(4) var last_guide: texture_2d<f32>;

struct Smooth {
    reading: Reading,
    keep: f32,   // the most that counts of what was before, where nothing moved
    least: f32,  // at or below this value of a mask nothing is seen
    most: f32,   // at or above it all is
}

@group(1) @binding(0) var<uniform> smooth_: Smooth;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

const MOST_FRAMES = 64.0;

struct Kept {
    @location(0) guide: vec4f,  // and how much of the mask is seen
    @location(1) held: vec4f,   // the mask as it is the mean, and of how many frames
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
    let before = textureLoad(last_held, texel, 0);
    let past = textureLoad(last_guide, texel, 0).rgb;
    // Camera noise moves a colour by up to 0.02. Where the mask changes its mind, less is taken for motion: with 1 in place
    // of 2.1 up to 12 of 10,000 pixels showed a trail where 10 did, with 3 what is still flickers by a twentieth more.
    let moved = length(colour - past) * (1.0 + 2.1 * abs(now - before.r));
    let frames = before.g * (1.0 - smoothstep(0.06, 0.16, moved));
    let share = min(smooth_.keep, frames / (frames + 1.0));
    // A network that changes its mind once is not believed; when it says so again there is nothing to hold against it, and
    // of those 10 pixels 5 are left.
    let kept = frames * (1.0 - smoothstep(0.7, 0.95, abs(now - before.r)));
    let mask = mix(now, before.r, share);
    let seen = smoothstep(smooth_.least, smooth_.most, mask);
    return Kept(vec4f(mix(colour, past, share), seen), vec4f(mask, min(kept + 1.0, MOST_FRAMES), 0.0, 1.0));
}
