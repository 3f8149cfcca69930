// Light on a person, small: the scene's lamps, the light around, and what creeps over the edge.
//
// Light changes slowly over a body, so it is worked out at the size of the silhouette (192 px wide) and stretched over
// the person when they are drawn: at 1280 × 720 that is two samples a pixel instead of fourteen and a loop.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/harmonics.wgsl"
#include "common/added.wgsl"

@group(2) @binding(0) var normals: texture_2d<f32>;   // which way the person's surface faces, in the picture's own axes
@group(2) @binding(1) var relief: texture_2d<f32>;    // the person's alpha, blurred as wide as the wrap
@group(2) @binding(2) var behind: texture_2d<f32>;    // what is behind, blurred
@group(2) @binding(3) var history: texture_2d<f32>;   // estimate.wgsl's of the last ticks, one a row

struct Lamp {
    colour: vec3f,     // linear light times strength
    reach: f32,        // stage heights to half strength; 0 is everywhere
    position: vec3f,   // stage heights: right, down, towards the viewer
    inner: f32,        // cosine within which a spot shines in full; below −1 it is no spot
    aim: vec3f,        // the direction in which a spot shines
    outer: f32,        // cosine beyond which it does not shine
}

struct Shade {
    quad: Quad,        // where the person lies on the stage
    exposure: f32,     // of the light that the camera saw
    lights: f32,
    ambience: f32,
    rim: f32,
    matching: f32,
    grain: f32,
    wrap: f32,
    strength: f32,     // of all of it
    rows: vec2f,       // the rows of the history about the picture's time
    between: f32,      // how far from the first to the second
    lamp_count: u32,
    lamps: array<Lamp, 16>,
}

@group(1) @binding(0) var<uniform> shade: Shade;

// Stops that the person's exposure may be changed to match.
const MOST_STOPS = 1.5;

struct Around {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) @interpolate(flat) light_0: vec3f,
    @location(2) @interpolate(flat) light_1: vec3f,
    @location(3) @interpolate(flat) light_2: vec3f,
    @location(4) @interpolate(flat) light_3: vec3f,
    @location(5) @interpolate(flat) light_4: vec3f,
    @location(6) @interpolate(flat) light_5: vec3f,
    @location(7) @interpolate(flat) light_6: vec3f,
    @location(8) @interpolate(flat) light_7: vec3f,
    @location(9) @interpolate(flat) light_8: vec3f,
    @location(10) @interpolate(flat) own: vec4f,   // what the camera's own light is multiplied by; grain to add
    @location(11) @interpolate(flat) axes: vec4f,  // where the picture's two axes lead on the stage
    // Of a loop that a uniform ends lavapipe makes a shader of its own, and looks for it in each draw: 1.4 ms.
    @location(12) @interpolate(flat) lamp_count: u32,
}

// An estimate at the picture's own time.
fn estimated(index: u32) -> vec4f {
    let first = textureLoad(history, vec2u(index, u32(shade.rows.x)), 0);
    let second = textureLoad(history, vec2u(index, u32(shade.rows.y)), 0);
    return mix(first, second, shade.between);
}

fn coefficient(index: u32, level: f32) -> vec3f {
    return estimated(index).rgb * (cosine_lobe(index) / level);
}

// Where a step in the picture leads on the stage, as a direction: pictures may be turned and mirrored.
fn on_stage_axis(uv: vec2f) -> vec2f {
    let aspect = vec2f(frame.size.x / frame.size.y, 1.0);
    return normalize((uv_to_target(shade.quad, uv) - uv_to_target(shade.quad, vec2f(0.0))) * aspect + 1e-7);
}

// All that is the same for the whole person is worked out once.
@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Around {
    let corner = whole(index);
    // In units of what falls on a surface that faces the viewer, so that the person stays as bright as they were.
    let mean = luminance(estimated(0u).rgb) * 0.282095;
    let facing = mean + 0.488603 * cosine_lobe(2u) * luminance(estimated(2u).rgb)
        + 0.630784 * cosine_lobe(6u) * luminance(estimated(6u).rgb);
    let level = max(facing, 0.5 * mean) + 0.004;
    let person = estimated(9u);
    let levels = estimated(10u);
    let stops = clamp((levels.y - levels.x) * 0.5, -MOST_STOPS, MOST_STOPS) * smoothstep(0.0, 0.02, person.a);
    // The colour that the camera's light had is taken off by half: half of it is the person's own.
    let neutral = mix(vec3f(1.0), 1.0 / max(sqrt(person.rgb), vec3f(0.25)), shade.matching);
    let own = neutral / luminance(neutral) * shade.exposure * exp2(stops * shade.matching);
    let grain = sqrt(max(levels.w * levels.w - levels.z * levels.z, 0.0)) * shade.grain;
    return Around(
        corner.position, corner.uv,
        coefficient(0u, level), coefficient(1u, level), coefficient(2u, level), coefficient(3u, level),
        coefficient(4u, level), coefficient(5u, level), coefficient(6u, level), coefficient(7u, level),
        coefficient(8u, level), vec4f(own, min(grain, 0.08)),
        vec4f(on_stage_axis(vec2f(1.0, 0.0)), on_stage_axis(vec2f(0.0, 1.0))), shade.lamp_count,
    );
}

// One lamp on a surface at `place` (stage heights) that faces `normal`: Lambert's cosine, and a fall that halves at
// `reach`. A lamp behind the stage (z < 0) reaches only what turns away from the viewer: a rim.
fn shine(lamp: Lamp, place: vec3f, normal: vec3f) -> vec3f {
    let towards = lamp.position - place;
    let distance = length(towards);
    let direction = towards / max(distance, 1e-4);
    let fall = 1.0 / (1.0 + (distance * distance) / max(lamp.reach * lamp.reach, 1e-6));
    let cone = smoothstep(lamp.outer, lamp.inner, -dot(direction, lamp.aim));
    return lamp.colour * select(fall * cone * max(dot(normal, direction), 0.0), 1.0, lamp.reach <= 0.0);
}

struct Shaded {
    @location(0) gain: vec4f,
    @location(1) glow: vec4f,
}

@fragment
fn fs_main(around: Around) -> Shaded {
    let uv = around.uv;
    let on_stage = uv_to_target(shade.quad, uv);
    let place = vec3f(on_stage * vec2f(frame.size.x / frame.size.y, 1.0), 0.0);
    let facing = textureLoad(normals, vec2i(around.position.xy), 0).xyz;
    let turned = around.axes.xy * facing.x + around.axes.zw * facing.y;
    let normal = vec3f(turned, facing.z);
    let light = array<vec3f, 9>(
        around.light_0, around.light_1, around.light_2, around.light_3, around.light_4,
        around.light_5, around.light_6, around.light_7, around.light_8,
    );

    // The light around, from where it comes; the floor keeps order 2 from ringing below nothing.
    let mean = 0.282095 * light[0];
    let diffuse = max(reflected(light, normal), 0.15 * mean);
    var gain = around.own.rgb * mix(vec3f(1.0), diffuse, shade.ambience);

    // From behind it grazes what turns away from the viewer (Fresnel's rise as Schlick 1994 has it).
    let outwards = normalize(vec3f(turned, -0.35));
    let grazing = 1.0 - facing.z;
    gain += max(reflected(light, outwards), vec3f(0.0)) * (shade.rim * 2.0 * grazing * grazing * grazing);

    for (var i = 0u; i < around.lamp_count; i++) {
        gain += shine(shade.lamps[i], place, normal) * shade.lights;
    }

    // Wrap: near the edge the blurred silhouette has lost what lies outside; that much background comes over.
    let lost = 1.0 - textureSampleLevel(relief, linear_sampler, uv, 0.0).r;
    let over = textureSampleLevel(behind, linear_sampler, on_stage, 0.0).rgb * (shade.wrap * lost * lost);
    let strength = shade.strength;
    let added = vec4f(over, around.own.a) * strength;
    return Shaded(vec4f(mix(vec3f(1.0), gain, strength), 1.0), sqrt(added / MOST_ADDED));
}
