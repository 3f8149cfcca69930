// The light on a person, as `shade.wgsl` has worked it out: what multiplies the person's colour, and what is added.

@group(2) @binding(4) var gain: texture_2d<f32>;
@group(2) @binding(6) var glow: texture_2d<f32>;

override LIT: bool = false;

fn lit(albedo: vec3f, uv: vec2f) -> vec3f {
    if !LIT {
        return albedo;
    }
    return albedo * textureSampleLevel(gain, linear_sampler, uv, 0.0).rgb
        + textureSampleLevel(glow, linear_sampler, uv, 0.0).rgb;
}
