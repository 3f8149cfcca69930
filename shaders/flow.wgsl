// How things moved from one stage to the next, small: Lucas and Kanade 1981 ("An Iterative Image Registration Technique"),
// from coarse to fine. Symmetric: at each point of the picture halfway between, the motion that brings what was half of
// it back there, and half of it on. So a picture in between needs no splatting.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var now: texture_2d<f32>;
@group(2) @binding(1) var before: texture_2d<f32>;
@group(2) @binding(2) var coarser: texture_2d<f32>;

// How many pixels of the source lie along one side of a target pixel; 8 needs 4 filtered samples an axis.
override SHRINK: i32 = 2;

// Whether the source is the stage: linear light in colour.
override FROM_STAGE: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn brightness(uv: vec2f) -> f32 {
    let value = textureSampleLevel(now, linear_sampler, uv, 0.0);
    if FROM_STAGE {
        return encode_srgb(vec3f(luminance(saturate(value.rgb)))).r;
    }
    return value.r;
}

// The mean brightness under a target pixel.
@fragment
fn fs_shrink(corner: Corner) -> @location(0) vec4f {
    let pixel = 1.0 / vec2f(textureDimensions(now));
    let taps = (SHRINK + 1) / 2;
    var sum = 0.0;
    for (var y = 0; y < taps; y++) {
        for (var x = 0; x < taps; x++) {
            let offset = (vec2f(f32(x), f32(y)) - 0.5 * f32(taps - 1)) * 2.0;
            sum += brightness(corner.uv + offset * pixel);
        }
    }
    return vec4f(sum / f32(taps * taps), 0.0, 0.0, 1.0);
}

// Brightness, and its slope a pixel across and down.
@fragment
fn fs_slope(corner: Corner) -> @location(0) vec4f {
    let pixel = 1.0 / vec2f(textureDimensions(now));
    let across = vec2f(pixel.x, 0.0);
    let down = vec2f(0.0, pixel.y);
    return vec4f(
        brightness(corner.uv),
        0.5 * (brightness(corner.uv + across) - brightness(corner.uv - across)),
        0.5 * (brightness(corner.uv + down) - brightness(corner.uv - down)),
        1.0,
    );
}

const TURNS = 3;
const REACH = 2;        // a window of 5 × 5
const FLATNESS = 1e-3;  // added to the squared slopes: where there is nothing to hold on to, the coarser motion stays
const FARTHEST = 1.5;   // pixels a turn

// The motion, in fractions of the picture.
@fragment
fn fs_flow(corner: Corner) -> @location(0) vec4f {
    let pixel = 1.0 / vec2f(textureDimensions(now));
    var motion = textureSampleLevel(coarser, linear_sampler, corner.uv, 0.0).rg;
    for (var turn = 0; turn < TURNS; turn++) {
        var xx = FLATNESS;
        var yy = FLATNESS;
        var xy = 0.0;
        var off = vec2f(0.0);
        for (var y = -REACH; y <= REACH; y++) {
            for (var x = -REACH; x <= REACH; x++) {
                let at = corner.uv + vec2f(f32(x), f32(y)) * pixel;
                let a = textureSampleLevel(before, linear_sampler, at - 0.5 * motion, 0.0).rgb;
                let b = textureSampleLevel(now, linear_sampler, at + 0.5 * motion, 0.0).rgb;
                let slope = 0.5 * (a.gb + b.gb);
                xx += slope.x * slope.x;
                yy += slope.y * slope.y;
                xy += slope.x * slope.y;
                off += slope * (b.r - a.r);
            }
        }
        let step = vec2f(yy * off.x - xy * off.y, xx * off.y - xy * off.x) / (xx * yy - xy * xy);
        motion -= clamp(step, vec2f(-FARTHEST), vec2f(FARTHEST)) * pixel;
    }
    return vec4f(motion, 0.0, 1.0);
}

// One pixel: by how much the two still differ when one is moved onto the other. A cut differs everywhere.
@fragment
fn fs_change(corner: Corner) -> @location(0) vec4f {
    let size = vec2i(textureDimensions(now));
    var sum = 0.0;
    for (var y = 0; y < size.y; y++) {
        for (var x = 0; x < size.x; x++) {
            let uv = (vec2f(f32(x), f32(y)) + 0.5) / vec2f(size);
            let motion = textureSampleLevel(coarser, linear_sampler, uv, 0.0).rg;
            sum += abs(textureSampleLevel(now, linear_sampler, uv + 0.5 * motion, 0.0).r
                - textureSampleLevel(before, linear_sampler, uv - 0.5 * motion, 0.0).r);
        }
    }
    return vec4f(sum / f32(size.x * size.y), 0.0, 0.0, 1.0);
}
