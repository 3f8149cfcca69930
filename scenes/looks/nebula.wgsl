// A nebula: clouds of gas, lit from within, before far and near stars.

#include "common/look.wgsl"

struct Parameters {
    gas: vec3f,      // [#3a5bd9] The thin gas.
    fire: vec3f,     // [#ff5c8a] Where it is dense.
    core: vec3f,     // [#ffe2b0] The light inside.
    dark: f32,       // [0.6, 0 to 1] How much dust hides.
    size: f32,       // [1.0, 0.3 to 3] Size of the clouds.
    stars: f32,      // [1.0, 0 to 3] How bright the stars are.
}

fn star_field(at: vec2f, scale: f32, share: f32, time_s: f32) -> f32 {
    let cell = floor(at * scale);
    let star = random(vec3u(vec2u(vec2i(cell) + 4096), u32(scale)));
    let near = length(fract(at * scale) - 0.25 - 0.5 * star.xy);
    let twinkle = 0.75 + 0.25 * sin(time_s * (0.7 + 2.0 * star.x) + 50.0 * star.y);
    return step(1.0 - share, star.z) * exp(-near * near * 60.0) * twinkle * (0.4 + star.x);
}

fn look(at: vec2f, time_s: f32) -> vec3f {
    let p = given.parameters;
    let slow = time_s * 0.02;
    let place = at * 1.6 / p.size + vec2f(slow, 0.0);
    let warp = vec2f(clouds(vec3f(place, slow)), clouds(vec3f(place + 7.3, slow + 2.0)));
    let gas = 0.5 + clouds(vec3f(place + 1.1 * warp, slow * 1.5 + 4.0));
    let dust = 0.5 + clouds(vec3f(place * 1.4 - 0.8 * warp + 20.0, slow));
    let middle = exp(-2.2 * dot(at, at));
    let density = smoothstep(0.32, 1.0, gas) * (0.35 + 0.9 * middle);
    var light = p.gas * (density * 0.55 + 0.03);
    light += p.fire * pow(density, 1.6) * 0.6;
    light += p.core * pow(density * middle, 2.2) * 0.8;
    light *= 1.0 - p.dark * smoothstep(0.45, 0.85, dust) * 0.85;
    let seen = 1.0 - 0.7 * density;
    return light + vec3f(0.85, 0.92, 1.0) * p.stars * seen
        * (star_field(at, 90.0, 0.05, time_s) * 0.55 + star_field(at + 3.0, 34.0, 0.035, time_s) * 1.3);
}
