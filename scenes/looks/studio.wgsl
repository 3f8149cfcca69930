// A quiet studio: a wall lit from above, a floor that meets it in a soft bend, and a light that breathes.

#include "common/look.wgsl"

struct Parameters {
    wall: vec3f,     // [#5d6b82] The wall where the light falls.
    far: vec3f,      // [#10151f] Where it does not.
    warm: vec3f,     // [#ffb27a] A second light, from one side.
    spread: f32,     // [0.75, 0.2 to 2] How wide the light is.
    second: f32,     // [0.35, 0 to 2] How bright the second light is.
    floor: f32,      // [0.36, 0 to 0.6] Where the floor begins, below the middle.
    breath: f32,     // [0.06, 0 to 0.5] How much the light breathes.
}

fn look(at: vec2f, time_s: f32) -> vec3f {
    let p = given.parameters;
    let breath = 1.0 + p.breath * sin(time_s * 0.7) * noise(vec3f(0.0, 0.0, time_s * 0.3)).x;
    let drift = 0.06 * noise(vec3f(at * 1.2, time_s * 0.1)).x;
    let from_light = length((at - vec2f(0.05, -0.12)) * vec2f(1.0, 1.25)) + drift;
    let pool = exp(-pow(from_light / p.spread, 2.0) * 2.2) * breath;
    let side = exp(-pow(length((at - vec2f(-0.95, 0.1)) * vec2f(1.0, 0.7)) / p.spread, 2.0) * 1.6);
    var light = mix(p.far, p.wall, pool) + p.warm * (side * side * p.second * 0.5);
    // The floor takes the light of the wall, darker where it bends.
    let onto = smoothstep(p.floor - 0.06, p.floor + 0.1, at.y);
    light = mix(light, light * (0.55 + 0.5 * smoothstep(p.floor, 0.6, at.y)), onto);
    return light + (noise(vec3f(at * 340.0, 1.0)).x * 0.0015);  // what a wall's plaster leaves of a gradient
}
