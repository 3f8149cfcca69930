// How things moved from one picture to the next, small: Lucas and Kanade 1981 ("An Iterative Image Registration
// Technique"), from coarse to fine. At each point of a picture in between, the motion that brings what was a part of it
// back there, and the rest of it on; so that picture needs no splatting.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var now: texture_2d<f32>;
@group(2) @binding(1) var before: texture_2d<f32>;
@group(2) @binding(2) var coarser: texture_2d<f32>;

// How many pixels of the source lie along one side of a target pixel; 8 needs 4 filtered samples an axis, and more than
// MOST_TAPS are not taken.
override SHRINK: i32 = 2;
const MOST_TAPS = 5;

// What the source's texels are.
const BRIGHTNESS = 0u;
const COLOURS = 1u;  // R'G'B'
const LIGHT = 2u;    // linear
override READS: u32 = BRIGHTNESS;

// Where between the two pictures motion is told of: 0 at the newer one.
override TOWARDS: f32 = 0.0;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn brightness(uv: vec2f) -> f32 {
    let value = textureSampleLevel(now, linear_sampler, uv, 0.0);
    switch READS {
        case COLOURS: {
            return luminance(value.rgb);  // luma
        }
        case LIGHT: {
            return encode_srgb(vec3f(luminance(saturate(value.rgb)))).r;
        }
        default: {
            return value.r;
        }
    }
}

// The mean brightness under a target pixel.
@fragment
fn fs_shrink(corner: Corner) -> @location(0) vec4f {
    let pixel = 1.0 / vec2f(textureDimensions(now));
    let taps = min((SHRINK + 1) / 2, MOST_TAPS);
    var sum = 0.0;
    for (var y = 0; y < taps; y++) {
        for (var x = 0; x < taps; x++) {
            let offset = (vec2f(f32(x), f32(y)) - 0.5 * f32(taps - 1)) * f32(SHRINK) / f32(taps);
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

// Whether what looks hardly better moved than not is taken to stand still: where motion is followed over many pictures,
// what noise seems to move would add up.
override STEADY: bool = false;

const TURNS = 2;
const WINDOW = 5;       // pixels along a side; every second one in it is looked at, as on a chessboard
const SAMPLES = 13;
const FLATNESS = 1e-3;  // added to the squared slopes: where there is nothing to hold on to, the coarser motion stays
const FARTHEST = 1.5;   // pixels a turn
const NOISE = 4e-3;     // sum of squares in a window that may differ for no reason: 1.8 % of full scale each
const BETTER = 0.1;     // of what differs where nothing is moved, what motion must take away to count in full

fn in_window(sample: i32) -> vec2f {
    return vec2f(f32(2 * sample % WINDOW), f32(2 * sample / WINDOW)) - f32(WINDOW / 2);
}

// The motion, in fractions of the picture. The window is the newer picture's, and looked for in the older one: so it and
// its slopes are read once (Baker and Matthews 2004, "Lucas-Kanade 20 Years On", section 3.2).
@fragment
fn fs_flow(corner: Corner) -> @location(0) vec4f {
    let pixel = 1.0 / vec2f(textureDimensions(now));
    var motion = textureSampleLevel(coarser, linear_sampler, corner.uv, 0.0).rg;
    let centre = corner.uv + TOWARDS * motion;
    var window: array<vec3f, SAMPLES>;
    var xx = FLATNESS;
    var yy = FLATNESS;
    var xy = 0.0;
    for (var i = 0; i < SAMPLES; i++) {
        let texel = textureSampleLevel(now, linear_sampler, centre + in_window(i) * pixel, 0.0).rgb;
        window[i] = texel;
        xx += texel.g * texel.g;
        yy += texel.b * texel.b;
        xy += texel.g * texel.b;
    }
    var moved = NOISE;
    for (var turn = 0; turn < TURNS; turn++) {
        var off = vec2f(0.0);
        moved = NOISE;
        for (var i = 0; i < SAMPLES; i++) {
            let at = centre - motion + in_window(i) * pixel;
            let apart = window[i].r - textureSampleLevel(before, linear_sampler, at, 0.0).r;
            off += window[i].gb * apart;
            moved += apart * apart;
        }
        let step = vec2f(yy * off.x - xy * off.y, xx * off.y - xy * off.x) / (xx * yy - xy * xy);
        motion -= clamp(step, vec2f(-FARTHEST), vec2f(FARTHEST)) * pixel;
    }
    if STEADY {
        var unmoved = NOISE;
        for (var i = 0; i < SAMPLES; i++) {
            let at = centre + in_window(i) * pixel;
            let apart = window[i].r - textureSampleLevel(before, linear_sampler, at, 0.0).r;
            unmoved += apart * apart;
        }
        motion *= smoothstep(0.0, BETTER, 1.0 - moved / unmoved);
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
            sum += abs(textureSampleLevel(now, linear_sampler, uv + TOWARDS * motion, 0.0).r
                - textureSampleLevel(before, linear_sampler, uv - (1.0 - TOWARDS) * motion, 0.0).r);
        }
    }
    return vec4f(sum / f32(size.x * size.y), 0.0, 0.0, 1.0);
}
