// Which way a person's surface faces, guessed from their shape and from how bright they are.
//
// The person is taken to be round: a silhouette that is blurred falls off towards the edge, and its slope, as a share of
// that on a straight edge, is 0 far inside or along the middle of what is thin. Three widths together make limbs as round
// as shoulders. On top, what is darker is taken to turn away (as light from the viewer's side makes it), which brings
// out cheeks and folds.
//
// What is written here is all that `shade.wgsl` knows of a shape: a model of faces or of normals writes the same texture.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var near: texture_2d<f32>;    // alpha and alpha × brightness, each blurred wider
@group(2) @binding(1) var middle: texture_2d<f32>;
@group(2) @binding(2) var far: texture_2d<f32>;

struct Normals {
    straight: vec3f,  // 1 over the slope of each on a straight edge
    detail: f32,      // how much brightness says
    pixel: vec2f,     // one pixel of this target in uv
    near_step: f32,   // pixels of this target that are one of `near`
}

@group(1) @binding(0) var<uniform> body: Normals;

// Pixels of this target that are one of `middle`, and one of `far`.
const MIDDLE_STEP = 2.0;
const FAR_STEP = 4.0;

const WEIGHTS = vec3f(0.25, 0.40, 0.35);

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn both(source: texture_2d<f32>, uv: vec2f) -> vec2f {
    return textureSampleLevel(source, linear_sampler, uv, 0.0).rg;
}

// The slopes of alpha (x, y) and of brightness (z, w), a pixel of this target; brightness is that of the person alone.
fn slopes(source: texture_2d<f32>, uv: vec2f, reach: f32) -> vec4f {
    let step = body.pixel * reach;
    let right = both(source, uv + vec2f(step.x, 0.0));
    let left = both(source, uv - vec2f(step.x, 0.0));
    let below = both(source, uv + vec2f(0.0, step.y));
    let above = both(source, uv - vec2f(0.0, step.y));
    let bright = vec2f(
        right.y / max(right.x, 0.05) - left.y / max(left.x, 0.05),
        below.y / max(below.x, 0.05) - above.y / max(above.x, 0.05),
    );
    return vec4f(right.x - left.x, below.x - above.x, bright) / (2.0 * reach);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let uv = corner.uv;
    let fine = slopes(near, uv, body.near_step);
    let coarse = slopes(middle, uv, MIDDLE_STEP);
    let widest = slopes(far, uv, FAR_STEP);
    let by = body.straight * WEIGHTS;
    let round = fine.xy * by.x + coarse.xy * by.y + widest.xy * by.z;
    let relief = body.detail * (fine.zw * body.straight.x * 0.8 + coarse.zw * body.straight.y * 0.4);
    let turned = -round - relief;
    let away = length(turned);
    let flat = turned * (min(away, 0.97) / max(away, 1e-4));
    return vec4f(flat, sqrt(1.0 - dot(flat, flat)), 1.0);
}
