// Second stage of a key, second step: the silhouette as a line, thin, and how sure it is (Canny 1986).
//
// A texel is on the line where its slope is the steepest along its own direction, and steeper than what is usual around
// it: where all is noise nothing stands out. It is strong where screen and person meet within its own width, which no
// texture inside a person does; weak ones count in the third step if a strong one is near (hysteresis).

#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/tiled.wgsl"
#include "common/colour.wgsl"
#include "common/key.wgsl"

@group(2) @binding(0) var keyed: texture_2d<f32>;
@group(2) @binding(1) var slope: texture_2d<f32>;

struct Edge {
    screen: f32,  // a distance that is screen
    person: f32,  // and one that is person
    least: f32,   // slope of a line at the least
}

@group(1) @binding(0) var<uniform> edge: Edge;

@vertex
fn vs_main(@builtin(vertex_index) index: u32, @builtin(instance_index) instance: u32) -> Corner {
    return tile_of_whole(index, instance);
}

fn slope_at(texel: vec2i) -> vec4f {
    return textureLoad(slope, clamp(texel, vec2i(0), vec2i(textureDimensions(slope)) - 1), 0);
}

fn distance_at(texel: vec2i) -> f32 {
    return textureLoad(keyed, clamp(texel, vec2i(0), vec2i(textureDimensions(keyed)) - 1), 0).a * FARTHEST;
}

@fragment
fn fs_none(corner: Corner) -> @location(0) vec4f {
    return vec4f(0.0);
}

@fragment
fn fs_main(corner: Corner) -> @location(0) vec4f {
    let p = vec2i(corner.position.xy);
    let own = slope_at(p);
    let steep = own.a;
    let way = unpacked_change(own.rgb).xy;
    let along = vec2i(round(way));
    let ahead = slope_at(p + along).a;
    let behind = slope_at(p - along).a;
    // What is usual: the mean of four around, two texels away on both axes.
    var usual = 0.0;
    for (var i = 0; i < 4; i++) {
        let offset = vec2i(select(-2, 2, (i & 1) == 1), select(-2, 2, i >= 2));
        usual += slope_at(p + offset).a;
    }
    let stands_out = steep >= max(edge.least, 0.25 * usual);
    if steep < ahead || steep < behind || !stands_out {
        return vec4f(0.0);
    }
    let inside = distance_at(p + vec2i(round(way * 2.0)));
    let outside = distance_at(p - vec2i(round(way * 2.0)));
    let parts = outside <= edge.screen && inside >= edge.person;
    return vec4f(1.0, select(0.0, 1.0, parts), 0.0, 1.0);  // a line, and a strong one
}
