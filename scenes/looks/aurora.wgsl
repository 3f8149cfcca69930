// Northern lights: curtains of light that fold and drift, over a clear night.

#include "common/look.wgsl"

struct Parameters {
    low: vec3f,      // [#2bffa0] Colour at the foot of the curtains.
    high: vec3f,     // [#a04dff] Colour at their upper end.
    night: vec3f,    // [#0a1330] The sky behind.
    strength: f32,   // [1.0, 0 to 4] How bright they are.
    height: f32,     // [0.55, 0.1 to 1.5] How far up they reach.
    folds: f32,      // [1.0, 0.2 to 3] How closely they are folded.
}

// One curtain: a wavy foot, from which light rises in rays and fades.
fn curtain(at: vec2f, time_s: f32, number: f32) -> vec2f {
    let p = given.parameters;
    let slow = time_s * 0.06;
    let sway = noise(vec3f(at.x * 1.3 * p.folds + number * 9.7, slow, number)).x;
    let fold = noise(vec3f(at.x * 3.7 * p.folds - number * 4.1 + sway, slow * 1.7, number + 5.0)).x;
    let foot = 0.16 - 0.17 * number + 0.20 * sway + 0.07 * fold;
    let above = foot - at.y;
    let rays = 0.55 + 0.45 * noise(vec3f(at.x * 16.0 * p.folds + 5.0 * sway, at.y * 0.4 + number, time_s * 0.22)).x;
    let reach = p.height * (0.55 + 0.45 * rays);
    let rise = smoothstep(-0.03, 0.05, above) * exp(-max(above, 0.0) / max(reach * 0.45, 0.02));
    let patchy = smoothstep(-0.45, 0.5, noise(vec3f(at.x * 0.9 - slow * 2.0, number * 3.0, slow)).x);
    return vec2f(rise * rays * rays * patchy, saturate(above / max(reach, 0.01)));
}

fn look(at: vec2f, time_s: f32) -> vec3f {
    let p = given.parameters;
    var light = p.night * (0.45 + 0.9 * smoothstep(-0.5, 0.6, at.y));
    for (var i = 0; i < 3; i++) {
        let seen = curtain(at, time_s, f32(i));
        light += mix(p.low, p.high, smoothstep(0.05, 0.9, seen.y)) * (seen.x * p.strength * (0.75 - 0.17 * f32(i)));
    }
    // Stars, where the curtains are thin.
    let cell = floor(at * 110.0);
    let star = random(vec3u(vec2u(vec2i(cell) + 4096), 3u));
    let near = length(fract(at * 110.0) - 0.2 - 0.6 * star.xy);
    let twinkle = 0.7 + 0.3 * sin(time_s * (1.0 + 3.0 * star.x) + 40.0 * star.y);
    return light + vec3f(step(0.985, star.z) * smoothstep(0.3, 0.0, near) * 0.5 * twinkle);
}
