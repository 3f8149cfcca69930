// Light on a person, small: the scene's lamps, the background's own light, and what creeps over the edge.
//
// Light changes slowly over a body, so it is worked out at the size of the silhouette (192 px wide) and stretched over
// the person when they are drawn: at 1280 × 720 that is two samples a pixel instead of fourteen and a loop.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var relief: texture_2d<f32>;    // the person's alpha, blurred as wide as the wrap
@group(2) @binding(1) var ambience: texture_2d<f32>;  // what is behind, blurred; in mip level 1 almost a mean

struct Shade {
    quad: Quad,     // where the person lies on the stage
    exposure: f32,  // of the light that the camera saw
    lights: f32,
    tint: f32,
    wrap: f32,
}

@group(1) @binding(0) var<uniform> shade: Shade;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return whole(index);
}

fn relief_at(uv: vec2f) -> f32 {
    return textureSampleLevel(relief, linear_sampler, uv, 0.0).r;
}

// The person as a body: inside it faces the viewer, towards the edge it turns away. The blurred silhouette falls from 1
// inside to ½ at the edge, so its slope is the direction in which the surface turns, and how far.
fn normal_at(uv: vec2f) -> vec3f {
    let step = 1.5 / vec2f(textureDimensions(relief));
    let slope = vec2f(
        relief_at(uv + vec2f(step.x, 0.0)) - relief_at(uv - vec2f(step.x, 0.0)),
        relief_at(uv + vec2f(0.0, step.y)) - relief_at(uv - vec2f(0.0, step.y)),
    );
    return normalize(vec3f(-slope * 8.0, 1.0));
}

// One lamp on a surface at `place` (stage heights) that faces `normal`: Lambert's cosine, and a fall that halves at
// `reach`. A lamp behind the stage (z < 0) reaches only what turns away from the viewer: a rim.
fn shine(lamp: Lamp, place: vec3f, normal: vec3f) -> vec3f {
    if lamp.reach <= 0.0 {
        return lamp.colour;
    }
    let towards = lamp.position - place;
    let distance = length(towards);
    let fall = 1.0 / (1.0 + (distance * distance) / (lamp.reach * lamp.reach));
    return lamp.colour * fall * max(dot(normal, towards / max(distance, 1e-4)), 0.0);
}

struct Shaded {
    @location(0) gain: vec4f,
    @location(1) glow: vec4f,
}

@fragment
fn fs_main(corner: Corner) -> Shaded {
    let on_stage = uv_to_target(shade.quad, corner.uv);

    // The background's mean light colours the person without changing how bright the person is.
    let mean = textureSampleLevel(ambience, linear_sampler, on_stage, 1.0).rgb + 0.02;
    var light = mix(vec3f(1.0), mean / luminance(mean), shade.tint) * shade.exposure;

    let place = vec3f(on_stage * vec2f(frame.size.x / frame.size.y, 1.0), 0.0);
    let normal = normal_at(corner.uv);
    for (var i = 0u; i < frame.lamp_count; i++) {
        light += shine(frame.lamps[i], place, normal) * shade.lights;
    }

    // Wrap: near the edge the blurred silhouette has lost what lies outside; that much background comes over.
    let lost = 1.0 - relief_at(corner.uv);
    let behind = textureSampleLevel(ambience, linear_sampler, on_stage, 0.0).rgb;
    return Shaded(vec4f(light, 1.0), vec4f(behind * (shade.wrap * lost * lost), 1.0));
}
