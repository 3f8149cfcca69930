// The soft shadow of a person on what is behind: dark and close where they touch it, wide and faint further off.

#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/colour.wgsl"

@group(2) @binding(0) var close: texture_2d<f32>;    // the person's alpha, blurred
@group(2) @binding(1) var wide: texture_2d<f32>;
@group(2) @binding(2) var history: texture_2d<f32>;  // estimate.wgsl's

struct Shadow {
    quad: Quad,       // where the person lies on the stage
    rows: vec2f,      // as in shade.wgsl
    between: f32,
    strength: f32,
}

@group(1) @binding(0) var<uniform> shadow: Shadow;

// How far beyond the person's picture a shadow may fall, and how far it lies away from who casts it, in picture heights.
const MARGIN = 0.15;
const REACH = 0.10;

struct Cast {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) @interpolate(flat) away: vec2f,
}

fn towards(index: u32) -> f32 {
    let first = textureLoad(history, vec2u(index, u32(shadow.rows.x)), 0).rgb;
    let second = textureLoad(history, vec2u(index, u32(shadow.rows.y)), 0).rgb;
    return luminance(mix(first, second, shadow.between));
}

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Cast {
    let uv = quad_corner(index) * (1.0 + 2.0 * MARGIN) - MARGIN;
    // Away from where most light comes from; under even light, from above.
    let light = vec2f(towards(3u), towards(1u)) / (towards(0u) + 1e-3) + vec2f(0.0, -0.35);
    let on_stage = -light * min(1.0, 1.0 / length(light)) * REACH;
    // From stage heights to the picture's own axes.
    let aspect = vec2f(frame.size.x / frame.size.y, 1.0);
    let zero = uv_to_target(shadow.quad, vec2f(0.0));
    let x = (uv_to_target(shadow.quad, vec2f(1.0, 0.0)) - zero) * aspect;
    let y = (uv_to_target(shadow.quad, vec2f(0.0, 1.0)) - zero) * aspect;
    let away = vec2f(dot(on_stage, x) / dot(x, x), dot(on_stage, y) / dot(y, y)) * length(y);
    return Cast(to_clip(uv_to_target(shadow.quad, uv)), uv, away);
}

@fragment
fn fs_main(thrown: Cast) -> @location(0) vec4f {
    let far = textureSampleLevel(wide, linear_sampler, thrown.uv - thrown.away, 0.0).r;
    let near = textureSampleLevel(close, linear_sampler, thrown.uv - 0.3 * thrown.away, 0.0).r;
    let covered = 1.0 - (1.0 - 0.7 * far) * (1.0 - 0.6 * near);
    return vec4f(vec3f(1.0 - shadow.strength * covered), 1.0);
}
