// Folds of silk: a cloth of light that is bent by itself and drifts.

#include "common/look.wgsl"

struct Parameters {
    shade: vec3f,    // [#12022e] In the folds.
    body: vec3f,     // [#7a1f8f] The cloth.
    sheen: vec3f,    // [#ff9d6b] Where it catches the light.
    size: f32,       // [1.0, 0.3 to 3] Size of the folds.
    bend: f32,       // [1.0, 0 to 2] How far they are bent.
    gloss: f32,      // [0.7, 0 to 2] How bright the sheen is.
}

fn look(at: vec2f, time_s: f32) -> vec3f {
    let p = given.parameters;
    var place = at * 1.7 / p.size;
    let slow = time_s * 0.09;
    // Each round moves the place by what lies there: domain warping.
    for (var i = 0; i < 3; i++) {
        let shift = noise(vec3f(place * 0.9 + f32(i) * 5.3, slow + f32(i)));
        place += vec2f(shift.x, shift.y * 0.45) * (0.55 * p.bend);
    }
    let cloth = noise(vec3f(place * 1.2, slow * 0.7 + 9.0));
    let fold = 0.5 + 0.5 * sin(5.0 * cloth.x + 2.2 * place.x - 1.4 * place.y);
    let slope = normalize(vec3f(-cloth.yz * 0.9, 1.0));
    let light = saturate(dot(slope, normalize(vec3f(-0.5, -0.6, 0.62))));
    let shine = pow(light, 14.0) * p.gloss;
    let base = mix(p.shade, p.body, smoothstep(0.05, 0.95, fold) * (0.35 + 0.65 * light));
    return base + p.sheen * (shine * (0.25 + 0.75 * fold)) + p.sheen * 0.22 * fold * fold * light;
}
