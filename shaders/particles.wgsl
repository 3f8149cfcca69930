// A cloud of particles that lives on the GPU: `cs_main` moves it, `vs_main` and `fs_main` draw it.
//
// Places and speeds are in stage heights, so that a circle stays one on a wide stage.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/blend.wgsl"
#include "common/noise.wgsl"

const AREA = 0u;
const TOP = 1u;
const POINT = 2u;
const EDGE = 3u;

const DISC = 0u;
const SQUARE = 1u;
const STREAK = 2u;
const RIBBON = 3u;
override SHAPE: u32 = DISC;

// Points along a ribbon: it is a chain of particles, each of which follows the one before it.
const RIBBON_POINTS = 24u;

struct Particle {
    place: vec2f,
    velocity: vec2f,
    age_s: f32,     // below 0: not born yet
    life_s: f32,
    size: f32,      // 0: nowhere
    drift: f32,     // 0 to 1, its own for life: varies colour, distance and tumbling
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
    stretch: f32,        // length of a streak in seconds of its way
    spin: f32,           // turns a second
    eddy: f32,           // size of the swirls in stage heights
    pull: f32,           // towards the centre
    depth: f32,          // how far near and far ones are apart
    hue: f32,            // how far hues differ
    twinkle: f32,
}

@group(1) @binding(0) var<uniform> cloud: Cloud;
@group(2) @binding(3) var silhouette: texture_2d<f32>;

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

// How near a particle is: 1 for those in the middle, more for those before them.
fn nearness(drift: f32) -> f32 {
    return exp2(cloud.depth * (2.0 * drift - 1.0) * 1.5);
}

// Let a particle be born, or go on by a step of time. `index` is what its random numbers come from.
fn live(before: Particle, index: u32) -> Particle {
    var p = before;
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
        p.drift = fract(r.y * 7.0 + r.z);
        let speed = cloud.speed * (0.6 + 0.8 * r.y) * nearness(p.drift);
        p.place = born.xy;
        p.velocity = vec2f(cos(angle), sin(angle)) * speed;
        p.age_s = 0.0;
        p.life_s = cloud.life_s * (0.67 + 0.66 * r.z);
        p.size = cloud.size * (0.5 + r.x) * nearness(p.drift) * born.z;
        if born.z == 0.0 {
            p.life_s = 0.1;
        }
    } else if p.age_s >= 0.0 {
        let air = curl_noise(p.place / cloud.eddy + p.drift * 0.3, cloud.time_s * 0.6) * cloud.turbulence;
        let pull = (cloud.centre - p.place) * cloud.pull;
        p.velocity += (vec2f(0.0, cloud.gravity) + air + pull - p.velocity * cloud.drag) * cloud.step_s;
        p.place += p.velocity * cloud.step_s;
    }
    return p;
}

@compute @workgroup_size(64)
fn cs_main(@builtin(global_invocation_id) id: vec3u) {
    if id.x < cloud.count {
        particles[id.x] = live(particles[id.x], id.x);
    }
}

// A whole ribbon, from its tail on: each point goes part of the way to the one before it.
@compute @workgroup_size(64)
fn cs_ribbon(@builtin(global_invocation_id) id: vec3u) {
    if id.x >= cloud.count {
        return;
    }
    let first = id.x * RIBBON_POINTS;
    let head = live(particles[first], id.x);
    let born = head.age_s == 0.0 || head.age_s < 0.0;
    let follow = 1.0 - exp(-cloud.step_s * f32(RIBBON_POINTS) / cloud.stretch);
    for (var k = RIBBON_POINTS - 1u; k > 0u; k--) {
        var p = particles[first + k];
        p.place = select(mix(p.place, particles[first + k - 1u].place, follow), head.place, born);
        particles[first + k] = p;
    }
    particles[first] = head;
}

@group(3) @binding(0) var<storage, read> born: array<Particle>;

struct Speck {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) @interpolate(flat) colour: vec4f,
    @location(2) @interpolate(flat) soft: f32,
}

const NOTHING = Speck(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0), vec4f(0.0), 0.0);

// A colour turned about the grey axis (Rodrigues' formula); what leaves the gamut is cut off.
fn turn_hue(colour: vec3f, angle: f32) -> vec3f {
    let grey = vec3f(0.57735027);
    let c = cos(angle);
    return max(colour * c + cross(grey, colour) * sin(angle) + grey * dot(grey, colour) * (1.0 - c), vec3f(0.0));
}

// Colour and alpha of a particle: fades at both ends of its life.
fn looks(p: Particle, t: f32) -> vec4f {
    let fade = smoothstep(0.0, 0.12, t) * (1.0 - smoothstep(0.7, 1.0, t));
    let own = fract(p.drift * 17.0);
    let light = mix(cloud.colour.rgb, cloud.end_colour.rgb, t) * (0.75 + 0.5 * p.drift);
    let wink = 1.0 - cloud.twinkle * (0.5 + 0.5 * sin(cloud.time_s * (2.0 + 5.0 * own) + 40.0 * p.drift));
    // What is near is out of focus: its light is spread over more.
    let spread = 1.0 / mix(1.0, max(nearness(p.drift), 1.0), 0.75 * cloud.depth);
    return vec4f(turn_hue(light, (own - 0.5) * 6.2831853 * cloud.hue), 1.0) * (fade * cloud.opacity * wink * spread);
}

fn on_target(place: vec2f) -> vec4f {
    return to_clip(place / vec2f(cloud.aspect, 1.0) + cloud.shift);
}

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Speck {
    if SHAPE == RIBBON {
        return ribbon(index, instance);
    }
    let p = born[instance];
    let t = saturate(p.age_s / p.life_s);
    let size = p.size * mix(1.0, cloud.size_end, t);
    if p.age_s < 0.0 || size <= 0.0 {
        return NOTHING;
    }
    let q = quad_corner(index) * 2.0 - 1.0;
    var look = looks(p, t);
    var offset = q * size * 0.5;
    if SHAPE == SQUARE {
        // Turns about its middle and tumbles: it is seen from the side, and its back is darker.
        let turned = 6.2831853 * (p.drift * 5.0 + cloud.spin * p.age_s * (p.drift - 0.5));
        let tumbled = 6.2831853 * (p.drift * 9.0 + cloud.spin * p.age_s * (0.5 + p.drift));
        let facing = cos(tumbled);
        let flat = vec2f(q.x * 0.7, q.y * max(abs(facing), 0.06)) * size * 0.5;
        offset = vec2f(flat.x * cos(turned) - flat.y * sin(turned), flat.x * sin(turned) + flat.y * cos(turned));
        let shine = select(0.45, 0.65, facing > 0.0) + 0.35 * abs(facing) + 0.8 * pow(abs(facing), 24.0);
        look = vec4f(look.rgb * shine, look.a);
    }
    if SHAPE == STREAK {
        let speed = length(p.velocity);
        let along = p.velocity / max(speed, 1e-5);
        let half = 0.5 * (size + speed * cloud.stretch);
        offset = along * (q.x * half - half + 0.5 * size) + vec2f(-along.y, along.x) * q.y * size * 0.5;
    }
    let soft = mix(cloud.soft, 1.0, saturate(cloud.depth * (nearness(p.drift) - 1.0) * 0.5));
    return Speck(on_target(p.place + offset), q, look, max(soft, 0.02));
}

fn point_at(first: u32, k: u32) -> vec2f {
    return born[first + min(k, RIBBON_POINTS - 1u)].place;
}

// One link of a ribbon, from point k to the next; both sides follow the tangents, so that links meet.
fn ribbon(index: u32, instance: u32) -> Speck {
    let first = instance / (RIBBON_POINTS - 1u) * RIBBON_POINTS;
    let head = born[first];
    let t = saturate(head.age_s / head.life_s);
    if head.age_s < 0.0 || head.size <= 0.0 {
        return NOTHING;
    }
    let q = quad_corner(index);
    let k = instance % (RIBBON_POINTS - 1u) + u32(q.x);
    let tangent = point_at(first, select(0u, k - 1u, k > 0u)) - point_at(first, k + 1u);
    let side = vec2f(-tangent.y, tangent.x) / max(length(tangent), 1e-5);
    let along = f32(k) / f32(RIBBON_POINTS - 1u);
    let width = head.size * mix(1.0, cloud.size_end, along) * smoothstep(0.0, 0.15, along);
    // It turns about its length: broad, narrow, broad, as silk does.
    let turn = cos(6.2831853 * (cloud.spin * head.age_s * 0.5 + head.drift * 3.0) + along * 5.0);
    let light = mix(cloud.colour.rgb, cloud.end_colour.rgb, along) * (0.7 + 0.3 * turn);
    var look = looks(head, 0.5);
    look = vec4f(turn_hue(light, (fract(head.drift * 17.0) - 0.5) * 6.2831853 * cloud.hue), 1.0) * look.a;
    look *= smoothstep(0.0, 0.12, t) * (1.0 - smoothstep(0.8, 1.0, t)) * (1.0 - along * along);
    let offset = side * (q.y * 2.0 - 1.0) * width * 0.5 * (0.35 + 0.65 * abs(turn));
    return Speck(on_target(point_at(first, k) + offset), vec2f(0.0, q.y * 2.0 - 1.0), look, max(cloud.soft, 0.02));
}

@fragment
fn fs_main(speck: Speck) -> @location(0) vec4f {
    let uv = speck.uv;
    var shape: f32;
    switch SHAPE {
        case SQUARE: {
            let edge = 1.0 - 0.5 * speck.soft;
            shape = (1.0 - smoothstep(edge, 1.0, abs(uv.x))) * (1.0 - smoothstep(edge, 1.0, abs(uv.y)));
        }
        case STREAK: {
            // Bright at its head and thin at its tail.
            let ahead = 0.5 + 0.5 * uv.x;
            let across = abs(uv.y) / max(sqrt(ahead), 0.05);
            shape = (1.0 - smoothstep(1.0 - speck.soft, 1.0, across)) * ahead * ahead * (1.0 - smoothstep(0.85, 1.0, ahead));
        }
        case RIBBON: {
            shape = 1.0 - smoothstep(1.0 - speck.soft, 1.0, abs(uv.y));
        }
        default: {
            shape = 1.0 - smoothstep(1.0 - speck.soft, 1.0, length(uv));
        }
    }
    return blend_over(speck.colour * shape, 1.0, speck.position.xy);
}
