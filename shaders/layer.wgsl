// One layer of the stage: planes to colour, matte, despill, light and blend together.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tile.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"
#include "common/light.wgsl"
#include "common/blend.wgsl"

@group(2) @binding(3) var tiles: texture_2d<f32>;

struct Layer {
    quad: Quad,
    crop_from: vec2f,   // the part of the picture that is shown, in uv
    crop_to: vec2f,
    reading: Reading,
    cutout: Cutout,
    opacity: f32,
}

@group(1) @binding(0) var<uniform> layer: Layer;

// A point of the picture, moved into the part of it that is shown.
fn shown(uv: vec2f) -> Corner {
    let inside = clamp(uv, layer.crop_from, layer.crop_to);
    return Corner(to_clip(uv_to_target(layer.quad, inside)), inside);
}

// The whole picture.
@vertex
fn vs_main(@builtin(vertex_index) index: u32) -> Corner {
    return shown(quad_corner(index));
}

// One tile of the picture for each instance, where it is of kind TILE.
override TILE: u32 = EDGE_TILE;

@vertex
fn vs_tile(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    let tile = vec2u(instance % u32(TILES.x), instance / u32(TILES.x));
    if u32(textureLoad(tiles, tile, 0).r * 255.0 + 0.5) != TILE {
        return Corner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0));
    }
    return shown((vec2f(tile) + quad_corner(index)) / TILES);
}

fn alpha_at(uv: vec2f) -> f32 {
    return matte(layer.cutout, uv, picture(layer.reading, uv).rgb);
}

// An edge pixel holds some of the old background. The person's own colour is found where the matte is full, so look
// there: up the matte's slope, the farther the more alpha is missing.
fn person_colour(uv: vec2f, encoded: vec3f, alpha: f32) -> vec3f {
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
        return blend_over(source, layer.opacity, corner.position.xy);
    }
    var alpha = source.a;
    var colour = source.rgb;
    if MATTE != NONE {
        alpha *= matte(layer.cutout, corner.uv, source.rgb);
        if alpha < 0.002 {
            discard;
        }
        if MATTE == KEY {
            colour = despill(layer.cutout, source.rgb);
        } else {
            colour = person_colour(corner.uv, source.rgb, alpha);
        }
    }
    let light = lit(colour, corner.uv, corner.position.xy);
    return blend_over(vec4f(light * alpha, alpha), layer.opacity, corner.position.xy);
}
