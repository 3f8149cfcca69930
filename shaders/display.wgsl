// From the stage's linear light to what a display is sent: place, tone, gamma, dither.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/grade.wgsl"

@group(2) @binding(0) var stage: texture_2d<f32>;
@group(2) @binding(1) var before: texture_2d<f32>;  // the last stage
@group(2) @binding(2) var flow: texture_2d<f32>;    // the motion from it to this one, in fractions of the picture
@group(2) @binding(3) var change: texture_2d<f32>;  // one pixel: how much that leaves different

@group(2) @binding(9) var mesh: texture_2d<f32>;    // where each point goes, in two parts: coarse and what is left

struct Warp {
    across: vec3f,   // rows of the homography that moves the corners
    columns: f32,    // points of the mesh
    down: vec3f,
    rows: f32,
    away: vec3f,
    steps: f32,      // into how many a cell is divided along an axis
    widths: vec4f,   // of the faded edges: left, top, right, bottom, in fractions of the picture
    gamma: f32,      // of the projector
    curve: f32,
}

struct Screen {
    quad: Quad,
    gamma: f32,    // exponent 1/gamma on encoded values
    dither: f32,   // height of the noise in encoded values
    seed: f32,     // moves the noise from frame to frame
    phase: f32,    // between the last stage, 0, and this one, 1
    grade: Grade,
    warp: Warp,
}

@group(1) @binding(0) var<uniform> screen: Screen;

// At one stage pixel a display pixel, upright: an exact load, a third cheaper than a sample.
override EXACT: bool = false;

// Whether gamma is other than 1. A constant, since a CPU runs both sides of a branch (lavapipe).
override BENT: bool = false;

// How light beyond 1 is brought back.
const CLIP = 0u;
const REINHARD = 1u;
const ACES = 2u;
override TONE: u32 = CLIP;

// The light that is white after Reinhard's curve.
const WHITE = 4.0;

// What is shown between two stages.
const HOLD = 0u;
const BLEND = 1u;
const MOTION = 2u;
override FILL: u32 = HOLD;

// Mean difference of encoded brightness that is a cut and no motion: then nothing in between is made up.
const CUT = 0.12;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(screen.quad, index);
}

struct Warped {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) inside: vec2f,  // the place in the picture, 0 to 1
}

fn mesh_point(column: u32, row: u32) -> vec2f {
    let point = textureLoad(mesh, vec2u(column, row), 0);
    return point.xy + point.zw;
}

// Where a place in the picture goes, 0 to 1: bilinear between the four points of its cell.
fn bent(inside: vec2f) -> vec2f {
    let last = vec2f(screen.warp.columns, screen.warp.rows) - 1.0;
    let at = inside * last;
    let cell = min(floor(at), last - 1.0);
    let share = at - cell;
    let first = vec2u(cell);
    return mix(
        mix(mesh_point(first.x, first.y), mesh_point(first.x + 1u, first.y), share.x),
        mix(mesh_point(first.x, first.y + 1u), mesh_point(first.x + 1u, first.y + 1u), share.x),
        share.y,
    );
}

// A piece of the picture for each instance, bent by the mesh, then moved with the corners. The perspective stays in w,
// so that what is between vertices is right too.
@vertex
fn vs_warped(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Warped {
    let pieces = (vec2f(screen.warp.columns, screen.warp.rows) - 1.0) * screen.warp.steps;
    let piece = vec2f(vec2u(instance % u32(pieces.x), instance / u32(pieces.x)));
    let inside = (piece + quad_corner(index)) / pieces;
    let to = bent(inside);
    let place = vec3f(screen.quad.origin + to.x * screen.quad.axis_x + to.y * screen.quad.axis_y, 1.0);
    let moved = vec3f(dot(screen.warp.across, place), dot(screen.warp.down, place), dot(screen.warp.away, place));
    let position = vec4f(2.0 * moved.x - moved.z, moved.z - 2.0 * moved.y, 0.0, moved.z);
    let uv = screen.quad.uv_origin + inside.x * screen.quad.uv_x + inside.y * screen.quad.uv_y;
    return Warped(position, uv, inside);
}

// How much light is left this far from an edge, in widths of the fade: two of them, face to face, add up to 1.
// Bourke 2004, "Edge blending using commodity projectors".
fn faded(from_edge: vec2f, widths: vec2f) -> vec2f {
    let t = saturate(from_edge / max(widths, vec2f(1e-6)));
    let curve = vec2f(screen.warp.curve);
    return select(1.0 - 0.5 * pow(2.0 * (1.0 - t), curve), 0.5 * pow(2.0 * t, curve), t < vec2f(0.5));
}

// Interleaved gradient noise (Jimenez 2014, "Next Generation Post Processing in Call of Duty: Advanced Warfare").
fn noise(pixel: vec2f) -> f32 {
    return fract(52.9829189 * fract(dot(pixel + 5.588238 * screen.seed, vec2f(0.06711056, 0.00583715))));
}

fn sample(picture: texture_2d<f32>, uv: vec2f) -> vec3f {
    return textureSampleLevel(picture, linear_sampler, uv, 0.0).rgb;
}

// Where the moved pixels agree better than those in place they are taken; where something is covered or uncovered they
// do not, and it fades.
fn between(uv: vec2f) -> vec3f {
    let last = sample(before, uv);
    let newest = sample(stage, uv);
    let t = screen.phase;
    if textureLoad(change, vec2i(0), 0).r > CUT {
        return select(last, newest, t >= 0.5);
    }
    let faded = mix(last, newest, t);
    if FILL == BLEND {
        return faded;
    }
    let motion = textureSampleLevel(flow, linear_sampler, uv, 0.0).rg;
    let from_last = sample(before, uv - t * motion);
    let from_newest = sample(stage, uv + (1.0 - t) * motion);
    let gained = distance(last, newest) - distance(from_last, from_newest);
    return mix(faded, mix(from_last, from_newest, t), smoothstep(-0.05, 0.0, gained));
}

fn toned(light: vec3f) -> vec3f {
    switch TONE {
        case REINHARD: {
            // Reinhard, Stark, Shirley and Ferwerda 2002, "Photographic Tone Reproduction for Digital Images", eq. 4: on
            // luminance, so that colours keep their hue.
            let l = luminance(light);
            return light * (1.0 + l / (WHITE * WHITE)) / (1.0 + l);
        }
        case ACES: {
            // Narkowicz 2015, "ACES Filmic Tone Mapping Curve".
            return light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
        }
        default: {
            return light;
        }
    }
}

// What the display is sent at a point of the stage, before dither.
fn encoded_at(uv: vec2f) -> vec3f {
    var light: vec3f;
    if FILL != HOLD {
        light = between(uv);
    } else if EXACT {
        light = textureLoad(stage, vec2i(uv * vec2f(textureDimensions(stage))), 0).rgb;
    } else {
        light = textureSampleLevel(stage, linear_sampler, uv, 0.0).rgb;
    }
    if GRADED {
        light = balanced(screen.grade, light);
    }
    var encoded = encode_srgb(saturate(toned(light)));
    if GRADED {
        encoded = looked_up(screen.grade, encoded);
    }
    if BENT {
        encoded = pow(encoded, vec3f(1.0 / screen.gamma));
    }
    return encoded;
}

fn dithered(encoded: vec3f, pixel: vec2f) -> vec4f {
    return vec4f(encoded + (noise(pixel) - 0.5) * screen.dither, 1.0);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    return dithered(encoded_at(corner.uv), corner.position.xy);
}

@fragment
fn fs_warped(warped: Warped) -> @location(0) vec4f {
    let near = faded(warped.inside, screen.warp.widths.xy);
    let far = faded(1.0 - warped.inside, screen.warp.widths.zw);
    let left = pow(near.x * near.y * far.x * far.y, 1.0 / screen.warp.gamma);
    return dithered(encoded_at(warped.uv) * left, warped.position.xy);
}
