// One layer of the stage, in one draw: planes to colour, matte, despill, light and blend together.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"
#include "common/light.wgsl"
#include "common/blend.wgsl"

struct Layer {
    quad: Quad,
    reading: Reading,
    cutout: Cutout,
    opacity: f32,
    lights: f32,
    tint: f32,
    wrap: f32,
}

@group(1) @binding(0) var<uniform> layer: Layer;

override LIT: bool = false;

@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return place(layer.quad, index);
}

fn alpha_at(uv: vec2f) -> f32 {
    return matte(layer.cutout, uv, picture(layer.reading, uv).rgb);
}

// An edge pixel holds some of the old background. The person's own colour is found where the matte is full, so look
// there: up the matte's slope, the farther the more alpha is missing.
fn person_colour(uv: vec2f, encoded: vec3f, alpha: f32) -> vec3f {
    if MATTE == KEY {
        return despill(layer.cutout, encoded);
    }
    let step = layer.reading.pixel * 2.0;
    let slope = vec2f(
        alpha_at(uv + vec2f(step.x, 0.0)) - alpha_at(uv - vec2f(step.x, 0.0)),
        alpha_at(uv + vec2f(0.0, step.y)) - alpha_at(uv - vec2f(0.0, step.y)),
    );
    let inside = uv + normalize(slope + 1e-6) * layer.reading.pixel * (1.0 - alpha) * 4.0;
    return mix(encoded, picture(layer.reading, inside).rgb, saturate(2.0 * (1.0 - alpha)));
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    var source = picture(layer.reading, corner.uv);
    if LAYOUT == LIGHT {
        return blend_over(source * layer.opacity, corner.position.xy);
    }
    var alpha = source.a;
    if MATTE != NONE {
        alpha *= matte(layer.cutout, corner.uv, source.rgb);
        if alpha < 0.002 {
            return blend_over(vec4f(0.0), corner.position.xy);
        }
        if alpha < 0.998 || MATTE == KEY {
            source = vec4f(person_colour(corner.uv, source.rgb, alpha), 1.0);
        }
    }
    var light = decode_srgb(source.rgb);
    if LIT {
        light = lit(light, corner.uv, corner.position.xy, layer.lights, layer.tint, layer.wrap);
    }
    return blend_over(vec4f(light * alpha, alpha) * layer.opacity, corner.position.xy);
}
