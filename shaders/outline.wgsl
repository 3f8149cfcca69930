// A thin line along the edge of a person's matte, for whoever wants to see where it runs.

#include "common/frame.wgsl"
#include "common/quad.wgsl"

@group(2) @binding(0) var silhouette: texture_2d<f32>;

struct Outline {
    person: Quad,       // the person's picture on the stage
    screen: Quad,       // the stage on the display
    crop_from: vec2f,   // the part of the picture that is shown, in uv
    crop_to: vec2f,
    colour: vec3f,      // encoded
    width_px: f32,
}

@group(1) @binding(0) var<uniform> outline: Outline;

// The silhouette in tiles of about 4 × 4 texels. Those without an edge are not drawn: a person's outline is in a tenth.
const TILES = vec2u(48, 27);

struct Point {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) on_stage: vec2f,
}

fn has_edge(tile: vec2u) -> bool {
    let texel = 1.0 / vec2f(textureDimensions(silhouette));
    let centre = (vec2f(tile) + 0.5) / vec2f(TILES);
    // A mean of four texels at a time, and a texel more to each side: the line is drawn through means, and is wide.
    let step = (0.5 / vec2f(TILES) + texel) / 2.0;
    var least = 1.0;
    var most = 0.0;
    for (var y = -1.5; y < 2.0; y += 1.0) {
        for (var x = -1.5; x < 2.0; x += 1.0) {
            let alpha = textureSampleLevel(silhouette, linear_sampler, centre + vec2f(x, y) * step, 0.0).r;
            least = min(least, alpha);
            most = max(most, alpha);
        }
    }
    return least < 0.5 && most > 0.5;
}

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Point {
    let tile = vec2u(instance % TILES.x, instance / TILES.x);
    if !has_edge(tile) {
        return Point(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(0.0), vec2f(0.0));
    }
    let uv = clamp((vec2f(tile) + quad_corner(index)) / vec2f(TILES), outline.crop_from, outline.crop_to);
    let on_stage = uv_to_target(outline.person, uv);
    return Point(to_clip(uv_to_target(outline.screen, on_stage)), uv, on_stage);
}

// Four filtered samples half a texel away weigh the texels around 1 2 1: the line runs through the stairs of an edge.
// Not farther away, or their ramps leave a plateau between them, on which the line becomes thick.
fn alpha_at(uv: vec2f) -> f32 {
    let step = 0.5 / vec2f(textureDimensions(silhouette));
    return (textureSampleLevel(silhouette, linear_sampler, uv - step, 0.0).r
        + textureSampleLevel(silhouette, linear_sampler, uv + step, 0.0).r
        + textureSampleLevel(silhouette, linear_sampler, uv + vec2f(step.x, -step.y), 0.0).r
        + textureSampleLevel(silhouette, linear_sampler, uv + vec2f(-step.x, step.y), 0.0).r) * 0.25;
}

@fragment
fn fs_main(point: Point) -> @location(0) vec4f {
    let above = alpha_at(point.uv) - 0.5;
    let slope = max(length(vec2f(dpdx(above), dpdy(above))), 1e-4);
    let distance_px = abs(above) / slope;
    let line = saturate(outline.width_px * 0.5 + 0.5 - distance_px);
    // A dark rim to both sides: the line is seen before any picture.
    let rim = saturate(outline.width_px * 0.5 + 1.75 - distance_px) * 0.5;
    let inside = f32(all(point.on_stage >= vec2f(0.0)) && all(point.on_stage <= vec2f(1.0)));
    return vec4f(outline.colour * line, max(line, rim)) * inside;
}
