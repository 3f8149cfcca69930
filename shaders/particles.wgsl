// A cloud of particles that lives on the GPU: `cs_main` moves it, `vs_main` and `fs_main` draw it.
//
// Places and speeds are in stage heights, so that a circle stays one on a wide stage.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/blend.wgsl"

const AREA = 0u;
const TOP = 1u;
const POINT = 2u;
const EDGE = 3u;

struct Particle {
    place: vec2f,
    velocity: vec2f,
    age_s: f32,     // below 0: not born yet
    life_s: f32,
    size: f32,      // 0: nowhere
    drift: f32,     // 0 to 1, its own for life: varies turbulence and colour
}

struct Cloud {
    person: Quad,        // where the mask lies on the stage, for EDGE
    colour: vec4f,       // linear light times glow
    end_colour: vec4f,
    centre: vec2f,
    extent: vec2f,
    direction: f32,      // radians
    spread: f32,
    speed: f32,
    gravity: f32,
    drag: f32,
    turbulence: f32,
    life_s: f32,
    size: f32,
    size_end: f32,
    soft: f32,
    opacity: f32,
    step_s: f32,
    emit: u32,
    count: u32,
    seed: u32,
    turn: u32,           // counts the steps, so that every birth has its own random numbers
    time_s: f32,
    aspect: f32,         // stage width over height
    shift: vec2f,        // parallax, in fractions of the stage
}

@group(1) @binding(0) var<uniform> cloud: Cloud;
@group(2) @binding(3) var silhouette: texture_2d<f32>;

// PCG (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering"): three independent numbers, 0 to 1.
fn random(seed: vec3u) -> vec3f {
    var v = seed * 1664525u + 1013904223u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> vec3u(16u);
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    return vec3f(v >> vec3u(8u)) / 16777216.0;
}

// A swirling, divergence-free field: the curl of a potential made of moving waves.
fn swirl(place: vec2f, time: f32) -> vec2f {
    let p = place * 5.0;
    let q = place * 11.0;
    let x = cos(p.y + 0.7 * time) - 0.5 * sin(q.y - 1.1 * time + p.x) ;
    let y = sin(p.x - 0.5 * time) + 0.5 * cos(q.x + 0.9 * time - p.y);
    return vec2f(x, y);
}

// Where a particle is born; z is 0 when no place was found this time.
fn birthplace(index: u32) -> vec3f {
    for (var attempt = 0u; attempt < 12u; attempt++) {
        let r = random(vec3u(index, cloud.turn * 16u + attempt, cloud.seed));
        switch cloud.emit {
            case TOP: {
                return vec3f(cloud.centre + vec2f((r.x - 0.5) * cloud.extent.x, -0.5 * cloud.extent.y), 1.0);
            }
            case POINT: {
                return vec3f(cloud.centre, 1.0);
            }
            case EDGE: {
                let alpha = textureSampleLevel(silhouette, linear_sampler, r.xy, 0.0).r;
                if alpha > 0.15 && alpha < 0.85 {
                    let on_stage = uv_to_target(cloud.person, r.xy);
                    return vec3f(on_stage * vec2f(cloud.aspect, 1.0), 1.0);
                }
            }
            default: {
                return vec3f(cloud.centre + (r.xy - 0.5) * cloud.extent, 1.0);
            }
        }
    }
    return vec3f(0.0);
}

@group(3) @binding(0) var<storage, read_write> particles: array<Particle>;

@compute @workgroup_size(64)
fn cs_main(@builtin(global_invocation_id) id: vec3u) {
    let index = id.x;
    if index >= cloud.count {
        return;
    }
    var p = particles[index];
    if p.life_s == 0.0 {
        // The very first: spread births over a life, so that the cloud is steady from the start.
        p.life_s = 1e-6;
        p.age_s = -random(vec3u(index, 7u, cloud.seed)).x * cloud.life_s;
    }
    p.age_s += cloud.step_s;
    if p.age_s >= p.life_s {
        let born = birthplace(index);
        let r = random(vec3u(index, cloud.turn, cloud.seed + 77u));
        let angle = cloud.direction + (r.x * 2.0 - 1.0) * cloud.spread;
        let speed = cloud.speed * (0.6 + 0.8 * r.y);
        p.place = born.xy;
        p.velocity = vec2f(cos(angle), sin(angle)) * speed;
        p.age_s = 0.0;
        p.life_s = cloud.life_s * (0.67 + 0.66 * r.z);
        p.size = cloud.size * (0.5 + r.x) * born.z;
        p.drift = fract(r.y * 7.0 + r.z);
        if born.z == 0.0 {
            p.life_s = 0.1;
        }
    } else if p.age_s >= 0.0 {
        let air = swirl(p.place + p.drift * 0.3, cloud.time_s) * cloud.turbulence;
        p.velocity += (vec2f(0.0, cloud.gravity) + air - p.velocity * cloud.drag) * cloud.step_s;
        p.place += p.velocity * cloud.step_s;
    }
    particles[index] = p;
}

@group(3) @binding(0) var<storage, read> born: array<Particle>;

struct Speck {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) @interpolate(flat) colour: vec4f,
}

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Speck {
    let p = born[instance];
    let t = saturate(p.age_s / p.life_s);
    let size = p.size * mix(1.0, cloud.size_end, t);
    if p.age_s < 0.0 || size <= 0.0 {
        return Speck(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0), vec4f(0.0));
    }
    let q = quad_corner(index) * 2.0 - 1.0;
    let place = p.place + q * size * 0.5;
    let fade = smoothstep(0.0, 0.12, t) * (1.0 - smoothstep(0.7, 1.0, t));
    let colour = mix(cloud.colour.rgb, cloud.end_colour.rgb, t) * (0.75 + 0.5 * p.drift);
    let alpha = fade * cloud.opacity;
    return Speck(to_clip(place / vec2f(cloud.aspect, 1.0) + cloud.shift), q, vec4f(colour * alpha, alpha));
}

@fragment
fn fs_main(speck: Speck) -> @location(0) vec4f {
    let shape = 1.0 - smoothstep(1.0 - max(cloud.soft, 0.02), 1.0, length(speck.uv));
    return blend_over(speck.colour * shape, speck.position.xy);
}
