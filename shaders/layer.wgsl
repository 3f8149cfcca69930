// One layer of the stage: planes to colour, matte, despill, light and blend together.

#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/picture.wgsl"
#include "common/matte.wgsl"
#include "common/unmix.wgsl"
#include "common/light.wgsl"
#include "common/grade.wgsl"
#include "common/blend.wgsl"

struct Layer {
    quad: Quad,
    crop_from: vec2f,   // the part of the picture that is shown, in uv
    crop_to: vec2f,
    reading: Reading,
    cutout: Cutout,
    opacity: f32,
    grade: Grade,
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
@vertex
fn vs_tile(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return shown(tile_corner(index, instance));
}

// What was there before the layer: where it was drawn the last time, the stage's kept base is put back.
@fragment
fn fs_behind(corner: Corner) -> @location(0) vec4f {
    return textureLoad(backdrop, vec2i(corner.position.xy), 0);
}

// Whether nothing but that lies behind, and is read here: cheaper than to put it back first and to blend.
override OVER: bool = false;

// Whether the edge is moved, or fades.
override MOVED: bool = false;

const FEATHER_SAMPLES = 9;

fn alpha_at(uv: vec2f) -> f32 {
    return matte(layer.cutout, uv, picture(layer.reading, uv).rgb);
}

// Alpha of a moved edge: what is found as far out along the matte's slope as the edge is moved in; and of one that fades,
// the mean of what is found from there on.
fn moved_alpha(uv: vec2f) -> f32 {
    let choke = layer.cutout.choke;
    let feather = layer.cutout.feather;
    let reach = layer.reading.pixel * (abs(choke) + abs(feather) + 1.0);
    let slope = vec2f(
        alpha_at(uv + vec2f(reach.x, 0.0)) - alpha_at(uv - vec2f(reach.x, 0.0)),
        alpha_at(uv + vec2f(0.0, reach.y)) - alpha_at(uv - vec2f(0.0, reach.y)),
    );
    let outwards = -layer.reading.pixel * slope / max(length(slope), 1e-3);
    var sum = 0.0;
    for (var i = 0; i < FEATHER_SAMPLES; i++) {
        let further = feather * f32(i) / f32(FEATHER_SAMPLES - 1);
        sum += alpha_at(uv + outwards * (choke + further));
    }
    return sum / f32(FEATHER_SAMPLES);
}

// What the picture shows there, and how much of it a mask takes for person.
fn sample_at(uv: vec2f) -> vec4f {
    let encoded = between(layer.reading, uv);
    return vec4f(encoded, matte(layer.cutout, uv, encoded));
}

// The person's own colour at the edge of a mask, which is off by a pixel here and there; so look at both sides of it, up
// the mask's slope and down, as near as they are sure. The numbers, in pixels and shares, are those that leave the least
// error (tools/bench/README.md).
fn person_colour(uv: vec2f, encoded: vec3f, alpha: f32) -> vec3f {
    let step = layer.reading.pixel;
    let slope = vec2f(
        alpha_at(uv + vec2f(step.x, 0.0)) - alpha_at(uv - vec2f(step.x, 0.0)),
        alpha_at(uv + vec2f(0.0, step.y)) - alpha_at(uv - vec2f(0.0, step.y)),
    );
    let up = step * normalize(slope + 1e-6);
    let inside = sample_at(uv + up * (2.5 - 1.5 * alpha));
    let beside = sample_at(uv - up * (1.5 * alpha));
    let outside = sample_at(uv - up * (1.5 * alpha + 1.0));
    let person = surely(inside.rgb, inside.a, 0.4);
    let behind = 0.5 * (surely(beside.rgb, 1.0 - beside.a, 0.75) + surely(outside.rgb, 1.0 - outside.a, 0.75));
    return unmixed(encoded, person, behind);
}

@group(2) @binding(9) var blocks: texture_2d<f32>;  // a key's picture at half size, where there is an edge

// The person's own colour, of a key. What makes it of the picture's is known at half size. A pixel's detail beside that
// counts as much as the pixel is person; less where it leads back to the old background, since that is the edge itself,
// and only in brightness, since hue there is what has bled over.
fn key_colour(uv: vec2f, encoded: vec3f, keyed: vec4f) -> vec3f {
    let block = textureSampleLevel(blocks, linear_sampler, uv, 0.0).rgb;
    let change = unpacked_change(keyed.rgb);
    let bright = luma(layer.reading, uv) - luma_of(layer.reading, block);
    let kept = keyed.a * select(1.0, keyed.a, bright * luma_of(layer.reading, change) < 0.0);
    var detail = vec3f(bright);
    if LAYOUT != NV12 {
        detail = mix(detail, encoded - block, keyed.a * keyed.a * keyed.a);  // there is hue at full size
    }
    return saturate(block + change + kept * detail);
}

// Whether a screen's light is taken off the person.
override SPILL: bool = false;

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    var source = picture(layer.reading, corner.uv);
    if LAYOUT == LIGHT {
        if GRADED {
            source = vec4f(graded(layer.grade, source.rgb / max(source.a, 1e-5)) * source.a, source.a);
        }
        return blend_over(source, layer.opacity, corner.position.xy);
    }
    var alpha = source.a;
    var colour = source.rgb;
    if MATTE != NONE {
        var share: f32;
        if MATTE == KEY {
            let keyed = textureSampleLevel(matte_texture, linear_sampler, corner.uv, 0.0);
            share = key_alpha(layer.cutout, keyed.a);
            colour = key_colour(corner.uv, source.rgb, keyed);
        } else {
            share = matte(layer.cutout, corner.uv, source.rgb);
            colour = person_colour(corner.uv, source.rgb, share);
        }
        if MOVED {
            alpha *= moved_alpha(corner.uv);
        } else {
            alpha *= share;
        }
        if alpha < 0.002 && !OVER {
            discard;
        }
    }
    if SPILL {
        colour = despill(layer.cutout.spill, layer.cutout.despill, colour);
    }
    var light: vec3f;
    if GRADED {
        light = graded(layer.grade, decode_srgb(colour));
        colour = encode_srgb(saturate(light));
    }
    if LIT || !GRADED {
        light = lit(colour, corner.uv, corner.position.xy);
    }
    let drawn = blend_over(vec4f(light * alpha, alpha), layer.opacity, corner.position.xy);
    if OVER {
        return drawn + (1.0 - drawn.a) * textureLoad(backdrop, vec2i(corner.position.xy), 0);
    }
    return drawn;
}
