// Light on a person: the scene's lamps, the background's own light, and what creeps over the edge.

@group(2) @binding(3) var silhouette: texture_2d<f32>;  // alpha, blurred as wide as the wrap
@group(2) @binding(4) var ambience: texture_2d<f32>;    // what is behind, blurred; in mip level 1 almost a mean

// The person as a relief: inside it faces the viewer, towards the edge it turns away, as a rounded body does. The
// blurred silhouette falls from 1 inside to ½ at the edge, so its slope is the direction and its value the steepness.
fn relief(uv: vec2f) -> vec3f {
    let step = 1.5 / vec2f(textureDimensions(silhouette));
    let slope = vec2f(
        textureSampleLevel(silhouette, linear_sampler, uv + vec2f(step.x, 0.0), 0.0).r
            - textureSampleLevel(silhouette, linear_sampler, uv - vec2f(step.x, 0.0), 0.0).r,
        textureSampleLevel(silhouette, linear_sampler, uv + vec2f(0.0, step.y), 0.0).r
            - textureSampleLevel(silhouette, linear_sampler, uv - vec2f(0.0, step.y), 0.0).r,
    );
    return normalize(vec3f(-slope * 3.0, 1.0));
}

// One lamp at a place (stage heights) on a surface that faces `normal`: Lambert's cosine and an inverse square that
// is halved at `reach`. A lamp behind the stage lights only what turns away from the viewer: a rim.
fn shine(lamp: Lamp, place: vec3f, normal: vec3f) -> vec3f {
    if lamp.reach <= 0.0 {
        return lamp.colour;
    }
    let towards = lamp.position - place;
    let distance = length(towards);
    let fall = 1.0 / (1.0 + (distance * distance) / (lamp.reach * lamp.reach));
    return lamp.colour * fall * max(dot(normal, towards / max(distance, 1e-4)), 0.0);
}

fn lit(albedo: vec3f, uv: vec2f, pixel: vec2f, lights: f32, tint: f32, wrap: f32) -> vec3f {
    let behind_uv = pixel / frame.size;
    var light = albedo;

    // The background's mean light colours the person without changing how bright the person is.
    let mean = textureSampleLevel(ambience, linear_sampler, behind_uv, 1.0).rgb;
    let colour = (mean + 0.02) / (luminance(mean) + 0.02);
    light *= mix(vec3f(1.0), colour, tint);

    var shone = vec3f(0.0);
    let place = vec3f(pixel / frame.size.y, 0.0);
    let normal = relief(uv);
    for (var i = 0u; i < frame.lamp_count; i++) {
        shone += shine(frame.lamps[i], place, normal);
    }
    light += albedo * shone * lights;

    // Wrap: near the edge the blurred silhouette has lost what lies outside; that much background comes over.
    let lost = 1.0 - textureSampleLevel(silhouette, linear_sampler, uv, 0.0).r;
    let behind = textureSampleLevel(ambience, linear_sampler, behind_uv, 0.0).rgb;
    return light + behind * (wrap * lost * lost);
}
